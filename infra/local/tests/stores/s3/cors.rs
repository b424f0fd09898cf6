//! Requests of browsers from other origins.

use local::template::CorsRule;
use reqwest::{Method, StatusCode, header};

use super::{BUCKET, Served, for_an_hour, plain_client};

fn rules() -> Vec<CorsRule> {
    let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![
        CorsRule {
            allowed_methods: all(&["PUT"]),
            allowed_origins: all(&["https://*.a.test"]),
            allowed_headers: all(&["content-*", "x-amz-meta-a"]),
            exposed_headers: Vec::new(),
            max_age_seconds: Some(60),
        },
        CorsRule {
            allowed_methods: all(&["GET", "HEAD"]),
            allowed_origins: all(&["*"]),
            allowed_headers: all(&["*"]),
            exposed_headers: all(&["ETag", "Content-Range"]),
            max_age_seconds: None,
        },
    ]
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_first_rule_that_fits() {
    let served = Served::with(rules()).await;
    let url = format!("http://{}/{BUCKET}/key", served.address);
    for (origin, method, headers, allowed_origin) in [
        ("https://x.a.test", "PUT", "Content-Type, x-amz-meta-a", Some("https://x.a.test")),
        ("https://x.a.test", "PUT", "", Some("https://x.a.test")),
        ("https://x.a.test", "PUT", "x-amz-meta-b", None),
        ("https://b.test", "PUT", "content-type", None),
        ("https://b.test", "GET", "range, x-whatever", Some("*")),
        ("https://b.test", "DELETE", "", None),
    ] {
        let request = reqwest::Client::new().request(Method::OPTIONS, &url).header(header::ORIGIN, origin);
        let request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, method);
        let request = request.header(header::ACCESS_CONTROL_REQUEST_HEADERS, headers);
        let answer = request.send().await.expect("an answer");
        let what = format!("{origin} {method} {headers}");
        let text = |name| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(text(header::ACCESS_CONTROL_ALLOW_ORIGIN).as_deref(), allowed_origin, "{what}");
        let status = if allowed_origin.is_some() { StatusCode::OK } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status(), status, "{what}");
        if allowed_origin.is_some() {
            assert!(
                text(header::ACCESS_CONTROL_ALLOW_METHODS).is_some_and(|methods| methods.contains(method)),
                "{what}"
            );
            let max_age = text(header::ACCESS_CONTROL_MAX_AGE);
            assert_eq!(max_age.as_deref(), (method == "PUT").then_some("60"), "{what}");
        }
    }
}

#[tokio::test]
async fn an_actual_answer_says_who_may_read_it() {
    let served = Served::with(rules()).await;
    served.put("key", b"12345".to_vec()).await;
    let get = plain_client(served.address).get_object().bucket(BUCKET).key("key");
    let signed = get.presigned(for_an_hour()).await.expect("signed").uri().to_owned();
    let unsigned = format!("http://{}/{BUCKET}/key", served.address);
    for (url, status) in [(&signed, StatusCode::OK), (&unsigned, StatusCode::FORBIDDEN)] {
        let request = reqwest::Client::new().get(url).header(header::ORIGIN, "https://b.test");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(answer.headers()[header::ACCESS_CONTROL_EXPOSE_HEADERS], "ETag, Content-Range");
        assert!(answer.headers()[header::VARY].to_str().expect("text").contains("Origin"));
    }
    let plain = reqwest::get(&signed).await.expect("an answer");
    assert!(!plain.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
}
