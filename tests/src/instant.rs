//! The desktop while it records in instant mode: what it uploads, in which order, and what it leaves out.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{process::Command, task::JoinSet};

use crate::{
    desktop::Desktop,
    person::{Answer, Person, answer, client},
};

/// Seconds of a segment.
pub const SEGMENT: u32 = 2;
/// Segments that are stored at once.
const PARALLEL: usize = 6;
/// Segments of each track whose addresses are asked for at once.
const AHEAD: usize = 20;
/// More of them are asked for when a segment of the picture has a multiple of this number.
const EVERY: usize = 15;
const MANIFEST: &str = "segments/manifest.json";

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
    desktop: Desktop,
    footage: &'a Footage,
    stored: [BTreeSet<usize>; 2],
    /// Addresses that were signed ahead. Each is used once.
    addresses: Mutex<HashMap<String, String>>,
}

impl<'a> Recording<'a> {
    /// Creates a video, as the record button does, and asks for the first addresses.
    pub async fn begin(person: &Person, footage: &'a Footage) -> Self {
        let desktop = Desktop::of(person);
        let video = desktop.create("recordingMode=desktopSegments&name=Live&orgId=x").await;
        let (stored, addresses) = ([BTreeSet::new(), BTreeSet::new()], Mutex::default());
        let recording = Self { video, desktop, footage, stored, addresses };
        let begin = ["segments/video/init.mp4", "segments/audio/init.mp4", MANIFEST].map(str::to_owned);
        recording.ask_ahead(1, begin.to_vec()).await;
        recording
    }

    /// Asks for the addresses of the next segments from this one. When that fails, each is asked for when it is needed.
    async fn ask_ahead(&self, first: usize, mut subpaths: Vec<String>) {
        for track in ["video", "audio"] {
            subpaths.extend((first..first + AHEAD).map(|number| segment(track, number)));
        }
        let body = json!({ "videoId": self.video, "subpaths": subpaths });
        let signed = self.desktop.post("/api/upload/signed/batch", body).await;
        let urls = signed.body["urls"].as_object().into_iter().flatten();
        let urls = urls.filter_map(|(subpath, url)| Some((subpath.clone(), url.as_str()?.to_owned())));
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).extend(urls);
    }

    /// Loses the addresses that were signed ahead, as when no batch was answered.
    pub fn forget_addresses(&self) {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How many addresses are left of those that were signed ahead.
    pub fn addresses(&self) -> usize {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    async fn address(&self, subpath: &str) -> String {
        let ahead = self.addresses.lock().unwrap_or_else(PoisonError::into_inner).remove(subpath);
        match ahead {
            Some(url) => url,
            None => self.desktop.sign(&self.video, subpath).await["url"].as_str().expect("an address").to_owned(),
        }
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
                let url = self.address(&segment(name, *number)).await;
                puts.spawn(put(url, track.segments[*number - 1].clone(), "video/mp4"));
            }
            puts.join_all().await;
            if let Some(number) = together.iter().find(|number| name == "video" && **number % EVERY == 0) {
                self.ask_ahead(AHEAD * (number / EVERY) + 1, Vec::new()).await;
            }
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
        let url = self.address(MANIFEST).await;
        put(url, text.as_bytes().to_vec(), "application/json").await;
    }

    /// Says that everything is there.
    pub async fn complete(&self) -> Answer {
        answer(self.completing()).await
    }

    /// The request that says so.
    pub fn completing(&self) -> reqwest::RequestBuilder {
        let complete = self.desktop.request(reqwest::Method::POST, "/api/upload/recording-complete");
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
        let url = self.address(subpath).await;
        put(url, bytes, "video/mp4").await;
    }
}

/// What the app calls a segment.
fn segment(track: &str, number: usize) -> String {
    format!("segments/{track}/segment_{number:03}.m4s")
}

async fn put(url: String, bytes: Vec<u8>, content_type: &'static str) {
    let put = client().put(url).header("content-length", bytes.len()).header("content-type", content_type);
    assert_eq!(put.body(bytes).send().await.expect("S3").status(), StatusCode::OK);
}
