//! What people do with Cap Desktop, and with the `cap` command as it was before its agent API.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    desktop::{Desktop, SMALLEST_PART},
    footage,
    person::{Person, answer, client},
    store,
};

/// A recording of so many bytes.
async fn recording(bytes: usize) -> Vec<u8> {
    footage::padded(footage::screen_recording("320x180", 2).await, bytes)
}

async fn page(video: &str) -> (u16, String) {
    let page = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("the page");
    (page.status().as_u16(), page.text().await.expect("HTML"))
}

async fn thumbnail(video: &str) -> (u16, Value) {
    let thumbnail = answer(client().get(format!("{}/api/thumbnail?videoId={video}", cloud().ready.base))).await;
    (thumbnail.status, thumbnail.body)
}

#[tokio::test]
async fn signing_in_leads_to_a_plan_and_an_organization() {
    let person = Person::new().await;
    let desktop = Desktop::sign_in(&person.browser().await).await;
    assert_eq!(desktop.get("/api/desktop/plan").await.body["upgraded"], true);
    let organizations = desktop.get("/api/desktop/organizations").await.body;
    assert_eq!(organizations[0]["ownerId"], person.id.as_str());
    let query = format!("recordingMode=desktopMP4&orgId={}", organizations[0]["id"].as_str().expect("an id"));
    desktop.create(&query).await;
}

#[tokio::test]
async fn a_studio_export_becomes_ready() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    // The name is not escaped, so that the app's own address ends it early.
    let query = "recordingMode=desktopMP4&name=Ünïcödé 50% & co&durationInSecs=2.5&width=320&height=180&fps=30";
    let video = desktop.create(query).await;
    let jpeg = footage::picture("160x90", "jpg").await;
    assert_eq!(thumbnail(&video).await.0, 404);
    desktop.export(&video, &recording(5 * SMALLEST_PART + 1000).await, SMALLEST_PART, jpeg.clone()).await;
    person.ready(&video).await;
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["title"], "Ünïcödé 50%");
    footage::decode(&person.watch(&video).await).await.expect("a video");
    let (_, html) = page(&video).await;
    assert!(html.contains("<video") && html.contains(&format!("thumbnails/{video}.jpg")), "{html}");
    assert_ne!(client_thumbnail(&video).await, jpeg, "the poster is the server's own");
}

/// What `/api/thumbnail` leads to.
async fn client_thumbnail(video: &str) -> Vec<u8> {
    let (status, body) = thumbnail(video).await;
    assert_eq!(status, 200, "{body}");
    let picture = client().get(body["screen"].as_str().expect("an address")).send().await.expect("S3");
    assert_eq!(
        (picture.status().as_u16(), &picture.headers()["content-type"]),
        (200, &"image/jpeg".parse().expect("a type"))
    );
    picture.bytes().await.expect("a picture").to_vec()
}

#[tokio::test]
async fn the_apps_own_thumbnail_is_shown_until_there_is_a_poster() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let video = desktop.create("recordingMode=desktopMP4&name=Slow").await;
    let jpeg = footage::picture("160x90", "jpg").await;
    desktop.store(&video, "screenshot/screen-capture.jpg", jpeg.clone()).await;
    assert_eq!(client_thumbnail(&video).await, jpeg);
    let (_, html) = page(&video).await;
    assert!(html.contains("data-status=\"uploading\"") && html.contains("<img class=\"thumbnail\""), "{html}");
    // Whatever it is, browsers are told that it is a picture.
    desktop.store(&video, "screenshot/screen-capture.jpg", b"<script>alert(1)</script>".to_vec()).await;
    client_thumbnail(&video).await;
    assert_eq!(person.status(&video).await["overall"], "uploading", "a thumbnail is no upload");
}

#[tokio::test]
async fn the_first_part_may_be_sent_again_and_progress_go_beyond_all() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let video = desktop.create("recordingMode=desktopMP4&name=Growing").await;
    let whole = recording(2 * SMALLEST_PART + 77).await;
    let upload = desktop.begin(&video).await;
    // While it grows its header is not known yet.
    let early = [vec![0; 64], whole[64..SMALLEST_PART].to_vec()].concat();
    let early = desktop.part(&upload, 1, early).await;
    let mut parts = desktop.send(&upload, &whole, SMALLEST_PART, 2..=3).await;
    let first = desktop.part(&upload, 1, whole[..SMALLEST_PART].to_vec()).await;
    let total = whole.len() as u64;
    assert_eq!(desktop.tell(&video, total + SMALLEST_PART as u64, total).await.body, true);
    assert!(page(&video).await.1.contains("data-progress=\"100\""));
    parts.insert(0, early);
    assert_eq!(desktop.complete(&upload, &parts).await.status, 400, "the earlier one does not count");
    parts[0] = first;
    assert_eq!(desktop.complete(&upload, &parts).await.status, 200);
    person.ready(&video).await;
}

