//! The publish decision: copy what browsers and phones play, encode what they do not, refuse what is no recording.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mp4::{Index, level};
use crate::{Codec, Container, Kind, Probe, Reason, Track};

/// What a recording may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the upload.
    pub max_bytes: u64,
    /// Length of the recording.
    pub max_duration: Duration,
    /// Pixels of a side.
    pub max_side: u32,
    /// Pixels of a picture.
    pub max_pixels: u64,
    /// Tracks in the file. Recorders write two or three; cameras add a few of timecode and metadata.
    pub max_tracks: usize,
}

impl Limits {
    /// The limits of every deployment, with its own one for the size of an upload in bytes.
    #[must_use]
    pub const fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            max_duration: Duration::from_secs(12 * 3600),
            max_side: 16_384,
            max_pixels: 8192 * 8192,
            max_tracks: 64,
        }
    }
}

/// What is known of an upload when it is decided.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// By its first bytes.
    pub container: Container,
    /// Size of the upload in bytes.
    pub bytes: u64,
    /// Length, when the file tells.
    pub duration: Option<Duration>,
    /// All tracks in their order.
    pub tracks: &'a [Track],
}

impl<'a> Facts<'a> {
    /// Facts of an MP4 by its own index.
    #[must_use]
    pub fn of_index(bytes: u64, index: &'a Index) -> Self {
        Self { container: Container::Mp4, bytes, duration: index.duration, tracks: &index.tracks }
    }

    /// Facts of any file by ffprobe.
    #[must_use]
    pub fn of_probe(container: Container, bytes: u64, probe: &'a Probe) -> Self {
        Self { container, bytes, duration: probe.duration, tracks: &probe.tracks }
    }
}

/// What is done with the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum VideoPlan {
    /// The packets are kept as they are.
    Copy {
        /// `level_idc` that the stream's parameters are to say instead of a needlessly high one.
        level: Option<u8>,
    },
    /// The picture is encoded to H.264 at this size, upright and with square pixels.
    Encode {
        /// Even, in pixels.
        width: u32,
        /// Even, in pixels.
        height: u32,
        /// The odd last column or row is cut off; scaling by one pixel would blur every letter on a screen.
        trim: bool,
    },
}

/// What is done with the sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum AudioPlan {
    /// There is none.
    None,
    /// The packets of this stream are kept as they are.
    Copy {
        /// FFmpeg's stream number.
        stream: usize,
    },
    /// This stream is encoded to AAC.
    Encode {
        /// FFmpeg's stream number.
        stream: usize,
        /// The sound is mixed down to one channel or two.
        channels: u16,
    },
}

/// How a recording becomes what is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Plan {
    /// What the source is.
    pub container: Container,
    /// FFmpeg's number of the picture's stream.
    pub video_stream: usize,
    /// The picture.
    pub video: VideoPlan,
    /// The sound.
    pub audio: AudioPlan,
}

impl Plan {
    /// The tracks that are kept, and the H.264 level that is to be declared, when nothing is encoded.
    #[must_use]
    pub fn kept(&self) -> Option<(Vec<usize>, Option<u8>)> {
        let VideoPlan::Copy { level } = self.video else { return None };
        match self.audio {
            AudioPlan::None => Some((vec![self.video_stream], level)),
            AudioPlan::Copy { stream } => Some((vec![self.video_stream, stream], level)),
            AudioPlan::Encode { .. } => None,
        }
    }
}

/// What is to happen with an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is published so.
    Publish(Plan),
    /// It is not, and this is why.
    Reject(Reason),
}

/// Decides by what is known of an upload.
#[must_use]
pub fn decide(facts: &Facts<'_>, limits: &Limits) -> Decision {
    match plan(facts, limits) {
        Ok(plan) => Decision::Publish(plan),
        Err(reason) => Decision::Reject(reason),
    }
}

fn plan(facts: &Facts<'_>, limits: &Limits) -> Result<Plan, Reason> {
    within_bytes(facts.bytes, limits)?;
    if let Some(reason) = facts.container.rejection() {
        return Err(reason);
    }
    if facts.tracks.len() > limits.max_tracks {
        return Err(Reason::TooManyTracks);
    }
    if longest(facts) > Some(limits.max_duration) {
        return Err(Reason::TooLong { hours: limits.max_duration.as_secs() / 3600 });
    }
    let video = recording(facts.tracks)?;
    within_pixels(video, limits)?;
    let audio = facts.tracks.iter().find(|track| track.kind == Kind::Audio && track.sample_count != Some(0));
    if video.codec == Codec::Protected || audio.is_some_and(|track| track.codec == Codec::Protected) {
        return Err(Reason::Protected);
    }
    Ok(Plan {
        container: facts.container,
        video_stream: video.index,
        video: copy(video).filter(|_| keeps_timestamps(facts.container)).unwrap_or_else(|| encode(video)),
        audio: audio.map_or(AudioPlan::None, audio_plan),
    })
}

