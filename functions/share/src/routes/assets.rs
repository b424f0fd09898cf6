//! `GET /static/{file}`: the stylesheet and the scripts of all functions' pages.

use common::{
    error::ApiError,
    http::{Answer, StatusCode},
};
use lambda_http::{
    Body, Request, Response,
    http::{
        HeaderValue,
        header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY},
    },
};

/// Load a page's style or script
///
/// Its name tells its content, so that browsers keep it for good.
#[utoipa::path(
    method(get, head),
    path = "/static/{file}",
    tag = "Pages",
    security(()),
    params(("file" = String, Path, description = "As pages name it")),
    responses(
        (status = 200, content((String = "text/css"), (String = "text/javascript"))),
        (status = 404, description = "No such file"),
    ),
)]
pub(super) fn show(request: &Request, file: &str) -> Answer {
    let (asset, exact) = assets::find(file).ok_or_else(|| ApiError::not_found("There is no such file."))?;
    let compressed = accepts_brotli(request);
    let body = if compressed { Body::Binary(asset.brotli.to_vec()) } else { Body::Text(asset.text.to_owned()) };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    let keep = if exact { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.content_type()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if compressed {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
    }
    Ok(response)
}

/// Whether the client reads brotli and has not said that it would rather not (RFC 9110 §12.5.3).
fn accepts_brotli(request: &Request) -> bool {
    let accepted = request.headers().get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()).unwrap_or(1.0);
        name.trim().eq_ignore_ascii_case("br") && weight > 0.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brotli_is_for_those_who_read_it() {
        let accepts = |value: &'static str| {
            let mut request = Request::default();
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            accepts_brotli(&request)
        };
        for value in ["br", "gzip, deflate, br, zstd", "BR;q=0.1", "gzip;q=1.0, br ; q=0.8"] {
            assert!(accepts(value), "{value}");
        }
        for value in ["", "gzip", "br;q=0", "br;q=0.000", "brotli", "*"] {
            assert!(!accepts(value), "{value}");
        }
    }
}
