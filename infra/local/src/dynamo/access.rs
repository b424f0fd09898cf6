//! The door before DynamoDB: reads from each request what it needs to be allowed (service authorization reference,
//! "Actions, resources, and condition keys for Amazon DynamoDB"), and hands on what its signer may.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::Response,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    http,
    iam::{Iam, Request},
    template::{Table, table_arn},
};

/// The most that a request may bring (DynamoDB quotas: 16 MiB in a batch).
const MAX_BODY: usize = 17 << 20;
/// Headers that belong to a connection.
const HOP: [HeaderName; 4] = [header::HOST, header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING];

struct Door {
    iam: Arc<Iam>,
    /// Partition keys' names, by table.
    keys: BTreeMap<String, String>,
    behind: SocketAddr,
    client: reqwest::Client,
}

/// Serves the door before what listens at `behind`.
pub(super) async fn serve(
    behind: SocketAddr,
    tables: &[Table],
    iam: Arc<Iam>,
    port: u16,
    stop: CancellationToken,
) -> Result<SocketAddr> {
    let client = reqwest::Client::builder().no_proxy().build().context("no client for DynamoDB")?;
    let keys = tables.iter().map(|table| (table.name.clone(), table.hash_key.clone())).collect();
    let (listener, address) = http::listen(port).await?;
    let door = Arc::new(Door { iam, keys, behind, client });
    http::serve(listener, Router::new().fallback(answer).with_state(door), stop);
    Ok(address)
}

async fn answer(State(door): State<Arc<Door>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return refusal("SerializationException", "The request could not be read");
    };
    if let Err(refusal) = door.check(&parts.headers, &body) {
        return *refusal;
    }
    door.forward(parts, body).await.unwrap_or_else(|error| {
        http::response(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", format!("DynamoDB could not answer: {error}"))
    })
}

impl Door {
    fn check(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Box<Response>> {
        // What is not signed is refused behind the door, in DynamoDB's words.
        let Some(access_key) = access_key(headers) else { return Ok(()) };
        if !self.iam.knows(access_key) {
            let sentence = "The security token included in the request is invalid.";
            return Err(Box::new(refusal("UnrecognizedClientException", sentence)));
        }
        let Some(function) = self.iam.function(access_key) else { return Ok(()) };
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let denied = |action: &str, resource: &str| {
            Box::new(refusal("AccessDeniedException", &Iam::sentence(function, action, resource)))
        };
        let Some(requests) = self.requests(operation, &body) else {
            let (action, resource) = (format!("dynamodb:{operation}"), table_arn("*"));
            self.iam.refuse(function, &action, &resource);
            return Err(denied(&action, &resource));
        };
        match requests.iter().find(|request| !self.iam.allows(function, request)) {
            Some(request) => Err(denied(&request.action, &request.resource)),
            None => Ok(()),
        }
    }

    /// What an operation needs; `None` where nothing here knows.
    fn requests(&self, operation: &str, body: &Value) -> Option<Vec<Request>> {
        let one = |items: &[&Value]| self.request(operation, body["TableName"].as_str().unwrap_or_default(), items);
        Some(match operation {
            "GetItem" | "UpdateItem" | "DeleteItem" => vec![one(&[&body["Key"]])],
            "PutItem" => vec![one(&[&body["Item"]])],
            "DescribeTable" | "DescribeTimeToLive" => vec![one(&[])],
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = body["RequestItems"].as_object()?;
                tables.iter().map(|(table, batch)| self.request(operation, table, &items(batch))).collect()
            }
            "TransactGetItems" | "TransactWriteItems" => {
                let parts = body["TransactItems"].as_array()?.iter().filter_map(Value::as_object).flatten();
                let part = |(kind, part): (&String, &Value)| {
                    let table = part["TableName"].as_str().unwrap_or_default().to_owned();
                    let action =
                        if kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
                    self.request(&action, &table, &[&part["Key"], &part["Item"]])
                };
                parts.map(part).collect()
            }
            _ => return None,
        })
    }

    fn request(&self, operation: &str, table: &str, items: &[&Value]) -> Request {
        // By its ARN as well as by its name.
        let table = table.rsplit('/').next().unwrap_or_default();
        let key = self.keys.get(table).map(String::as_str).unwrap_or_default();
        let value = |item: &&Value| item[key].as_object()?.values().next()?.as_str().map(str::to_owned);
        let leading_keys = items.iter().filter_map(value).collect();
        Request { leading_keys, ..Request::new(&format!("dynamodb:{operation}"), table_arn(table)) }
    }

