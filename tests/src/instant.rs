//! The desktop while it records in instant mode: what it uploads, in which order, and what it leaves out.

use std::collections::BTreeSet;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Command, task::JoinSet};

use crate::person::{Answer, Person, answer, client};

/// Seconds of a segment.
pub const SEGMENT: u32 = 2;
/// Segments that are stored at once.
const PARALLEL: usize = 6;

/// A track as FFmpeg's DASH muxer writes it for the desktop.
pub struct Track {
    /// What begins it.
    pub init: Vec<u8>,
    /// Its segments; the first is number 1.
    pub segments: Vec<Vec<u8>>,
}

/// What is recorded.
pub struct Footage {
    /// Pictures.
    pub video: Track,
    /// Sound, if there is any.
    pub audio: Option<Track>,
    /// Length in seconds.
    pub seconds: u32,
}

impl Track {
    /// What begins the track and the segments with these numbers, as one file.
    #[must_use]
    pub fn file(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<u8> {
        let segments = numbers.into_iter().map(|number| self.segments[number - 1].as_slice());
        std::iter::once(self.init.as_slice()).chain(segments).collect::<Vec<_>>().concat()
    }

    /// The numbers of all segments.
    pub fn numbers(&self) -> std::ops::RangeInclusive<usize> {
        1..=self.segments.len()
    }
}

impl Footage {
    /// H.264 and AAC, in segments of two seconds.
    pub async fn new(size: &str, seconds: u32) -> Self {
        let picture = format!(
            "-f lavfi -i testsrc2=size={size}:rate=30:duration={seconds} -c:v libx264 -preset ultrafast \
             -pix_fmt yuv420p -force_key_frames expr:gte(t,n_forced*{SEGMENT})"
        );
        let sound = format!("-f lavfi -i sine=duration={seconds} -c:a aac");
        Self { video: segments(&picture).await, audio: Some(segments(&sound).await), seconds }
    }

    /// As [`new`](Self::new), without sound.
    pub async fn silent(size: &str, seconds: u32) -> Self {
        Self { audio: None, ..Self::new(size, seconds).await }
    }
}

/// Segments of what FFmpeg makes by these arguments.
pub async fn segments(arguments: &str) -> Track {
    let place = TempDir::new().expect("a temporary directory");
    let made = Command::new("ffmpeg")
        .current_dir(&place)
        .args(["-nostdin", "-loglevel", "error"])
        .args(arguments.split_whitespace())
        .args(["-f", "dash", "-seg_duration", &SEGMENT.to_string(), "-use_template", "1", "-use_timeline", "0"])
        .args(["-init_seg_name", "init.mp4", "-media_seg_name", "segment_$Number%03d$.m4s", "manifest.mpd"])
        .status();
    assert!(made.await.expect("ffmpeg").success(), "ffmpeg could not make segments");
    let read = |name: &str| std::fs::read(place.path().join(name)).ok();
    let init = read("init.mp4").expect("what begins the track");
    Track { init, segments: (1..).map_while(|number| read(&format!("segment_{number:03}.m4s"))).collect() }
}

/// A recording in progress.
pub struct Recording<'a> {
    /// The video's id.
    pub video: String,
    person: &'a Person,
    footage: &'a Footage,
    stored: [BTreeSet<usize>; 2],
}

impl<'a> Recording<'a> {
    /// Creates a video, as the record button does.
    pub async fn begin(person: &'a Person, footage: &'a Footage) -> Self {
        let created = person.get("/api/desktop/video/create?recordingMode=desktopSegments&name=Live&orgId=x").await;
        assert_eq!(created.status, 200, "{created:?}");
        let video = created.body["id"].as_str().expect("an id").to_owned();
        Self { video, person, footage, stored: [BTreeSet::new(), BTreeSet::new()] }
    }

    /// Stores what begins the tracks.
    pub async fn init(&self) {
        self.put("segments/video/init.mp4", self.footage.video.init.clone()).await;
        if let Some(audio) = &self.footage.audio {
            self.put("segments/audio/init.mp4", audio.init.clone()).await;
        }
    }

