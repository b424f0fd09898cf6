//! Who may do what.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use reqwest::{Method, StatusCode};

use super::{BUCKET, Served, client, for_an_hour, plain_client, refusal};

/// Sends a presigned request as a browser would.
async fn send(presigned: &PresignedRequest, url: &str, body: &'static str) -> reqwest::Response {
    let method: Method = presigned.method().parse().expect("a method");
    let mut request = reqwest::Client::new().request(method, url).body(body);
    for (name, value) in presigned.headers() {
        request = request.header(name, value);
    }
    request.send().await.expect("an answer")
}

/// The URL with the first digit of its signature changed.
fn with_another_signature(url: &str) -> String {
    let (before, signature) = url.split_once("X-Amz-Signature=").expect("a signature");
    let digit = if signature.starts_with('0') { '1' } else { '0' };
    format!("{before}X-Amz-Signature={digit}{}", &signature[1..])
}

fn an_hour_ago() -> PresigningConfig {
    let start = SystemTime::now() - Duration::from_secs(3600);
    PresigningConfig::builder().start_time(start).expires_in(Duration::from_secs(60)).build().expect("an expiry")
}

#[tokio::test]
async fn presigned_urls_work_as_they_were_signed_and_not_otherwise() {
    let served = Served::start().await;
    served.put("there", b"there".to_vec()).await;
    let client = plain_client(served.address);
    let created = client.create_multipart_upload().bucket(BUCKET).key("parts").send().await.expect("an upload");
    let id = created.upload_id().expect("an id");
    for config in [for_an_hour(), an_hour_ago()] {
        let expired = config.expires() < Duration::from_secs(3600);
        let put = client.put_object().bucket(BUCKET).key("new").content_type("video/mp4");
        let part = client.upload_part().bucket(BUCKET).key("parts").upload_id(id).part_number(1);
        let get = client.get_object().bucket(BUCKET).key("there");
        let presigned = [
            put.presigned(config.clone()).await.expect("signed"),
            part.presigned(config.clone()).await.expect("signed"),
            get.presigned(config).await.expect("signed"),
        ];
        for request in &presigned {
            let what = format!("{} expired: {expired}", request.method());
            let right = send(request, request.uri(), "x").await.status();
            assert_eq!(right, if expired { StatusCode::FORBIDDEN } else { StatusCode::OK }, "{what}");
            let other_signature = with_another_signature(request.uri());
            assert_eq!(send(request, &other_signature, "x").await.status(), StatusCode::FORBIDDEN, "{what}");
            let other_key = request.uri().replacen(BUCKET, "media/x", 1);
            assert_eq!(send(request, &other_key, "x").await.status(), StatusCode::FORBIDDEN, "{what}");
            let longer = request.uri().replace("X-Amz-Expires=", "X-Amz-Expires=9");
            assert_eq!(send(request, &longer, "x").await.status(), StatusCode::FORBIDDEN, "{what}");
        }
    }
}

#[tokio::test]
async fn a_signed_header_must_come_as_it_was_signed() {
    let served = Served::start().await;
    let put =
        plain_client(served.address).put_object().bucket(BUCKET).key("new").content_type("video/mp4").content_length(5);
    let presigned = put.presigned(for_an_hour()).await.expect("signed");
    let put = |content_type: &'static str, body: &'static str| {
        reqwest::Client::new().put(presigned.uri()).header("content-type", content_type).body(body).send()
    };
    for (content_type, body, expected) in [
        ("text/html", "12345", StatusCode::FORBIDDEN),
        ("video/mp4", "123456", StatusCode::FORBIDDEN),
        ("video/mp4", "12345", StatusCode::OK),
    ] {
        let status = put(content_type, body).await.expect("an answer").status();
        assert_eq!(status, expected, "{content_type} {body}");
        assert_eq!(served.missing("new").await, expected != StatusCode::OK);
    }
}

#[tokio::test]
async fn without_a_signature_nothing_is_read_or_written() {
    let served = Served::start().await;
    served.put("there", b"there".to_vec()).await;
    let url = format!("http://{}/{BUCKET}/there", served.address);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        let answer = reqwest::Client::new().request(method.clone(), &url).body("x").send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method}");
    }
    assert_eq!(served.get("there").await, b"there");
}

#[tokio::test]
async fn unknown_keys_and_wrong_secrets_are_refused() {
    let served = Served::start().await;
    for (key, secret, code) in [("other", "secret", "InvalidAccessKeyId"), ("key", "other", "SignatureDoesNotMatch")] {
        let client = client(served.address, key, secret);
        let refused = client.list_objects_v2().bucket(BUCKET).send().await;
        assert_eq!(refusal(refused), (403, code.to_owned()));
    }
}
