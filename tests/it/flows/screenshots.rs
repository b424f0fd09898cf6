//! Screenshots: uploaded like recordings, and shown as they are.

use tests::{
    cloud::cloud,
    desktop::Desktop,
    footage,
    person::{Person, answer, client},
    reason, store,
    wait::until,
};

struct Sharer {
    person: Person,
    desktop: Desktop,
}

impl Sharer {
    async fn new() -> Self {
        let person = Person::new().await;
        Self { desktop: Desktop::of(&person), person }
    }

    /// Shares a picture; the video's id.
    async fn share(&self, ending: &str, picture: Vec<u8>) -> String {
        let video = self.desktop.create("isScreenshot=true").await;
        self.desktop.store(&video, &format!("screenshot/screen-capture.{ending}"), picture).await;
        video
    }
}

async fn page(video: &str) -> String {
    let page = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("the page");
    assert_eq!(page.status(), 200);
    page.text().await.expect("HTML")
}

/// The address of the picture on a page, as a browser reads it.
fn picture(html: &str) -> String {
    let (_, rest) = html.split_once("<img class=\"picture\" src=\"").unwrap_or_else(|| panic!("no picture in {html}"));
    rest.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn a_screenshot_is_shown_as_it_is() {
    let sharer = Sharer::new().await;
    for (ending, kept, content_type) in
        [("png", "png", "image/png"), ("jpg", "jpg", "image/jpeg"), ("jpeg", "jpg", "image/jpeg")]
    {
        let bytes = footage::picture("320x180", kept).await;
        let video = sharer.share(ending, bytes.clone()).await;
        sharer.person.ready(&video).await;
        let html = page(&video).await;
        for piece in [
            "data-status=\"ready\"",
            "width=\"320\" height=\"180\"",
            "<meta property=\"og:image\"",
            "Cap Screenshot - ",
        ] {
            assert!(html.contains(piece), "{piece} in {html}");
        }
        assert!(!html.contains("<video"), "{html}");
        let shown = client().get(picture(&html)).send().await.expect("S3");
        assert_eq!(shown.headers()["content-type"], content_type);
        assert_eq!(shown.bytes().await.expect("a picture"), bytes);
        let thumbnail = format!("{}/api/thumbnail?videoId={video}", cloud().ready.base);
        let thumbnail = answer(client().get(thumbnail)).await.body["screen"].as_str().expect("an address").to_owned();
        assert_eq!(client().get(thumbnail).send().await.expect("S3").bytes().await.expect("a picture"), bytes);
        let played = format!("{}/api/playlist?videoId={video}&videoType=mp4", cloud().ready.base);
        assert_eq!(client().get(played).send().await.expect("an answer").status(), 404, "there is nothing to play");
    }
}

#[tokio::test]
async fn the_page_of_a_screenshot_waits_for_it() {
    let sharer = Sharer::new().await;
    let video = sharer.desktop.create("isScreenshot=1&recordingMode=desktopSegments").await;
    let html = page(&video).await;
    assert!(html.contains("data-status=\"uploading\"") && html.contains("The screenshot is on its way"), "{html}");
    assert!(html.contains("<main data-status=\"uploading\">"), "and not for segments of it: {html}");
    assert!(!html.contains("<img"), "{html}");
    let thumbnail = format!("{}/api/thumbnail?videoId={video}", cloud().ready.base);
    assert_eq!(client().get(thumbnail).send().await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn c12_what_is_no_picture_or_too_large_a_one_fails_and_is_removed() {
    let sharer = Sharer::new().await;
    let png = footage::picture("64x36", "png").await;
    let side = 30_000_u32.to_be_bytes();
    let huge = [&png[..16], &side, &side, &png[24..]].concat();
    let mut heavy = png.clone();
    heavy.resize((50 << 20) + 1, 0);
    for (what, bytes, word) in [
        ("a page", b"<html><script>alert(1)</script></html>".to_vec(), "not a picture"),
        ("nothing", Vec::new(), "empty"),
        ("a recording", footage::screen_recording("160x90", 1).await, "not a picture"),
        ("30,000 pixels a side", huge, "too large"),
        ("51 MiB", heavy, "larger than"),
        ("half a picture", png[..png.len() / 2].to_vec(), "breaks off"),
    ] {
        let video = sharer.share("png", bytes).await;
        let said = sharer.person.failed(&video).await;
        reason::is_for_people(&said);
        assert!(said.contains(word), "{what}: {said}");
        assert!(page(&video).await.contains("This screenshot cannot be shown"), "{what}");
        until("what was refused to be removed", async || store::keys_of(&video).await.is_empty().then_some(())).await;
    }
}

#[tokio::test]
async fn c13_a_screenshot_is_nothing_but_a_picture() {
    let sharer = Sharer::new().await;
    let video = sharer.desktop.create("isScreenshot=true").await;
    for subpath in
        ["result.mp4", "raw-upload.webm", "screenshot/../screen-capture.png", "screenshot/screen-capture.svg"]
    {
        let body = serde_json::json!({ "videoId": video, "subpath": subpath, "method": "put" });
        assert_eq!(sharer.desktop.post("/api/upload/signed", body).await.status, 400, "{subpath}");
    }
}

#[tokio::test]
async fn a_screenshot_that_is_shared_again_takes_the_place_of_the_first() {
    let sharer = Sharer::new().await;
    let video = sharer.share("png", footage::picture("320x180", "png").await).await;
    sharer.person.ready(&video).await;
    let again = sharer.desktop.create(&format!("isScreenshot=true&videoId={video}")).await;
    assert_eq!(again, video);
    // Uploads are told apart by the second in which they are stored.
    let first = store::stored_at(&format!("videos/raw/{video}.png")).await;
    until("another second", async || (store::now() > first).then_some(())).await;
    let jpeg = footage::picture("640x360", "jpg").await;
    sharer.desktop.store(&video, "screenshot/screen-capture.jpg", jpeg.clone()).await;
    until("the second one", async || page(&video).await.contains("width=\"640\"").then_some(())).await;
    let shown = client().get(picture(&page(&video).await)).send().await.expect("S3").bytes().await.expect("a picture");
    assert_eq!(shown, jpeg);
    until("the first one to go", async || {
        let keys = store::keys_of(&video).await;
        (keys.iter().filter(|key| key.starts_with("thumbnails/")).count() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_video_that_never_was_there_becomes_a_screenshot_and_one_that_plays_does_not() {
    let sharer = Sharer::new().await;
    let video = sharer.person.create("Wrong").await;
    assert_eq!(sharer.desktop.create(&format!("isScreenshot=true&videoId={video}")).await, video);
    sharer.desktop.store(&video, "screenshot/screen-capture.png", footage::picture("320x180", "png").await).await;
    sharer.person.ready(&video).await;
    assert!(page(&video).await.contains("<img class=\"picture\""));

    let played = sharer.person.record("Right", footage::screen_recording("160x90", 1).await).await;
    sharer.person.ready(&played).await;
    sharer.desktop.create(&format!("isScreenshot=true&videoId={played}")).await;
    assert!(page(&played).await.contains("<video"));
}

#[tokio::test]
async fn a_deleted_screenshot_leaves_nothing() {
    let sharer = Sharer::new().await;
    let video = sharer.share("png", footage::picture("320x180", "png").await).await;
    sharer.person.ready(&video).await;
    assert_eq!(sharer.desktop.discard(&video).await, 200);
    assert!(store::keys_of(&video).await.is_empty());
    let gone = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("the page");
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn an_event_that_comes_twice_shows_a_screenshot_once() {
    let sharer = Sharer::new().await;
    let video = sharer.share("png", footage::picture("320x180", "png").await).await;
    sharer.person.ready(&video).await;
    let key = format!("videos/raw/{video}.png");
    let e_tag = store::e_tag(&key).await.expect("an upload");
    let before = store::keys_of(&video).await;
    let (succeeded, said) = cloud().invoke_sync("transcode", &store::created_event(&key, &e_tag)).await;
    assert!(succeeded, "{said}");
    assert_eq!(store::keys_of(&video).await, before, "a repeated event changes nothing");
}
