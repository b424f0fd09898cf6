//! Cap Desktop, as the contract describes it: what it sends, and what it leaves out.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpListener},
    thread,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    footage::Bytes,
    person::{Answer, Person, answer, client},
    visitor::{Visitor, page},
};

/// Bytes of a part of a finished file.
pub const PART: usize = 15 << 20;
/// Bytes of the smallest part of a file that still grows.
pub const SMALLEST_PART: usize = 5 << 20;
/// Parts that are sent at once.
const IN_FLIGHT: usize = 5;

/// The app, signed in.
#[derive(Clone)]
pub struct Desktop {
    key: String,
    base: String,
    http: reqwest::Client,
}

/// How long the app waits for any answer but S3's.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An upload in parts that was begun.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The video.
    pub video: String,
    /// S3's name for the upload.
    pub id: String,
}

impl Desktop {
    /// The app with a key that it has had for long.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        Self::with(&person.key, person.base())
    }

    fn with(key: &str, base: &str) -> Self {
        Self { key: key.to_owned(), base: base.to_owned(), http: client() }
    }

    /// Signs in through a browser: its page's button hands a key to the app's listener.
    pub async fn sign_in(browser: &Visitor) -> Self {
        let (port, app) = listener();
        let path = "/api/desktop/session/request";
        let asked = browser.get(&format!("{path}?type=api_key&port={port}&platform=web")).await;
        assert_eq!(asked.status, 200, "{asked:?}");
        let fields = ["type", "port", "platform"].map(|name| (name, asked.field(name)));
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let handed = browser.form(path, &fields).await;
        assert_eq!(handed.status, 302, "{handed:?}");
        assert_eq!(page(client().get(handed.location())).await.text, "ok", "the listener answers any path");
        report(port, handed.location()).await;
        let told = tokio::task::spawn_blocking(|| app.join().expect("the listener")).await.expect("the listener");
        let full = Url::parse(&told).expect("an address");
        let value = |name: &str| {
            let found = full.query_pairs().find(|(found, _)| found == name);
            found.map(|(_, value)| value.into_owned()).unwrap_or_else(|| panic!("no {name} in what the app is told"))
        };
        // All three, or the app throws it away.
        assert_eq!((value("type").as_str(), value("user_id").len()), ("api_key", 15));
        Self::with(&value("api_key"), browser.base())
    }

    /// A request of the app itself.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        let request = request.header("x-cap-desktop-version", "0.5.9").timeout(PATIENCE);
        request.header("x-cap-desktop-features", "googleDriveUpload")
    }

    /// A request of the app's own pages: it says where they are from, and not which version the app is.
    pub fn webview(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.header("authorization", format!("Bearer {}", self.key)).header("origin", "tauri://localhost")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// Throws a recording away; the status.
    pub async fn discard(&self, video: &str) -> u16 {
        answer(self.request(Method::DELETE, &format!("/api/desktop/video/delete?videoId={video}"))).await.status
    }

    /// Creates a video. The query is put together as it is: nothing in it is escaped that an address may hold.
    pub async fn create(&self, query: &str) -> String {
        let created = self.get(&format!("/api/desktop/video/create?{query}")).await;
        assert_eq!(created.status, 200, "{created:?}");
        created.body["id"].as_str().expect("an id").to_owned()
    }

    /// Begins an upload in parts.
    pub async fn begin(&self, video: &str) -> Upload {
        let body = json!({ "videoId": video, "contentType": "video/mp4" });
        let begun = self.post("/api/upload/multipart/initiate", body).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        Upload { video: video.to_owned(), id: begun.body["uploadId"].as_str().expect("an upload id").to_owned() }
    }

    /// Stores a part with its MD5, since this is a server of one's own, and without a type. What it will say of the part at the
    /// end has no quotes around the ETag.
    pub async fn part(&self, upload: &Upload, number: usize, bytes: Vec<u8>) -> Value {
        let (md5, size) = (md5_of(&bytes), bytes.len());
        let url = self.sign_part(upload, number, Some(&md5)).await;
        let stored = self.http.put(url).header("content-md5", md5).body(bytes).send().await.expect("S3");
        assert_eq!(stored.status(), 200, "part {number}");
        let e_tag = stored.headers()["etag"].to_str().expect("an ETag").trim_matches('"').to_owned();
        json!({ "partNumber": number, "etag": e_tag, "size": size })
    }

    /// Address for a part.
    pub async fn sign_part(&self, upload: &Upload, number: usize, md5: Option<&str>) -> String {
        let mut body = json!({ "videoId": upload.video, "uploadId": upload.id, "partNumber": number });
        if let Some(md5) = md5 {
            body["md5Sum"] = md5.into();
        }
        let signed = self.post("/api/upload/multipart/presign-part", body).await;
        assert_eq!(signed.status, 200, "{signed:?}");
        signed.body["presignedUrl"].as_str().expect("an address").to_owned()
    }

    /// Stores these parts of a recording, five at once, and tells how far it is; what it says of them at the end.
    pub async fn send(
        &self,
        upload: &Upload,
        recording: &(impl Bytes + ?Sized),
        part: usize,
        numbers: impl IntoIterator<Item = usize>,
    ) -> Vec<Value> {
        let total = recording.size();
        let (mut sending, mut sent, mut uploaded) = (JoinSet::new(), Vec::new(), 0);
        let mut numbers = numbers.into_iter().filter(|number| (number - 1) * part < total);
        loop {
            while sending.len() < IN_FLIGHT
                && let Some(number) = numbers.next()
            {
                let (desktop, upload) = (self.clone(), upload.clone());
                let bytes = recording.read((number - 1) * part..total.min(number * part));
                sending.spawn(async move { desktop.part(&upload, number, bytes).await });
            }
            let Some(stored) = sending.join_next().await else { break };
            let stored = stored.expect("a part");
            uploaded += stored["size"].as_u64().expect("a size");
            // What comes of it is not looked at.
            self.tell(&upload.video, uploaded, total as u64).await;
            sent.push(stored);
        }
        sent.sort_by_key(|part| part["partNumber"].as_u64());
        sent
    }

    /// Says how far an upload is, by this machine's clock, with nanoseconds.
    pub async fn tell(&self, video: &str, uploaded: u64, total: u64) -> Answer {
        let now = common::time::Millis::now();
        let now = serde_json::to_string(&now).expect("an instant").trim_matches('"').replace('Z', "456789+00:00");
        let body = json!({ "videoId": video, "uploaded": uploaded, "total": total, "updatedAt": now });
        self.post("/api/desktop/video/progress", body).await
    }

    /// The parts that are there, as `complete` wants them.
    pub async fn parts(&self, upload: &Upload) -> Vec<Value> {
        let listed =
            self.post("/api/upload/multipart/parts", json!({ "videoId": upload.video, "uploadId": upload.id })).await;
        assert_eq!(listed.status, 200, "{listed:?}");
        listed.body["parts"].as_array().expect("parts").clone()
    }

    /// Ends an upload in parts.
    pub async fn complete(&self, upload: &Upload, parts: &[Value]) -> Answer {
        let body = json!({
            "videoId": upload.video, "uploadId": upload.id, "parts": parts,
            "durationInSecs": 2.5, "width": 320, "height": 180, "fps": 30.0,
        });
        self.post("/api/upload/multipart/complete", body).await
    }

    /// Asks for the address of a single object, and the headers that go with it.
    pub async fn sign(&self, video: &str, subpath: &str) -> Value {
        let body = json!({ "videoId": video, "subpath": subpath, "method": "put" });
        let signed = self.post("/api/upload/signed", body).await;
        assert_eq!(signed.status, 200, "{signed:?}");
        signed.body["presignedPutData"].clone()
    }

    /// Stores a single object with the headers that it is told.
    pub async fn store(&self, video: &str, subpath: &str, bytes: Vec<u8>) {
        let data = self.sign(video, subpath).await;
        let put = self.http.put(data["url"].as_str().expect("an address")).header("content-length", bytes.len());
        let headers = data["headers"].as_object().expect("headers").iter();
        let put = headers.fold(put, |put, (name, value)| put.header(name, value.as_str().expect("a text")));
        assert_eq!(put.body(bytes).send().await.expect("S3").status(), 200);
    }

    /// Uploads what studio mode has exported, with its thumbnail beside it.
    pub async fn export(&self, video: &str, recording: &[u8], part: usize, thumbnail: Vec<u8>) {
        let media = async {
            let upload = self.begin(video).await;
            let parts = self.send(&upload, recording, part, 1..=recording.len()).await;
            let completed = self.complete(&upload, &parts).await;
            assert_eq!((completed.status, &completed.body["success"]), (200, &json!(true)), "{completed:?}");
        };
        tokio::join!(media, self.store(video, "screenshot/screen-capture.jpg", thumbnail));
    }

    /// Uploads the file of a camera while it grows. Its header is written at last, so the first part is stored once more, and
    /// more is told to be there than all of it.
    pub async fn film(&self, video: &str, recording: &[u8]) -> Answer {
        let upload = self.begin(video).await;
        let (first, total) = (&recording[..SMALLEST_PART], recording.len() as u64);
        self.part(&upload, 1, [&[0; 64], &first[64..]].concat()).await;
        let rest = self.send(&upload, recording, SMALLEST_PART, 2..=recording.len()).await;
        let first = self.part(&upload, 1, first.to_vec()).await;
        self.tell(video, total + SMALLEST_PART as u64, total).await;
        self.complete(&upload, &[vec![first], rest].concat()).await
    }
}

/// MD5 of a part, as `md5Sum` and `Content-MD5` have it.
#[must_use]
pub fn md5_of(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(bytes))
}

/// The app's listener: it answers any path with a page, whose script reports the page's address at `/cb`.
#[must_use]
pub fn listener() -> (u16, thread::JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let app = thread::spawn(move || {
        loop {
            let (mut connection, _) = listener.accept().expect("a connection");
            let lines = BufReader::new(&connection).lines().map(|line| line.expect("a line"));
            let head: Vec<_> = lines.take_while(|line| !line.is_empty()).collect();
            let answer =
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
            connection.write_all(answer.as_bytes()).expect("an answer");
            let full =
                head.iter().find_map(|line| line.to_ascii_lowercase().starts_with("full-url: ").then_some(&line[10..]));
            if let (true, Some(full)) = (head[0].starts_with("GET /cb "), full) {
                return full.to_owned();
            }
        }
    });
    (port, app)
}

/// What the script of the listener's page does.
pub async fn report(port: u16, location: &str) {
    let report = client().get(format!("http://127.0.0.1:{port}/cb")).header("full-url", location);
    assert_eq!(page(report).await.text, "ok");
}