    /// Stores the segments with these numbers that there are, of both tracks, six at once and in no order.
    pub async fn store(&mut self, numbers: impl IntoIterator<Item = usize> + Clone) {
        self.store_video(numbers.clone()).await;
        self.store_audio(numbers).await;
    }

    /// Stores these segments of the picture.
    pub async fn store_video(&mut self, numbers: impl IntoIterator<Item = usize>) {
        let footage = self.footage;
        let stored = self.store_track("video", &footage.video, numbers).await;
        self.stored[0].extend(stored);
    }

    /// Stores these segments of the sound, if there is any.
    pub async fn store_audio(&mut self, numbers: impl IntoIterator<Item = usize>) {
        let footage = self.footage;
        if let Some(audio) = &footage.audio {
            let stored = self.store_track("audio", audio, numbers).await;
            self.stored[1].extend(stored);
        }
    }

    async fn store_track(&self, name: &str, track: &Track, numbers: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let numbers: Vec<usize> = numbers.into_iter().filter(|number| track.numbers().contains(number)).collect();
        for together in numbers.chunks(PARALLEL) {
            let mut puts = JoinSet::new();
            for number in together.iter().rev() {
                let url = self.person.sign(&self.video, &format!("segments/{name}/segment_{number:03}.m4s")).await;
                puts.spawn(put(url, track.segments[*number - 1].clone(), "video/mp4"));
            }
            puts.join_all().await;
        }
        numbers
    }

    /// Stores a manifest of what has been stored.
    pub async fn manifest(&self, is_complete: bool) {
        let listed = |stored: &BTreeSet<usize>| -> Vec<Value> {
            stored.iter().map(|index| json!({ "index": index, "duration": self.seconds_of(*index) })).collect()
        };
        let manifest = json!({
            "version": 2,
            "video_init_uploaded": true,
            "audio_init_uploaded": self.footage.audio.is_some(),
            "video_segments": listed(&self.stored[0]),
            "audio_segments": listed(&self.stored[1]),
            "is_complete": is_complete,
        });
        self.write_manifest(&serde_json::to_string_pretty(&manifest).expect("JSON")).await;
    }

    fn seconds_of(&self, index: usize) -> f64 {
        let begins = f64::from(SEGMENT) * f64::from(u32::try_from(index - 1).expect("a small number"));
        (f64::from(self.footage.seconds) - begins).clamp(0.0, f64::from(SEGMENT))
    }

    /// Stores this text as the manifest.
    pub async fn write_manifest(&self, text: &str) {
        let url = self.person.sign(&self.video, "segments/manifest.json").await;
        put(url, text.as_bytes().to_vec(), "application/json").await;
    }

    /// Says that everything is there.
    pub async fn complete(&self) -> Answer {
        answer(self.completing()).await
    }

    /// The request that says so.
    pub fn completing(&self) -> reqwest::RequestBuilder {
        let complete = self.person.request(reqwest::Method::POST, "/api/upload/recording-complete");
        complete.json(&json!({ "videoId": self.video }))
    }

    /// Stores everything, with a manifest after every segment or two, and completes the recording.
    pub async fn to_its_end(&mut self) {
        self.init().await;
        for number in self.footage.video.numbers() {
            self.store([number]).await;
            self.manifest(false).await;
        }
        self.end().await;
    }

    /// Stores the last manifest and completes the recording.
    pub async fn end(&self) {
        self.manifest(true).await;
        let completed = self.complete().await;
        assert_eq!(completed.status, 200, "{completed:?}");
    }

    async fn put(&self, subpath: &str, bytes: Vec<u8>) {
        let url = self.person.sign(&self.video, subpath).await;
        put(url, bytes, "video/mp4").await;
    }
}

async fn put(url: String, bytes: Vec<u8>, content_type: &'static str) {
    let put = client().put(url).header("content-length", bytes.len()).header("content-type", content_type);
    assert_eq!(put.body(bytes).send().await.expect("S3").status(), StatusCode::OK);
}
