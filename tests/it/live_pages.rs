//! What a person sees of a recording while it is made, in a real browser.

use serde_json::{Value, json};
use tests::{
    chromium::{Page, run},
    cloud::cloud,
    instant::{Footage, Recording},
    person::Person,
};

/// A page that is opened before the first segment plays during the recording and across its end; of the picture one segment
/// may never arrive.
async fn assert_plays_across_its_end(screen: &str, footage: &Footage, missing: Option<usize>) {
    let last = footage.seconds - 1;
    let person = Person::new().await;
    let mut recording = Recording::begin(&person, footage).await;
    let mut page = Page::of(&recording.video, "live.mjs", &[screen, &last.to_string()]);
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
    page.close().await;
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
    let seen = run("live_hls.mjs", &[&cloud().ready.base, &recording.video, "12"]).await;
    assert_eq!((&seen["errors"], &seen["problems"]), (&json!([]), &json!([])), "{seen}");
    assert_eq!((&seen["live"], &seen["sounds"], &seen["height"]), (&json!(true), &json!(1), &json!(180)), "{seen}");
}
