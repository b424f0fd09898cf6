//! The manifest of a recording that is uploaded in segments while it is made. A client writes it, so nothing of it is
//! believed before it is read here.

use serde::Deserialize;

use crate::objects::keys::live::MAX_SEGMENT;

/// Bytes of the largest manifest that is read. Twelve hours in segments of two seconds have three megabytes.
pub const MAX_MANIFEST: u64 = 4 << 20;
/// Seconds of a segment for which the manifest has a number only.
const BARE_SECONDS: f64 = 3.0;
/// Seconds that a segment may last. Two are usual; a picture that stands still may be cut later.
const MAX_SECONDS: f64 = 600.0;

/// Why a manifest is not used, for the owner of the recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// More bytes than any honest one.
    #[error("The list of the recording's segments (segments/manifest.json) is larger than that of any recording.")]
    TooLarge,
    /// Not JSON, or not of its form.
    #[error(
        "The list of the recording's segments (segments/manifest.json) cannot be read. It must be JSON with \
         video_segments and audio_segments."
    )]
    Malformed,
    /// A number that no segment has, or one that is not higher than the one before.
    #[error(
        "The list of the recording's segments (segments/manifest.json) must number them from 1 to 99999, each higher \
         than the one before."
    )]
    Order,
    /// A length that cannot be.
    #[error("A segment in segments/manifest.json has a duration that is not between 0 and 600 seconds.")]
    Duration,
}

/// Which segments a client says to have uploaded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Manifest {
    /// Pictures.
    pub video: Listed,
    /// Sound.
    pub audio: Listed,
    /// Nothing more will come.
    pub is_complete: bool,
}

/// What is said of one track.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Listed {
    /// What begins the track is there.
    pub begun: bool,
    /// Its segments, by their numbers.
    pub segments: Vec<Segment>,
}

/// A segment of a track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its number; the first is 1.
    pub index: u32,
    /// How long it lasts.
    pub seconds: f64,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    video_init_uploaded: bool,
    #[serde(default)]
    audio_init_uploaded: bool,
    #[serde(default)]
    video_segments: Vec<Entry>,
    #[serde(default)]
    audio_segments: Vec<Entry>,
    #[serde(default)]
    is_complete: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Whole { index: u32, duration: f64 },
    Bare(u32),
}

impl Manifest {
    /// Reads a manifest.
    pub fn parse(text: &[u8]) -> Result<Self, ManifestError> {
        if text.len() as u64 > MAX_MANIFEST {
            return Err(ManifestError::TooLarge);
        }
        let written: Written = serde_json::from_slice(text).map_err(|_| ManifestError::Malformed)?;
        Ok(Self {
            video: listed(written.video_init_uploaded, &written.video_segments)?,
            audio: listed(written.audio_init_uploaded, &written.audio_segments)?,
            is_complete: written.is_complete,
        })
    }
}

impl Listed {
    /// True when there is something to play.
    #[must_use]
    pub fn plays(&self) -> bool {
        self.begun && !self.segments.is_empty()
    }

    /// Whether the segment with this number is listed.
    #[must_use]
    pub fn has(&self, index: u32) -> bool {
        self.segments.binary_search_by_key(&index, |segment| segment.index).is_ok()
    }

    /// Seconds of all segments.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.segments.iter().map(|segment| segment.seconds).sum()
    }
}

fn listed(begun: bool, entries: &[Entry]) -> Result<Listed, ManifestError> {
    let (mut segments, mut before) = (Vec::with_capacity(entries.len()), 0);
    for entry in entries {
        let (index, seconds) = match *entry {
            Entry::Whole { index, duration } => (index, duration),
            Entry::Bare(index) => (index, BARE_SECONDS),
        };
        if index <= before || index > MAX_SEGMENT {
            return Err(ManifestError::Order);
        }
        if !(0.0..=MAX_SECONDS).contains(&seconds) {
            return Err(ManifestError::Duration);
        }
        before = index;
        segments.push(Segment { index, seconds });
    }
    Ok(Listed { begun, segments })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_desktop_writes_is_read() {
        let text = br#"{
          "version": 2, "video_init_uploaded": true, "audio_init_uploaded": false,
          "video_segments": [ { "index": 1, "duration": 2.0 }, { "index": 3, "duration": 1.966 }, 4 ],
          "audio_segments": [], "is_complete": false, "new_field": [1]
        }"#;
        let manifest = Manifest::parse(text).expect("a manifest");
        let segments = [(1, 2.0), (3, 1.966), (4, 3.0)].map(|(index, seconds)| Segment { index, seconds });
        assert_eq!(manifest.video, Listed { begun: true, segments: segments.to_vec() });
        assert_eq!((manifest.audio.plays(), manifest.video.plays(), manifest.is_complete), (false, true, false));
        assert_eq!((manifest.video.has(3), manifest.video.has(2)), (true, false));
        assert!((manifest.video.seconds() - 6.966).abs() < 1e-9);
    }

    #[test]
    fn what_is_missing_is_not_there() {
        assert_eq!(Manifest::parse(b"{}"), Ok(Manifest::default()));
    }

    #[test]
    fn hostile_manifests_are_refused() {
        let segments = |entries: &str| format!(r#"{{"video_segments":[{entries}]}}"#);
        for (text, error) in [
            (String::new(), ManifestError::Malformed),
            ("[".repeat(100_000), ManifestError::Malformed),
            (r#"{"video_segments":{}}"#.to_owned(), ManifestError::Malformed),
            (segments(r#""1""#), ManifestError::Malformed),
            (segments("-1"), ManifestError::Malformed),
            (segments("1.5"), ManifestError::Malformed),
            (segments("99999999999"), ManifestError::Malformed),
            (segments(r#"{"index":1}"#), ManifestError::Malformed),
            (segments(r#"{"index":1,"duration":null}"#), ManifestError::Malformed),
            (segments("0"), ManifestError::Order),
            (segments("1,1"), ManifestError::Order),
            (segments("2,1"), ManifestError::Order),
            (segments("100000"), ManifestError::Order),
            (segments(r#"{"index":1,"duration":-0.1}"#), ManifestError::Duration),
            (segments(r#"{"index":1,"duration":1e300}"#), ManifestError::Duration),
            (" ".repeat(5 << 20), ManifestError::TooLarge),
        ] {
            assert_eq!(Manifest::parse(text.as_bytes()), Err(error), "{text:.60}");
        }
    }
}
