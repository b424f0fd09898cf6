//! The whole stack as `make deploy STAGE=local` deploys it, on MiniStack.

use std::net::SocketAddr;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{
    footage,
    ministack::Ministack,
    person::{self, Answer, answer},
    wait::until,
};

use crate::parts::{APPLIED, BUILDING, column, database, migrations, run};

/// The name that the profile `local` gives it.
const STACK: &str = "capstan-local";
const MAILBOX: &str = "ada@example.test";
/// What the template would generate as one, were it not for MiniStack, which heeds no more than its length.
const ENCRYPTION_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A deployed stack, as somebody who uses its API sees it.
struct Stack<'a> {
    cloud: &'a Ministack,
    http: reqwest::Client,
    base: String,
    key: String,
}

impl<'a> Stack<'a> {
    /// What there is after `sam deploy`, with the routes that MiniStack did not take from the template.
    async fn deployed(cloud: &'a Ministack) -> Self {
        let template = cloud.processed_template(STACK).await;
        let apis = cloud.ask("/v2/apis").await;
        let api = apis["items"][0]["apiId"].as_str().expect("an API").to_owned();
        let functions = functions(cloud).await;
        let arn = |name: &str| function(&functions, name)["FunctionArn"].as_str().expect("an ARN").to_owned();
        assert!(cloud.import_routes(&api, &template, arn).await > 100);
        let host = format!("{api}.execute-api.localhost");
        let http = reqwest::Client::builder()
            .resolve(&host, SocketAddr::from(([127, 0, 0, 1], cloud.port)))
            .redirect(reqwest::redirect::Policy::none());
        let base = format!("http://{host}:{}", cloud.port);
        Self { cloud, http: http.build().expect("a client"), base, key: String::new() }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answered = self.ask(Method::POST, path, Some(body)).await;
        assert_eq!(answered.status, 200, "{path}: {answered:?}\n{}", self.cloud.log());
        answered.body
    }

    /// Signs in as a program does: with the code of a mail, which is in the log and nowhere else.
    async fn sign_in(&mut self) {
        self.post("/api/mobile/session/email/request", json!({ "email": MAILBOX })).await;
        let code = until("the code in the log", async || {
            let groups = self.cloud.target("logs", "Logs_20140328.DescribeLogGroups", json!({})).await;
            for group in groups["logGroups"].as_array()? {
                let ask = json!({ "logGroupName": group["logGroupName"] });
                let events = self.cloud.target("logs", "Logs_20140328.FilterLogEvents", ask).await;
                let mut messages = events["events"].as_array()?.iter().filter_map(|event| event["message"].as_str());
                if let Some(code) = messages.find_map(code_of) {
                    return Some(code);
                }
            }
            None
        })
        .await;
        let verify = json!({ "email": MAILBOX, "code": code });
        let answered = self.post("/api/mobile/session/email/verify", verify).await;
        self.key = answered["apiKey"].as_str().expect("a key").to_owned();
    }

    /// Uploads a recording by a signed address, and waits until an event has published it; its id.
    async fn record(&self, name: &str, bytes: &[u8]) -> String {
        let create = format!("/api/desktop/video/create?recordingMode=desktopMP4&name={name}");
        let created = self.ask(Method::GET, &create, None).await;
        let video = created.body["id"].as_str().unwrap_or_else(|| panic!("{created:?}")).to_owned();
        let sign = json!({ "videoId": video, "subpath": "result.mp4", "method": "put" });
        let signed = self.post("/api/upload/signed", sign).await;
        let url = signed["presignedPutData"]["url"].as_str().expect("an address");
        let stored = self.http.put(url).body(bytes.to_vec()).send().await.expect("S3");
        assert_eq!(stored.status(), StatusCode::OK);
        self.ready(&video).await;
        video
    }

    async fn ready(&self, video: &str) {
        let state = until(&format!("video {video} to be ready or to fail"), async || {
            let status = self.ask(Method::GET, &format!("/api/v1/caps/{video}/status"), None).await.body;
            matches!(status["overall"].as_str(), Some("ready" | "failed")).then_some(status)
        })
        .await;
        assert_eq!(state["overall"], "ready", "{state}\n{}", self.cloud.log());
    }

    /// Bytes of what a player gets.
    async fn watch(&self, video: &str) -> Vec<u8> {
        let playlist = format!("{}/api/playlist?videoId={video}&videoType=mp4", self.base);
        let led = self.http.get(playlist).send().await.expect("the player's address");
        let place = led.headers()["location"].to_str().expect("an address").to_owned();
        let played = self.http.get(place).send().await.expect("S3");
        assert_eq!(played.status(), StatusCode::OK);
        played.bytes().await.expect("the video").to_vec()
    }
}

/// The six digits that stand alone in a mail that is not sent.
fn code_of(message: &str) -> Option<String> {
    let (_, mail) = message.split_once("instead of being sent")?;
    let mut words = mail.split("\\n").filter(|word| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
    words.next().map(str::to_owned)
}

/// Functions, as Lambda lists them.
async fn functions(cloud: &Ministack) -> Vec<Value> {
    cloud.ask("/2015-03-31/functions/").await["Functions"].as_array().expect("functions").clone()
}

/// The function of a logical id, whose name is made of the stack's and that.
fn function<'a>(functions: &'a [Value], name: &str) -> &'a Value {
    let start = format!("{STACK}-{name}-");
    let named = |function: &&Value| function["FunctionName"].as_str().is_some_and(|name| name.starts_with(&start));
    functions.iter().find(named).unwrap_or_else(|| panic!("no function {name} in {functions:?}"))
}

