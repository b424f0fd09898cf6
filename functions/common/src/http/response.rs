//! Writing responses.

use lambda_http::{
    Body, Request, Response,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE},
    },
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

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

/// Bytes of a type that was looked at, which only who asks may keep, for so many seconds.
pub fn binary(content_type: &'static str, seconds: u32, bytes: Vec<u8>) -> Result<Response<Body>, ApiError> {
    let mut response = with_type(StatusCode::OK, content_type, Body::Binary(bytes));
    let kept = HeaderValue::from_str(&format!("private, max-age={seconds}")).map_err(ApiError::internal)?;
    response.headers_mut().insert(CACHE_CONTROL, kept);
    Ok(response)
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
pub enum Shape {
    /// The agent API's.
    Agent,
    /// `error` is true, and `message` says why.
    Message,
    /// `error` says why.
    Plain,
}

impl Shape {
    /// The shape that the clients of the route at `path` read.
    #[must_use]
    pub fn of(path: &str) -> Self {
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

/// Why a request was refused.
#[derive(Serialize, ToSchema)]
pub struct Refusal<'a> {
    /// What was wrong, with what, what to do.
    error: &'a str,
    /// Stable, for programs.
    code: &'static str,
}

/// Why a request was refused, where Cap Desktop reads `message`.
#[derive(Serialize, ToSchema)]
pub struct MessageRefusal<'a> {
    /// Always true.
    error: bool,
    /// What was wrong, with what, what to do.
    message: &'a str,
    /// Stable, for programs.
    code: &'static str,
}

/// Why a request of the agent API was refused.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentRefusal<'a> {
    /// The code as the name of an error: `AgentNotFoundError`.
    #[serde(rename = "_tag")]
    tag: String,
    /// Stable, for programs.
    code: &'static str,
    /// What was wrong, with what, what to do.
    message: &'a str,
    /// True when the same request may succeed later.
    retryable: bool,
    /// Milliseconds after which trying again makes sense.
    retry_after_ms: Option<u64>,
    /// What the request is called in the server's logs.
    request_id: &'a str,
}

/// A refusal, which no cache keeps.
pub(super) fn error(error: &ApiError, shape: Shape, request_id: &str) -> Response<Body> {
    let ApiError { code, message, .. } = error;
    let body = match shape {
        Shape::Agent => serde_json::to_string(&AgentRefusal {
            tag: tag(code),
            code,
            message,
            retryable: error.retry_after.is_some(),
            retry_after_ms: error.retry_after.map(|seconds| u64::from(seconds) * 1000),
            request_id,
        }),
        Shape::Message => serde_json::to_string(&MessageRefusal { error: true, message, code }),
        Shape::Plain => serde_json::to_string(&Refusal { error: message, code }),
    };
    // Texts and numbers always become JSON.
    let mut response = with_type(error.status, "application/json", Body::Text(body.unwrap_or_default()));
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
