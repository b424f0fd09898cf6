//! API Gateway's HTTP API: finds the route, hands the function a payload of format 2.0, turns its answer into HTTP.

mod request;
mod response;
mod routes;

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::{Body, HttpBody, to_bytes},
    extract::{ConnectInfo, State},
    http::{HeaderValue, Request, Response, StatusCode, header::ACCEPT},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    http, ids,
    lambda::{InvokeError, Lambda},
    log,
    mail::Mailbox,
    template::Route,
};
use routes::Routes;

/// Largest request body in bytes (HTTP API quotas).
const MAX_BODY: usize = 10 * 1024 * 1024;

struct Gateway {
    routes: Routes,
    lambda: Lambda,
}

/// Answers requests on `listener` until `stop`.
pub fn serve(listener: TcpListener, routes: Vec<Route>, lambda: Lambda, mailbox: Mailbox, stop: CancellationToken) {
    let gateway = Arc::new(Gateway { routes: Routes::new(routes), lambda });
    let mail = Router::new().route("/_local/mail", get(mail)).with_state(mailbox);
    http::serve(listener, Router::new().fallback(answer).with_state(gateway).merge(mail), stop);
}

async fn mail(State(mailbox): State<Mailbox>, request: Request<Body>) -> Response<Body> {
    // A page elsewhere can have its own host's name lead here, and would read who signs in.
    if !request::names_loopback(request.headers()) {
        return message(StatusCode::FORBIDDEN, "Forbidden");
    }
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("application/json") {
        http::json(StatusCode::OK, &mailbox.json())
    } else {
        http::response(StatusCode::OK, "text/html; charset=utf-8", mailbox.html())
    }
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let path = request::decoded_path(parts.uri.path());
    // The query is never logged: it may hold signatures and keys.
    let what = format!("{} {}", parts.method, printable(&path));
    if !request::names_host(&parts.headers) {
        log::line("gateway", format_args!("{what} 400, its Host names no host"));
        return message(StatusCode::BAD_REQUEST, "Bad Request");
    }
    let Some((route, parameters)) = gateway.routes.find(parts.method.as_str(), &path) else {
        log::line("gateway", format_args!("{what} 404, no such route"));
        return message(StatusCode::NOT_FOUND, "Not Found");
    };
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let body = if declared > MAX_BODY { None } else { to_bytes(body, MAX_BODY).await.ok() };
    let Some(body) = body else {
        log::line("gateway", format_args!("{what} 413, larger than 10 MiB or cut off"));
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
    };
    let Ok(request_id) = ids::hex::<8>() else {
        return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    };
    let context = request::Context { route, path: &path, parameters, peer, request_id: &request_id };
    let event = request::event(&parts, &body, &context).to_string();
    let mut response = invoke(&gateway.lambda, route, event, &what).await;
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("apigw-requestid", value);
    }
    response
}

async fn invoke(lambda: &Lambda, route: &Route, event: String, what: &str) -> Response<Body> {
    let name = lambda.program(&route.function);
    let Ok(invoked) = tokio::time::timeout(route.timeout, lambda.invoke(&route.function, event.into())).await else {
        log::line(name, format_args!("{what} 503, no answer after {} s", route.timeout.as_secs()));
        return message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable");
    };
    let (response, note) = match invoked {
        Ok(invocation) => {
            let report = invocation.report;
            match invocation.result.map(|payload| response::decode(&payload)) {
                Ok(Ok(response)) => (response, report.to_string()),
                Ok(Err(problem)) => (internal_error(), format!("the function's answer is no HTTP response: {problem}")),
                Err(failure) => (internal_error(), format!("{} ({report})", failure.message())),
            }
        }
        Err(InvokeError::PayloadTooLarge) => {
            let response = message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
            (response, "larger than Lambda's 6 MiB".to_owned())
        }
        Err(error @ (InvokeError::Throttled(_) | InvokeError::Stopped)) => {
            (message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"), error.to_string())
        }
        Err(error) => (internal_error(), error.to_string()),
    };
    log::line(name, format_args!("{what} {} {note}", response.status().as_u16()));
    response
}

/// A path as one line of a console, whatever was sent.
fn printable(path: &str) -> String {
    path.chars().take(200).map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

fn internal_error() -> Response<Body> {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn message(status: StatusCode, text: &str) -> Response<Body> {
    http::json(status, &json!({"message": text}))
}
