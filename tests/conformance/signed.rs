//! §1.6: addresses for whole objects.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{answer, client};

use crate::{
    ask::{UNKNOWN, User, film, parameter},
    row::{Row, essential},
};

const SIGNED: &str = "1.6 POST /api/upload/signed";
const BATCH: &str = "1.6 POST /api/upload/signed/batch";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(
            SIGNED,
            "presignedPutData of type put, with the Content-Type of every subpath that the app has",
            subpaths,
        ),
        essential(
            SIGNED,
            "what the command says of the recording is taken with it, and the upload says it better",
            described,
        ),
        essential(SIGNED, "method post, which is what is meant when none is said: a form that S3 takes", form),
        essential(SIGNED, "fileKey of older clients names video and file, whoever it says owns them", file_key),
        essential(
            SIGNED,
            "404 Video not found, 403 Forbidden, 400 without a video, and no way out of the video",
            refusals,
        ),
        essential(SIGNED, "a PUT is good for 1800 seconds, for its own object only", lifetime),
        essential(BATCH, "43 subpaths and then 40: urls, and uploads with type, url and headers", as_instant),
        essential(BATCH, "404, 403, and 400 when one subpath leads elsewhere", batch_refusals),
    ]
}

async fn sign(user: &User, body: Value) -> tests::person::Answer {
    user.app.post("/api/upload/signed", body).await
}

async fn subpaths() {
    let user = User::new().await;
    let file = user.video().await;
    let live = user.app.create("recordingMode=desktopSegments").await;
    let shot = user.app.create("isScreenshot=true").await;
    for (video, subpath, content_type) in [
        (&file, "result.mp4", "video/mp4"),
        (&file, "screenshot/screen-capture.jpg", "image/jpeg"),
        (&shot, "screenshot/screen-capture.png", "image/png"),
        (&shot, "screenshot/screen-capture.jpg", "image/jpeg"),
        (&live, "screenshot/screen-capture.jpg", "image/jpeg"),
        (&live, "segments/manifest.json", "application/json"),
        (&live, "segments/video/init.mp4", "video/mp4"),
        (&live, "segments/audio/init.mp4", "video/mp4"),
        (&live, "segments/video/segment_001.m4s", "video/mp4"),
        (&live, "segments/audio/segment_999.m4s", "video/mp4"),
        (&live, "segments/video/segment_1000.m4s", "video/mp4"),
    ] {
        let signed = sign(&user, json!({ "videoId": video, "subpath": subpath, "method": "put" })).await;
        assert_eq!(signed.status, 200, "{subpath}");
        let put = &signed.body["presignedPutData"];
        assert_eq!((&put["type"], &put["fields"]), (&json!("put"), &json!({})), "{subpath}");
        assert_eq!(put["headers"], json!({ "Content-Type": content_type }), "{subpath}");
        assert!(put["url"].as_str().is_some_and(|url| url.starts_with("http")), "an address of {subpath}");
    }
}

async fn described() {
    let user = User::new().await;
    let video = user.video().await;
    let body = json!({
        "videoId": video, "subpath": "result.mp4", "method": "put",
        "durationInSecs": 12.5, "width": 1280, "height": 720, "fps": 30.0,
    });
    let signed = sign(&user, body).await;
    assert_eq!(signed.status, 200);
    let url = signed.body["presignedPutData"]["url"].as_str().expect("an address");
    assert_eq!(client().put(url).body(film().await).send().await.expect("S3").status(), 200);
    user.person.ready(&video).await;
    let cap = user.cap(&video).await;
    assert_eq!((&cap["width"], &cap["height"]), (&json!(320), &json!(180)), "what the upload says");
}

