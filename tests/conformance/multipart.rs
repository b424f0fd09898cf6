//! §1.6: uploads in parts.

use serde_json::{Value, json};
use tests::{
    desktop::{SMALLEST_PART, Upload},
    footage,
    person::{Answer, client},
};

use crate::{
    ask::{UNKNOWN, User, film, jpeg},
    row::{Row, essential, important},
};

const INITIATE: &str = "1.6 POST /api/upload/multipart/initiate";
const PRESIGN: &str = "1.6 POST /api/upload/multipart/presign-part";
const COMPLETE: &str = "1.6 POST /api/upload/multipart/complete";
const ABORT: &str = "1.6 POST /api/upload/multipart/abort";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(INITIATE, "uploadId, and s3 as the provider, so that the app uploads in parallel", initiate),
        essential(INITIATE, "404 for an unknown video; another's is on purpose the same", unknown),
        essential(PRESIGN, "presignedUrl for any part, out of order and again; a subpath as in initiate", presign),
        essential(PRESIGN, "part numbers are 1 to 10000, and another's upload is nobody's", presign_refusals),
        essential(COMPLETE, "ETags without quotes, or with them; location, success and fileKey", complete),
        essential(COMPLETE, "nothing, or all but fps, need be said of the recording", undescribed),
        essential(COMPLETE, "a second call gets the first one's answer", again),
        essential(
            COMPLETE,
            "raw-upload.webm of a browser: processingStarted is not denied, and an MP4 is made of it",
            raw,
        ),
        essential(COMPLETE, "parts that are not there are refused, and the upload can still be completed", wrong_parts),
        important(ABORT, "success, fileKey and uploadId; then it is gone, and another can begin", abort),
    ]
}

async fn begin(user: &User, body: Value) -> Answer {
    user.app.post("/api/upload/multipart/initiate", body).await
}

async fn complete_with(user: &User, upload: &Upload, more: Value) -> Answer {
    let mut body = json!({ "videoId": upload.video, "uploadId": upload.id });
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    user.app.post("/api/upload/multipart/complete", body).await
}

async fn initiate() {
    let user = User::new().await;
    let video = user.video().await;
    for body in [
        json!({ "videoId": video, "contentType": "video/mp4" }),
        json!({ "videoId": video, "contentType": "video/webm", "subpath": "raw-upload.webm" }),
    ] {
        let begun = begin(&user, body).await;
        assert_eq!((begun.status, &begun.body["provider"]), (200, &json!("s3")));
        assert!(begun.body["uploadId"].as_str().is_some_and(|id| !id.is_empty()), "an uploadId in {}", begun.body);
    }
}

async fn unknown() {
    let (user, other) = (User::new().await, User::new().await);
    let video = user.video().await;
    assert_eq!(begin(&user, json!({ "videoId": UNKNOWN, "contentType": "video/mp4" })).await.status, 404);
    assert_eq!(begin(&other, json!({ "videoId": video, "contentType": "video/mp4" })).await.status, 404);
}

async fn presign() {
    let user = User::new().await;
    let upload = user.app.begin(&user.video().await).await;
    for number in [3, 1, 2, 1, 10_000] {
        user.app.part(&upload, number, vec![1; 100]).await;
    }
    let video = user.video().await;
    let subpath = "raw-upload.webm";
    let id = begin(&user, json!({ "videoId": video, "subpath": subpath })).await.body["uploadId"].clone();
    let body = json!({ "videoId": video, "uploadId": id, "partNumber": 1, "subpath": subpath });
    let signed = user.app.post("/api/upload/multipart/presign-part", body).await;
    assert_eq!((signed.status, &signed.body["provider"]), (200, &json!("s3")));
    let put = client().put(signed.body["presignedUrl"].as_str().expect("an address")).body("x");
    assert_eq!(put.send().await.expect("S3").status(), 200, "a part of {subpath}");
}

async fn presign_refusals() {
    let (user, other) = (User::new().await, User::new().await);
    let upload = user.app.begin(&user.video().await).await;
    let body = |number: i64| json!({ "videoId": upload.video, "uploadId": upload.id, "partNumber": number });
    for number in [0, -1, 10_001] {
        let refused = user.app.post("/api/upload/multipart/presign-part", body(number)).await;
        assert_eq!(refused.status, 400, "part {number}");
    }
    assert_eq!(other.app.post("/api/upload/multipart/presign-part", body(1)).await.status, 404, "another's");
}

