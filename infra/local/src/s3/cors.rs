//! Cross-origin rules of the bucket, as S3 applies them ("Using cross-origin resource sharing (CORS)").

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};

use crate::{http::response, template::CorsRule};

/// The rules, in their order.
pub(super) struct Cors {
    bucket: String,
    rules: Vec<CorsRule>,
}

impl Cors {
    pub(super) fn new(bucket: String, rules: Vec<CorsRule>) -> Self {
        Self { bucket, rules }
    }

    /// The answer to a preflight, which comes without a signature; `None` for any other request.
    pub(super) fn preflight(&self, request: &Request) -> Option<Response> {
        if request.method() != Method::OPTIONS {
            return None;
        }
        let headers = request.headers();
        let (Some(origin), Some(method)) =
            (text(headers, &header::ORIGIN), text(headers, &header::ACCESS_CONTROL_REQUEST_METHOD))
        else {
            let message = "Insufficient information. Origin and Access-Control-Request-Method request headers needed.";
            return Some(error(StatusCode::BAD_REQUEST, "BadRequest", message));
        };
        let asked = text(headers, &header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default().to_ascii_lowercase();
        let asked: Vec<_> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let rule = self.rule(request, origin, method).filter(|rule| rule.allows_headers(&asked));
        let Some(rule) = rule else {
            let message = "CORSResponse: This CORS request is not allowed.";
            return Some(error(StatusCode::FORBIDDEN, "AccessForbidden", message));
        };
        let mut answer = response(StatusCode::OK, "text/plain", "");
        let headers = answer.headers_mut();
        rule.add_headers(headers, origin);
        add(headers, header::ACCESS_CONTROL_ALLOW_METHODS, &rule.allowed_methods.join(", "));
        if !asked.is_empty() {
            add(headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &asked.join(", "));
        }
        if let Some(seconds) = rule.max_age_seconds {
            add(headers, header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
        Some(answer)
    }

    /// What to add to the answer of an actual request.
    pub(super) fn headers(&self, request: &Request) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Some(origin) = text(request.headers(), &header::ORIGIN)
            && let Some(rule) = self.rule(request, origin, request.method().as_str())
        {
            rule.add_headers(&mut headers, origin);
        }
        headers
    }

    fn rule(&self, request: &Request, origin: &str, method: &str) -> Option<&CorsRule> {
        let path = request.uri().path().trim_start_matches('/');
        if path.split('/').next() != Some(&self.bucket) {
            return None;
        }
        self.rules.iter().find(|rule| {
            rule.allowed_methods.iter().any(|allowed| allowed == method)
                && rule.allowed_origins.iter().any(|allowed| fits(allowed, origin))
        })
    }
}

impl CorsRule {
    fn allows_headers(&self, asked: &[&str]) -> bool {
        let fits_any =
            |name: &str| self.allowed_headers.iter().any(|allowed| fits(&allowed.to_ascii_lowercase(), name));
        asked.iter().all(|name| fits_any(name))
    }

    fn add_headers(&self, headers: &mut HeaderMap, origin: &str) {
        if self.allowed_origins.iter().any(|allowed| allowed == "*") {
            add(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        } else {
            add(headers, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            add(headers, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        if !self.exposed_headers.is_empty() {
            add(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.exposed_headers.join(", "));
        }
        add(headers, header::VARY, "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
    }
}

/// Whether a text is what a pattern with at most one `*` stands for.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end),
        None => pattern == text,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let head = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    response(status, "application/xml", format!("{head}<Error><Code>{code}</Code><Message>{message}</Message></Error>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_hold_one_star() {
        for (pattern, text, expected) in [
            ("*", "https://a.test", true),
            ("https://*.a.test", "https://x.a.test", true),
            ("https://*.a.test", "https://a.test", false),
            ("https://a.test", "https://a.test", true),
            ("https://a.test", "https://a.test.evil", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
