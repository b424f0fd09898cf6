//! Recordings that are uploaded while they are made become one file, whatever became of their client.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{
    cloud::{Cloud, behind_own_s3, cloud},
    elapsed::{pass, sweep_on},
    footage,
    instant::{Footage, Recording, segments},
    person::{Person, answer, client},
    rows, store,
    wait::until,
};

use super::sweep::sweep;

/// Packets of a file: stream, times, length and hash, whatever the order in which they lie there. Durations are left out:
/// the last one before a hole, or of all, lasts as long as its file says.
async fn packets(bytes: &[u8]) -> BTreeSet<String> {
    let packets = footage::packets(bytes).await;
    let place = |packet: &str| {
        let fields: Vec<&str> = packet.split(',').map(str::trim).collect();
        [fields[0], fields[1], fields[2], fields[4], fields[5]].join(",")
    };
    packets.lines().filter(|line| !line.starts_with('#')).map(place).collect()
}

/// The same packets are in both; otherwise the first ones that differ are named.
fn assert_same(left: &BTreeSet<String>, right: &BTreeSet<String>) {
    let differ: Vec<_> = left.symmetric_difference(right).take(4).collect();
    assert!(differ.is_empty(), "{} and {} packets, of which these differ: {differ:?}", left.len(), right.len());
}

/// What FFmpeg makes of the segments with these numbers, without moving what begins before zero: sound does, by what its
/// decoder drops.
async fn joined(footage: &Footage, video: &[usize], audio: &[usize]) -> Vec<u8> {
    let place = tempfile::TempDir::new().expect("a temporary directory");
    let file = |name: &str| place.path().join(name).to_string_lossy().into_owned();
    std::fs::write(file("v.mp4"), footage.video.file(video.iter().copied())).expect("a file");
    let Some(sound) = &footage.audio else {
        return footage::make(&format!("-copyts -i {} -c copy -movflags faststart", file("v.mp4")), "mp4").await;
    };
    std::fs::write(file("a.mp4"), sound.file(audio.iter().copied())).expect("a file");
    let arguments =
        format!("-copyts -i {} -i {} -map 0 -map 1 -c copy -movflags faststart", file("v.mp4"), file("a.mp4"));
    footage::make(&arguments, "mp4").await
}

#[tokio::test]
async fn segments_become_the_file_that_ffmpeg_makes_of_them() {
    let (person, footage) = (Person::new().await, Footage::new("320x180", 9).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.to_its_end().await;
    person.ready(&recording.video).await;
    let made = person.watch(&recording.video).await;
    let all: Vec<usize> = footage.video.numbers().collect();
    assert_same(&packets(&made).await, &packets(&joined(&footage, &all, &all).await).await);
    footage::decode(&made).await.expect("it decodes");
    assert_eq!(made.windows(4).position(|at| at == b"moov"), Some(36), "the index comes first");
    let cap = person.get(&format!("/api/v1/caps/{}", recording.video)).await.body;
    assert_eq!((cap["width"].as_u64(), cap["height"].as_u64()), (Some(320), Some(180)), "{cap}");
    person.derived(&recording.video).await;
}

#[tokio::test]
async fn a_recording_without_sound_becomes_one_too() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 4).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.to_its_end().await;
    person.ready(&recording.video).await;
    let made = person.watch(&recording.video).await;
    assert_same(&packets(&made).await, &packets(&joined(&footage, &[1, 2], &[]).await).await);
}

/// Chromium records Opus where its platform has no encoder for AAC. The picture stays as it is.
#[tokio::test]
async fn sound_that_not_every_player_takes_is_encoded() {
    let (person, silent) = (Person::new().await, Footage::silent("160x90", 4).await);
    let picture = packets(&joined(&silent, &[1, 2], &[]).await).await;
    let sound = "-f lavfi -i sine=duration=4 -c:a libopus -dash_segment_type mp4";
    let footage = Footage { audio: Some(segments(sound).await), ..silent };
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1, 2]).await;
    recording.manifest(false).await;
    let tracks = person.get(&format!("/api/playlist?videoId={}&videoType=segments-master", recording.video)).await;
    assert!(
        tracks.body.as_str().is_some_and(|list| list.contains("TYPE=AUDIO")),
        "it plays while it is made: {tracks:?}"
    );
    recording.end().await;
    person.ready(&recording.video).await;
    let made = person.watch(&recording.video).await;
    footage::decode(&made).await.expect("it decodes");
    let (pictures, sound): (BTreeSet<String>, BTreeSet<String>) =
        packets(&made).await.into_iter().partition(|packet| packet.starts_with("0,"));
    assert_same(&pictures, &picture);
    assert!(sound.len() > 180, "4 s of AAC at 48 kHz have 187 frames: {}", sound.len());
}

