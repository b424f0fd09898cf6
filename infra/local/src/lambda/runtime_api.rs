//! The Runtime API: how a function's program fetches events and answers (Lambda developer guide, "Using the Lambda
//! runtime API for custom runtimes"). Every environment has one of its own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Path, State},
    http::{HeaderValue, Response, StatusCode},
    routing::{get, post},
};
use serde_json::json;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};

use super::invocation::{Failure, FailureKind};
use crate::{http, ids};

/// Largest answer in bytes: 6 MiB and what Lambda adds.
pub(super) const MAX_PAYLOAD: usize = 6_291_556;

/// One event on its way into an environment.
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline: SystemTime,
    pub(super) function_arn: String,
    pub(super) reply: Reply,
}

type Reply = oneshot::Sender<Result<Bytes, Failure>>;

/// What the environment's program said before it asked for its first event.
#[derive(Clone, Debug)]
pub(super) enum Readiness {
    Starting,
    Ready,
    Failed(Bytes),
}

struct RuntimeApi {
    work: AsyncMutex<mpsc::Receiver<Work>>,
    current: Mutex<Option<(String, Reply)>>,
    readiness: watch::Sender<Readiness>,
}

pub(super) fn router(work: mpsc::Receiver<Work>, readiness: watch::Sender<Readiness>) -> Router {
    let state = RuntimeApi { work: AsyncMutex::new(work), current: Mutex::new(None), readiness };
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .with_state(Arc::new(state))
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> Response<Body> {
    api.readiness.send_replace(Readiness::Ready);
    let Some(work) = api.work.lock().await.recv().await else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Runtime.Shutdown", "The environment is shutting down");
    };
    let headers = [
        ("lambda-runtime-aws-request-id", work.request_id.clone()),
        ("lambda-runtime-deadline-ms", ids::epoch_millis(work.deadline).to_string()),
        ("lambda-runtime-invoked-function-arn", work.function_arn),
        ("lambda-runtime-trace-id", trace_id(&work.request_id)),
    ];
    *api.current.lock().unwrap_or_else(PoisonError::into_inner) = Some((work.request_id, work.reply));
    let mut response = http::response(StatusCode::OK, "application/json", work.payload);
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// `Root=1-{8 digits of time}-{24 digits};Sampled=0`, here made of the request id.
fn trace_id(request_id: &str) -> String {
    let digits: String = request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let seconds = ids::epoch_millis(SystemTime::now()) / 1000;
    format!("Root=1-{seconds:08x}-{};Sampled=0", digits.get(..24).unwrap_or_default())
}

async fn answer(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Body) -> Response<Body> {
    let body = to_bytes(body, MAX_PAYLOAD).await;
    let Some(reply) = api.take(&id) else { return unknown_request() };
    match body {
        Ok(body) => {
            let _ = reply.send(Ok(body));
            accepted()
        }
        Err(_) => {
            let message = format!("Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes).");
            let failure = Failure::new(FailureKind::TooLarge, "Function.ResponseSizeTooLarge", &message);
            let _ = reply.send(Err(failure));
            refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
        }
    }
}

async fn error(State(api): State<Arc<RuntimeApi>>, Path(id): Path<String>, body: Body) -> Response<Body> {
    let payload = to_bytes(body, MAX_PAYLOAD).await.unwrap_or_default();
    let Some(reply) = api.take(&id) else { return unknown_request() };
    let _ = reply.send(Err(Failure { kind: FailureKind::Error, payload }));
    accepted()
}

async fn init_error(State(api): State<Arc<RuntimeApi>>, body: Body) -> Response<Body> {
    let payload = to_bytes(body, MAX_PAYLOAD).await.unwrap_or_default();
    api.readiness.send_replace(Readiness::Failed(payload));
    accepted()
}

impl RuntimeApi {
    fn take(&self, id: &str) -> Option<Reply> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.take_if(|(request_id, _)| request_id == id).map(|(_, reply)| reply)
    }
}

fn accepted() -> Response<Body> {
    http::json(StatusCode::ACCEPTED, &json!({"status": "OK"}))
}

fn unknown_request() -> Response<Body> {
    refusal(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    http::json(status, &json!({"errorType": kind, "errorMessage": message}))
}
