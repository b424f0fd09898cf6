//! The `cap` command, as far as a server sees it: it signs in through a browser, and uploads with what it got.

use std::collections::HashMap;

use common::{agent::Challenge, tokens};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use crate::{
    person::{Answer, answer},
    visitor::{Page, Visitor, somewhere},
    wait::until,
};

/// Where the browser is sent.
pub const AUTHORIZE: &str = "/cli/authorize";
/// All that the command asks for.
pub const SCOPES: &str = "caps:read caps:comment caps:write";

/// A sign-in that has begun: the command listens on this machine and has opened a browser.
pub struct Login {
    /// What only the command knows.
    pub verifier: String,
    /// By which it knows its own answer.
    pub state: String,
    /// Where it listens.
    pub port: u16,
    listener: TcpListener,
}

impl Login {
    /// Begins to listen.
    pub async fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let random = || tokens::random_base64url::<32>().expect("random");
        Self { verifier: random(), state: random(), port, listener }
    }

    /// Where the code is to come.
    #[must_use]
    pub fn redirect_uri(&self) -> String {
        format!("http://127.0.0.1:{}/callback", self.port)
    }

    /// The parameters of the address that the browser opens.
    #[must_use]
    pub fn parameters(&self, scope: &str) -> Vec<(&'static str, String)> {
        let challenge = Challenge::of(&self.verifier).expect("a verifier");
        vec![
            ("client_id", "cap-cli".to_owned()),
            ("redirect_uri", self.redirect_uri()),
            ("response_type", "code".to_owned()),
            ("state", self.state.clone()),
            ("code_challenge", challenge.as_str().to_owned()),
            ("code_challenge_method", "S256".to_owned()),
            ("scope", scope.to_owned()),
        ]
    }

    /// The address itself.
    #[must_use]
    pub fn address(&self, browser: &Visitor, scope: &str) -> String {
        let base = format!("{}{AUTHORIZE}", browser.base());
        Url::parse_with_params(&base, self.parameters(scope)).expect("an address").to_string()
    }

    /// A person opens the address and presses a button; where the browser is sent then.
    pub async fn decide(&self, browser: &Visitor, scope: &str, decision: &str) -> Page {
        let page = browser.get(&self.address(browser, scope)).await;
        assert_eq!(page.status, 200, "{page:?}");
        let fields = self.parameters(scope).into_iter().map(|(name, _)| (name, page.field(name)));
        let fields: Vec<_> = fields.collect();
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("decision", decision));
        browser.form(AUTHORIZE, &fields).await
    }

    /// A person allows it, and their browser goes where it is sent; the code that comes.
    pub async fn allow(&self, browser: &Visitor, scope: &str) -> String {
        let sent = self.decide(browser, scope, "allow").await;
        assert_eq!((sent.status, sent.header("cache-control")), (302, "no-store"), "{sent:?}");
        let (mut came, _) = tokio::join!(self.called(), browser.get(sent.location()));
        assert_eq!(came.remove("state").as_ref(), Some(&self.state), "{came:?}");
        came.remove("code").unwrap_or_else(|| panic!("no code: {came:?}"))
    }

    /// What the browser brings to the loopback address.
    pub async fn called(&self) -> HashMap<String, String> {
        let (mut browser, _) = self.listener.accept().await.expect("a browser");
        let (reading, mut writing) = browser.split();
        let mut lines = BufReader::new(reading).lines();
        let first = lines.next_line().await.expect("a request").expect("a line");
        while lines.next_line().await.expect("a request").is_some_and(|line| !line.is_empty()) {}
        writing.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.expect("sent");
        let path = first.split(' ').nth(1).expect("a path");
        let url = Url::parse(&format!("http://127.0.0.1{path}")).expect("an address");
        assert_eq!(url.path(), "/callback", "{first}");
        url.query_pairs().into_owned().collect()
    }

    /// What the code is exchanged with.
    #[must_use]
    pub fn exchange(&self, code: &str) -> Value {
        json!({ "code": code, "codeVerifier": self.verifier, "redirectUri": self.redirect_uri() })
    }
}

/// The command, signed in.
pub struct Cli {
    /// Its token.
    pub token: String,
    base: String,
    http: Client,
}

impl Cli {
    /// `cap auth login`, in a browser in which somebody is signed in.
    pub async fn login(browser: &Visitor) -> Self {
        Self::login_for(browser, SCOPES).await
    }

    /// The same for some scopes only.
    pub async fn login_for(browser: &Visitor, scope: &str) -> Self {
        let login = Login::begin().await;
        let code = login.allow(browser, scope).await;
        let mut cli = Self::signed_out(browser);
        let made = cli.post("/api/v1/auth/token", login.exchange(&code)).await;
        assert_eq!(made.status, 200, "{made:?}");
        cli.token = made.body["accessToken"].as_str().expect("a token").to_owned();
        cli
    }

    /// The command before anybody has signed in.
    #[must_use]
    pub fn signed_out(browser: &Visitor) -> Self {
        let http = Client::builder().user_agent("cap-cli/0.1.0").local_address(somewhere());
        Self { token: String::new(), base: browser.base().to_owned(), http: http.build().expect("a client") }
    }

    /// A request of the command.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    /// Asks for an upload.
    pub async fn begin_upload(&self, key: &str, body: &Value) -> Answer {
        answer(self.request(Method::POST, "/api/v1/uploads").header("idempotency-key", key).json(body)).await
    }

    /// What the command says of a file without a `--name`.
    #[must_use]
    pub fn announce(file_name: &str, length: usize) -> Value {
        json!({
            "fileName": file_name, "contentType": "video/mp4", "contentLength": length, "durationSeconds": 12.5,
            "width": 1280, "height": 720, "fps": 30.0, "title": null,
        })
    }

    /// Stores a file as an upload's answer says.
    pub async fn put(&self, upload: &Value, bytes: Vec<u8>) {
        assert_eq!(upload["type"], "put", "{upload}");
        let url = upload["url"].as_str().expect("an address");
        let mut put = self.http.put(url).header("content-length", bytes.len());
        for (name, value) in upload["headers"].as_object().expect("headers") {
            put = put.header(name, value.as_str().expect("a value"));
        }
        let stored = put.body(bytes).send().await.expect("S3");
        assert_eq!(stored.status(), StatusCode::OK);
    }

    /// Says that an upload is stored.
    pub async fn complete(&self, begun: &Value, length: usize) -> Answer {
        let body = json!({ "rawFileKey": begun["rawFileKey"], "contentLength": length });
        let id = begun["id"].as_str().expect("an id");
        self.post(&format!("/api/v1/uploads/{id}/complete"), body).await
    }

    /// `cap upload`: the answer of the first request, when all is done.
    pub async fn upload(&self, file_name: &str, bytes: Vec<u8>) -> Value {
        let length = bytes.len();
        let key = tokens::random_hex::<16>().expect("random");
        let begun = self.begin_upload(&key, &Self::announce(file_name, length)).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        self.put(&begun.body["upload"], bytes).await;
        let completed = self.complete(&begun.body, length).await;
        assert_eq!(completed.status, 200, "{completed:?}");
        begun.body
    }

    /// Waits until a recording plays.
    pub async fn ready(&self, id: &str) {
        until(&format!("upload {id} to become ready"), async || {
            let status = self.get(&format!("/api/v1/caps/{id}/status")).await.body;
            assert_ne!(status["overall"], "failed", "{status}");
            (status["overall"] == "ready").then_some(())
        })
        .await;
    }
}
