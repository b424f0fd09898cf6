//! Processes that die in the middle.

use tests::{cloud::cloud, footage, person::Person, processes::kill, rows, store, wait::until};

use super::sweep::sweep;

/// Long enough to encode that it can be interrupted.
pub(super) async fn slow_recording() -> Vec<u8> {
    footage::make("-f lavfi -i testsrc2=size=1280x720:rate=30:duration=15 -c:v mjpeg -q:v 12", "mkv").await
}

/// The transcode process that works on the video, once its FFmpeg encodes: both ids.
pub(super) async fn encoding(video: &str) -> (u32, u32) {
    until("FFmpeg to encode", async || cloud().ffmpegs(video, "libx264").await.first().copied()).await
}

/// Waits until nobody encodes the video any more.
pub(super) async fn no_longer_encoding(video: &str) {
    until("the attempt to end", async || cloud().ffmpegs(video, "libx264").await.is_empty().then_some(())).await;
}

#[tokio::test]
async fn killing_the_function_in_the_middle_still_ends_in_ready() {
    let person = Person::new().await;
    let video = person.record("Killed once", slow_recording().await).await;
    let (function, _) = encoding(&video).await;
    kill(function);
    person.ready(&video).await;
    assert_eq!(rows::one::<u64>(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await, 2);
    assert_eq!(store::published_keys_of(&video).await.len(), 3);
}

#[tokio::test]
async fn killing_ffmpeg_in_the_middle_still_ends_in_ready() {
    let person = Person::new().await;
    let video = person.record("FFmpeg killed once", slow_recording().await).await;
    let (_, ffmpeg) = encoding(&video).await;
    kill(ffmpeg);
    person.ready(&video).await;
    assert_eq!(rows::one::<u64>(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await, 2);
}

#[tokio::test]
async fn a_recording_that_kills_every_attempt_fails_for_good() {
    let person = Person::new().await;
    let video = person.record("Killed always", slow_recording().await).await;
    let mut last = 0;
    for _ in 0..3 {
        let (function, _) = until("the next attempt", async || {
            let found = encoding(&video).await;
            (found.0 != last).then_some(found)
        })
        .await;
        last = function;
        kill(function);
    }
    until("the event to be parked", async || {
        let letters = cloud().local("dead-letters").await.to_string();
        letters.contains(&video).then_some(())
    })
    .await;
    // Nobody is left to write the reason: the sweep does, once the lease of the last attempt is over.
    store::expire_lease(&video).await;
    rows::stand_still(&video, 3600).await;
    sweep().await;
    assert!(person.failed(&video).await.contains("three times"));
}

#[tokio::test]
async fn an_attempt_that_was_overtaken_writes_nothing() {
    let person = Person::new().await;
    let video = person.record("Overtaken", slow_recording().await).await;
    encoding(&video).await;
    // As a newer attempt leaves it, while this one believes that the lease is still its own.
    rows::run(&format!(
        "UPDATE videos SET attempt = 7, status = 'failed', failure_reason = 'Newer.' WHERE id = '{video}'"
    ))
    .await;
    until("the overtaken attempt to end", async || store::lease_is_over(&video).await.then_some(())).await;
    assert_eq!(person.failed(&video).await, "Newer.");
    assert_eq!(rows::one::<u64>(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await, 7);
}

#[tokio::test]
async fn an_attempt_whose_lease_was_taken_stores_nothing() {
    let person = Person::new().await;
    let video = person.record("Taken over", slow_recording().await).await;
    let (function, _) = encoding(&video).await;
    store::take_lease(&video).await;
    no_longer_encoding(&video).await;
    until("its function to be free", async || {
        let functions = cloud().local("functions").await;
        let transcode = functions.as_array()?.iter().find(|function| function["binary"] == "transcode")?;
        let environment = transcode["environments"].as_array()?.iter().find(|one| one["pid"] == function)?.clone();
        (environment["busy"] == false).then_some(())
    })
    .await;
    assert_eq!(store::keys_of(&video).await, [format!("videos/raw/{video}.mp4")]);
}

#[tokio::test]
async fn deleting_while_it_is_encoded_leaves_nothing() {
    let person = Person::new().await;
    let video = person.record("Deleted midway", slow_recording().await).await;
    encoding(&video).await;
    assert_eq!(person.delete(&format!("/api/v1/caps/{video}")).await.status, 200);
    no_longer_encoding(&video).await;
    until("everything to be gone", async || store::keys_of(&video).await.is_empty().then_some(())).await;
}
