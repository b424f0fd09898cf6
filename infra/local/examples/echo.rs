//! A function for tests: does what its event says.

use std::{
    fs::OpenOptions,
    io::{Read, Write},
    process::Command,
    time::Duration,
};

use aws_config::BehaviorVersion;
use aws_sdk_s3::error::ProvideErrorMetadata;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let (event, context) = event.into_parts();
    // Behind the gateway the orders are in the request's body.
    let body = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    let order: Value = body.unwrap_or_else(|| event.clone());
    let pid = std::process::id();
    if let Some(file) = order["note"].as_str() {
        append(file, &context.request_id)?;
    }
    if let Ok(file) = std::env::var("NOTES") {
        append(&file, &event.to_string())?;
    }
    if let Some(address) = event["ResponseURL"].as_str() {
        return respond(&event, address);
    }
    match order["do"].as_str() {
        Some("fail") => Err("as told".into()),
        Some("exit") => std::process::exit(3),
        Some("hang") => {
            let child = Command::new("sleep").arg("600").spawn()?;
            if let Some(file) = order["child"].as_str() {
                std::fs::write(file, child.id().to_string())?;
            }
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(Value::Null)
        }
        Some("wait") => {
            let file = order["until"].as_str().unwrap_or_default();
            while !std::path::Path::new(file).exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(json!({"pid": pid}))
        }
        Some("http") => Ok(order["answer"].clone()),
        Some("read") => Ok(read(&order).await),
        _ => {
            let environment: Vec<(String, String)> = std::env::vars().collect();
            let left = context.deadline.saturating_sub(
                u64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis()).unwrap_or_default(),
            );
            Ok(json!({
                "event": event,
                "pid": pid,
                "requestId": context.request_id,
                "arn": context.invoked_function_arn,
                "millisLeft": left,
                "environment": environment.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
            }))
        }
    }
}

/// Reads an object with the address and the access key of its environment: its content, or the code of a refusal.
async fn read(order: &Value) -> Value {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
    let s3 = aws_sdk_s3::Client::from_conf(config);
    let text = |name: &str| order[name].as_str().unwrap_or_default();
    match s3.get_object().bucket(text("bucket")).key(text("key")).send().await {
        Ok(object) => {
            let bytes =
                object.body.collect().await.map(aws_sdk_s3::primitives::AggregatedBytes::to_vec).unwrap_or_default();
            json!(String::from_utf8_lossy(&bytes))
        }
        Err(error) => json!(error.code()),
    }
}

fn append(file: &str, line: &str) -> Result<(), Error> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok(file.write_all(format!("{line}\n").as_bytes())?)
}

/// Answers CloudFormation with the status that the resource's properties ask for.
fn respond(event: &Value, address: &str) -> Result<Value, Error> {
    let (host, path) = address.trim_start_matches("http://").split_once('/').ok_or("no path")?;
    let body = json!({
        "Status": event["ResourceProperties"]["Answer"],
        "Reason": "The reason.",
        "PhysicalResourceId": "id",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    })
    .to_string();
    let mut stream = std::net::TcpStream::connect(host)?;
    write!(
        stream,
        "PUT /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(json!(answer.starts_with("HTTP/1.1 200")))
}
