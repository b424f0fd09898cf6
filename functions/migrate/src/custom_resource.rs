//! CloudFormation's side: it waits until its response address has been written to, whatever the function returns.
//! AWS documentation: "Custom resource request and response reference".

use common::{config::SigningKey, db::Database, objects};
use lambda_runtime::Error;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::migrations;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Request {
    request_type: String,
    resource_type: String,
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

/// The resource whose attribute `PublicKey` is the public half of the key that media addresses are signed with.
const KEY: &str = "Custom::SigningKey";

/// Does what the resource stands for, then tells CloudFormation how it went; a failure told is not a failed invocation, which
/// Lambda would repeat. Deleting the stack deletes no data.
pub(crate) async fn answer(request: Request, db: &Database) -> Result<(), Error> {
    let outcome = match (request.request_type.as_str(), request.resource_type.as_str()) {
        ("Delete", _) => Ok(json!({})),
        (_, KEY) => public_key(),
        _ => migrations::apply(db).await.map(|()| json!({})).map_err(Error::from),
    };
    let (status, reason, data) = match outcome {
        Ok(data) => ("SUCCESS", String::new(), data),
        Err(error) => {
            tracing::error!(%error, resource = request.logical_resource_id, "failed");
            ("FAILED", error.to_string(), json!({}))
        }
    };
    let body = json!({
        "Status": status,
        "Reason": reason,
        "PhysicalResourceId": request.physical_resource_id(),
        "Data": data,
        "StackId": request.stack_id,
        "RequestId": request.request_id,
        "LogicalResourceId": request.logical_resource_id,
    });
    // The address is signed for an empty content type.
    let put = move || ureq::put(&request.response_url).header("content-type", "").send(body.to_string());
    tokio::task::spawn_blocking(put).await??;
    Ok(())
}

fn public_key() -> Result<Value, Error> {
    Ok(json!({ "PublicKey": objects::public_key(&SigningKey::from_env()?)? }))
}

impl Request {
    /// One name for good: with another one, CloudFormation would delete what had the name before.
    fn physical_resource_id(&self) -> &'static str {
        if self.resource_type == KEY { "signing-key" } else { "schema" }
    }
}
