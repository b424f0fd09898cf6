//! What is made of a video after it plays: storyboard, preview, renditions.

use std::path::Path;

use reqwest::StatusCode;
use tests::{
    cloud::{cloud, hurried},
    footage,
    person::{Person, client},
    processes, rows,
    store::{self, s3},
    wait::until,
};

use super::sweep::sweep;

/// What a desktop's recorder writes of a large screen.
async fn large_recording(seconds: u32) -> Vec<u8> {
    footage::screen_recording("1280x720", seconds).await
}

/// Keys below a prefix, without it, in order.
async fn below(video: &str, prefix: &str) -> Vec<String> {
    let mut keys: Vec<String> =
        store::keys_of(video).await.iter().filter_map(|key| key.strip_prefix(prefix).map(str::to_owned)).collect();
    keys.sort();
    keys
}

#[tokio::test]
async fn a_video_gets_pictures_and_smaller_sizes_once_it_plays() {
    let person = Person::new().await;
    let video = person.record("Derived", large_recording(13).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    assert_eq!(person.status(&video).await["overall"], "ready");
    assert_eq!(
        below(&video, &format!("thumbnails/{video}/1/")).await,
        ["preview.gif", "storyboard.jpg", "storyboard.vtt"]
    );
    let folder = format!("videos/processed/{video}/hls/1/");
    let playlists: Vec<String> =
        below(&video, &folder).await.into_iter().filter(|name| name.ends_with(".m3u8")).collect();
    assert_eq!(playlists, ["180.m3u8", "360.m3u8", "720.m3u8", "audio.m3u8", "master.m3u8"]);
    let of = |name: &str| format!("{folder}{name}");

    // Brought to one place, the folder plays as it is.
    let place = tempfile::tempdir().expect("a directory");
    for name in below(&video, &folder).await {
        std::fs::write(place.path().join(&name), store::content(&of(&name)).await).expect("a file");
    }
    for (name, size) in [("180", (320, 180)), ("360", (640, 360)), ("720", (1280, 720))] {
        let probed = probe(&place.path().join(format!("{name}.m3u8")), "-count_packets -show_streams").await;
        let stream = &probed["streams"][0];
        assert_eq!((stream["width"].as_u64(), stream["height"].as_u64()), (Some(size.0), Some(size.1)), "{name}");
        assert_eq!(stream["nb_read_packets"], "390", "every frame of {name}, once");
    }
    let sound = probe(&place.path().join("audio.m3u8"), "-show_streams -show_format").await;
    assert_eq!(sound["streams"][0]["codec_name"], "aac");
    let master = std::fs::read_to_string(place.path().join("master.m3u8")).expect("a playlist");
    assert_eq!(master.matches("#EXT-X-STREAM-INF").count(), 3, "{master}");
}

#[tokio::test]
async fn a_small_video_is_not_enlarged() {
    let person = Person::new().await;
    let video = person.record("Small", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    assert_eq!(below(&video, &format!("videos/processed/{video}/hls/")).await, [""; 0]);
    assert!(store::e_tag(&format!("thumbnails/{video}/1/storyboard.jpg")).await.is_some());
}

#[tokio::test]
async fn the_storyboard_tells_its_pictures_and_the_preview_moves() {
    let person = Person::new().await;
    let video = person.record("Pictures", footage::screen_recording("640x360", 5).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    let cues = store::content(&format!("thumbnails/{video}/1/storyboard.vtt")).await;
    let cues = String::from_utf8(cues).expect("text");
    assert!(cues.starts_with("WEBVTT\n") && cues.contains("storyboard.jpg#xywh=0,0,160,90"), "{cues}");
    assert_eq!(cues.matches(" --> ").count(), 5, "one a second: {cues}");
    let sprite = footage::probe(&store::content(&format!("thumbnails/{video}/1/storyboard.jpg")).await).await;
    assert_eq!(
        (sprite["streams"][0]["codec_name"].as_str(), sprite["streams"][0]["height"].as_u64()),
        (Some("mjpeg"), Some(90))
    );
    let preview = store::content(&format!("thumbnails/{video}/1/preview.gif")).await;
    assert!(preview.len() <= 1_500_000, "{} bytes", preview.len());
    let preview = footage::probe(&preview).await;
    let (stream, length) = (&preview["streams"][0], &preview["format"]["duration"]);
    assert_eq!((stream["codec_name"].as_str(), stream["width"].as_u64()), (Some("gif"), Some(480)));
    let length: f64 = length.as_str().and_then(|length| length.parse().ok()).expect("a length");
    assert!((3.0..4.3).contains(&length), "{length} s");
}

#[tokio::test]
async fn renditions_of_a_long_video_are_made_in_chunks_by_many() {
    let person = Person::on(hurried()).await;
    let recording = large_recording(40).await;
    store::encodes_slowly(hurried()).await;
    let video = person.record("Long", recording).await;
    person.ready(&video).await;
    // One that dies is replaced; what the others make is kept.
    let chunk = until("a chunk", async || hurried().ffmpegs(&video, "trim=").await.first().copied()).await;
    processes::kill(chunk.1);
    let base = &hurried().ready.base;
    let address = format!("{base}/api/playlist?videoId={video}&videoType=master");
    until("the renditions", async || {
        let answer = client().get(&address).send().await.expect("an answer");
        (answer.status() == StatusCode::OK).then_some(())
    })
    .await;
    for (height, frames) in [(360, "1200"), (480, "1200"), (700, "1200")] {
        let playlist = format!("{base}/api/playlist?videoId={video}&videoType=rendition&rendition={height}");
        let probed = probe(Path::new(&playlist), "-count_packets -show_streams").await;
        let stream = &probed["streams"][0];
        assert_eq!((stream["height"].as_u64(), stream["nb_read_packets"].as_str()), (Some(height), Some(frames)));
    }
}

#[tokio::test]
async fn what_cannot_be_derived_is_left_out_and_the_video_plays_on() {
    let person = Person::new().await;
    let video = person.record("Renditions die", large_recording(20).await).await;
    person.ready(&video).await;
    let played = person.watch(&video).await;
    let mut killed = Vec::new();
    while killed.len() < 3 {
        let next = until("the next try", async || {
            let at_work = cloud().ffmpegs(&video, "filter_complex").await;
            at_work.into_iter().map(|(_, pid)| pid).find(|pid| !killed.contains(pid))
        })
        .await;
        processes::kill(next);
        killed.push(next);
    }
    person.derived(&video).await;
    assert_eq!(person.status(&video).await["overall"], "ready");
    assert_eq!(person.watch(&video).await, played);
    assert!(store::e_tag(&format!("thumbnails/{video}/1/storyboard.jpg")).await.is_some(), "the storyboard is kept");
    assert_eq!(
        below(&video, &format!("videos/processed/{video}/hls/")).await,
        [""; 0],
        "what nothing names is not kept"
    );
    let master = format!("{}/api/playlist?videoId={video}&videoType=master", cloud().ready.base);
    assert_eq!(client().get(&master).send().await.expect("an answer").status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_newer_upload_gets_its_own_and_the_older_ones_go() {
    let person = Person::new().await;
    let video = person.record("Take one", footage::screen_recording("640x400", 2).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    let older = format!("thumbnails/{video}/1/storyboard.jpg");
    let before = store::content(&older).await;
    person.record_again(&video, footage::screen_recording("320x400", 2).await).await;
    let storyboard = format!("SELECT COALESCE(storyboard_attempt = 2, FALSE) FROM videos WHERE id = '{video}'");
    until("the newer storyboard", async || rows::one::<bool>(&storyboard).await.then_some(())).await;
    person.derived(&video).await;
    assert_eq!(store::e_tag(&older).await, None);
    assert_eq!(below(&video, &format!("videos/processed/{video}/hls/1/")).await, [""; 0]);
    assert_ne!(store::content(&format!("thumbnails/{video}/2/storyboard.jpg")).await, before);
}

#[tokio::test]
async fn a_job_that_got_lost_is_asked_for_again() {
    let person = Person::new().await;
    let video = person.record("Job lost", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    // As it was before anything was derived.
    let bucket = &cloud().ready.bucket;
    let key = format!("thumbnails/{video}/1/storyboard.jpg");
    s3().delete_object().bucket(bucket).key(&key).send().await.expect("S3");
    store::forget_deriving(&video).await;
    rows::run(&format!(
        "UPDATE videos SET storyboard_attempt = NULL, derive_asked_at = UTC_TIMESTAMP(3) - INTERVAL 10 MINUTE \
         WHERE id = '{video}'"
    ))
    .await;
    sweep().await;
    person.derived(&video).await;
    assert!(store::e_tag(&key).await.is_some());
}

#[tokio::test]
async fn a_job_for_what_no_longer_plays_derives_nothing() {
    let person = Person::new().await;
    let video = person.record("Not this one", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    rows::run(&format!("UPDATE videos SET storyboard_attempt = NULL WHERE id = '{video}'")).await;
    let bucket = &cloud().ready.bucket;
    for key in [format!("jobs/derive/{video}/9.json"), format!("jobs/rendition/{video}/9-0.json")] {
        let event = serde_json::json!({ "Records": [{ "eventVersion": "2.1", "eventSource": "aws:s3",
            "awsRegion": "us-east-1", "eventTime": "2026-01-31T12:00:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": {}, "requestParameters": {}, "responseElements": {},
            "s3": { "bucket": { "name": bucket }, "object": { "key": key, "size": 2, "eTag": "0", "sequencer": "1" } } }] });
        let (succeeded, answer) = cloud().invoke_sync("transcode", &event).await;
        assert!(succeeded, "{key}: {answer}");
    }
    assert_eq!(below(&video, &format!("thumbnails/{video}/9/")).await, [""; 0]);
}

/// What ffprobe sees at a path or an address.
async fn probe(at: &Path, what: &str) -> serde_json::Value {
    let output = tokio::process::Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-print_format",
            "json",
            "-protocol_whitelist",
            "file,http,tcp",
            "-allowed_extensions",
            "ALL",
        ])
        .args(what.split_whitespace())
        .arg(at)
        .output()
        .await
        .expect("ffprobe");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}