async fn form() {
    let user = User::new().await;
    let video = user.video().await;
    for body in [
        json!({ "videoId": video, "subpath": "screenshot/screen-capture.jpg", "method": "post" }),
        json!({ "videoId": video, "subpath": "result.mp4" }),
    ] {
        let signed = sign(&user, body).await;
        assert_eq!(signed.status, 200);
        let form = &signed.body["presignedPostData"];
        let mut sent = String::new();
        for (name, value) in form["fields"].as_object().expect("fields") {
            let value = value.as_str().expect("a text");
            sent += &format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        sent += "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--B--\r\n";
        let post = client().post(form["url"].as_str().expect("an address"));
        let post = post.header("content-type", "multipart/form-data; boundary=B").body(sent);
        let status = post.send().await.expect("S3").status();
        assert!(status.is_success(), "POST of the form; came {status}");
    }
}

async fn file_key() {
    let (user, other) = (User::new().await, User::new().await);
    let video = user.video().await;
    let body = json!({ "fileKey": format!("somebody/{video}/result.mp4"), "method": "put" });
    let signed = sign(&user, body.clone()).await;
    assert!(signed.status == 200 && signed.body["presignedPutData"]["url"].is_string(), "came {}", signed.body);
    assert_eq!(sign(&other, body).await.status, 403, "another's");
}

async fn refusals() {
    let (user, other) = (User::new().await, User::new().await);
    let video = user.video().await;
    let body = |video: &str, subpath: &str| json!({ "videoId": video, "subpath": subpath, "method": "put" });
    let unknown = sign(&user, body(UNKNOWN, "result.mp4")).await;
    assert_eq!((unknown.status, &unknown.body["error"]), (404, &json!("Video not found")));
    let foreign = sign(&other, body(&video, "result.mp4")).await;
    assert_eq!((foreign.status, &foreign.body["error"]), (403, &json!("Forbidden")));
    for subpath in ["../result.mp4", "/result.mp4", "segments/../../x.mp4", "segments/video/%2e%2e/init.mp4", ""] {
        assert_eq!(sign(&user, body(&video, subpath)).await.status, 400, "{subpath}");
    }
    assert_eq!(sign(&user, json!({ "subpath": "result.mp4", "method": "put" })).await.status, 400, "no video");
    let garbage = user.app.request(Method::POST, "/api/upload/signed").body("{");
    assert_eq!(answer(garbage).await.status, 400, "no JSON");
}

async fn lifetime() {
    let user = User::new().await;
    let video = user.video().await;
    let signed = user.app.sign(&video, "result.mp4").await;
    let url = signed["url"].as_str().expect("an address");
    assert_eq!(parameter(url, "X-Amz-Expires").as_deref(), Some("1800"), "seconds");
    let other = url.replace(&video, UNKNOWN);
    assert_eq!(client().put(other).body("x").send().await.expect("S3").status(), 403, "another object");
    let upload = user.app.begin(&video).await;
    let part = user.app.sign_part(&upload, 1, None).await;
    assert_eq!(parameter(&part, "X-Amz-Expires").as_deref(), Some("3600"), "seconds of a part");
}

async fn as_instant() {
    let user = User::new().await;
    let video = user.app.create("recordingMode=desktopSegments").await;
    let numbered = |from: usize| {
        ["video", "audio"].into_iter().flat_map(move |track| {
            (from..from + 20).map(move |number| format!("segments/{track}/segment_{number:03}.m4s"))
        })
    };
    let begin = ["segments/video/init.mp4", "segments/audio/init.mp4", "segments/manifest.json"].map(str::to_owned);
    let first: Vec<String> = begin.into_iter().chain(numbered(1)).collect();
    let second: Vec<String> = numbered(21).collect();
    assert_eq!((first.len(), second.len()), (43, 40));
    for subpaths in [first, second] {
        let signed = user.app.post("/api/upload/signed/batch", json!({ "videoId": video, "subpaths": subpaths })).await;
        assert_eq!(signed.status, 200, "{} subpaths", subpaths.len());
        for subpath in &subpaths {
            let (url, upload) = (&signed.body["urls"][subpath], &signed.body["uploads"][subpath]);
            assert!(url.is_string() && upload["url"] == *url && upload["type"] == "put", "{subpath}; came {upload}");
            let content_type = if subpath.ends_with(".json") { "application/json" } else { "video/mp4" };
            assert_eq!(upload["headers"], json!({ "Content-Type": content_type }), "{subpath}");
        }
    }
}

async fn batch_refusals() {
    let (user, other) = (User::new().await, User::new().await);
    let video = user.video().await;
    let sign = async |user: &User, video: &str, subpaths: &[&str]| {
        let body = json!({ "videoId": video, "subpaths": subpaths });
        user.app.post("/api/upload/signed/batch", body).await.status
    };
    assert_eq!(sign(&user, UNKNOWN, &["result.mp4"]).await, 404, "an unknown video");
    assert_eq!(sign(&other, &video, &["result.mp4"]).await, 403, "another's video");
    for bad in ["../result.mp4", "/result.mp4", "a/../../b"] {
        assert_eq!(sign(&user, &video, &["result.mp4", bad]).await, 400, "{bad}");
    }
}
