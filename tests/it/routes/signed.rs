//! `POST /api/upload/signed`

use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use serde_json::json;
use tests::{
    cloud::{behind_own_s3, cloud},
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
async fn c13_unknown_subpaths_are_refused() {
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
    if !behind_own_s3("refusing whoever has not signed") {
        return;
    }
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
async fn d10_a_signed_address_asks_for_the_host_and_for_no_checksum() {
    let ada = Person::new().await;
    let video = ada.create("Signed").await;
    let url = ada.sign(&video, "result.mp4").await.to_ascii_lowercase();
    assert!(url.contains("x-amz-signedheaders=host&") && !url.contains("checksum"), "only its kind is shown");
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

/// A form's address and fields.
async fn form(person: &Person, body: serde_json::Value) -> (String, Vec<(String, String)>) {
    let signed = person.post("/api/upload/signed", body).await;
    assert_eq!(signed.status, 200, "{signed:?}");
    let form = &signed.body["presignedPostData"];
    let fields = form["fields"].as_object().expect("fields").iter();
    let fields = fields.map(|(name, value)| (name.clone(), value.as_str().expect("a text").to_owned()));
    (form["url"].as_str().expect("an address").to_owned(), fields.collect())
}

/// Sends a form as a browser does, with the file last; the status.
async fn send(url: &str, fields: &[(String, String)], file: &[u8]) -> u16 {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend_from_slice(b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n");
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--B--\r\n");
    let post = client().post(url).header("content-type", "multipart/form-data; boundary=B").body(body);
    post.send().await.expect("S3").status().as_u16()
}

#[tokio::test]
async fn a_form_stores_what_it_was_signed_for() {
    let person = Person::new().await;
    let video = person.create("Form").await;
    // A form is what clients get that do not say.
    let (url, fields) = form(&person, json!({ "videoId": video, "subpath": "result.mp4" })).await;
    let recording = tests::footage::screen_recording("160x90", 1).await;
    assert!((200..300).contains(&send(&url, &fields, &recording).await));
    person.ready(&video).await;
}

#[tokio::test]
async fn c12_a_form_stores_nothing_else() {
    if !behind_own_s3("refusing whoever has not signed") {
        return;
    }
    let person = Person::new().await;
    let video = person.get("/api/desktop/video/create?isScreenshot=1").await.body["id"].clone();
    let body = json!({ "videoId": video, "subpath": "screenshot/screen-capture.png", "method": "post" });
    let (url, fields) = form(&person, body).await;
    let with = |name: &str, value: &str| -> Vec<(String, String)> {
        let other =
            |(known, kept): &(String, String)| (known.clone(), if known == name { value } else { kept }.to_owned());
        fields.iter().map(other).collect()
    };
    let key = &fields.iter().find(|(name, _)| name == "key").expect("a key").1;
    for (name, value) in [
        ("key", "videos/raw/0123456789abcde.png"),
        ("key", &key.replace("videos/raw/", "jobs/")),
        ("Content-Type", "text/html"),
        ("policy", "eyJleHBpcmF0aW9uIjoiMjA5OS0wMS0wMVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbXX0="),
        ("x-amz-date", "20200101T000000Z"),
        ("x-amz-signature", &"0".repeat(64)),
    ] {
        assert!((400..500).contains(&send(&url, &with(name, value), b"x").await), "{name}={value}");
    }
    let more = [fields.clone(), vec![("success_action_redirect".to_owned(), "https://evil.test".to_owned())]].concat();
    assert!((400..500).contains(&send(&url, &more, b"x").await), "another field");
    assert!((400..500).contains(&send(&url, &fields, b"").await), "nothing");
    assert!((400..500).contains(&send(&url, &fields, &vec![0; (50 << 20) + 1]).await), "too much");
    assert!(tests::store::keys_of(video.as_str().expect("an id")).await.is_empty());
    assert!((200..300).contains(&send(&url, &fields, b"x").await), "the form itself is good");
}

#[tokio::test]
async fn other_methods_and_missing_names_are_refused() {
    let person = Person::new().await;
    let video = person.create("Method").await;
    for body in [
        json!({ "videoId": video, "subpath": "result.mp4", "method": "delete" }),
        json!({ "videoId": video, "method": "put" }),
        json!({ "subpath": "result.mp4", "method": "put" }),
        json!({ "fileKey": "result.mp4", "method": "put" }),
        json!({ "fileKey": format!("x/{video}"), "method": "put" }),
    ] {
        assert_eq!(person.post("/api/upload/signed", body.clone()).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn an_older_clients_key_names_the_video_and_its_file() {
    let (person, other) = (Person::new().await, Person::new().await);
    let video = person.create("Older").await;
    // Whatever it says of the owner.
    let body = json!({ "fileKey": format!("somebody/{video}/result.mp4"), "method": "put" });
    let signed = person.post("/api/upload/signed", body.clone()).await;
    let url = signed.body["presignedPutData"]["url"].as_str().expect("an address");
    assert!(url.contains(&format!("/videos/raw/{video}.mp4?")), "{url}");
    assert_eq!(other.post("/api/upload/signed", body).await.status, 403);
}

#[tokio::test]
async fn a_batch_signs_many_files() {
    let person = Person::new().await;
    let video = person.create("Batch").await;
    let subpaths = ["result.mp4", "raw-upload.webm", "screenshot/screen-capture.jpg"];
    let signed = person.post("/api/upload/signed/batch", json!({ "videoId": video, "subpaths": subpaths })).await;
    assert_eq!(signed.status, 200, "{signed:?}");
    for (subpath, content_type) in subpaths.iter().zip(["video/mp4", "video/webm", "image/jpeg"]) {
        let (url, upload) = (&signed.body["urls"][subpath], &signed.body["uploads"][subpath]);
        assert_eq!((&upload["type"], &upload["url"]), (&json!("put"), url), "{signed:?}");
        assert_eq!(upload["headers"], json!({ "Content-Type": content_type }));
        assert!(url.as_str().is_some_and(|url| url.contains("X-Amz-SignedHeaders=host&")), "{url}");
    }
    let put = client().put(signed.body["urls"]["screenshot/screen-capture.jpg"].as_str().expect("an address"));
    assert_eq!(put.body("x").send().await.expect("S3").status(), 200);
}

#[tokio::test]
async fn c13_a_batch_with_one_bad_name_is_refused() {
    let person = Person::new().await;
    let video = person.create("Bad batch").await;
    let many = |count| vec!["result.mp4"; count];
    for subpaths in [
        vec!["result.mp4", "../result.mp4"],
        vec!["/result.mp4"],
        vec!["screenshot%2Fscreen-capture.png"],
        vec!["screenshot/screen-capture.svg"],
        vec![""],
        many(0),
        many(51),
    ] {
        let refused = person.post("/api/upload/signed/batch", json!({ "videoId": video, "subpaths": subpaths })).await;
        assert_eq!(refused.status, 400, "{subpaths:?}");
    }
    let full = json!({ "videoId": video, "subpaths": many(50) });
    assert_eq!(person.post("/api/upload/signed/batch", full).await.status, 200);
}
