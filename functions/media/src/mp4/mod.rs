//! The index of an MP4 or QuickTime file (ISO/IEC 14496-12), read by ranges.
//!
//! The boxes are walked by hand. `mp4-atom` and `re_mp4`, the maintained readers, were looked at: both turn every sample
//! table into vectors and give up on the whole index when one box they know, but nobody needs, is damaged; `re_mp4` wants
//! the whole file. The decision needs a dozen numbers, which a walker over borrowed bytes finds without allocating.

mod assembly;
mod boxes;
mod cmaf;
mod codec;
mod description;
mod faststart;
mod fragments;
mod init;
mod join;
pub(crate) mod level;
mod moof;
mod moov;
mod reader;
mod samples;
mod sps;
mod stills;
mod tables;
mod timeline;
mod trak;
mod write;

use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

pub use assembly::{Assembly, AssemblyError, Stream};
pub use cmaf::{Cmaf, CmafError, Segment, Segments};
pub use faststart::{Head, NotCopyable, faststart};
pub use fragments::{Fragment, FragmentError, FragmentReader, Run, Sample};
pub use init::Init;
pub use reader::{IndexReader, MAX_MOOV, Step};
pub use stills::Stills;
pub(crate) use stills::stills;

use crate::{Kind, Reason, Track};

/// Why there is no index to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// The file has no `moov`.
    #[error("the file has no index")]
    NoIndex,
    /// A box, or media that the index names, reaches past the end of the file.
    #[error("the file ends before its content does")]
    Truncated,
    /// The index, or the walk to it, is over the bounds of the reader.
    #[error("the index is larger than {} MiB or too scattered", MAX_MOOV >> 20)]
    TooLarge,
    /// The bytes contradict the format.
    #[error("the index is malformed: {0}")]
    Malformed(&'static str),
}

impl IndexError {
    /// What to tell the owner; `None` when FFmpeg, which is more lenient about oddly written files, should have a look.
    #[must_use]
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::NoIndex => Some(Reason::NoIndex),
            Self::Truncated => Some(Reason::Truncated),
            Self::TooLarge => Some(Reason::IndexTooLarge),
            Self::Malformed(_) => None,
        }
    }
}

/// What the index says.
#[derive(Clone, PartialEq)]
pub struct Index {
    /// Byte at which `moov` begins.
    pub moov_offset: u64,
    /// Length of `moov` with its header, in bytes.
    pub moov_length: u64,
    /// Playback can begin before the media is loaded.
    pub moov_before_media: bool,
    /// The samples are described by fragments (`moof`), not by `moov`.
    pub fragmented: bool,
    /// Length of the presentation; `None` when only the fragments know.
    pub duration: Option<Duration>,
    /// All tracks in their order.
    pub tracks: Vec<Track>,
    /// Bytes from the first `mdat`'s header to the end of the last one; `None` when there is none, when something else than
    /// unused space lies between two of them, or when the file is fragmented.
    pub media: Option<Range<u64>>,
    /// What `moov` holds.
    pub moov: Vec<u8>,
    /// What each `mdat` holds, in their order.
    pub(crate) payloads: Vec<Range<u64>>,
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index")
            .field("moov_offset", &self.moov_offset)
            .field("moov_length", &self.moov_length)
            .field("moov_before_media", &self.moov_before_media)
            .field("fragmented", &self.fragmented)
            .field("duration", &self.duration)
            .field("tracks", &self.tracks)
            .field("media", &self.media)
            .finish_non_exhaustive()
    }
}

/// What is stored about a published video.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Width in pixels as shown, after rotation.
    pub width: u32,
    /// Height in pixels as shown, after rotation.
    pub height: u32,
    /// Average frames a second, 0 when unknown.
    pub fps: f64,
}

impl Index {
    /// The first video track that is a recording.
    #[must_use]
    pub fn video(&self) -> Option<&Track> {
        recording(&self.tracks)
    }

    /// Duration, size and frame rate of the first video track; zeros for what is not known.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary::of(self.duration, &self.tracks)
    }
}

fn recording(tracks: &[Track]) -> Option<&Track> {
    tracks.iter().find(|track| track.kind == Kind::Video && !track.picture)
}

impl Summary {
    fn of(duration: Option<Duration>, tracks: &[Track]) -> Self {
        let video = recording(tracks);
        let (width, height) = video.map_or((0, 0), Track::display_size);
        Self {
            duration_ms: u64::try_from(duration.unwrap_or_default().as_millis()).unwrap_or(u64::MAX),
            width,
            height,
            fps: video.and_then(|track| track.fps).unwrap_or(0.0),
        }
    }

    /// What the index in the head of a file says (`ftyp`, then `moov`); `None` when there is none.
    #[must_use]
    pub fn of_head(head: &[u8]) -> Option<Self> {
        let movie = moov::read(boxes::find(head, b"moov")?).ok()?;
        Some(Self::of(movie.duration, &movie.tracks))
    }

    /// Length.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.duration_ms)
    }
}

/// Length and tracks by the index in the head of a file (`ftyp`, then `moov`); `None` when there is none.
#[must_use]
pub fn tracks_of_head(head: &[u8]) -> Option<(Option<Duration>, Vec<Track>)> {
    let movie = moov::read(boxes::find(head, b"moov")?).ok()?;
    Some((movie.duration, movie.tracks))
}

/// Why the index of a local file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The file was read, its index not.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Reads the index of a local file. Blocks; a file of FFmpeg's takes two or three small reads.
pub fn read_file(path: &Path) -> Result<Index, ReadError> {
    let mut file = File::open(path)?;
    let mut reader = IndexReader::new(file.metadata()?.len());
    let mut bytes = Vec::new();
    while let Step::Read { offset, length } = reader.step() {
        file.seek(SeekFrom::Start(offset))?;
        bytes.clear();
        (&mut file).take(length).read_to_end(&mut bytes)?;
        reader.feed(&bytes)?;
    }
    Ok(reader.finish()?)
}
