//! What a person sees, in a real browser.

use std::process::Stdio;

use serde_json::{Value, json};
use tests::{
    cloud::{cloud, repository},
    derived, footage,
    person::Person,
    visitor::Visitor,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A page in Chromium, with `watch.mjs` at the controls.
struct Page {
    browser: Child,
    saw: Lines<BufReader<ChildStdout>>,
}

impl Page {
    /// Opens a page on a large screen; its `data-status` at that moment.
    async fn open(video: &str) -> (Self, Value) {
        Self::on("desktop", video).await
    }

    /// Opens a page on a `desktop` or a `phone`.
    async fn on(screen: &str, video: &str) -> (Self, Value) {
        let mut browser = Command::new("node")
            .arg(repository().join("tests/browser/watch.mjs"))
            .args([&format!("{}/s/{video}", cloud().ready.base), screen])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node, which make test installs");
        let saw = BufReader::new(browser.stdout.take().expect("its output")).lines();
        let mut page = Self { browser, saw };
        let opened = page.next().await;
        (page, opened["status"].clone())
    }

    /// Waits for the video, plays it, seeks, and closes the page; what was seen.
    async fn watch(mut self) -> Value {
        let seen = self.next().await;
        assert!(self.browser.wait().await.expect("the browser's end").success());
        seen
    }

    async fn next(&mut self) -> Value {
        let line = self.saw.next_line().await.expect("a line").expect("the browser gave up");
        serde_json::from_str(&line).expect("what the browser saw")
    }
}

/// The video's page plays by itself the whole file, and shows a picture of this size.
async fn assert_plays(page: Page, width: u64, height: u64) {
    let seen = page.watch().await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert_eq!((seen["videoWidth"].as_u64(), seen["videoHeight"].as_u64()), (Some(width), Some(height)), "{seen}");
    assert_watched(&seen, "mp4");
}

/// The player took this source, and all went well with it.
fn assert_watched(seen: &Value, source: &str) {
    assert_source(seen, source);
    assert!(seen["from"].as_f64() < seen["to"].as_f64(), "time advances: {seen}");
    assert!(seen["seeked"].as_f64().is_some_and(|at| at > 0.4), "seeking works: {seen}");
    assert_eq!(seen["poster"], true, "{seen}");
}

#[tokio::test]
async fn a_screen_recording_plays_in_the_browser() {
    let person = Person::new().await;
    let video = person.record("Demo", footage::screen_recording("640x360", 3).await).await;
    person.ready(&video).await;
    let (page, status) = Page::open(&video).await;
    assert_eq!(status, "ready");
    assert_plays(page, 640, 360).await;
}

#[tokio::test]
async fn a_browser_recording_plays_in_the_browser() {
    let person = Person::new().await;
    let video = person.record("WebM", footage::browser_recording("640x360", 3).await).await;
    person.ready(&video).await;
    assert_plays(Page::open(&video).await.0, 640, 360).await;
}

#[tokio::test]
async fn a_page_opened_early_plays_by_itself() {
    let person = Person::new().await;
    let video = person.create("Opened before it was there").await;
    let (page, status) = Page::open(&format!("{video}?recordingStopped=1")).await;
    assert_eq!(status, "uploading");
    person.upload(&video, "result.mp4", footage::screen_recording("640x360", 3).await).await;
    assert_plays(page, 640, 360).await;
}

fn assert_source(seen: &Value, source: &str) {
    assert!(seen["source"].as_str().is_some_and(|url| url.ends_with(&format!("&videoType={source}"))), "{seen}");
}

/// A ready video of sixteen seconds, with renditions.
async fn with_renditions() -> String {
    let person = Person::new().await;
    let video = person.record("In several sizes", footage::screen_recording("640x360", 16).await).await;
    person.ready(&video).await;
    derived::renditions(&video, 16).await;
    video
}

#[tokio::test]
async fn a_phone_chooses_among_renditions() {
    let video = with_renditions().await;
    assert_plays_a_rendition(&video).await;
    derived::lengthen(&video).await;
    assert_plays_a_rendition(&video).await;
}

async fn assert_plays_a_rendition(video: &str) {
    let seen = Page::on("phone", video).await.0.watch().await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert!(matches!(seen["videoHeight"].as_u64(), Some(180 | 360)), "{seen}");
    assert!(seen["duration"].as_f64().is_some_and(|seconds| (15.9..16.2).contains(&seconds)), "{seen}");
    assert_watched(&seen, "master");
}

#[tokio::test]
async fn the_whole_file_is_played_where_renditions_cannot_be() {
    let video = with_renditions().await;
    derived::playlist(&video, "master", "nonsense").await;
    let seen = Page::on("phone", &video).await.0.watch().await;
    assert_eq!(seen["videoHeight"], 360, "{seen}");
    assert_watched(&seen, "mp4");
}

#[tokio::test]
async fn a_large_screen_begins_with_the_whole_picture() {
    let video = with_renditions().await;
    assert_plays(Page::open(&video).await.0, 640, 360).await;
}

#[tokio::test]
async fn what_was_derived_plays_on_a_phone() {
    let person = Person::new().await;
    let video = person.record("As it is made", footage::screen_recording("1280x720", 14).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    let seen = Page::on("phone", &video).await.0.watch().await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert!(matches!(seen["videoHeight"].as_u64(), Some(180 | 360 | 720)), "{seen}");
    assert!(seen["duration"].as_f64().is_some_and(|seconds| (13.9..14.2).contains(&seconds)), "{seen}");
    assert_watched(&seen, "master");
    let seen = run("hls.mjs", &[&cloud().ready.base, &video]).await;
    assert_eq!((&seen["errors"], &seen["problems"]), (&json!([]), &json!([])), "{seen}");
    assert_eq!((&seen["levels"], &seen["shown"]), (&json!([180, 360, 720]), &json!([180, 720])), "{seen}");
}

#[tokio::test]
async fn hls_js_plays_every_rendition() {
    let video = with_renditions().await;
    assert_hls_js_plays(&video).await;
    derived::lengthen(&video).await;
    assert_hls_js_plays(&video).await;
}

async fn assert_hls_js_plays(video: &str) {
    let seen = run("hls.mjs", &[&cloud().ready.base, video]).await;
    assert_eq!((&seen["errors"], &seen["problems"]), (&json!([]), &json!([])), "{seen}");
    assert_eq!((&seen["levels"], &seen["shown"]), (&json!([180, 360]), &json!([180, 360])), "{seen}");
    assert_eq!(seen["sounds"], 1, "{seen}");
    for level in ["180", "360", "audio"] {
        assert!(seen["loaded"][level].as_u64() > Some(0), "{seen}");
    }
    assert!(seen["seeked"].as_f64().is_some_and(|at| at > 11.0), "{seen}");
}

/// What a script of `tests/browser` saw.
pub(crate) async fn run(script: &str, arguments: &[&str]) -> Value {
    let mut browser = Command::new("node");
    browser.arg(repository().join("tests/browser").join(script)).args(arguments);
    let output = browser.kill_on_drop(true).output().await.expect("node, which make test installs");
    let told = || panic!("{script} saw nothing: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| told())
}

#[tokio::test]
async fn addresses_that_have_expired_are_asked_for_anew() {
    let page = format!("{}/s/{}", cloud().ready.base, with_renditions().await);
    let seen = run("refused.mjs", &[&page, "1"]).await;
    assert_eq!(seen["refused"], 1, "{seen}");
    assert_source(&seen, "master");
}

#[tokio::test]
async fn the_whole_file_is_played_where_renditions_are_refused_again() {
    let page = format!("{}/s/{}", cloud().ready.base, with_renditions().await);
    let seen = run("refused.mjs", &[&page, "1000"]).await;
    assert!(seen["refused"].as_u64() > Some(1), "{seen}");
    assert_source(&seen, "mp4");
}

/// The first day of somebody new, on one kind of screen.
async fn assert_first_day(screen: &str) {
    let email = Visitor::new().email;
    let seen = run("account.mjs", &[&cloud().ready.base, &email, screen]).await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert_eq!((&seen["byLink"], &seen["byCode"]), (&json!(email), &json!(email)), "{seen}");
    assert_eq!((&seen["name"], &seen["picture"]), (&json!("Ada <b>Lovelace</b>"), &json!([256, 256])), "{seen}");
    assert_eq!((&seen["key"], &seen["shownAgain"]), (&json!([200, 401]), &json!(false)), "{seen}");
    assert_eq!((&seen["askedBefore"], &seen["desktop"]), (&json!(0), &json!(["type", "api_key", "user_id"])), "{seen}");
    assert_eq!((&seen["signedOut"], &seen["sessions"]), (&json!({}), &json!(2)), "{seen}");
    assert_eq!((&seen["everywhere"], &seen["desktopKey"]), (&json!(true), &json!([200, 401])), "{seen}");
}

#[tokio::test]
async fn somebody_new_signs_in_makes_a_key_and_signs_out_everywhere() {
    assert_first_day("desktop").await;
}

#[tokio::test]
async fn somebody_new_does_the_same_on_a_phone() {
    assert_first_day("phone").await;
}
