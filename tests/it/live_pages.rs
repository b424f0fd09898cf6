//! What a person sees of a recording while it is made, in a real browser.

use std::process::Stdio;

use serde_json::{Value, json};
use tests::{
    cloud::{cloud, repository},
    instant::{Footage, Recording},
    person::Person,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// A page in Chromium, with `live.mjs` at the controls.
struct Page {
    browser: Child,
    saw: Lines<BufReader<ChildStdout>>,
}

impl Page {
    /// Opens the page of a recording that will be played until this second at least.
    fn open(video: &str, screen: &str, until: u32) -> Self {
        let mut browser = Command::new("node")
            .arg(repository().join("tests/browser/live.mjs"))
            .args([&format!("{}/s/{video}", cloud().ready.base), screen, &until.to_string()])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node, which make test installs");
        let saw = BufReader::new(browser.stdout.take().expect("its output")).lines();
        Self { browser, saw }
    }

    async fn next(&mut self) -> Value {
        let line = self.saw.next_line().await.expect("a line").expect("the browser gave up");
        serde_json::from_str(&line).expect("what the browser saw")
    }
}

/// A page that is opened before the first segment plays during the recording and across its end; of the picture one segment
/// may never arrive.
async fn assert_plays_across_its_end(screen: &str, footage: &Footage, missing: Option<usize>) {
    let last = footage.seconds - 1;
    let person = Person::new().await;
    let mut recording = Recording::begin(&person, footage).await;
    let mut page = Page::open(&recording.video, screen, last);
    let opened = page.next().await;
    assert_eq!((&opened["status"], &opened["live"]), (&json!("uploading"), &json!("waiting")), "{opened}");

    recording.init().await;
    recording.store([1, 2]).await;
    recording.manifest(false).await;
    let playing = page.next().await;
    assert_eq!((&playing["status"], &playing["live"]), (&json!("uploading"), &json!("playing")), "{playing}");
    assert_eq!((&playing["source"], playing["videoHeight"].as_u64()), (&json!("blob"), Some(180)));

    for number in 3..=footage.video.segments.len() {
        recording.store_audio([number]).await;
        if Some(number) != missing {
            recording.store_video([number]).await;
        }
        recording.manifest(false).await;
    }
    recording.end().await;
    let ready = page.next().await;
    assert_eq!((&ready["status"], &ready["live"]), (&json!("ready"), &Value::Null), "{ready}");
    let ended = page.next().await;
    assert_eq!(ended["source"], "mp4", "{ended}");
    assert_eq!((&ended["backwards"], &ended["reloaded"]), (&json!(false), &json!(false)), "{ended}");
    assert_eq!(ended["problems"], json!([]), "{ended}");
    assert!(ended["at"].as_f64() >= Some(f64::from(last)), "{ended}");
    assert!(page.browser.wait().await.expect("the browser's end").success());
}

#[tokio::test]
async fn a_recording_plays_while_it_is_made_and_across_its_end() {
    assert_plays_across_its_end("desktop", &Footage::new("320x180", 12).await, None).await;
}

#[tokio::test]
async fn it_does_so_on_a_phone_and_without_sound() {
    assert_plays_across_its_end("phone", &Footage::silent("320x180", 12).await, None).await;
}

#[tokio::test]
async fn it_plays_on_behind_a_segment_that_never_came() {
    assert_plays_across_its_end("desktop", &Footage::new("320x180", 24).await, Some(4)).await;
}

/// As other players do that follow playlists: while it is recorded, and over a hole.
#[tokio::test]
async fn hls_js_follows_a_recording_in_progress() {
    let (person, footage) = (Person::new().await, Footage::new("320x180", 24).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store_audio(1..=12).await;
    recording.store_video([1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]).await;
    recording.manifest(false).await;
    let mut browser = Command::new("node");
    browser.arg(repository().join("tests/browser/live_hls.mjs")).args([&cloud().ready.base, &recording.video, "12"]);
    let output = browser.kill_on_drop(true).output().await.expect("node, which make test installs");
    let seen: Value = serde_json::from_slice(&output.stdout).expect("what the browser saw");
    assert_eq!((&seen["errors"], &seen["problems"]), (&json!([]), &json!([])), "{seen}");
    assert_eq!((&seen["live"], &seen["sounds"], &seen["height"]), (&json!(true), &json!(1), &json!(180)), "{seen}");
}
