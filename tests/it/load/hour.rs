//! A recording of an hour in segments, which becomes one file.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use tests::{
    cloud::cloud,
    footage,
    instant::{Footage, Recording, SEGMENT, segments},
    person::Person,
    processes, store,
    wait::until,
};

use super::{assert_constant, grown, peaks, table};

/// Seconds of the recording.
const SECONDS: u32 = 3600;
/// Files and sockets that the function may have open beyond those of a short recording: its reads ahead.
const FILES: usize = 16;

/// A minute, over and over, as the desktop's segments.
async fn footage_of(size: &str, minutes: u32) -> Footage {
    let place = tempfile::TempDir::new().expect("a temporary directory");
    let picture = format!(
        "-f lavfi -i testsrc2=size={size}:rate=30:duration=60 -c:v libx264 -preset ultrafast -crf 12 \
         -pix_fmt yuv420p -bf 0 -force_key_frames expr:gte(t,n_forced*{SEGMENT})"
    );
    let sound = "-f lavfi -i sine=duration=60 -c:a aac";
    let mut tracks = Vec::new();
    for (name, arguments) in [("v.mp4", picture.as_str()), ("a.mp4", sound)] {
        let file = place.path().join(name);
        fs::write(&file, footage::make(arguments, "mp4").await).expect("a minute");
        tracks.push(segments(&format!("-stream_loop {} -i {} -c copy", minutes - 1, file.display())).await);
    }
    let audio = tracks.pop();
    Footage { video: tracks.remove(0), audio, seconds: 60 * minutes }
}

/// Bytes of all files below a folder.
fn bytes_below(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size =
        |path: PathBuf| if path.is_dir() { bytes_below(&path) } else { fs::metadata(path).map_or(0, |m| m.len()) };
    entries.map(|entry| size(entry.path())).sum()
}

/// Where a function keeps what lies on its disk.
fn temporary(pid: u32) -> PathBuf {
    let variables = fs::read_to_string(format!("/proc/{pid}/environ")).unwrap_or_default();
    variables.split('\0').find_map(|variable| variable.strip_prefix("TMPDIR=")).unwrap_or_default().into()
}

/// What making one file took at most.
#[derive(Default)]
struct Took {
    files: usize,
    disk: u64,
    requests: u64,
    seconds: f64,
}

/// Stores a recording and has it made into one file.
async fn assemble(person: &Person, footage: &Footage) -> (String, Took) {
    let mut recording = Recording::begin(person, footage).await;
    recording.init().await;
    recording.store(footage.video.numbers()).await;
    recording.manifest(true).await;
    let (mut took, requests, began) = (Took::default(), cloud().s3_requests().await, Instant::now());
    assert_eq!(recording.complete().await.status, 200);
    until("the file", async || {
        for pid in cloud().transcoders().await {
            took.files = took.files.max(processes::open_files(pid));
            took.disk = took.disk.max(bytes_below(&temporary(pid)));
        }
        (person.status(&recording.video).await["overall"] == "ready").then_some(())
    })
    .await;
    took.seconds = began.elapsed().as_secs_f64();
    took.requests = cloud().s3_requests().await - requests;
    person.derived(&recording.video).await;
    (recording.video, took)
}

#[tokio::test]
#[ignore = "make load"]
async fn an_hour_of_segments_takes_no_more_than_a_minute_at_once() {
    let person = Person::new().await;
    // So many bytes that several parts are on their way, as with the hour.
    let (_, short) = assemble(&person, &footage_of("1280x720", 1).await).await;
    let before = peaks().await;
    let footage = footage_of("160x90", SECONDS / 60).await;
    let (video, hour) = assemble(&person, &footage).await;
    let after = peaks().await;

    let made = store::content(&format!("videos/processed/{video}.mp4")).await;
    let probed = footage::probe(&made).await;
    let seconds: f64 = probed["format"]["duration"].as_str().and_then(|text| text.parse().ok()).expect("a length");
    let segments = footage.video.segments.len() + footage.audio.as_ref().map_or(0, |sound| sound.segments.len());
    let parts = made.len().div_ceil(8 << 20);
    let most = segments + 2 * segments.div_ceil(1000) + parts + 64;
    let mut rows = vec![
        ("segments".to_owned(), segments.to_string()),
        ("bytes".to_owned(), made.len().to_string()),
        (
            "one file after seconds (a minute's recording)".to_owned(),
            format!("{:.1} ({:.1})", hour.seconds, short.seconds),
        ),
        (
            "requests to S3, those that look at it included".to_owned(),
            format!("{} ({})", hour.requests, short.requests),
        ),
        ("files and sockets open at once".to_owned(), format!("{} ({})", hour.files, short.files)),
        ("bytes on the function's disk".to_owned(), hour.disk.to_string()),
    ];
    rows.extend(
        grown(&before, &after).into_iter().map(|(program, grown)| (format!("peak memory of {program}"), grown)),
    );
    let rows: Vec<_> = rows.iter().map(|(what, how_much)| (what.as_str(), how_much.clone())).collect();
    table("An hour in segments of two seconds", &rows);
    assert_constant(&before, &after);
    assert!((seconds - f64::from(SECONDS)).abs() < 3.0, "{probed}");
    assert!(hour.files <= short.files + FILES, "{} files are open, of a minute {}", hour.files, short.files);
    assert_eq!((short.disk, hour.disk), (0, 0), "nothing lies on the function's disk");
    assert!(usize::try_from(hour.requests).expect("few") <= most, "{} requests for {segments} segments", hour.requests);
}
