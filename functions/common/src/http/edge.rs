//! Requests that come through the deployment's CloudFront distribution. API Gateway sees CloudFront's address and its own host
//! name; who asked, and for which host, the distribution says in headers of its own (`infra/site.yaml`). They count only
//! beside a secret that nobody else knows: API Gateway can also be reached past the distribution.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use lambda_http::{
    Request, RequestExt,
    http::{HeaderMap, HeaderValue},
    request::RequestContext,
};

use crate::secret::Secret;

const PROOF: &str = "x-edge-proof";
const VIEWER: &str = "x-edge-viewer";
const HOST: &str = "x-edge-host";

/// The request as the viewer made it. What a client has put into these headers itself is dropped unread.
pub(super) fn arrived(mut request: Request, secret: Option<&Secret>) -> Request {
    let [proof, viewer, host] = [PROOF, VIEWER, HOST].map(|name| take(request.headers_mut(), name));
    let proven = secret
        .zip(proof)
        .is_some_and(|(secret, proof)| verify_slices_are_equal(secret.expose().as_bytes(), proof.as_bytes()).is_ok());
    let (true, Some(RequestContext::ApiGatewayV2(context))) = (proven, request.request_context_ref()) else {
        return request;
    };
    let mut context = context.clone();
    if let Some(viewer) = viewer {
        context.http.source_ip = Some(viewer);
    }
    if let Some(host) = host {
        context.domain_name = Some(host);
    }
    request.with_request_context(RequestContext::ApiGatewayV2(context))
}

fn take(headers: &mut HeaderMap<HeaderValue>, name: &str) -> Option<String> {
    headers.remove(name).and_then(|value| value.to_str().ok().map(str::to_owned)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use lambda_http::{Body, aws_lambda_events::apigw::ApiGatewayV2httpRequestContext, http};

    use super::*;
    use crate::http::{gateway_host, source};

    fn request(proof: Option<&str>) -> Request {
        let mut context = ApiGatewayV2httpRequestContext::default();
        context.http.source_ip = Some("130.176.1.1".to_owned());
        context.domain_name = Some("a1b2c3.execute-api.eu-west-1.amazonaws.com".to_owned());
        let mut request = http::Request::builder().header(VIEWER, "203.0.113.7").header(HOST, "cap.example.com");
        if let Some(proof) = proof {
            request = request.header(PROOF, proof);
        }
        let request = request.body(Body::Empty).expect("a request");
        request.with_request_context(RequestContext::ApiGatewayV2(context))
    }

    fn seen(proof: Option<&str>, secret: Option<&str>) -> (String, String) {
        let secret = secret.map(Secret::new);
        let request = arrived(request(proof), secret.as_ref());
        assert!([PROOF, VIEWER, HOST].iter().all(|name| !request.headers().contains_key(*name)));
        (source(&request), gateway_host(&request))
    }

    #[test]
    fn c11_only_the_distribution_says_who_asks() {
        let viewer = ("203.0.113.7".to_owned(), "cap.example.com".to_owned());
        let gateway = ("130.176.1.1".to_owned(), "a1b2c3.execute-api.eu-west-1.amazonaws.com".to_owned());
        assert_eq!(seen(Some("hush"), Some("hush")), viewer);
        for (proof, secret) in
            [(None, Some("hush")), (Some("hus"), Some("hush")), (Some("hush"), None), (Some(""), None)]
        {
            assert_eq!(seen(proof, secret), gateway, "{proof:?} for {secret:?}");
        }
    }
}
