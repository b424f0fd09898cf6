//! Events as S3 really delivers them: twice, late, out of order, and for keys that are nobody's.

use serde_json::json;
use tests::{
    cloud::cloud,
    footage,
    person::Person,
    rows,
    store::{self, created_event},
    wait::until,
};

#[tokio::test]
async fn an_event_delivered_ten_times_publishes_once() {
    let person = Person::new().await;
    let video = person.record("Again", footage::screen_recording("320x180", 1).await).await;
    let key = format!("videos/raw/{video}.mp4");
    let event = created_event(&key, &store::e_tag(&key).await.expect("the upload"));
    for _ in 0..5 {
        cloud().invoke_async("transcode", &event).await;
    }
    person.ready(&video).await;
    let published = store::e_tag(&format!("videos/processed/{video}.mp4")).await;
    let shown = async || {
        let mut shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
        // Of the answer and not of the video.
        shown["requestId"].take();
        shown
    };
    let before = shown().await;
    for _ in 0..5 {
        let (succeeded, answer) = cloud().invoke_sync("transcode", &event).await;
        assert!(succeeded, "{answer}");
    }
    assert_eq!(rows::one::<u64>(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await, 1);
    assert_eq!(shown().await, before);
    assert_eq!(store::e_tag(&format!("videos/processed/{video}.mp4")).await, published);
}

#[tokio::test]
async fn an_event_of_an_object_that_was_replaced_is_dropped() {
    let person = Person::new().await;
    let video = person.record("Old", b"the first take, which is broken".to_vec()).await;
    person.failed(&video).await;
    let key = format!("videos/raw/{video}.mp4");
    let old = created_event(&key, &store::e_tag(&key).await.expect("the upload"));
    person.record_again(&video, footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    assert!(cloud().invoke_sync("transcode", &old).await.0);
    assert_eq!(person.status(&video).await["overall"], "ready");
}

#[tokio::test]
async fn a_late_event_of_an_older_upload_under_another_name_is_dropped() {
    let person = Person::new().await;
    let video = person.record("Two names", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    let old_key = format!("videos/raw/{video}.mp4");
    let old = created_event(&old_key, &store::e_tag(&old_key).await.expect("the upload"));
    // S3 tells the age of objects in whole seconds.
    let stored = store::stored_at(&old_key).await;
    until("the next second", async || (store::now() > stored).then_some(())).await;
    person.upload(&video, "raw-upload.webm", footage::browser_recording("160x90", 1).await).await;
    until("the newer upload to play", async || {
        (person.get(&format!("/api/v1/caps/{video}")).await.body["width"] == 160).then_some(())
    })
    .await;
    assert!(cloud().invoke_sync("transcode", &old).await.0);
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["width"], 160);
}

#[tokio::test]
async fn a20_keys_of_nobody_are_ignored() {
    for key in [
        "videos/raw/readme.txt",
        "videos/raw/%C3%BC+%2B.mp4",
        "videos/raw/a%2Fb.mp4",
        "videos/raw/%FF.mp4",
        "jobs/publish/x.json",
        &format!("videos/raw/{}", "x".repeat(1000)),
    ] {
        let (succeeded, answer) = cloud().invoke_sync("transcode", &created_event(key, "0")).await;
        assert!(succeeded, "{key}: {answer}");
    }
}

#[tokio::test]
async fn an_event_without_its_video_is_repeated_and_then_parked() {
    let event = created_event("videos/raw/zzzzzzzzzzzzzzz.mp4", "0");
    cloud().invoke_async("transcode", &event).await;
    let parked = until("the event to be parked", async || {
        let letters = cloud().local("dead-letters").await;
        let mine = letters.as_array()?.iter().find(|letter| letter["event"] == event)?.clone();
        Some(mine)
    })
    .await;
    assert_eq!(parked["attempts"], 3, "{parked}");
    assert!(parked["errorMessage"].as_str().is_some_and(|message| message.contains("zzzzzzzzzzzzzzz")), "{parked}");
}

#[tokio::test]
async fn an_event_whose_object_is_gone_does_nothing() {
    let person = Person::new().await;
    let video = person.create("Nothing uploaded").await;
    let event = created_event(&format!("videos/raw/{video}.mp4"), "0");
    assert!(cloud().invoke_sync("transcode", &event).await.0);
    assert_eq!(person.status(&video).await["overall"], "uploading");
}

#[tokio::test]
async fn an_event_of_another_kind_fails_so_that_it_is_seen() {
    let (succeeded, answer) = cloud().invoke_sync("transcode", &json!({ "hello": "world" })).await;
    assert!(!succeeded, "{answer}");
}
