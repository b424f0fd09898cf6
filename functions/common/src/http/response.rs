//! Writing responses.

use lambda_http::{
    Body, Request, Response,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE},
    },
};
use serde::Serialize;
use serde_json::{Value, json};

use super::request_id;
use crate::error::ApiError;

fn with_type(status: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON answer that no cache keeps.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Response<Body>, ApiError> {
    let body = serde_json::to_string(value).map_err(ApiError::internal)?;
    let mut response = with_type(status, "application/json", body.into());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// An answer of the agent API: a JSON object, with the request's id.
pub fn agent_json<T: Serialize>(request: &Request, status: StatusCode, value: &T) -> Result<Response<Body>, ApiError> {
    let mut value = serde_json::to_value(value).map_err(ApiError::internal)?;
    if let Value::Object(object) = &mut value {
        object.insert("requestId".to_owned(), request_id(request).into());
    }
    json(status, &value)
}

/// A page.
pub fn html(status: StatusCode, body: impl Into<String>) -> Response<Body> {
    with_type(status, "text/html; charset=utf-8", Body::Text(body.into()))
}

/// A text of another type that no cache keeps: what it holds is good for a while only.
pub fn text(content_type: &'static str, body: impl Into<String>) -> Response<Body> {
    let mut response = with_type(StatusCode::OK, content_type, Body::Text(body.into()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An answer that is only a status.
#[must_use]
pub fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = status;
    response
}

/// 302 to an address that is good for a while, so that nothing may keep the answer.
pub fn redirect(location: &str) -> Result<Response<Body>, ApiError> {
    to(StatusCode::FOUND, location)
}

/// 303: what was sent is done, and this is to be looked at now.
pub fn see_other(location: &str) -> Result<Response<Body>, ApiError> {
    to(StatusCode::SEE_OTHER, location)
}

fn to(status: StatusCode, location: &str) -> Result<Response<Body>, ApiError> {
    let mut response = empty(status);
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(location).map_err(ApiError::internal)?);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The answer with one more cookie.
pub fn with_cookie(mut response: Response<Body>, cookie: &str) -> Result<Response<Body>, ApiError> {
    response.headers_mut().append(SET_COOKIE, HeaderValue::from_str(cookie).map_err(ApiError::internal)?);
    Ok(response)
}

/// How a refusal is told. Each kind of client reads its own shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// The agent API's.
    Agent,
    /// `error` is true, and `message` says why.
    Message,
    /// `error` says why.
    Plain,
}

impl Shape {
    pub(super) fn of(path: &str) -> Self {
        match path {
            path if path.starts_with("/api/v1/") => Self::Agent,
            "/api/desktop/video/progress"
            | "/api/desktop/video/delete"
            | "/api/settings/user/name"
            | "/api/thumbnail" => Self::Message,
            _ => Self::Plain,
        }
    }
}

/// A refusal, which no cache keeps.
pub(super) fn error(error: &ApiError, shape: Shape, request_id: &str) -> Response<Body> {
    let body = match shape {
        Shape::Agent => json!({
            "_tag": tag(error.code),
            "code": error.code,
            "message": error.message,
            "retryable": error.retry_after.is_some(),
            "retryAfterMs": error.retry_after.map(|seconds| u64::from(seconds) * 1000),
            "requestId": request_id,
        }),
        Shape::Message => json!({ "error": true, "message": error.message, "code": error.code }),
        Shape::Plain => json!({ "error": error.message, "code": error.code }),
    };
    let mut response = with_type(error.status, "application/json", Body::Text(body.to_string()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// `NOT_FOUND` is `AgentNotFoundError`.
fn tag(code: &str) -> String {
    let words = code.split('_').map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_ascii_lowercase())
    });
    format!("Agent{}Error", words.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_keeps_a_refusal() {
        for shape in [Shape::Agent, Shape::Message, Shape::Plain] {
            let refusal = error(&ApiError::video_not_found(), shape, "");
            assert_eq!(refusal.headers().get(CACHE_CONTROL), Some(&HeaderValue::from_static("no-store")));
        }
    }

    #[test]
    fn tags_follow_codes() {
        assert_eq!(super::tag("NOT_FOUND"), "AgentNotFoundError");
    }
}
