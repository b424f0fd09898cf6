//! What a request costs the database, as the database itself counts it. Every statement is a round trip.

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use common::{config::ObjectsConfig, objects::Objects};
use mysql_async::{Conn, prelude::Queryable};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    cli::Cli,
    cloud::Cloud,
    person::{Person, answer, client},
    rows,
    statements::{self, Counts, since},
    visitor::SESSION,
    wait::until,
};

/// Requests that are counted together.
const REQUESTS: u64 = 10;

/// A local cloud of one's own, where nobody else asks the database anything, and who counts there.
struct Counter {
    cloud: &'static Cloud,
    connection: Conn,
    /// What counting itself costs.
    own: Counts,
}

impl Counter {
    async fn new() -> Self {
        let cloud = tokio::task::spawn_blocking(|| Box::leak(Box::new(Cloud::start()))).await.expect("a cloud");
        let connection = rows::connection(cloud).await;
        let own = statements::of_counting();
        let mut counter = Self { cloud, connection, own };
        // Whatever started the cloud may still be taking its leave of the database.
        until("a database that nobody asks", async || {
            let before = counter.counts().await;
            (since(&before, &counter.counts().await) == counter.own).then_some(())
        })
        .await;
        counter
    }

    async fn counts(&mut self) -> Counts {
        statements::counts(&mut self.connection).await
    }

    /// What [`REQUESTS`] requests cost, once their function is warm.
    async fn cost(&mut self, program: &str, request: impl Fn() -> RequestBuilder) -> Counts {
        // The first ones connect, prepare their statements, and write down that a key or session is used today.
        for _ in 0..3 {
            self.ask(program, &request).await;
        }
        let before = self.counts().await;
        for _ in 0..REQUESTS {
            self.ask(program, &request).await;
        }
        let mut spent = since(&before, &self.counts().await);
        for (name, count) in &self.own {
            *spent.entry(name.clone()).or_default() -= count;
        }
        spent.retain(|_, count| *count > 0);
        spent
    }

    /// One request after another, so that all of them go to the same environment.
    async fn ask(&self, program: &str, request: impl Fn() -> RequestBuilder) {
        let answered = answer(request()).await;
        assert_eq!(answered.status, 200, "{answered:?}");
        until("the function to wait for the next request", async || {
            let functions = self.cloud.local("functions").await;
            let all = functions.as_array().expect("functions").iter();
            let function = all.into_iter().find(|function| function["binary"] == program).expect("the function");
            let environments = function["environments"].as_array().expect("environments");
            (environments.len() == 1 && environments[0]["busy"] == false).then_some(())
        })
        .await;
    }
}

/// So many prepared statements a request, all of which read, and nothing else that is sent to the server.
fn queries(count: u64) -> Counts {
    ["Com_select", "Com_stmt_execute", "Questions"].map(|name| (name.to_owned(), count * REQUESTS)).into()
}

#[tokio::test]
async fn knowing_who_asks_costs_one_query_and_no_write() {
    let mut counter = Counter::new().await;
    let person = Person::on(counter.cloud).await;
    let browser = person.browser().await;
    let video = person.create("Counted").await;
    let base = counter.cloud.ready.base.clone();
    let cookie = format!("{SESSION}={}", browser.cookie(SESSION).expect("a session"));
    let by_cookie = |path: &str| client().get(format!("{base}{path}")).header("cookie", &cookie);
    let by_key = |path: &str| client().get(format!("{base}{path}")).bearer_auth(&person.key);
    let cap = format!("/api/v1/caps/{video}");

    assert_eq!(counter.cost("auth", || by_cookie("/api/auth/session")).await, queries(1), "who is signed in");
    assert_eq!(counter.cost("metadata", || by_cookie(&cap)).await, queries(1), "a session and its video");
    assert_eq!(counter.cost("metadata", || by_key(&cap)).await, queries(1), "a key and its video");
    let cli = Cli::login(&browser).await;
    let by_token = |path: &str| client().get(format!("{base}{path}")).bearer_auth(&cli.token);
    assert_eq!(counter.cost("metadata", || by_token(&cap)).await, queries(1), "a token and its video");
    assert_eq!(counter.cost("metadata", || by_key("/api/v1/caps")).await, queries(2), "a key, and a list of videos");
}

#[tokio::test]
async fn signing_an_upload_costs_one_query() {
    let mut counter = Counter::new().await;
    let person = Person::on(counter.cloud).await;
    let video = person.create("Live").await;
    let post = |path: &str, body: &Value| person.request(Method::POST, path).json(body);
    let file = |method: &str| json!({ "videoId": video, "subpath": "result.mp4", "method": method });
    let batch = json!({ "videoId": video, "subpaths": vec!["result.mp4"; 50] });
    let part = json!({ "videoId": video, "uploadId": "x", "partNumber": 1, "md5Sum": "1B2M2Y8AsgTpgAmY7PhCfg==" });
    for (path, body) in [
        ("/api/upload/signed", file("put")),
        ("/api/upload/signed", file("post")),
        ("/api/upload/signed/batch", batch),
        ("/api/upload/multipart/presign-part", part),
    ] {
        assert_eq!(counter.cost("presign", || post(path, &body)).await, queries(1), "{path} {body}");
    }
}

/// Where no S3 answers, whoever asks one fails.
#[tokio::test]
async fn signing_an_upload_asks_s3_nothing() {
    let sdk = aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test")))
        .build();
    let config = ObjectsConfig { bucket: "bucket".to_owned(), path_style: false, foreign: None };
    let objects = Objects::new(config, &sdk).metered();
    objects.sign_put("videos/raw/x.mp4").await.expect("an address");
    objects.sign_part("videos/raw/x.mp4", "upload", 1, Some("1B2M2Y8AsgTpgAmY7PhCfg==")).await.expect("an address");
    let form = objects.sign_post("videos/raw/x.mp4", "video/mp4", 1).await.expect("a form");
    assert_eq!(form.url, "https://bucket.s3.eu-west-1.amazonaws.com");
    assert_eq!(objects.used().calls, 0);
}

#[tokio::test]
async fn a_connection_that_was_cut_while_nobody_asked_is_opened_again() {
    let mut counter = Counter::new().await;
    let person = Person::on(counter.cloud).await;
    let ask = || person.request(Method::GET, "/api/v1/caps");
    counter.ask("metadata", ask).await;
    let others = "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command = 'Sleep'";
    let others: Vec<u64> = counter.connection.query(others).await.expect("connections");
    assert!(!others.is_empty(), "the function keeps its connection");
    for id in others {
        counter.connection.query_drop(format!("KILL {id}")).await.expect("an end");
    }
    counter.ask("metadata", ask).await;
}
