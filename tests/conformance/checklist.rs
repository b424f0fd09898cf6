//! §0: what breaks a client first.

use reqwest::{Method, StatusCode, header::CONTENT_TYPE};
use serde_json::json;
use tests::{
    desktop::{PATIENCE, SMALLEST_PART, md5_of},
    footage,
    instant::Recording,
    person::{Person, client},
    store,
    visitor::page,
};

use crate::{
    ask::{User, asked, film, open, segments, shared, url},
    row::{Row, essential},
};

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(
            "0 1",
            "36 characters are a key, known or 401; a bearer of another length leaves it to the cookie",
            bearers,
        ),
        essential("0 2", "create is a GET that answers 200 with an id", creating),
        essential("0 3", "a signed PUT takes any Content-Type, or none", types),
        essential("0 4", "a part is signed with its MD5 and takes it as Content-MD5; without one none is needed", md5),
        essential("0 5", "a stored part has an ETag, and browsers may read it", e_tags),
        essential("0 6", "50 objects are signed at once, 51 are not, and there is no batch of parts", batches),
        essential("0 7", "an upload that nobody aborts is in nobody's way", never_aborted),
        essential("0 8", "a batch answers urls, a map from subpath to an address that S3 takes", urls),
        essential("0 9", "multipart/complete answers before the app gives up", complete_in_time),
        essential("0 10", "a manifest gets a fresh address every time, and the last one counts", every_second),
        essential("0 11", "the share page is there before anything has arrived", before_all),
        essential("0 12", "part 1 may come twice, and the later one counts; progress may go beyond all", twice),
        essential("0 13", "what the app's pages ask for is application/json, whatever their Origin", json_types),
        essential("0 14", "everybody is upgraded, and nothing is refused for its length", upgraded),
        essential("0 15", "an id has 15 characters of 0-9a-hjkmnp-tv-z, and is the share page's", ids),
    ]
}

async fn bearers() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let plan = async |authorization: String| {
        page(browser.request(Method::GET, "/api/desktop/plan").header("authorization", authorization)).await.status
    };
    assert_eq!(person.get("/api/desktop/plan").await.status, 200, "a key alone");
    assert_eq!(plan(format!("Token {}", person.key)).await, 200, "the scheme's word is not looked at");
    assert_eq!(plan(format!("Bearer {}", Person::stranger().key)).await, 401, "an unknown key beside a good cookie");
    for bearer in [&person.key[1..], "null", ""] {
        assert_eq!(plan(format!("Bearer {bearer}")).await, 200, "another length beside a good cookie: {bearer}");
    }
}

async fn creating() {
    let user = User::new().await;
    let created = user.app.get("/api/desktop/video/create?recordingMode=desktopMP4").await;
    assert_eq!(created.status, 200, "GET of create");
    assert!(created.body["id"].is_string(), "an id in {}", created.body);
    let posted = user.app.post("/api/desktop/video/create?recordingMode=desktopMP4", json!({})).await;
    assert_eq!(posted.status, 404, "POST of create");
}

async fn types() {
    let user = User::new().await;
    let video = user.video().await;
    for content_type in [None, Some("video/mp4"), Some("application/octet-stream")] {
        let signed = user.app.sign(&video, "screenshot/screen-capture.jpg").await;
        let address = signed["url"].as_str().expect("an address");
        assert!(address.contains("X-Amz-SignedHeaders=host&"), "only the host is signed in {address}");
        let put = client().put(address).body("x");
        let put = content_type.iter().fold(put, |put, value| put.header(CONTENT_TYPE, *value));
        assert_eq!(put.send().await.expect("S3").status(), 200, "PUT with {content_type:?}");
    }
}

