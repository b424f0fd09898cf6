//! Pages: what a browser may do with one is said with it.

use lambda_http::{
    Body, Response,
    http::{HeaderValue, header},
};

use super::Answer;
use crate::{config::SiteConfig, error::ApiError, tokens};

/// What a page needs beside its own scripts and the stylesheet.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The nonce of the page's own scripts and stylesheet.
    pub nonce: &'a str,
    /// Where pictures and media come from, as CSP sources.
    pub media: &'a str,
    /// Where forms lead, redirects included, as CSP sources.
    pub forms: &'a str,
    /// Where scripts talk to beside the site itself, as CSP sources.
    pub connect: &'a str,
    /// What other pages are told of the address of this one: `no-referrer` or `same-origin`. With the first, browsers send
    /// forms with `Origin: null`.
    pub referrer: &'static str,
    /// Who may show the page in a frame, as CSP sources.
    pub frames: &'static str,
}

/// 128 random bits, so that nothing but the page's own scripts and style counts.
pub fn nonce() -> Result<String, ApiError> {
    Ok(tokens::random_hex::<16>()?)
}

/// `https://host:port` of an address.
#[must_use]
pub fn origin_of(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |end| &url[..host + end])
}

/// Puts the policy on a page that no cache keeps.
pub fn secured(mut response: Response<Body>, policy: &Policy<'_>) -> Answer {
    let Policy { nonce, media, forms, connect, referrer, frames } = policy;
    let csp = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data: {media}; \
         media-src 'self' {media}; worker-src 'self'; connect-src 'self' {connect}; base-uri 'none'; form-action {forms}; \
         frame-ancestors {frames}"
    );
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&csp).map_err(ApiError::internal)?);
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Says of any answer what a browser may do with it: nothing, unless it has said so itself.
pub(super) fn harden(response: &mut Response<Body>, site: &SiteConfig) {
    let headers = response.headers_mut();
    let nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(nothing));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if site.is_https() {
        // A year, for this host only: what else lives under its domain is not ours to decide.
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::http::StatusCode;

    use super::*;
    use crate::{http::html, secret::AuthSecret};

    #[test]
    fn only_https_sites_pin_https() {
        let pinned = |web_url: &str| {
            let site =
                SiteConfig { web_url: Some(web_url.to_owned()), secret: AuthSecret::new(b""), operators: Vec::new() };
            let mut response = html(StatusCode::OK, "");
            harden(&mut response, &site);
            response.headers().contains_key(header::STRICT_TRANSPORT_SECURITY)
        };
        assert_eq!((pinned("https://cap.example.com"), pinned("http://127.0.0.1:3000")), (true, false));
    }

    #[test]
    fn origin_is_scheme_host_and_port() {
        assert_eq!(origin_of("http://127.0.0.1:9000/bucket/key?X-Amz=1"), "http://127.0.0.1:9000");
        assert_eq!(origin_of("https://b.s3.amazonaws.com/k"), "https://b.s3.amazonaws.com");
    }
}
