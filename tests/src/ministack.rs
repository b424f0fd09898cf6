//! MiniStack: an AWS on this machine that the deployment's own tools deploy to. Its gaps are in docs/EMULATORS.md.

use std::{path::Path, process::Stdio};

use reqwest::RequestBuilder;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{
    cloud::{path_with_layer, repository},
    person::answer,
    processes,
    tools::{QUICK_BUILD, tool},
    wait::until,
};

/// Its own name; the API's host is below it.
const HOST: &str = "localhost";
/// The region of the profile `local`.
pub const REGION: &str = "us-east-1";

/// A running MiniStack. Everything in it goes with it.
pub struct Ministack {
    /// Its port on 127.0.0.1.
    pub port: u16,
    process: Child,
    place: TempDir,
    http: reqwest::Client,
}

impl Drop for Ministack {
    fn drop(&mut self) {
        let Some(pid) = self.process.id() else { return };
        // The functions' processes would outlive it.
        let all = processes::below(pid);
        let _ = self.process.start_kill();
        for pid in all.into_iter().filter(|pid| processes::alive(*pid)) {
            processes::kill(pid);
        }
    }
}

impl Ministack {
    /// Starts one with nothing in it.
    pub async fn start() -> Self {
        let place = TempDir::with_prefix("capstan-test-").expect("a temporary directory");
        let port = processes::free_port();
        let log = std::fs::File::create(place.path().join("log")).expect("a log file");
        let process = Command::new(repository().join(".tools/ministack/bin/ministack"))
            .env_clear()
            // It does not lay layers over /opt; PATH leads to the same programs.
            .env("PATH", path_with_layer())
            .envs([("BIND_HOST", "127.0.0.1"), ("MINISTACK_HOST", HOST), ("LAMBDA_EXECUTOR", "local")])
            .envs([("IOT_MTLS_ENABLED", "0"), ("SFTP_ENABLED", "0")])
            .env("GATEWAY_PORT", port.to_string())
            // What functions are given, as they are given nothing of the kind on AWS.
            .env("AWS_ENDPOINT_URL", endpoint(port))
            .env("HOME", place.path())
            .env("TMPDIR", place.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("MiniStack, which infra/setup.sh test installs");
        let mut started = Self { port, process, place, http: reqwest::Client::new() };
        until("MiniStack", async || {
            let ended = started.process.try_wait().expect("MiniStack's state");
            assert!(ended.is_none(), "MiniStack ended: {ended:?}\n{}", started.log());
            let health = started.http.get(format!("{}/_ministack/health", endpoint(port))).send().await.ok()?;
            health.status().is_success().then_some(())
        })
        .await;
        started
    }

    /// Its address.
    #[must_use]
    pub fn endpoint(&self) -> String {
        endpoint(self.port)
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }

    /// A directory that goes with it.
    #[must_use]
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// A program of the checkout with what points AWS's tools here.
    #[must_use]
    pub fn tool(&self, program: impl AsRef<Path>) -> Command {
        let mut command = tool(program);
        command
            .envs(QUICK_BUILD)
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .envs([("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", REGION)])
            .env("AWS_DEFAULT_REGION", REGION)
            .env("AWS_CONFIG_FILE", self.place.path().join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.place.path().join("none"));
        command
    }

    /// A request to the Lambda or API Gateway API, which are known by their paths.
    pub fn request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.endpoint()))
    }

    /// What the Lambda or API Gateway API says of something.
    pub async fn ask(&self, path: &str) -> Value {
        answer(self.request(reqwest::Method::GET, path)).await.body
    }

    /// What an API of `X-Amz-Target` says, such as `Logs_20140328.FilterLogEvents`.
    pub async fn target(&self, service: &str, target: &str, body: Value) -> Value {
        let post = self.request(reqwest::Method::POST, "/").header("x-amz-target", target).json(&body);
        answer(signed(post, service)).await.body
    }

    /// What CloudFormation holds as a stack's template after its transform.
    pub async fn processed_template(&self, stack: &str) -> Value {
        let text = self.cloudformation("GetTemplate", &[("StackName", stack), ("TemplateStage", "Processed")]).await;
        let body = text.split("<TemplateBody>").nth(1).and_then(|rest| rest.split("</TemplateBody>").next());
        let body = body.unwrap_or_else(|| panic!("no template: {text}"));
        let body = body.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
        serde_json::from_str(&body).expect("a template in JSON")
    }

    async fn cloudformation(&self, action: &str, arguments: &[(&str, &str)]) -> String {
        let form = [&[("Action", action)], arguments].concat();
        let post = self.request(reqwest::Method::POST, "/").form(&form);
        signed(post, "cloudformation").send().await.expect("CloudFormation").text().await.expect("XML")
    }

    /// Gives an API the routes that its template has: MiniStack takes an API's `Body` for nothing. The integrations are
    /// the template's own.
    pub async fn import_routes(&self, api: &str, template: &Value, function_of: impl Fn(&str) -> String) -> usize {
        let apis = template["Resources"].as_object().expect("resources").values();
        let mut bodies = apis.filter(|resource| resource["Type"] == "AWS::ApiGatewayV2::Api");
        let body = &bodies.next().expect("an API")["Properties"]["Body"];
        let mut routes = 0;
        for (path, methods) in body["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let integration = &operation["x-amazon-apigateway-integration"];
                let uri = integration["uri"].to_string();
                let name =
                    uri.split("${").find_map(|part| part.split(".Arn}").next().filter(|name| name.len() < part.len()));
                let arn = function_of(name.unwrap_or_else(|| panic!("no function: {uri}")));
                let integration = json!({
                    "integrationType": "AWS_PROXY",
                    "integrationUri": arn,
                    "payloadFormatVersion": integration["payloadFormatVersion"],
                });
                let made = self.post(&format!("/v2/apis/{api}/integrations"), &integration).await;
                let target = format!("integrations/{}", made["integrationId"].as_str().expect("an integration"));
                let route = json!({ "routeKey": format!("{} {path}", method.to_uppercase()), "target": target });
                self.post(&format!("/v2/apis/{api}/routes"), &route).await;
                routes += 1;
            }
        }
        routes
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let made = answer(self.request(reqwest::Method::POST, path).json(body)).await;
        assert!(made.status < 300, "{path}: {made:?}");
        made.body
    }
}

fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// MiniStack goes by the scope of a signature and does not check it.
fn signed(request: RequestBuilder, service: &str) -> RequestBuilder {
    let scope = format!("Credential=test/20260101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0");
    request.header("authorization", format!("AWS4-HMAC-SHA256 {scope}"))
}
