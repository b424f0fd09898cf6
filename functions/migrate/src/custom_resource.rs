//! CloudFormation's side: it waits until its response address has been written to, whatever the function returns.
//! AWS documentation: "Custom resource request and response reference".

use common::db::Database;
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::migrations;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Request {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
}

/// The request, if the event is one.
pub(crate) fn read(event: Value) -> Option<Request> {
    serde_json::from_value(event).ok()
}

/// Migrates, then tells CloudFormation how it went; a failure told is not a failed invocation, which Lambda would
/// repeat. Deleting the stack deletes no data.
pub(crate) async fn answer(request: Request, db: &Database) -> Result<(), Error> {
    let outcome = match request.request_type.as_str() {
        "Delete" => Ok(()),
        _ => migrations::apply(db).await,
    };
    let (status, reason) = match outcome {
        Ok(()) => ("SUCCESS", String::new()),
        Err(error) => {
            tracing::error!(%error, "migration failed");
            ("FAILED", error.to_string())
        }
    };
    let body = json!({
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": "schema",
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
    });
    // The address is signed for an empty content type.
    let put = move || ureq::put(&request.response_url).header("content-type", "").send(body.to_string());
    tokio::task::spawn_blocking(put).await??;
    Ok(())
}
