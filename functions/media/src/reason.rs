//! Why a recording is not published, in words for its owner.

use std::fmt;

/// Why a file cannot be published. [`Reason::sentence`] is what people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Zero bytes.
    Empty,
    /// Text, a document, or something unknown.
    NotAVideo,
    /// A photo or drawing.
    StillImage,
    /// Something else, where a screenshot was wanted.
    NotAPicture,
    /// A picture that breaks off.
    HalfAPicture,
    /// Sound only.
    NoPicture,
    /// Tracks without a single frame.
    NothingRecorded,
    /// The index was never written.
    NoIndex,
    /// The file ends before its content does.
    Truncated,
    /// The content is damaged or of a kind that cannot be decoded.
    Unreadable,
    /// Encrypted.
    Protected,
    /// More bytes than allowed.
    TooManyBytes {
        /// What is allowed, in bytes.
        limit: u64,
    },
    /// A side or the area of the picture is over the limit.
    TooManyPixels,
    /// Longer than allowed.
    TooLong {
        /// What is allowed, in whole hours.
        hours: u64,
    },
    /// More tracks than allowed.
    TooManyTracks,
    /// The index is larger than any honest one.
    IndexTooLarge,
    /// FFmpeg would need more memory than it is allowed.
    TooMuchMemory,
    /// The work did not end in time.
    TookTooLong,
    /// The recording cannot be encoded within the time that invocations have.
    TooMuchWork {
        /// What can be, at its size and in whole minutes.
        minutes: u64,
    },
}

impl Reason {
    /// One plain sentence or two: what was wrong and what to do. Between 3 and 500 characters, without paths.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Empty => "The uploaded file is empty.".into(),
            Self::NotAVideo => "This file is not a video. Upload an MP4, MOV, WebM or MKV recording.".into(),
            Self::StillImage => {
                "This file is a still image, not a video. Upload an MP4, MOV, WebM or MKV recording.".into()
            }
            Self::NotAPicture => "This file is not a picture. Upload a PNG or JPEG screenshot.".into(),
            Self::HalfAPicture => {
                "The picture breaks off: part of the file is missing. Take the screenshot again.".into()
            }
            Self::NoPicture => "The recording has no picture, only sound.".into(),
            Self::NothingRecorded => {
                "The recording holds no frames: it was stopped before anything was captured.".into()
            }
            Self::NoIndex => {
                "The recording's index is missing: the recorder was stopped before it finished writing the file.".into()
            }
            Self::Truncated => {
                "The recording ends in the middle: part of the file is missing. Upload it again from the original."
                    .into()
            }
            Self::Unreadable => "The recording is damaged or of a kind that cannot be read.".into(),
            Self::Protected => "The recording is protected against copying, so it cannot be read.".into(),
            Self::TooManyBytes { limit } => format!("The file is larger than the {} that are allowed.", bytes(*limit)),
            Self::TooManyPixels => {
                "The picture is too large: at most 16,384 pixels a side and 67 megapixels are allowed.".into()
            }
            Self::TooLong { hours } => format!("The recording is longer than the {hours} hours that are allowed."),
            Self::TooManyTracks => {
                "The file has too many tracks. Upload a recording with one picture and one sound.".into()
            }
            Self::IndexTooLarge => "The file's index is larger than that of any recording, so it is not read.".into(),
            Self::TooMuchMemory => {
                "The recording needs more memory to process than this server has. Upload it in a common size, without \
                 long pauses in its sound."
                    .into()
            }
            Self::TookTooLong => "Processing the recording took too long. Upload a shorter or smaller one.".into(),
            Self::TooMuchWork { minutes } => format!(
                "The recording is too long to be converted on this server, which manages about {minutes} minutes of this \
                 picture size. Upload a shorter one, or record as MP4 with H.264, which needs no conversion."
            ),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())
    }
}

/// The largest unit that leaves at least 1, in whole decimal steps as stores and disks count.
fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(unit, _)| count >= *unit) {
        Some((unit, name)) => format!("{} {name}", count / unit),
        None => format!("{count} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_for_people() {
        let all = [
            Reason::Empty,
            Reason::NotAVideo,
            Reason::StillImage,
            Reason::NotAPicture,
            Reason::HalfAPicture,
            Reason::NoPicture,
            Reason::NothingRecorded,
            Reason::NoIndex,
            Reason::Truncated,
            Reason::Unreadable,
            Reason::Protected,
            Reason::TooManyBytes { limit: 5_000_000_000 },
            Reason::TooManyPixels,
            Reason::TooLong { hours: 12 },
            Reason::TooManyTracks,
            Reason::IndexTooLarge,
            Reason::TooMuchMemory,
            Reason::TookTooLong,
            Reason::TooMuchWork { minutes: 90 },
        ];
        for reason in all {
            let sentence = reason.sentence();
            assert!((3..=500).contains(&sentence.chars().count()), "{sentence}");
            assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{sentence}");
            for word in ["/", "://", "ffmpeg", "moov", "atom", "stream #", "codec"] {
                assert!(!sentence.to_lowercase().contains(word), "{sentence}");
            }
        }
        assert_eq!(
            Reason::TooManyBytes { limit: 5_368_709_120 }.sentence(),
            "The file is larger than the 5 GB that are allowed."
        );
    }
}
