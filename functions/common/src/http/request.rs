//! Reading requests.

use lambda_http::{Body, Request, RequestExt, request::RequestContext};
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The body as JSON of type `T`. Unknown fields are ignored, since clients send more than is needed.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    let bytes = match request.body() {
        Body::Text(text) => text.as_bytes(),
        Body::Binary(bytes) => bytes,
        _ => &[],
    };
    serde_json::from_slice(bytes)
        .map_err(|error| ApiError::bad_request(format!("The request body is not the JSON this route takes: {error}.")))
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