#[tokio::test]
async fn an_interrupted_upload_goes_on_where_it_was() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let video = desktop.create("recordingMode=desktopMP4&name=Interrupted").await;
    let whole = recording(4 * SMALLEST_PART + 5).await;
    let upload = desktop.begin(&video).await;
    desktop.send(&upload, &whole, SMALLEST_PART, 1..=3).await;
    // The app has forgotten everything but the names.
    let desktop = Desktop::of(&person);
    let mut parts = desktop.parts(&upload).await;
    assert_eq!(parts.len(), 3, "{parts:?}");
    parts.extend(desktop.send(&upload, &whole, SMALLEST_PART, 4..=5).await);
    assert_eq!(desktop.complete(&upload, &parts).await.status, 200);
    person.ready(&video).await;
}

#[tokio::test]
async fn a_recording_that_is_uploaded_again_takes_the_place_of_the_first() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let video = desktop.create("recordingMode=desktopMP4&name=First").await;
    let jpeg = footage::picture("160x90", "jpg").await;
    desktop.export(&video, &recording(SMALLEST_PART).await, SMALLEST_PART, jpeg.clone()).await;
    person.ready(&video).await;
    let attempt = person.get(&format!("/api/v1/caps/{video}")).await.body["updatedAt"].clone();
    let again = desktop.create(&format!("recordingMode=desktopMP4&name=Second&videoId={video}")).await;
    assert_eq!(again, video);
    let other = footage::padded(footage::screen_recording("640x360", 1).await, SMALLEST_PART);
    desktop.export(&video, &other, SMALLEST_PART, jpeg).await;
    tests::wait::until("the second one", async || {
        let shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
        (shown["width"] == 640 && shown["status"]["overall"] == "ready" && shown["updatedAt"] != attempt).then_some(())
    })
    .await;
    assert_eq!(page(&video).await.0, 200);
}

#[tokio::test]
async fn a_discarded_recording_is_gone_with_its_parts() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let video = desktop.create("recordingMode=desktopMP4&name=Discarded").await;
    let upload = desktop.begin(&video).await;
    let part = desktop.part(&upload, 1, vec![1; 1000]).await;
    desktop.store(&video, "screenshot/screen-capture.jpg", footage::picture("160x90", "jpg").await).await;
    assert_eq!(desktop.discard(&video).await, 200);
    assert_eq!(desktop.discard(&video).await, 404, "which the app takes for success too");
    assert_eq!(desktop.complete(&upload, &[part]).await.status, 404);
    assert_eq!(page(&video).await.0, 404);
    assert_eq!(thumbnail(&video).await.0, 404);
    assert!(store::keys_of(&video).await.is_empty());
}

#[tokio::test]
async fn c12_what_is_not_what_it_is_called_fails() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let video = desktop.create("recordingMode=desktopMP4&name=Page").await;
    desktop.store(&video, "result.mp4", b"<!doctype html><script>alert(1)</script>".to_vec()).await;
    assert!(person.failed(&video).await.contains("not a video"));
    // The address is good for this key and no other.
    let url = person.sign(&video, "screenshot/screen-capture.jpg").await;
    for other in
        [url.replace("screen-capture.jpg", "screen-capture.png"), url.replace("thumbnails/", "videos/processed/")]
    {
        assert_ne!(other, url);
        assert_eq!(client().put(other).body("x").send().await.expect("S3").status(), 403);
    }
}

#[tokio::test]
async fn the_cap_command_uploads_with_one_put_and_says_nothing_more() {
    let person = Person::new().await;
    let create = person.request(Method::GET, "/api/desktop/video/create").query(&[
        ("recordingMode", "desktopMP4"),
        ("durationInSecs", "2.0"),
        ("width", "320"),
        ("height", "180"),
        ("fps", "30"),
        ("name", "Terminal & more"),
    ]);
    let created = answer(create).await;
    let video = created.body["id"].as_str().expect("an id");
    let body = json!({
        "videoId": video, "subpath": "result.mp4", "method": "put",
        "durationInSecs": 2.0, "width": 320, "height": 180, "fps": 30.0,
    });
    let signed = person.post("/api/upload/signed", body).await;
    let url = signed.body["presignedPutData"]["url"].as_str().expect("an address");
    let recording = footage::screen_recording("320x180", 2).await;
    // No type, none of the headers that it was told.
    let put = client().put(url).header("content-length", recording.len()).body(recording);
    assert!(put.send().await.expect("S3").status().is_success());
    person.ready(video).await;
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["title"], "Terminal & more");
}
