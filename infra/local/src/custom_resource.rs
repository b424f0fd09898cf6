//! CloudFormation's custom resources: functions that the deployment runs, such as the migrations.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::put,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::{
    http, ids,
    lambda::Lambda,
    log,
    template::{CustomResource, function_arn, stack_id},
};

/// CloudFormation's own patience, unless the resource says `ServiceTimeout`.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(3600);

/// Where functions put their answers: only under a secret name, and once.
struct Mailbox {
    secret: String,
    answer: Mutex<Option<mpsc::Sender<Bytes>>>,
}

/// Sends every resource's Create request and waits for its answer, one after the other. Fails with the function's own
/// reason when one is not made.
pub async fn create(resources: &[CustomResource], lambda: &Lambda) -> Result<()> {
    for resource in resources {
        let stop = CancellationToken::new();
        let _stopped = stop.clone().drop_guard();
        create_one(resource, lambda, stop)
            .await
            .with_context(|| format!("The template's {} ({}) could not be made", resource.name, resource.kind))?;
    }
    Ok(())
}

async fn create_one(resource: &CustomResource, lambda: &Lambda, stop: CancellationToken) -> Result<()> {
    let (listener, address) = http::listen(0).await?;
    let (sender, mut answers) = mpsc::channel(1);
    let secret = ids::hex::<16>()?;
    let mailbox = Arc::new(Mailbox { secret: secret.clone(), answer: Mutex::new(Some(sender)) });
    http::serve(listener, Router::new().route("/{secret}", put(receive)).with_state(mailbox), stop);

    let request_id = ids::uuid()?;
    let request = json!({
        "RequestType": "Create",
        "ServiceToken": function_arn(&resource.function),
        "ResponseURL": format!("http://{address}/{secret}"),
        "StackId": stack_id(),
        "RequestId": request_id,
        "LogicalResourceId": resource.name,
        "ResourceType": resource.kind,
        "ResourceProperties": resource.properties,
    });
    let invocation = lambda.invoke(&resource.function, request.to_string().into()).await?;
    let name = lambda.program(&resource.function);
    if let Err(failure) = &invocation.result {
        bail!("its function {name} failed: {}", failure.message());
    }
    let timeout = resource.properties["ServiceTimeout"].as_str().and_then(|text| text.parse().ok());
    let timeout = timeout.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let answer = tokio::time::timeout(timeout, answers.recv()).await;
    let answer = answer.ok().flatten().with_context(|| {
        format!("its function {name} ended without an answer to ResponseURL within {} seconds", timeout.as_secs())
    })?;
    check(&answer, &request_id, resource)?;
    log::line(name, format_args!("Create {} done, {}", resource.kind, invocation.report));
    Ok(())
}

fn check(answer: &[u8], request_id: &str, resource: &CustomResource) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer).context("its function's answer is not JSON")?;
    let expected = [("RequestId", request_id), ("LogicalResourceId", &resource.name), ("StackId", &stack_id())];
    if let Some((key, _)) = expected.iter().find(|(key, value)| answer[*key] != **value) {
        bail!("its function's answer has another {key} than the request");
    }
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    match text("Status") {
        "SUCCESS" if text("PhysicalResourceId").is_empty() => bail!("its function's answer has no PhysicalResourceId"),
        "SUCCESS" => Ok(()),
        "FAILED" => bail!("{}", text("Reason")),
        other => bail!("its function's answer has the Status {other:?}; CloudFormation knows SUCCESS and FAILED"),
    }
}

async fn receive(State(mailbox): State<Arc<Mailbox>>, Path(secret): Path<String>, body: Bytes) -> StatusCode {
    if secret != mailbox.secret {
        return StatusCode::FORBIDDEN;
    }
    let sender = mailbox.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
    match sender {
        Some(sender) if sender.try_send(body).is_ok() => StatusCode::OK,
        _ => StatusCode::CONFLICT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_matching_success_counts() {
        let resource = CustomResource {
            name: "Migrations".to_owned(),
            kind: "Custom::Migrations".to_owned(),
            function: "f".to_owned(),
            properties: json!({}),
        };
        let answer = |changed: Value| {
            let mut answer = json!({
                "Status": "SUCCESS", "PhysicalResourceId": "x", "RequestId": "r",
                "LogicalResourceId": "Migrations", "StackId": stack_id(),
            });
            for (key, value) in changed.as_object().expect("a map") {
                answer[key] = value.clone();
            }
            check(answer.to_string().as_bytes(), "r", &resource).map_err(|error| error.to_string())
        };
        assert_eq!(answer(json!({})), Ok(()));
        assert_eq!(answer(json!({"Status": "FAILED", "Reason": "No database."})), Err("No database.".to_owned()));
        for wrong in [json!({"RequestId": "other"}), json!({"PhysicalResourceId": null}), json!({"Status": "MAYBE"})] {
            assert!(answer(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
