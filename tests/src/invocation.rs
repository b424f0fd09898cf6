//! One invocation of a function in an environment of its own: with less time or other variables than the deployment gives it.

use std::{process::Stdio, time::Duration};

use local::iam::Iam;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::Command,
    time::timeout,
};

use crate::{
    cloud::{cloud, path_with_layer, programs},
    store,
    wait::PATIENCE,
};

/// Runs the transcode function's program once against the shared cloud, with a deadline that is `within` away. The
/// error is what the function said.
pub async fn transcode(event: &Value, within: Duration) -> Result<(), String> {
    run("transcode", &[], event, within).await.map(drop)
}

/// Runs a function's program once against the shared cloud, with variables beside those that every function has. What the
/// function answered, or what it said of its failure.
pub async fn run(program: &str, variables: &[(&str, &str)], event: &Value, within: Duration) -> Result<Value, String> {
    let runtime = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let ready = &cloud().ready;
    let mut command = Command::new(programs().join(program));
    command
        .kill_on_drop(true)
        .stdout(Stdio::null())
        .env_clear()
        .env("PATH", path_with_layer())
        .env("AWS_LAMBDA_RUNTIME_API", runtime.local_addr().expect("an address").to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", program)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "test")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "test")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", Iam::key_of(&ready.access_key_id, &logical_id(program)))
        .env("AWS_SECRET_ACCESS_KEY", &ready.secret_access_key)
        .env("AWS_ENDPOINT_URL_S3", &ready.own_s3.endpoint)
        .env("AWS_ENDPOINT_URL_DYNAMODB", &ready.dynamodb_endpoint)
        .env("DATABASE_URL", &ready.database_url)
        .env("MEDIA_BUCKET", &ready.own_s3.bucket)
        .env("LEDGER_TABLE", store::ledger_table().await)
        .envs(variables.iter().copied());
    if let Some(foreign) = &ready.foreign_s3 {
        command
            .env("S3_ENDPOINT", &ready.s3_endpoint)
            .env("S3_REGION", &foreign.region)
            .env("S3_BUCKET", &ready.bucket)
            .env("S3_ACCESS_KEY_ID", &foreign.access_key_id)
            .env("S3_SECRET_ACCESS_KEY", &foreign.secret_access_key);
    }
    let mut function = command.spawn().expect("the function");
    let outcome = timeout(PATIENCE, answer_of(&runtime, event, within)).await.expect("the function's answer");
    function.kill().await.expect("the function's end");
    outcome
}

/// The template's name for a function: `TranscodeFunction` for the program `transcode`.
fn logical_id(program: &str) -> String {
    let (first, rest) = program.split_at(1);
    format!("{}{rest}Function", first.to_uppercase())
}

/// Serves the Runtime API until the function has answered.
async fn answer_of(runtime: &TcpListener, event: &Value, within: Duration) -> Result<Value, String> {
    loop {
        let (mut connection, _) = runtime.accept().await.expect("a connection");
        let request = read(&mut connection).await;
        let path = request.split(' ').nth(1).unwrap_or_default();
        if path.ends_with("/invocation/next") {
            let body = event.to_string();
            let deadline = std::time::SystemTime::now() + within;
            let deadline = deadline.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-000000000000\r\n\
                 Lambda-Runtime-Deadline-Ms: {deadline}\r\nLambda-Runtime-Trace-Id: Root=1-0-0;Sampled=0\r\n\
                 Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:transcode\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            connection.write_all(answer.as_bytes()).await.expect("the event is sent");
        } else {
            let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
            return if path.ends_with("/response") {
                Ok(serde_json::from_str(body).expect("JSON"))
            } else {
                Err(request)
            };
        }
    }
}

/// A request with its body, as long as its head says that it is.
pub(crate) async fn read(connection: &mut TcpStream) -> String {
    let (mut request, mut chunk) = (Vec::new(), [0; 8192]);
    loop {
        let got = connection.read(&mut chunk).await.expect("a request");
        request.extend_from_slice(&chunk[..got]);
        let text = String::from_utf8_lossy(&request);
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            body.len() >= length.unwrap_or(0)
        });
        if got == 0 || whole {
            return text.into_owned();
        }
    }
}

/// Runs the function of migrations for one custom resource: the attributes that CloudFormation is told.
pub async fn custom_resource(kind: &str, variables: &[(&str, &str)]) -> Value {
    let formation = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let event = serde_json::json!({
        "RequestType": "Create",
        "ResourceType": kind,
        "ResponseURL": format!("http://{}/answer", formation.local_addr().expect("an address")),
        "StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/test/1",
        "RequestId": "1",
        "LogicalResourceId": "Test",
    });
    let told = async {
        let (mut connection, _) = formation.accept().await.expect("a connection");
        let request = read(&mut connection).await;
        connection
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            .await
            .expect("an answer");
        request.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).expect("a body")
    };
    let (told, ended) = tokio::join!(told, run("migrate", variables, &event, PATIENCE));
    ended.expect("the migrations' end");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!(told["Status"], "SUCCESS", "{told}");
    told["Data"].clone()
}