/// Runs the script of `make deploy STAGE=local`.
async fn deploy(cloud: &Ministack, given: &[(&str, &str)]) {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let mut command = cloud.tool("infra/deploy.sh");
    command.args(["local", arch]).env("SAM_BUILD_DIR", cloud.place().join("build")).envs(given.iter().copied());
    let _alone = BUILDING.lock().await;
    run(command, "the deployment").await;
    assert!(
        cloud.place().join("build/template.yaml").exists(),
        "what is quickly built must not lie where a release is taken from"
    );
}

/// The same for the first time.
async fn deploy_first(cloud: &Ministack, database_url: &str) {
    let given = [
        ("DATABASE_URL", database_url),
        ("DATABASE_ENCRYPTION_KEY", ENCRYPTION_KEY),
        ("MAIL_TRANSPORT", "log"),
        ("MAIL_FROM", "Capstan <login@example.test>"),
    ];
    deploy(cloud, &given).await;
}

/// Runs the script of `make undeploy STAGE=local`; what it said.
async fn undeploy(cloud: &Ministack, given: &[(&str, &str)]) -> String {
    let mut command = cloud.tool("infra/undeploy.sh");
    command.arg("local").envs(given.iter().copied());
    run(command, "the deletion").await
}

#[tokio::test]
async fn a_deployed_stack_publishes_an_upload_is_updated_and_leaves_only_what_is_to_be_kept() {
    let cloud = Ministack::start().await;
    let mysql = database(cloud.place()).await;

    deploy_first(&cloud, &mysql.url).await;
    // The deployment itself ran them, before any function was there to answer.
    assert_eq!(column(&mysql.url, APPLIED).await.len(), migrations());

    let mut stack = Stack::deployed(&cloud).await;
    stack.sign_in().await;
    let recording = footage::screen_recording("640x360", 2).await;
    let video = stack.record("first", &recording).await;
    let watched = stack.watch(&video).await;
    assert_eq!(&watched[4..8], b"ftyp");
    assert_eq!(column(&mysql.url, "SELECT status FROM videos").await, ["ready"]);

    // Nothing but what changes is said again.
    deploy(&cloud, &[("SECRETS_EDITION", "2")]).await;
    let functions = functions(&cloud).await;
    let variables = &function(&functions, "AuthFunction")["Environment"]["Variables"];
    assert_eq!((&variables["SECRETS_EDITION"], &variables["DATABASE_URL"]), (&json!("2"), &json!(mysql.url)));
    assert_eq!(variables["DATABASE_ENCRYPTION_KEY"], ENCRYPTION_KEY);
    assert_eq!(stack.watch(&video).await, watched, "what was there before");
    stack.record("second", &recording).await;

    let said = undeploy(&cloud, &[]).await;
    assert!(said.contains(&format!("Kept: the recordings in the bucket {STACK}-media-")), "{said}");
    assert_eq!(self::functions(&cloud).await, Vec::<Value>::new());
    assert_eq!(cloud.ask("/v2/apis").await["items"], json!([]));
    let kept = column(&mysql.url, "SELECT status FROM videos").await;
    assert_eq!(kept, ["ready", "ready"]);
    let object = format!("{}/videos/raw/{video}.mp4", bucket(&cloud));
    assert_eq!(status(&object).await, StatusCode::OK, "the bucket outlives its stack");
    assert_eq!(secrets(&cloud).await, 1, "and so does the key that opens what the database holds sealed");
    mysql.stop().await;
}

#[tokio::test]
async fn what_would_outlive_a_stack_is_deleted_when_asked() {
    let cloud = Ministack::start().await;
    let mysql = database(cloud.place()).await;
    deploy_first(&cloud, &mysql.url).await;
    let object = format!("{}/videos/raw/kept.mp4", bucket(&cloud));
    let put = person::client().put(&object).body("a recording").send().await.expect("S3");
    assert_eq!(put.status(), StatusCode::OK);

    let said = undeploy(&cloud, &[("DATA", "delete")]).await;
    assert!(said.contains(&format!("Deleted: the recordings in the bucket {STACK}-media-")), "{said}");
    assert_eq!(status(&object).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&bucket(&cloud)).await, StatusCode::NOT_FOUND);
    assert_eq!(secrets(&cloud).await, 0);
    mysql.stop().await;
}

/// Address of the media bucket.
fn bucket(cloud: &Ministack) -> String {
    format!("{}/{STACK}-media-000000000000", cloud.endpoint())
}

async fn status(address: &str) -> StatusCode {
    person::client().head(address).send().await.expect("S3").status()
}

/// How many secrets there are.
async fn secrets(cloud: &Ministack) -> usize {
    let listed = cloud.target("secretsmanager", "secretsmanager.ListSecrets", json!({})).await;
    listed["SecretList"].as_array().expect("secrets").len()
}
