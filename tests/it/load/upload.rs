//! An upload of two gigabytes, which is interrupted.

use std::time::Instant;

use tests::{
    cloud::cloud,
    desktop::{Desktop, PART},
    footage::{self, Bytes, Hollow},
    person::Person,
    store,
    wait::until,
};

use super::{assert_constant, grown, peaks, table};

/// Bytes of the recording.
const SIZE: usize = 2_000_000_000;
/// Bytes of one that is as a rule enough for everything that is done to the large one to have been done.
const SMALL: usize = 3 * PART;

/// Creates a video and uploads a recording to it. The connection breaks once so many parts are there, if any.
async fn upload(person: &Person, recording: &Hollow, breaks_at: usize) -> String {
    let desktop = Desktop::of(person);
    let video = desktop.create("recordingMode=desktopMP4&name=Two gigabytes").await;
    let upload = desktop.begin(&video).await;
    let all = 1..=recording.size().div_ceil(PART);
    tokio::select! {
        biased;
        () = until("these parts", async || (desktop.parts(&upload).await.len() >= breaks_at).then_some(())) => {}
        _ = desktop.send(&upload, recording, PART, all.clone()) => panic!("it was to be interrupted"),
    }
    // The app has forgotten everything but the names.
    let desktop = Desktop::of(person);
    let mut parts = desktop.parts(&upload).await;
    let missing: Vec<_> = all.filter(|number| !parts.iter().any(|part| part["partNumber"] == *number)).collect();
    assert!(!missing.is_empty(), "it was to be interrupted");
    parts.extend(desktop.send(&upload, recording, PART, missing).await);
    parts.sort_by_key(|part| part["partNumber"].as_u64());
    let completed = desktop.complete(&upload, &parts).await;
    assert_eq!(completed.status, 200, "{completed:?}");
    video
}

#[tokio::test]
#[ignore = "make load"]
async fn two_gigabytes_are_published_and_no_function_holds_them() {
    let person = Person::new().await;
    let small = footage::screen_recording("320x180", 4).await;
    let before = upload(&person, &Hollow::new(&small, SMALL), 0).await;
    person.ready(&before).await;
    person.derived(&before).await;
    let before = peaks().await;

    let large = Hollow::new(&small, SIZE);
    let began = Instant::now();
    let video = upload(&person, &large, SIZE / PART * 6 / 10).await;
    let uploaded = began.elapsed();
    person.ready(&video).await;
    let published = began.elapsed() - uploaded;
    person.derived(&video).await;
    let after = peaks().await;

    let size = async |key: String| {
        let head = store::s3().head_object().bucket(&cloud().ready.bucket).key(key).send().await.expect("an object");
        usize::try_from(head.content_length.expect("a length")).expect("a size")
    };
    assert_eq!(size(format!("videos/raw/{video}.mp4")).await, SIZE);
    assert!(size(format!("videos/processed/{video}.mp4")).await > SIZE - (1 << 20), "the media is copied whole");
    let playlist = format!("{}/api/playlist?videoId={video}&videoType=mp4", cloud().ready.base);
    assert_eq!(footage::packets_at(&playlist).await, footage::packets(&small).await);

    let mut rows = vec![
        ("bytes", SIZE.to_string()),
        ("parts", SIZE.div_ceil(PART).to_string()),
        ("uploaded in seconds, interrupted once", uploaded.as_secs().to_string()),
        ("then ready after seconds", published.as_secs().to_string()),
    ];
    let grown = grown(&before, &after);
    let grown: Vec<_> = grown.iter().map(|(program, grown)| (format!("peak memory of {program}"), grown)).collect();
    rows.extend(grown.iter().map(|(what, grown)| (what.as_str(), (*grown).clone())));
    table("An upload of two gigabytes", &rows);
    assert_constant(&before, &after);
}