async fn md5() {
    let user = User::new().await;
    let upload = user.app.begin(&user.video().await).await;
    let bytes = b"these bytes".to_vec();
    user.app.part(&upload, 1, bytes.clone()).await;
    let spoiled = user.app.sign_part(&upload, 1, Some(&md5_of(&bytes))).await;
    let put = client().put(spoiled).header("content-md5", md5_of(&bytes)).body("other bytes");
    let status = put.send().await.expect("S3").status();
    assert!(status.is_client_error(), "other bytes than the MD5 says; came {status}, expected a refusal");
    let plain = user.app.sign_part(&upload, 2, None).await;
    assert!(plain.contains("X-Amz-SignedHeaders=host&"), "only the host is signed in {plain}");
    assert_eq!(client().put(plain).body("x").send().await.expect("S3").status(), 200, "a part without an MD5");
}

async fn e_tags() {
    let user = User::new().await;
    let upload = user.app.begin(&user.video().await).await;
    let address = user.app.sign_part(&upload, 1, None).await;
    let preflight = client().request(Method::OPTIONS, &address).header("origin", "https://a.test");
    let preflight = preflight.header("access-control-request-method", "PUT").send().await.expect("S3");
    assert_eq!(preflight.status(), 200, "a browser's preflight");
    let put = client().put(&address).header("origin", "https://a.test").body("x").send().await.expect("S3");
    let header = |name| put.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert!(header("etag").len() > 2, "an ETag of the part; came {:?}", header("etag"));
    let exposed = header("access-control-expose-headers").to_ascii_lowercase();
    assert!(exposed.contains("etag"), "ETag among what browsers may read; came {exposed:?}");
}

async fn batches() {
    let user = User::new().await;
    let video = user.app.create("recordingMode=desktopSegments").await;
    let sign = async |count: usize| {
        let subpaths = (1..=count).map(|number| format!("segments/video/segment_{number:03}.m4s"));
        let body = json!({ "videoId": video, "subpaths": subpaths.collect::<Vec<_>>() });
        user.app.post("/api/upload/signed/batch", body).await.status
    };
    assert_eq!((sign(0).await, sign(1).await, sign(50).await, sign(51).await), (400, 200, 200, 400), "0, 1, 50 and 51");
    let body = json!({ "videoId": video, "uploadId": "x", "partNumbers": [1] });
    assert_eq!(user.app.post("/api/upload/multipart/presign-parts-batch", body).await.status, 404);
}

async fn never_aborted() {
    let user = User::new().await;
    let video = user.video().await;
    let left = user.app.begin(&video).await;
    user.app.part(&left, 1, vec![0; 1000]).await;
    let upload = user.app.begin(&video).await;
    let parts = user.app.send(&upload, &film().await, SMALLEST_PART, 1..=1).await;
    assert_eq!(user.app.complete(&upload, &parts).await.status, 200, "complete beside an upload that was left");
    user.person.ready(&video).await;
}

async fn urls() {
    let user = User::new().await;
    let video = user.video().await;
    let subpaths = ["screenshot/screen-capture.jpg", "result.mp4"];
    let signed = user.app.post("/api/upload/signed/batch", json!({ "videoId": video, "subpaths": subpaths })).await;
    let urls = signed.body["urls"].as_object().cloned().unwrap_or_default();
    assert_eq!(urls.len(), 2, "urls of {}", signed.body);
    let address = urls[subpaths[0]].as_str().expect("an address");
    let put = client().put(address).body(crate::ask::jpeg().await).send().await.expect("S3");
    assert_eq!(put.status(), 200, "PUT to an address of the batch");
}

async fn complete_in_time() {
    let user = User::new().await;
    let video = user.video().await;
    let whole = footage::padded(film().await, 4 * SMALLEST_PART + 1);
    let upload = user.app.begin(&video).await;
    let parts = user.app.send(&upload, &whole, SMALLEST_PART, 1..=5).await;
    let completed = tokio::time::timeout(PATIENCE, user.app.complete(&upload, &parts)).await;
    assert_eq!(completed.map(|answer| answer.status).unwrap_or_default(), 200, "complete of five parts");
}

