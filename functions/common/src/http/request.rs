//! Reading requests.

use std::{collections::HashMap, net::Ipv6Addr};

use lambda_http::{
    Body, Request, RequestExt,
    http::header::{CONTENT_TYPE, USER_AGENT},
    request::RequestContext,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::ApiError;

/// The body as JSON of type `T`. Unknown fields are ignored, since clients send more than is needed.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    serde_json::from_slice(bytes(request))
        .map_err(|error| ApiError::bad_request(format!("The request body is not the JSON this route takes: {error}.")))
}

/// The body as it came.
#[must_use]
pub fn bytes(request: &Request) -> &[u8] {
    match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    }
}

/// A query parameter's first value; an empty one counts as absent.
#[must_use]
pub fn query<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.query_string_parameters_ref()?.first(name).filter(|value| !value.is_empty())
}

/// The path cut at slashes, without the leading one: `/api/v1/caps` is `["api", "v1", "caps"]`.
#[must_use]
pub fn path_segments(request: &Request) -> Vec<String> {
    request.raw_http_path().trim_start_matches('/').split('/').map(str::to_owned).collect()
}

/// The host that API Gateway was reached at, from its own context and not from a header.
#[must_use]
pub fn gateway_host(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.domain_name.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// True when the body is a form's, as pages send it.
#[must_use]
pub fn is_form(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields of a form or of a JSON object: the same routes serve pages and programs.
#[derive(Clone, Debug, Default)]
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// A field's text; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All fields, in no order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// A field's text, absent or not; an error names it when it is not there at all.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        let value = self.0.get(name).map(String::as_str);
        value.ok_or_else(|| ApiError::bad_request(format!("{name} is missing from the request's body.")))
    }
}

impl From<HashMap<String, String>> for Fields {
    fn from(fields: HashMap<String, String>) -> Self {
        Self(fields)
    }
}

/// The body's fields: a form's, or a JSON object's texts, numbers and truth values. No body has none.
pub fn fields(request: &Request) -> Result<Fields, ApiError> {
    if is_form(request) {
        let fields = serde_urlencoded::from_bytes(bytes(request))
            .map_err(|error| ApiError::bad_request(format!("The form cannot be read: {error}.")))?;
        return Ok(Fields(fields));
    }
    if bytes(request).is_empty() {
        return Ok(Fields::default());
    }
    let object: HashMap<String, Value> = json(request)?;
    let text = |value| match value {
        Value::String(text) => Some(text),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    Ok(Fields(object.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()))
}

/// Where a request comes from, as API Gateway itself saw it: what a client claims in a header counts for nothing. Of an
/// IPv6 address the first 64 bits, which is what one subscriber has.
#[must_use]
pub fn source(request: &Request) -> String {
    let address = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.http.source_ip.clone().unwrap_or_default(),
        _ => String::new(),
    };
    match address.parse::<Ipv6Addr>() {
        Ok(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
        }
        Err(_) => address,
    }
}

/// The route by which API Gateway sent the request here, as template.yaml has it: `GET /s/{code}`.
#[must_use]
pub fn route(request: &Request) -> String {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => context.route_key.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

/// What the request is called in the logs, and in the answers of the agent API.
#[must_use]
pub fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default()
}

/// The key under which a program may ask again for what it has asked for, if it sends one.
pub fn idempotency_key(request: &Request) -> Result<Option<&str>, ApiError> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let key = value.to_str().ok().filter(|key| (8..=128).contains(&key.len()) && key.bytes().all(plain));
    let wrong =
        || ApiError::bad_request("Idempotency-Key must be 8 to 128 letters, digits, dots, dashes or underscores.");
    key.map(Some).ok_or_else(wrong)
}

/// What a browser or program calls itself: one line, at most 255 characters.
#[must_use]
pub fn user_agent(request: &Request) -> String {
    let text = request.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    text.unwrap_or_default().chars().filter(|character| !character.is_control()).take(255).collect()
}
