//! What a person sees, in a real browser.

use std::process::Stdio;

use serde_json::Value;
use tests::{
    cloud::{cloud, repository},
    footage,
    person::Person,
};
use tokio::process::Command;

/// Opens a page in Chromium and answers what `watch.mjs` saw there.
async fn watch(url: &str) -> Value {
    let watched = Command::new("node")
        .arg(repository().join("tests/browser/watch.mjs"))
        .arg(url)
        .stderr(Stdio::inherit())
        .output()
        .await
        .expect("node, which make test installs");
    assert!(watched.status.success(), "the browser gave up");
    serde_json::from_slice(&watched.stdout).expect("what the browser saw")
}

/// The page, opened in the state it has once `video` is ready, plays.
async fn plays(video: &str, width: u64, height: u64) {
    let seen = watch(&format!("{}/s/{video}", cloud().ready.base)).await;
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
    plays(&video, 640, 360).await;
}

#[tokio::test]
async fn a_browser_recording_plays_in_the_browser() {
    let person = Person::new().await;
    let video = person.record("WebM", footage::browser_recording("640x360", 3).await).await;
    person.ready(&video).await;
    plays(&video, 640, 360).await;
}

#[tokio::test]
async fn a_page_opened_early_plays_by_itself() {
    let person = Person::new().await;
    let video = person.create("Opened before it was there").await;
    let url = format!("{}/s/{video}?recordingStopped=1", cloud().ready.base);
    let (seen, ()) = tokio::join!(watch(&url), async {
        person.upload(&video, "result.mp4", footage::screen_recording("640x360", 3).await).await;
    });
    assert_eq!(seen["first"], "uploading", "{seen}");
    assert_eq!(seen["videoWidth"], 640, "{seen}");
    assert_eq!(seen["problems"], serde_json::json!([]), "{seen}");
}