    async fn forward(&self, parts: Parts, body: Bytes) -> Result<Response> {
        let url = format!("http://{}{}", self.behind, parts.uri);
        let mut headers = parts.headers;
        HOP.iter().for_each(|name| drop(headers.remove(name)));
        let answer = self.client.request(parts.method, url).headers(headers).body(body).send().await?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        response.headers_mut().extend(answer.headers().clone());
        HOP.iter().for_each(|name| drop(response.headers_mut().remove(name)));
        *response.body_mut() = answer.bytes().await?.into();
        Ok(response)
    }
}

/// Keys and items of one table in a batch: `{Keys: […]}`, or a list of `{PutRequest: {Item}}` and `{DeleteRequest: {Key}}`.
fn items(batch: &Value) -> Vec<&Value> {
    let keys = batch["Keys"].as_array().into_iter().flatten();
    let writes = batch.as_array().into_iter().flatten();
    keys.chain(writes.flat_map(|write| [&write["PutRequest"]["Item"], &write["DeleteRequest"]["Key"]])).collect()
}

/// From `AWS4-HMAC-SHA256 Credential=ID/20261126/us-east-1/dynamodb/aws4_request, …`.
fn access_key(headers: &HeaderMap) -> Option<&str> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    authorization.split_once("Credential=")?.1.split('/').next()
}

fn refusal(kind: &str, message: &str) -> Response {
    let body = json!({ "__type": format!("com.amazon.coral.service#{kind}"), "message": message });
    http::response(StatusCode::BAD_REQUEST, "application/x-amz-json-1.0", body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(operation: &str, body: &Value) -> Option<Vec<(String, String, Vec<String>)>> {
        let door = Door {
            iam: Arc::new(Iam::new("ROOT", &[], None).expect("no policies")),
            keys: BTreeMap::from([("ledger".to_owned(), "pk".to_owned())]),
            behind: SocketAddr::from(([127, 0, 0, 1], 1)),
            client: reqwest::Client::new(),
        };
        let requests = door.requests(operation, body)?;
        Some(requests.into_iter().map(|one| (one.action, one.resource, one.leading_keys)).collect())
    }

    #[test]
    fn each_operation_names_its_action_and_its_partition_keys() {
        let [a, b] = ["a", "b"].map(|key| json!({ "pk": { "S": key }, "other": { "S": "x" } }));
        let one = json!({ "TableName": "ledger", "Key": a, "Item": b });
        let batch = json!({ "RequestItems": { "ledger": { "Keys": [a, b] } } });
        let writes = json!({ "RequestItems": { "ledger": [{ "PutRequest": { "Item": a } }, { "DeleteRequest": { "Key": b } }] } });
        let transaction = json!({ "TransactItems": [
            { "Put": { "TableName": table_arn("ledger"), "Item": a } },
            { "ConditionCheck": { "TableName": "ledger", "Key": b } },
        ] });
        for (operation, body, expected) in [
            ("GetItem", &one, vec![("GetItem", vec!["a"])]),
            ("PutItem", &one, vec![("PutItem", vec!["b"])]),
            ("DescribeTimeToLive", &one, vec![("DescribeTimeToLive", vec![])]),
            ("BatchGetItem", &batch, vec![("BatchGetItem", vec!["a", "b"])]),
            ("BatchWriteItem", &writes, vec![("BatchWriteItem", vec!["a", "b"])]),
            ("TransactWriteItems", &transaction, vec![("PutItem", vec!["a"]), ("ConditionCheckItem", vec!["b"])]),
        ] {
            let expected = expected.into_iter().map(|(action, keys): (&str, Vec<&str>)| {
                (format!("dynamodb:{action}"), table_arn("ledger"), keys.into_iter().map(str::to_owned).collect())
            });
            assert_eq!(asked(operation, body), Some(expected.collect()), "{operation}");
        }
        assert_eq!(asked("Scan", &one), None);
    }

    #[test]
    fn the_access_key_is_in_the_signature() {
        let mut headers = HeaderMap::new();
        assert_eq!(access_key(&headers), None);
        let signature =
            "AWS4-HMAC-SHA256 Credential=ROOT.Share/20261126/us-east-1/dynamodb/aws4_request, SignedHeaders=host";
        headers.insert(header::AUTHORIZATION, signature.parse().expect("a header"));
        assert_eq!(access_key(&headers), Some("ROOT.Share"));
    }
}