async fn every_second() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    for number in 1..=3 {
        recording.store([number]).await;
        recording.manifest(false).await;
    }
    for _ in 0..20 {
        user.app.sign(&recording.video, "segments/manifest.json").await;
    }
    let kept = store::content(&format!("videos/live/{}/manifest.json", recording.video)).await;
    let kept: serde_json::Value = serde_json::from_slice(&kept).expect("JSON");
    assert_eq!(kept["video_segments"].as_array().map(Vec::len), Some(3), "segments of the manifest that is kept");
}

async fn before_all() {
    let user = User::new().await;
    for query in ["recordingMode=desktopSegments", "recordingMode=desktopMP4", "isScreenshot=true"] {
        let video = user.app.create(query).await;
        for path in [format!("/s/{video}?recordingStopped=1"), format!("/s/{video}")] {
            let page = open(&path).await;
            assert_eq!(page.status, 200, "{query}");
            assert!(page.text.contains("data-status=\"uploading\""), "a page that waits; came {}", page.text);
        }
    }
}

async fn twice() {
    let user = User::new().await;
    let video = user.app.create("recordingMode=desktopMP4&name=Camera").await;
    let filmed = user.app.film(&video, &footage::padded(film().await, 2 * SMALLEST_PART + 77)).await;
    assert_eq!(filmed.status, 200, "complete with the later part 1; came {}", filmed.body);
    user.person.ready(&video).await;
    footage::decode(&user.person.watch(&video).await).await.expect("the later part 1");
}

async fn json_types() {
    let user = User::new().await;
    for path in [
        "/api/desktop/plan",
        "/api/desktop/organizations",
        "/api/desktop/user/profile",
        "/api/desktop/s3/config/get",
        "/api/desktop/storage/integrations?refreshStorageQuota=true",
        "/api/desktop/org-custom-domain",
        "/api/changelog?origin=tauri://localhost",
        "/api/changelog/status?version=0.5.9",
        "/api/currency",
    ] {
        let answered = page(user.app.webview(Method::GET, path)).await;
        assert_eq!((answered.status, answered.header("content-type")), (200, "application/json"), "{path}");
    }
    let saved = user.app.webview(Method::POST, "/api/desktop/storage/set-active").json(&json!({ "provider": "s3" }));
    let saved = page(saved).await;
    assert_eq!((saved.status, saved.header("content-type")), (200, "application/json"), "a POST");
}

async fn upgraded() {
    let user = User::new().await;
    assert_eq!(user.app.get("/api/desktop/plan").await.body["upgraded"], true, "upgraded of the plan");
    let long = "recordingMode=desktopMP4&durationInSecs=7200&width=3840&height=2160&fps=60";
    let video = user.app.create(long).await;
    let upload = user.app.begin(&video).await;
    let parts = user.app.send(&upload, &film().await, SMALLEST_PART, 1..=1).await;
    let body = json!({ "videoId": video, "uploadId": upload.id, "parts": parts, "durationInSecs": 7200.0 });
    let completed = user.app.post("/api/upload/multipart/complete", body).await;
    assert_eq!(completed.status, 200, "complete of two hours; came {}", completed.body);
    user.app.create("isScreenshot=true").await;
}

async fn ids() {
    let user = User::new().await;
    for query in ["recordingMode=desktopSegments", "recordingMode=desktopMP4", "isScreenshot=1"] {
        let id = user.app.create(query).await;
        let known = |byte| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&byte);
        assert!(id.len() == 15 && id.bytes().all(known), "an id of 15 characters; came {id}");
        assert_eq!(shared(&id).await.status, 200, "/s/{{id}}");
    }
    assert_eq!(asked(Method::GET, "/s/0123456789abcdi").await.status, 404);
    assert_eq!(client().get(url("/s/il0u")).send().await.expect("a page").status(), StatusCode::NOT_FOUND);
}
