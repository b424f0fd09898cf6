//! People's pictures: what S3 takes, what is looked at, what is shown.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::{Answer, Person, client},
    store,
};

const AVATAR: &str = "/api/settings/user/avatar";
const COMPLETE: &str = "/api/settings/user/avatar/complete";
const REMOVE: &str = "/api/settings/user/avatar/remove";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";
const WEBP: &[u8] = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";

/// An address for a picture of this type and length.
async fn sign(person: &Person, content_type: &str, size: usize) -> String {
    let signed = person.post(AVATAR, json!({ "contentType": content_type, "size": size })).await;
    assert_eq!(signed.status, 200, "{signed:?}");
    assert_eq!(signed.body["headers"], json!({ "Content-Type": content_type }));
    signed.body["url"].as_str().expect("an address").to_owned()
}

async fn put(url: &str, content_type: &str, bytes: &[u8]) -> u16 {
    let put = client().put(url).header("content-type", content_type).body(bytes.to_vec());
    put.send().await.expect("S3").status().as_u16()
}

/// Uploads a picture and completes the upload.
async fn give(person: &Person, content_type: &str, bytes: &[u8]) -> Answer {
    let url = sign(person, content_type, bytes.len()).await;
    assert_eq!(put(&url, content_type, bytes).await, 200);
    person.post(COMPLETE, json!({})).await
}

async fn image_url(person: &Person) -> Value {
    person.get("/api/settings/user").await.body["imageUrl"].clone()
}

async fn fetch(url: &Value) -> Response {
    client().get(url.as_str().expect("an address")).send().await.expect("S3")
}

#[tokio::test]
async fn a_picture_is_shown_as_it_was_given() {
    let person = Person::new().await;
    for (content_type, ending, bytes) in
        [("image/png", "png", PNG), ("image/jpeg", "jpg", JPEG), ("image/webp", "webp", WEBP)]
    {
        let given = give(&person, content_type, bytes).await;
        assert_eq!(given.status, 200, "{given:?}");
        for url in [&given.body["imageUrl"], &image_url(&person).await] {
            let shown = fetch(url).await;
            assert_eq!(
                (shown.status().as_u16(), &shown.headers()["content-type"]),
                (200, &content_type.parse().expect("a type"))
            );
            assert_eq!(shown.bytes().await.expect("the picture"), bytes);
        }
        let session = person.browser().await.get("/api/auth/session").await;
        let session: Value = serde_json::from_str(&session.text).expect("JSON");
        let shown = fetch(&session["user"]["image"]).await;
        assert_eq!(shown.bytes().await.expect("the picture"), bytes, "the login shows it as well");
        let keys = store::keys_of(&person.id).await;
        assert!(
            keys.len() == 1 && keys[0].ends_with(ending),
            "neither the upload nor the one before is left: {keys:?}"
        );
    }
}

#[tokio::test]
async fn s3_takes_nothing_but_what_was_announced() {
    let person = Person::new().await;
    let url = sign(&person, "image/png", PNG.len()).await;
    assert_eq!(put(&url, "image/png", &[PNG, b"x"].concat()).await, 403, "longer");
    assert_eq!(put(&url, "image/png", &PNG[1..]).await, 403, "shorter");
    assert_eq!(put(&url, "text/html", PNG).await, 403, "another type");
    assert_eq!(put(&url.replace("/upload?", "/other?"), "image/png", PNG).await, 403, "another key");
    let untyped = client().put(&url).body(PNG.to_vec()).send().await.expect("S3");
    assert_eq!(untyped.status(), 403, "no type");
    assert!(store::keys_of(&person.id).await.is_empty());
    assert_eq!(put(&url, "image/png", PNG).await, 200);
}

#[tokio::test]
async fn other_types_and_sizes_get_no_address() {
    let person = Person::new().await;
    for body in [
        json!({ "contentType": "image/svg+xml", "size": 10 }),
        json!({ "contentType": "text/html", "size": 10 }),
        json!({ "contentType": "image/png", "size": 0 }),
        json!({ "contentType": "image/png", "size": (5 << 20) + 1 }),
        json!({ "contentType": "image/png", "size": -1 }),
        json!({ "contentType": "image/png", "size": 1.5 }),
        json!({ "contentType": "image/png" }),
        json!({}),
    ] {
        let refused = person.post(AVATAR, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.len() > 20), "{refused:?}");
    }
    sign(&person, "image/png", 5 << 20).await;
}

#[tokio::test]
async fn what_only_calls_itself_a_picture_is_removed() {
    let person = Person::new().await;
    give(&person, "image/jpeg", JPEG).await;
    let shown = store::keys_of(&person.id).await;
    for (content_type, bytes) in [
        ("image/png", b"<html><script>alert(1)</script></html>".as_slice()),
        ("image/png", JPEG),
        ("image/webp", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0"),
        ("image/jpeg", b"\xff"),
    ] {
        let refused = give(&person, content_type, bytes).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains("no JPEG, PNG or WebP")));
        assert_eq!(store::keys_of(&person.id).await, shown, "it is removed, and what was shown is not");
    }
    assert_eq!(fetch(&image_url(&person).await).await.bytes().await.expect("the picture"), JPEG);
}

#[tokio::test]
async fn completing_nothing_is_refused() {
    let person = Person::new().await;
    sign(&person, "image/png", 10).await;
    let refused = person.post(COMPLETE, json!({})).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains("No picture has been uploaded")));
    store::store(&format!("avatars/{}/upload", person.id), Vec::new()).await;
    let empty = person.post(COMPLETE, json!({})).await;
    assert_eq!(empty.status, 400, "{empty:?}");
    assert!(store::keys_of(&person.id).await.is_empty());
}

#[tokio::test]
async fn nobody_changes_a_picture_that_is_shown() {
    let person = Person::new().await;
    let url = sign(&person, "image/png", PNG.len()).await;
    assert_eq!(put(&url, "image/png", PNG).await, 200);
    let given = person.post(COMPLETE, json!({})).await;
    let html = vec![b'<'; PNG.len()];
    assert_eq!(put(&url, "image/png", &html).await, 200, "the address is still good, for the place of uploads");
    for url in [&given.body["imageUrl"], &image_url(&person).await] {
        assert_eq!(fetch(url).await.bytes().await.expect("the picture"), PNG);
    }
    assert_eq!(person.post(COMPLETE, json!({})).await.status, 400);
    assert_eq!(fetch(&image_url(&person).await).await.bytes().await.expect("the picture"), PNG);
}

#[tokio::test]
async fn a_picture_is_taken_away() {
    let person = Person::new().await;
    let session = person.browser().await;
    let given = give(&person, "image/png", PNG).await;
    let removed = session.json(Method::POST, REMOVE, json!({})).await;
    assert_eq!((removed.status, removed.json()), (200, json!({ "imageUrl": null })));
    assert_eq!(image_url(&person).await, Value::Null);
    assert_eq!(fetch(&given.body["imageUrl"]).await.status(), 404);
    let sent = session.form(REMOVE, &[]).await;
    assert_eq!(sent.status, 303);
    assert_eq!(sent.location(), format!("{}/dashboard/settings/account", cloud().ready.base));
}
