//! Somebody with an account, who calls the API as the clients do.

use common::{
    config::DatabaseConfig,
    db::{Connection, Database, api_keys, sessions, users},
    email::Email,
    ids::{ApiKey, SessionToken, UserId},
    secret::Secret,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, cloud},
    rows,
    visitor::{self, Visitor},
    wait::until,
};

/// A person, with a key that the desktop would have.
pub struct Person {
    /// Their API key.
    pub key: String,
    /// Their id.
    pub id: String,
    cloud: &'static Cloud,
    http: reqwest::Client,
}

/// An answer taken apart.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// The body as JSON, or as a JSON string when it is none.
    pub body: Value,
}

impl Person {
    /// A new person with an account of their own, so that tests do not see each other's videos.
    pub async fn new() -> Self {
        Self::on(cloud()).await
    }

    /// As [`new`](Self::new), with an account on another local cloud than the shared one.
    pub async fn on(cloud: &'static Cloud) -> Self {
        let (key, id) = (ApiKey::random().expect("random"), UserId::random().expect("random"));
        let mut db = database(cloud).await;
        let email = Email::parse(&email_of(id.as_str())).expect("an address");
        users::ensure(&mut db, &id, &email, "Ada").await.expect("an account");
        api_keys::create(&mut db, &key, &id, "desktop", "").await.expect("a key");
        Self { key: key.expose().to_owned(), id: id.to_string(), cloud, http: client() }
    }

    /// The same person on a cloud that has what the other one had.
    #[must_use]
    pub fn moved_to(&self, cloud: &'static Cloud) -> Self {
        Self { key: self.key.clone(), id: self.id.clone(), cloud, http: client() }
    }

    /// Somebody without an account, with a key that no one has.
    pub fn stranger() -> Self {
        let key = ApiKey::random().expect("random").expose().to_owned();
        Self { key, id: String::new(), cloud: cloud(), http: client() }
    }

    /// Origin of the site that they use.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.cloud.ready.base
    }

    /// Their mailbox.
    #[must_use]
    pub fn email(&self) -> String {
        email_of(&self.id)
    }

    /// A browser in which they are signed in, without a mail: quicker than [`Visitor::sign_in`].
    pub async fn browser(&self) -> Visitor {
        self.browser_called("a test").await
    }

    /// As [`browser`](Self::browser), with what the browser calls itself.
    pub async fn browser_called(&self, device: &str) -> Visitor {
        let (id, token) = (UserId::parse(&self.id).expect("an account"), SessionToken::random().expect("random"));
        let mut db = database(self.cloud).await;
        sessions::create(&mut db, &id, &token, device, false).await.expect("a session");
        let mut browser = Visitor::on(self.cloud);
        browser.email = self.email();
        browser.set_cookie(visitor::SESSION, token.expose());
        browser
    }

    /// A request with this person's key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.cloud.ready.base)).bearer_auth(&self.key)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        answer(self.request(Method::DELETE, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// PATCH of JSON.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    /// Creates a video; its id.
    pub async fn create(&self, name: &str) -> String {
        let create = self.request(Method::GET, "/api/desktop/video/create");
        let created = answer(create.query(&[("recordingMode", "desktopMP4"), ("name", name)])).await;
        assert_eq!(created.status, 200, "{created:?}");
        created.body["id"].as_str().expect("an id").to_owned()
    }

    /// Address for a single PUT of the video's file.
    pub async fn sign(&self, video: &str, subpath: &str) -> String {
        let body = json!({ "videoId": video, "subpath": subpath, "method": "put" });
        let signed = self.post("/api/upload/signed", body).await;
        assert_eq!(signed.status, 200, "{signed:?}");
        signed.body["presignedPutData"]["url"].as_str().expect("an address").to_owned()
    }

    /// Uploads a file with one PUT.
    pub async fn upload(&self, video: &str, subpath: &str, bytes: Vec<u8>) {
        let url = self.sign(video, subpath).await;
        let put = self.http.put(url).header("content-length", bytes.len());
        let stored = put.body(bytes).send().await.expect("S3");
        assert_eq!(stored.status(), StatusCode::OK);
        assert!(stored.headers().contains_key("etag"), "clients need the ETag");
    }

    /// Creates a video and uploads a recording to it as the `cap` command does; the video's id.
    pub async fn record(&self, name: &str, bytes: Vec<u8>) -> String {
        let video = self.create(name).await;
        self.upload(&video, "result.mp4", bytes).await;
        video
    }

    /// Uploads another recording to a video, as the desktop does.
    pub async fn record_again(&self, video: &str, bytes: Vec<u8>) {
        let create = format!("/api/desktop/video/create?recordingMode=desktopMP4&videoId={video}");
        assert_eq!(self.get(&create).await.body["id"], video);
        self.upload(video, "result.mp4", bytes).await;
    }

    /// The video's status.
    pub async fn status(&self, video: &str) -> Value {
        let status = self.get(&format!("/api/v1/caps/{video}/status")).await;
        assert_eq!(status.status, 200, "{status:?}");
        status.body
    }

    /// Waits until the video is ready.
    pub async fn ready(&self, video: &str) {
        self.becomes(video, "ready").await;
    }

    /// Waits until the video has failed; the reason.
    pub async fn failed(&self, video: &str) -> String {
        let status = self.becomes(video, "failed").await;
        status["upload"]["reason"].as_str().expect("a reason").to_owned()
    }

    /// Waits until everything that is derived from a ready video is there, or was given up. On the shared cloud only.
    pub async fn derived(&self, video: &str) {
        let waiting = format!("SELECT derive_asked_at IS NOT NULL FROM videos WHERE id = '{video}'");
        until(&format!("video {video} to be derived from"), async || {
            (!rows::one::<bool>(&waiting).await).then_some(())
        })
        .await;
    }

    /// Waits until the video is ready or has failed; its status.
    pub async fn ends(&self, video: &str) -> Value {
        until(&format!("video {video} to be ready or to fail"), async || {
            let status = self.status(video).await;
            matches!(status["overall"].as_str(), Some("ready" | "failed")).then_some(status)
        })
        .await
    }

    async fn becomes(&self, video: &str, overall: &str) -> Value {
        until(&format!("video {video} to become {overall}"), async || {
            let status = self.status(video).await;
            (status["overall"] == overall).then_some(status)
        })
        .await
    }

    /// Bytes of what a player gets.
    pub async fn watch(&self, video: &str) -> Vec<u8> {
        let playlist = format!("{}/api/playlist?videoId={video}&videoType=mp4", self.cloud.ready.base);
        let played = reqwest::get(playlist).await.expect("the player's address");
        assert_eq!(played.status(), StatusCode::OK);
        played.bytes().await.expect("the video").to_vec()
    }
}

fn email_of(id: &str) -> String {
    format!("{id}@example.test")
}

async fn database(cloud: &Cloud) -> Connection {
    let config = DatabaseConfig { url: Secret::new(&cloud.ready.database_url), ca: None, pauses: false };
    let db = Database::new(&config).expect("a database");
    db.connect().await.expect("a connection")
}

/// A client that shows redirects instead of following them.
#[must_use]
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// Sends a request and reads the answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response: Response = request.send().await.expect("the gateway");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, body }
}
