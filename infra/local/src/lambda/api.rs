//! Lambda's own API, as far as tools and tests need it: invoke a function, look at what runs.

use std::net::SocketAddr;

use anyhow::Result;
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode},
    routing::{get, post},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{InvokeError, Lambda, runtime_api::MAX_PAYLOAD};
use crate::{http, log};

impl Lambda {
    /// Serves `POST /2015-03-31/functions/{name}/invocations` and, for tests, `GET /_local/functions` and
    /// `GET /_local/dead-letters`.
    pub async fn serve_api(&self, port: u16, stop: CancellationToken) -> Result<SocketAddr> {
        let (listener, address) = http::listen(port).await?;
        let router = Router::new()
            .route("/2015-03-31/functions/{name}/invocations", post(invoke))
            .route("/_local/functions", get(functions))
            .route("/_local/dead-letters", get(dead_letters))
            .with_state(self.clone());
        http::serve(listener, router, stop);
        Ok(address)
    }
}

async fn invoke(
    State(lambda): State<Lambda>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let Ok(payload) = to_bytes(body, MAX_PAYLOAD).await else { return refusal(&InvokeError::PayloadTooLarge) };
    let payload = if payload.is_empty() { Bytes::from_static(b"{}") } else { payload };
    if headers.get("x-amz-invocation-type").is_some_and(|kind| kind == "Event") {
        return match lambda.invoke_async(&name, payload, "Event") {
            Ok(request_id) => {
                with_request_id(http::response(StatusCode::ACCEPTED, "application/json", ""), &request_id)
            }
            Err(error) => refusal(&error),
        };
    }
    match lambda.invoke(&name, payload).await {
        Ok(invocation) => {
            let failed = invocation.result.is_err();
            let outcome = if failed { "failed" } else { "done" };
            log::line(lambda.program(&name), format_args!("Invoke {outcome}, {}", invocation.report));
            let body = invocation.result.unwrap_or_else(|failure| failure.payload);
            let mut response = http::response(StatusCode::OK, "application/json", body);
            response.headers_mut().insert("x-amz-executed-version", HeaderValue::from_static("$LATEST"));
            if failed {
                response.headers_mut().insert("x-amz-function-error", HeaderValue::from_static("Unhandled"));
            }
            with_request_id(response, &invocation.request_id)
        }
        Err(error) => refusal(&error),
    }
}

fn with_request_id(mut response: Response<Body>, request_id: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

fn refusal(error: &InvokeError) -> Response<Body> {
    let (status, kind) = match error {
        InvokeError::UnknownFunction(_) => (StatusCode::NOT_FOUND, "ResourceNotFoundException"),
        InvokeError::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
        InvokeError::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException"),
        InvokeError::Start(_) | InvokeError::Stopped => (StatusCode::INTERNAL_SERVER_ERROR, "ServiceException"),
    };
    let mut response = http::json(status, &json!({"Type": "User", "Message": error.to_string()}));
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

async fn functions(State(lambda): State<Lambda>) -> Response<Body> {
    http::json(StatusCode::OK, &lambda.describe())
}

async fn dead_letters(State(lambda): State<Lambda>) -> Response<Body> {
    http::json(StatusCode::OK, &json!(lambda.dead_letters().list()))
}
