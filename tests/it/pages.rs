//! What a person sees, in a real browser.

use std::process::Stdio;

use serde_json::Value;
use tests::{
    cloud::{cloud, repository},
    footage,
    person::Person,
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
    /// Opens a page; its `data-status` at that moment.
    async fn open(video: &str) -> (Self, Value) {
        let mut browser = Command::new("node")
            .arg(repository().join("tests/browser/watch.mjs"))
            .arg(format!("{}/s/{video}", cloud().ready.base))
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

/// The video's page plays by itself and shows a picture of this size.
async fn assert_plays(page: Page, width: u64, height: u64) {
    let seen = page.watch().await;
    assert_eq!(seen["problems"], serde_json::json!([]), "{seen}");
    assert_eq!((seen["videoWidth"].as_u64(), seen["videoHeight"].as_u64()), (Some(width), Some(height)), "{seen}");
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