async fn complete() {
    let user = User::new().await;
    for quotes in ["", "\""] {
        let video = user.video().await;
        let whole = footage::padded(film().await, SMALLEST_PART + 1000);
        let upload = user.app.begin(&video).await;
        let mut parts = user.app.send(&upload, &whole, SMALLEST_PART, 1..=2).await;
        for part in &mut parts {
            part["etag"] = format!("{quotes}{}{quotes}", part["etag"].as_str().expect("an ETag")).into();
        }
        let completed = user.app.complete(&upload, &parts).await;
        assert_eq!((completed.status, &completed.body["success"]), (200, &json!(true)), "quotes {quotes:?}");
        assert!(completed.body.get("location").is_some_and(|at| at.is_null() || at.is_string()), "{}", completed.body);
        assert!(completed.body["fileKey"].is_string(), "a fileKey in {}", completed.body);
        user.person.ready(&video).await;
    }
}

async fn undescribed() {
    let user = User::new().await;
    for more in [json!({}), json!({ "durationInSecs": 2.0, "width": 320, "height": 180 })] {
        let upload = user.app.begin(&user.video().await).await;
        let part = user.app.part(&upload, 1, film().await).await;
        let mut body = more.clone();
        body["parts"] = json!([part]);
        assert_eq!(complete_with(&user, &upload, body).await.status, 200, "with {more}");
    }
}

async fn again() {
    let user = User::new().await;
    let upload = user.app.begin(&user.video().await).await;
    let parts = [user.app.part(&upload, 1, film().await).await];
    let (first, second) = (user.app.complete(&upload, &parts).await, user.app.complete(&upload, &parts).await);
    assert_eq!((first.status, second.status), (200, 200), "first and second");
    assert_eq!(first.body, second.body);
}

async fn raw() {
    let user = User::new().await;
    let (video, subpath) = (user.video().await, "raw-upload.webm");
    let id = begin(&user, json!({ "videoId": video, "subpath": subpath })).await.body["uploadId"].clone();
    let body = json!({ "videoId": video, "uploadId": id, "partNumber": 1, "subpath": subpath });
    let signed = user.app.post("/api/upload/multipart/presign-part", body).await.body;
    let put = client().put(signed["presignedUrl"].as_str().expect("an address"));
    let stored = put.body(footage::browser_recording("64x36", 1).await).send().await.expect("S3");
    let e_tag = stored.headers()["etag"].to_str().expect("an ETag").trim_matches('"');
    let parts = json!([{ "partNumber": 1, "etag": e_tag }]);
    let body = json!({ "videoId": video, "uploadId": id, "subpath": subpath, "parts": parts });
    let completed = user.app.post("/api/upload/multipart/complete", body).await;
    assert_eq!((completed.status, &completed.body["success"]), (200, &json!(true)));
    assert_ne!(completed.body["processingStarted"], false);
    user.person.ready(&video).await;
    let made = footage::probe(&user.person.watch(&video).await).await;
    assert_eq!(made["streams"][0]["codec_name"], "h264", "what is played");
}

async fn wrong_parts() {
    let user = User::new().await;
    let video = user.video().await;
    let upload = user.app.begin(&video).await;
    let whole = footage::padded(film().await, SMALLEST_PART + 1000);
    let parts = user.app.send(&upload, &whole, SMALLEST_PART, 1..=2).await;
    let mut wrong = parts.clone();
    wrong[1]["etag"] = "d41d8cd98f00b204e9800998ecf8427e".into();
    for bad in [&wrong[..], &parts[..1], &[]] {
        assert_eq!(user.app.complete(&upload, bad).await.status, 400, "{bad:?}");
    }
    assert_eq!(user.app.complete(&upload, &parts).await.status, 200, "the right ones afterwards");
    user.person.ready(&video).await;
}

async fn abort() {
    let user = User::new().await;
    let video = user.video().await;
    let upload = user.app.begin(&video).await;
    let part = user.app.part(&upload, 1, jpeg().await).await;
    let body = json!({ "videoId": video, "uploadId": upload.id, "subpath": "result.mp4" });
    let aborted = user.app.post("/api/upload/multipart/abort", body).await;
    assert_eq!((aborted.status, &aborted.body["success"]), (200, &json!(true)));
    assert_eq!(aborted.body["uploadId"], upload.id);
    assert!(aborted.body["fileKey"].is_string(), "a fileKey in {}", aborted.body);
    assert_eq!(user.app.complete(&upload, &[part]).await.status, 404, "complete of what was aborted");
    user.app.begin(&video).await;
}
