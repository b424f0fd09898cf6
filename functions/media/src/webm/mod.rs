//! Matroska and WebM (RFC 9559) as a browser's recorder writes it: without duration, without an index, with clusters whose
//! size nobody wrote down. FFmpeg finds nothing in such a file without reading all that precedes it; this finds how long
//! it is, and where decoding can begin for a time, with a few ranges.
//!
//! Three readers, none of which does input or output: ask `step`, fetch, `feed`, until [`Step::Done`], then `finish`.
//! First [`HeaderReader`]; then [`LengthReader`] and [`Seek`] by the header. FFmpeg reads [`Header::head`] followed by the
//! object from [`ClusterAt::offset`] on as one file.
//!
//! `matroska-demuxer` and its like read from the start or by an index, which is what these files do not have.

mod block;
mod cluster;
mod ebml;
mod header;
mod length;
mod seek;

use std::time::Duration;

pub use crate::mp4::Step;
pub use header::HeaderReader;
pub use length::LengthReader;
pub use seek::{ClusterAt, Seek};

/// Bytes that are read at once where clusters are looked for.
const WINDOW: u64 = 1 << 20;

/// Why a file is not one that can be read from the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebmError {
    /// The file ends within its header.
    #[error("the file ends before its media begins")]
    Truncated,
    /// The header is over the bounds of the reader.
    #[error("the header is too large or too scattered")]
    TooLarge,
    /// There is no track of pictures.
    #[error("the file has no track of pictures")]
    NoPicture,
    /// No media was found where it should be.
    #[error("no cluster was found")]
    NoCluster,
    /// The bytes contradict the format.
    #[error("the header is malformed: {0}")]
    Malformed(&'static str),
}

/// What precedes the media.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Byte at which the first cluster begins.
    pub first_cluster: u64,
    /// Time of the first cluster.
    pub first_time: Duration,
    /// Nanoseconds of a tick, in which the times of clusters and blocks are told; never 0.
    pub timestamp_scale: u64,
    /// Length, when the file tells.
    pub duration: Option<Duration>,
    /// The file has an index, so that FFmpeg can seek in it.
    pub cues: bool,
    /// Number of the first track of pictures.
    pub video_track: u64,
    /// What decoding needs of the header: put in front of any cluster and what follows it, it makes a file of unknown
    /// length, in which times are as they were. References by position, which would be wrong, are left out.
    pub head: Vec<u8>,
    tracks: Vec<TrackEntry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TrackEntry {
    number: u64,
    video: bool,
    /// How long a block of this track lasts that does not say.
    default_duration: Option<Duration>,
}

impl Header {
    /// The time of so many ticks; `None` beyond 584 years.
    fn time(&self, ticks: u64) -> Option<Duration> {
        ticks.checked_mul(self.timestamp_scale).map(Duration::from_nanos)
    }

    fn track(&self, number: u64) -> Option<&TrackEntry> {
        self.tracks.iter().find(|track| track.number == number)
    }
}

/// Bytes of the object that have been fed.
#[derive(Debug, Default)]
struct Window {
    at: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Takes the answer to a step; an error when it is not as long as was asked.
    fn fill(&mut self, step: Step, bytes: &[u8]) -> Result<(), WebmError> {
        let Step::Read { offset, length } = step else { return Ok(()) };
        if u64::try_from(bytes.len()) != Ok(length) {
            return Err(WebmError::Truncated);
        }
        self.at = offset;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// The byte behind the last.
    fn end(&self) -> u64 {
        self.at.saturating_add(self.bytes.len() as u64)
    }

    /// What is there from a byte of the object on; empty when nothing is.
    fn from(&self, position: u64) -> &[u8] {
        let start = position.checked_sub(self.at).and_then(|start| usize::try_from(start).ok());
        start.and_then(|start| self.bytes.get(start..)).unwrap_or_default()
    }
}
