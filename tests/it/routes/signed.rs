//! `POST /api/upload/signed`

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use serde_json::json;
use tests::{
    cloud::cloud,
    person::{Person, client},
    store::s3,
};

#[tokio::test]
async fn signing_answers_what_the_desktop_reads() {
    let person = Person::new().await;
    let video = person.create("Signed").await;
    let body =
        json!({ "videoId": video, "subpath": "result.mp4", "method": "put", "durationInSecs": 12.5, "fps": 30.0 });
    let signed = person.post("/api/upload/signed", body).await;
    assert_eq!(signed.status, 200);
    let put = &signed.body["presignedPutData"];
    assert_eq!((&put["type"], &put["fields"]), (&json!("put"), &json!({})));
    assert_eq!(put["headers"], json!({ "Content-Type": "video/mp4" }));
    let url = put["url"].as_str().expect("an address");
    assert!(url.contains(&format!("/videos/raw/{video}.mp4?")), "the key is ours");
    assert!(
        url.contains("X-Amz-SignedHeaders=host&"),
        "only the host is signed, since clients differ in what they send"
    );
}

#[tokio::test]
async fn unknown_subpaths_are_refused() {
    let person = Person::new().await;
    let video = person.create("Subpaths").await;
    for subpath in
        ["../result.mp4", "/result.mp4", "%2e%2e/result.mp4", "result.exe", "", "segments/../../x", "a/result.mp4"]
    {
        for (path, rest) in [("signed", json!({ "method": "put" })), ("multipart/initiate", json!({}))] {
            let mut body = json!({ "videoId": video, "subpath": subpath });
            body.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
            assert_eq!(person.post(&format!("/api/upload/{path}"), body).await.status, 400, "{path} {subpath}");
        }
    }
}

#[tokio::test]
async fn a_signed_address_stores_only_its_own_object() {
    let person = Person::new().await;
    let video = person.create("Signed").await;
    let url = person.sign(&video, "result.mp4").await;
    let other = url.replace(&format!("{video}.mp4"), "0123456789abcde.mp4");
    assert_ne!(url, other);
    assert_eq!(client().put(other).body("x").send().await.expect("S3").status(), 403);
    let (unsigned, _) = url.split_once('?').expect("a query");
    assert_eq!(client().put(unsigned).body("x").send().await.expect("S3").status(), 403);
    assert_eq!(client().get(unsigned).send().await.expect("S3").status(), 403);
}

#[tokio::test]
async fn an_expired_address_is_refused() {
    let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let signing = PresigningConfig::builder().start_time(an_hour_ago).expires_in(Duration::from_secs(1800));
    let signing = signing.build().expect("a lifetime");
    let put = s3().put_object().bucket(&cloud().ready.bucket).key("videos/raw/0123456789abcde.mp4");
    let url = put.presigned(signing).await.expect("an address").uri().to_owned();
    let refused = client().put(url).body("late").send().await.expect("S3");
    assert_eq!(refused.status(), 403);
}

#[tokio::test]
async fn forms_are_refused_in_a_sentence() {
    let person = Person::new().await;
    let video = person.create("Form").await;
    let body = json!({ "videoId": video, "subpath": "result.mp4", "method": "post" });
    let refused = person.post("/api/upload/signed", body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains("put")), "{refused:?}");
}