/// Every packet is where it is in the whole recording: so sound and picture are together behind a hole as well.
#[tokio::test]
async fn a17_holes_leave_sound_and_picture_together() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 11).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store_video([1, 2, 4, 6]).await;
    recording.store_audio([1, 3, 4, 5]).await;
    recording.end().await;
    person.ready(&recording.video).await;
    let made = person.watch(&recording.video).await;
    footage::decode(&made).await.expect("it decodes");
    let all: Vec<usize> = (1..=6).collect();
    let (made, whole) = (packets(&made).await, packets(&joined(&footage, &all, &all).await).await);
    let moved: Vec<_> = made.difference(&whole).take(4).collect();
    assert_eq!(moved, Vec::<&String>::new(), "packets are elsewhere than in the whole");
    let expected = packets(&joined(&footage, &[1, 2, 4, 6], &[1, 3, 4, 5]).await).await;
    assert_eq!(made.len(), expected.len());
}

#[tokio::test]
async fn a17_a_recording_completed_three_times_is_made_once() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 4).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1, 2]).await;
    recording.manifest(true).await;
    let (one, two, three) =
        tokio::join!(answer(recording.completing()), answer(recording.completing()), answer(recording.completing()));
    for completed in [one, two, three] {
        assert_eq!((completed.status, &completed.body["success"]), (200, &json!(true)), "{completed:?}");
    }
    person.ready(&recording.video).await;
    let again = recording.complete().await;
    assert_eq!(again.body, json!({ "success": true, "status": "already-complete" }));
    person.derived(&recording.video).await;
    let attempt = format!("SELECT attempt FROM videos WHERE id = '{}'", recording.video);
    assert_eq!(rows::one::<u64>(&attempt).await, 1);
}

/// The client rewrites its manifest while it is read, and stores another one when the first has become a file.
#[tokio::test]
async fn a17_a_manifest_that_is_rewritten_counts_as_it_is_last() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 8).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    for number in footage.video.numbers() {
        recording.store([number]).await;
        recording.end().await;
    }
    let all: Vec<usize> = footage.video.numbers().collect();
    let whole = packets(&joined(&footage, &all, &all).await).await;
    until("the whole recording", async || {
        let published = person.status(&recording.video).await["overall"] == "ready";
        (published && packets(&person.watch(&recording.video).await).await == whole).then_some(())
    })
    .await;
}

/// As if a client had fallen silent, or had stored everything and then not said so: time passes while the cloud stands.
#[tokio::test]
async fn a17_what_a_dead_client_left_is_made_into_one_file_by_the_sweep() {
    if !behind_own_s3("time that passes for objects") {
        return;
    }
    let state = tempfile::TempDir::new().expect("a state directory");
    let first: &'static Cloud = Box::leak(Box::new(Cloud::start_in(state.path())));
    let (person, footage) = (Person::on(first).await, Footage::new("160x90", 6).await);
    let mut died = Recording::begin(&person, &footage).await;
    died.init().await;
    died.store([1]).await;
    died.manifest(false).await;
    // These arrived, and the manifest that lists them did not.
    died.store([2]).await;
    let mut silent = Recording::begin(&person, &footage).await;
    silent.init().await;
    silent.store([1, 2, 3]).await;
    silent.manifest(true).await;
    let mut going = Recording::begin(&person, &footage).await;
    going.init().await;
    going.store([1]).await;
    going.manifest(false).await;
    let videos = [&died.video, &silent.video, &going.video];
    assert_eq!(lengths(first, videos).await, [None, None, None]);
    sweep_on(first, &[]).await;
    assert_eq!(lengths(first, videos).await, [None, None, None], "they may all be alive");

    let videos = videos.map(String::clone);
    first.halt().await;
    let bucket = state.path().join("s3").join(&first.ready.bucket);
    pass(&bucket, &[(&videos[0], 16 * 60), (&videos[1], 3 * 60), (&videos[2], 14 * 60)]);
    let second: &'static Cloud = Box::leak(Box::new(Cloud::start_in(state.path())));
    sweep_on(second, &videos).await;
    until("both to be ready", async || {
        let [died, silent, going] = lengths(second, [&videos[0], &videos[1], &videos[2]]).await;
        assert_eq!(going, None, "its client may be alive");
        (died.is_some_and(|length| (3900..4200).contains(&length))
            && silent.is_some_and(|length| (5900..6200).contains(&length)))
        .then_some(())
    })
    .await;
    second.halt().await;
}

async fn lengths(cloud: &Cloud, videos: [&String; 3]) -> [Option<u64>; 3] {
    use mysql_async::prelude::Queryable;
    let mut connection = rows::connection(cloud).await;
    let mut lengths = [None; 3];
    for (length, video) in lengths.iter_mut().zip(videos) {
        let sql = format!("SELECT duration_ms FROM videos WHERE id = '{video}' AND status = 'ready'");
        *length = connection.query_first(sql).await.expect("a query");
    }
    lengths
}