/// Length of the recording, or of what is seen or heard of it when that is longer; `None` when nothing tells.
fn longest(facts: &Facts<'_>) -> Option<Duration> {
    let played = facts.tracks.iter().filter(|track| matches!(track.kind, Kind::Video | Kind::Audio));
    played.map(|track| track.duration).chain([facts.duration]).max().flatten()
}

/// Refuses by size, which is known before anything is read; an empty file as well.
pub fn within_bytes(bytes: u64, limits: &Limits) -> Result<(), Reason> {
    match bytes {
        0 => Err(Reason::Empty),
        bytes if bytes > limits.max_bytes => Err(Reason::TooManyBytes { limit: limits.max_bytes }),
        _ => Ok(()),
    }
}

/// The first video track that holds frames and is not a cover.
fn recording(tracks: &[Track]) -> Result<&Track, Reason> {
    let pictures = || tracks.iter().filter(|track| track.kind == Kind::Video && !track.picture);
    match pictures().find(|track| track.sample_count != Some(0)) {
        Some(track) => Ok(track),
        None if pictures().next().is_some() || tracks.is_empty() => Err(Reason::NothingRecorded),
        None => Err(Reason::NoPicture),
    }
}

fn within_pixels(video: &Track, limits: &Limits) -> Result<(), Reason> {
    let (width, height) = video.display_size();
    if width == 0 || height == 0 {
        return Err(Reason::Unreadable);
    }
    // A pixel shape is a claim too: one of 10,000 to 1 must not make a giant of a small picture.
    let widest = [width, height, video.width, video.height].into_iter().max().unwrap_or(0);
    let pixels = u64::from(video.width) * u64::from(video.height);
    if widest > limits.max_side || pixels > limits.max_pixels { Err(Reason::TooManyPixels) } else { Ok(()) }
}

/// AVI and program streams lack the presentation times that copied B-frames need.
fn keeps_timestamps(container: Container) -> bool {
    matches!(container, Container::Mp4 | Container::Matroska | Container::MpegTs | Container::Flv)
}

/// Keeps H.264 that every browser and phone decodes, or would if it did not declare a level that it has no need of.
fn copy(video: &Track) -> Option<VideoPlan> {
    let Codec::H264(stream) = video.codec else {
        return None;
    };
    let common = matches!(stream.profile, 66 | 77 | 100) && stream.chroma_format == 1 && stream.bit_depth == 8;
    if !common || !stream.progressive || !stream.fixed {
        return None;
    }
    let highest = highest_level(video.width, video.height);
    if stream.level <= highest {
        return Some(VideoPlan::Copy { level: None });
    }
    level::suffices(highest, &stream, video).then_some(VideoPlan::Copy { level: Some(highest) })
}

/// The level that phones accept for a picture. The bounds are the frame sizes of levels 4.2 and 5.1 in macroblocks
/// (ITU-T H.264 table A-1): 2048×1088 and 4096×2304.
fn highest_level(width: u32, height: u32) -> u8 {
    match u64::from(width.div_ceil(16)) * u64::from(height.div_ceil(16)) {
        0..=8_704 => 42,
        8_705..=36_864 => 51,
        _ => 52,
    }
}

/// Fits the picture into 1080p, lying or standing, and makes its sides even, which 4:2:0 needs. Never larger than it is,
/// but for a picture of a single row or column.
fn encode(video: &Track) -> VideoPlan {
    let (width, height) = video.display_size();
    let (box_width, box_height) = if width >= height { (1920, 1080) } else { (1080, 1920) };
    if width <= box_width && height <= box_height {
        let square = video.pixel_aspect.0 == video.pixel_aspect.1;
        let trim = square && width > 1 && height > 1 && (width % 2 == 1 || height % 2 == 1);
        return VideoPlan::Encode { width: even(width), height: even(height), trim };
    }
    let scaled = |side: u32, by: u32, of: u32| {
        let side = (u64::from(side) * u64::from(by) + u64::from(of) / 2) / u64::from(of);
        even(u32::try_from(side).unwrap_or(by))
    };
    // The side that is farther over its bound decides.
    if u64::from(width) * u64::from(box_height) >= u64::from(height) * u64::from(box_width) {
        VideoPlan::Encode { width: box_width, height: scaled(height, box_width, width), trim: false }
    } else {
        VideoPlan::Encode { width: scaled(width, box_height, height), height: box_height, trim: false }
    }
}

fn even(side: u32) -> u32 {
    (side & !1).max(2)
}

fn audio_plan(audio: &Track) -> AudioPlan {
    let stream = audio.index;
    match audio.codec {
        Codec::Aac { object_type: 2 } => AudioPlan::Copy { stream },
        _ => AudioPlan::Encode { stream, channels: if audio.channels == 1 { 1 } else { 2 } },
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
