//! A deployment behind CloudFront: what viewers are sent to, and who is believed to ask.

use std::{fs, process::Command};

use serde_json::{Value, json};
use tests::{footage, invocation, person::Person, wait::PATIENCE};

const KEY: &str = "7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a";
const PROOF: &str = "what only the distribution knows";

/// What the share function answers behind a distribution, without an address of its own.
async fn ask(path: &str, query: &str, proof: &str) -> Value {
    let parameters: serde_json::Map<String, Value> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    let event = json!({
        "version": "2.0",
        "routeKey": "GET /",
        "rawPath": path,
        "rawQueryString": query,
        "queryStringParameters": parameters,
        "headers": {"x-edge-proof": proof, "x-edge-viewer": "203.0.113.7", "x-edge-host": "cap.example.test"},
        "requestContext": {
            "accountId": "1", "apiId": "a", "domainName": "a.execute-api.us-east-1.amazonaws.com", "domainPrefix": "a",
            "http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "130.176.0.1", "userAgent": "test"},
            "requestId": "1", "routeKey": "GET /", "stage": "$default", "time": "", "timeEpoch": 0
        },
        "isBase64Encoded": false
    });
    let variables = [
        ("NEXTAUTH_SECRET", "a secret of no other use than this test"),
        ("EDGE_SECRET", PROOF),
        ("MEDIA_CDN_URL", "https://media.example.test"),
        ("MEDIA_CDN_KEY_ID", "K2JCJMDEHXQW5F"),
        ("MEDIA_CDN_KEY", KEY),
    ];
    invocation::run("share", &variables, &event, PATIENCE).await.expect("an answer")
}

/// A parameter of an address.
fn parameter<'a>(address: &'a str, name: &str) -> &'a str {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

/// Whether CloudFront would take an address, as far as OpenSSL tells with the public key it was given.
fn is_signed(address: &str, public_key: &str) -> bool {
    let (resource, _) = address.split_once("&Expires=").expect("an end");
    let end = parameter(address, "Expires");
    let policy = format!(
        r#"{{"Statement":[{{"Resource":"{resource}","Condition":{{"DateLessThan":{{"AWS:EpochTime":{end}}}}}}}]}}"#
    );
    let signature = parameter(address, "Signature").replace('-', "+").replace('_', "=").replace('~', "/");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in [("key", public_key), ("policy", &policy), ("signature", &format!("{signature}\n"))] {
        fs::write(folder.path().join(name), content).expect("a file");
    }
    let openssl = |arguments: &[&str]| {
        let ran = Command::new("openssl").current_dir(folder.path()).args(arguments).output().expect("openssl");
        ran.status.success()
    };
    openssl(&["base64", "-d", "-A", "-in", "signature", "-out", "bytes"])
        && openssl(&["dgst", "-sha256", "-verify", "key", "-signature", "bytes", "policy"])
}

#[tokio::test]
async fn viewers_are_sent_to_the_media_distribution_with_a_signature_of_its_key() {
    let person = Person::new().await;
    let video = person.record("Behind a distribution", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    let attributes = invocation::custom_resource("Custom::SigningKey", &[("MEDIA_CDN_KEY", KEY)]).await;
    let public_key = attributes["PublicKey"].as_str().expect("a public key");

    let moved = ask("/api/playlist", &format!("videoId={video}&videoType=mp4"), PROOF).await;
    assert_eq!(moved["statusCode"], 302, "{moved}");
    let address = moved["headers"]["location"].as_str().expect("an address");
    assert!(
        address.starts_with(&format!("https://media.example.test/videos/processed/{video}.mp4?v=1&Expires=")),
        "{address}"
    );
    assert_eq!(parameter(address, "Key-Pair-Id"), "K2JCJMDEHXQW5F");
    assert!(is_signed(address, public_key), "{address}");
    assert!(!is_signed(&address.replace("?v=1", "?v=2"), public_key), "another version is another address");

    let page = ask(&format!("/s/{video}"), "", PROOF).await;
    let policy = page["headers"]["content-security-policy"].as_str().expect("a policy");
    assert!(policy.contains("media-src 'self' https://media.example.test;"), "{policy}");
}

#[tokio::test]
async fn c11_a_host_is_believed_of_the_distribution_only() {
    let person = Person::new().await;
    let video = person.record("Whose host", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    for (proof, host) in [
        (PROOF, "cap.example.test"),
        ("a guess", "a.execute-api.us-east-1.amazonaws.com"),
        ("", "a.execute-api.us-east-1.amazonaws.com"),
    ] {
        let page = ask(&format!("/s/{video}"), "", proof).await;
        let body = page["body"].as_str().expect("a page");
        assert!(body.contains(&format!("https://{host}/s/{video}")), "{proof}: {body}");
    }
}