#[tokio::test]
async fn a17_a_client_that_comes_back_gets_the_whole_recording() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 6).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(false).await;
    assert_eq!(recording.complete().await.body["status"], "queued");
    person.ready(&recording.video).await;
    recording.store([2, 3]).await;
    recording.end().await;
    let all: Vec<usize> = footage.video.numbers().collect();
    let whole = packets(&joined(&footage, &all, &all).await).await;
    until("the whole recording", async || {
        (packets(&person.watch(&recording.video).await).await == whole).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a17_a_recording_of_which_nothing_arrives_fails_after_a_day() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let recording = Recording::begin(&person, &footage).await;
    rows::stand_still(&recording.video, 3600).await;
    sweep().await;
    assert_eq!(person.status(&recording.video).await["overall"], "uploading");
    rows::stand_still(&recording.video, 24 * 3600).await;
    sweep().await;
    assert!(person.failed(&recording.video).await.contains("within a day"));
}

#[tokio::test]
async fn a17_a_recording_without_a_picture_fails_with_a_sentence() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store_audio([1]).await;
    recording.end().await;
    assert!(person.failed(&recording.video).await.starts_with("No part of the recording's picture has arrived."));
    // What was missing arrives, and the recording is completed once more.
    recording.store_video([1]).await;
    recording.end().await;
    person.ready(&recording.video).await;
}

#[tokio::test]
async fn a17_a_damaged_segment_is_a_hole() {
    let (person, mut footage) = (Person::new().await, Footage::silent("160x90", 8).await);
    let whole = joined(&footage, &[1, 4], &[]).await;
    let (second, third) = (&mut footage.video.segments[1], 2);
    second.truncate(second.len() / 2);
    footage.video.segments[third] = vec![0; 1000];
    let mut recording = Recording::begin(&person, &footage).await;
    recording.to_its_end().await;
    person.ready(&recording.video).await;
    assert_eq!(packets(&person.watch(&recording.video).await).await.len(), packets(&whole).await.len());
}

#[tokio::test]
async fn hostile_manifests_are_refused_with_a_sentence() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1]).await;
    for (manifest, sentence) in [
        ("<html>", "cannot be read"),
        (r#"{"video_segments":[2,1],"is_complete":true}"#, "higher than the one before"),
        (r#"{"video_segments":[{"index":1,"duration":1e9}],"is_complete":true}"#, "between 0 and 600 seconds"),
    ] {
        recording.write_manifest(manifest).await;
        assert_eq!(recording.complete().await.status, 200);
        until("this refusal", async || {
            let reason = person.failed(&recording.video).await;
            reason.contains(sentence).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_picture_that_not_every_player_takes_is_encoded() {
    let (person, mut footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let picture = "-f lavfi -i testsrc2=size=160x90:rate=10:duration=2 -c:v mpeg4";
    footage.video = tests::instant::segments(picture).await;
    let mut recording = Recording::begin(&person, &footage).await;
    recording.to_its_end().await;
    person.ready(&recording.video).await;
    let made = person.watch(&recording.video).await;
    assert!(made.windows(4).any(|at| at == b"avc1"), "H.264");
    footage::decode(&made).await.expect("it decodes");
}

/// Marks a video as deleted and leaves its objects, as a deletion does that is done with them before the last is written. True
/// when the video was in this state.
async fn mark_deleted(video: &str, status: &str) -> bool {
    let sql = format!("WHERE id = '{video}' AND status = '{status}' AND published_at IS NULL");
    rows::run(&format!("UPDATE videos SET deleted_at = UTC_TIMESTAMP(3) {sql}")).await;
    rows::one::<bool>(&format!("SELECT deleted_at IS NOT NULL FROM videos WHERE id = '{video}'")).await
}

/// Nothing is left of a deleted recording, without the sweep.
async fn is_gone(video: &str) {
    until("nothing to be left", async || store::keys_of(video).await.is_empty().then_some(())).await;
    let page = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("a page");
    assert_eq!(page.status(), 404);
}

#[tokio::test]
async fn a19_a_recording_deleted_while_it_becomes_a_file_is_gone() {
    let (person, footage) = (Person::new().await, Footage::new("640x360", 20).await);
    // Again, should it have been too fast.
    loop {
        let mut recording = Recording::begin(&person, &footage).await;
        recording.to_its_end().await;
        let state = until("the file to be made", async || {
            let state = person.status(&recording.video).await["overall"].clone();
            (state != "uploading").then_some(state)
        })
        .await;
        if state == "processing" && mark_deleted(&recording.video, "processing").await {
            return is_gone(&recording.video).await;
        }
    }
}

#[tokio::test]
async fn a19_a_recording_deleted_before_it_becomes_a_file_is_gone() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(true).await;
    assert!(mark_deleted(&recording.video, "uploading").await);
    store::store(&format!("jobs/assemble/{}.json", recording.video), b"{}".to_vec()).await;
    is_gone(&recording.video).await;
}

#[tokio::test]
async fn a_discarded_recording_leaves_nothing() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(false).await;
    person.delete(&format!("/api/desktop/video/delete?videoId={}", recording.video)).await;
    assert_eq!(store::keys_of(&recording.video).await, [""; 0]);
}
