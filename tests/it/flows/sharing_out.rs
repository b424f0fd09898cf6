//! Encodes that are too long for one invocation.

use std::path::Path;

use tests::{cloud::hurried, footage, person::Person, processes, store, wait::until};
use tokio::process::Command;

/// What a browser's recorder writes, without a word about its length: 38 seconds, which are shared out in a cloud in a hurry.
async fn long_recording() -> Vec<u8> {
    footage::make(
        "-f lavfi -i testsrc2=size=1280x720:rate=30:duration=38 -f lavfi -i sine=duration=38.2 \
         -c:v libvpx -deadline realtime -cpu-used 16 -b:v 2M -g 100 -c:a libopus -live 1 -f webm",
        "webm",
    )
    .await
}

/// Presentation times of all frames, in order.
async fn times(file: &Path, stream: &str) -> Vec<f64> {
    let probed = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0"])
        .arg(file)
        .output()
        .await
        .expect("ffprobe");
    let text = String::from_utf8(probed.stdout).expect("text");
    let mut times: Vec<f64> = text.lines().filter_map(|line| line.trim_matches(',').parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    times
}

#[tokio::test]
async fn a_long_recording_is_encoded_in_chunks_and_joined() {
    let person = Person::on(hurried()).await;
    let recording = long_recording().await;
    let video = person.create("Long").await;
    store::encodes_slowly(hurried()).await;
    person.upload(&video, "raw-upload.webm", recording.clone()).await;
    // A chunk's FFmpeg that dies is replaced; the others go on.
    let chunk = until("a chunk at work", async || hurried().ffmpegs(&video, "trim=").await.first().copied()).await;
    processes::kill(chunk.1);
    person.ready(&video).await;

    let place = tempfile::tempdir().expect("a directory");
    let (source, played) = (place.path().join("source.webm"), place.path().join("played.mp4"));
    std::fs::write(&source, recording).expect("a file");
    std::fs::write(&played, person.watch(&video).await).expect("a file");
    let (before, after) = (times(&source, "v").await, times(&played, "v").await);
    assert_eq!((before.len(), after.len()), (38 * 30, 38 * 30), "every frame, once");
    // The sound that a recorder needs before the first is heard begins before 0, so that all of it is shown a little later.
    let later = after[0] - before[0];
    assert!((0.0..0.03).contains(&later), "{later}");
    for (before, after) in before.iter().zip(&after) {
        assert!((before + later - after).abs() < 0.002, "{before} became {after}");
    }
    let sound = times(&played, "a").await;
    assert!(sound.windows(2).all(|pair| (pair[1] - pair[0] - 1024.0 / 48_000.0).abs() < 0.001), "sound without a gap");
    assert!(sound.last().is_some_and(|last| (last - 38.2).abs() < 0.1), "{:?}", sound.last());
    let decoded = Command::new("ffmpeg")
        .args(["-v", "warning", "-xerror", "-i"])
        .arg(&played)
        .args(["-f", "null", "-"])
        .output()
        .await
        .expect("ffmpeg");
    assert_eq!(String::from_utf8_lossy(&decoded.stderr), "", "it decodes without a complaint");
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    let length = cap["durationMs"].as_u64().expect("a length");
    assert!((38_000..38_400).contains(&length), "{length} ms");
}
