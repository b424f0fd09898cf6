//! The walk through a fragmented MP4 as it arrives, fragment by fragment.

use super::boxes::{FourCc, Header};
use super::init::Init;
use super::{IndexError, moof};

/// Largest index, and largest head of a fragment, in bytes.
const MAX_HEAD: u64 = 16 << 20;
/// Largest media of a fragment, in bytes: twelve seconds of the fastest stream that phones play.
const MAX_MEDIA: u64 = 64 << 20;

/// Why a stream is not what this reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    /// The stream ended within a box, before the media of a fragment, or before an index.
    #[error("the stream ends before its content does")]
    Truncated,
    /// Something is over the bounds of the reader.
    #[error("over the bounds: {0}")]
    TooLarge(&'static str),
    /// The bytes contradict the format, or use a part of it that has no place in a stream of FFmpeg's.
    #[error("the stream is malformed: {0}")]
    Malformed(&'static str),
}

impl From<IndexError> for FragmentError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::NoIndex | IndexError::Truncated => Self::Truncated,
            IndexError::TooLarge => Self::TooLarge("index"),
            IndexError::Malformed(what) => Self::Malformed(what),
        }
    }
}

/// A `moof` and the media that it describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Samples in the order of the fragment's head. Those of each run lie within `media`.
    pub runs: Vec<Run>,
    /// Content of the `mdat`.
    pub media: Vec<u8>,
}

/// Samples of one track that lie one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The track's id in the stream's index.
    pub track: u32,
    /// Which of the track's sample descriptions holds, from 1.
    pub description: u32,
    /// Decode time of the first sample in ticks of the track; `None` when it follows the run before.
    pub time: Option<u64>,
    /// Byte of the fragment's media at which the first sample begins.
    pub offset: u64,
    /// The samples in decode order, at least one.
    pub samples: Vec<Sample>,
}

/// What is known of a frame of picture or sound. Times are in ticks of the track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Until the next sample is decoded.
    pub duration: u32,
    /// In bytes.
    pub size: u32,
    /// From decoding to presentation.
    pub composition_offset: i32,
    /// Decoding can begin here.
    pub sync: bool,
}

/// Cuts a stream into fragments. Does no input or output itself, and holds one fragment at most: give it what arrived,
///
/// ```
/// # fn arrived(mut bytes: &[u8]) -> Result<(), media::mp4::FragmentError> {
/// # let mut reader = media::mp4::FragmentReader::new();
/// while let Some(fragment) = reader.feed(&mut bytes)? {
///     println!("{} bytes of media", fragment.media.len());
/// }
/// # Ok(())
/// # }
/// ```
///
/// and call [`FragmentReader::finish`] when the stream ends. After an error a reader is of no further use.
///
/// A stream is one index (`moov`) that describes no samples, then fragments (`moof`, `mdat`) in their order; every other
/// box is skipped.
#[derive(Debug, Default)]
pub struct FragmentReader {
    /// Bytes of the stream that were taken.
    position: u64,
    /// The beginning of a box, until it is a whole header.
    head: Vec<u8>,
    open: Option<Open>,
    init: Option<Init>,
    /// The runs that the next media is for.
    runs: Option<Vec<Run>>,
}

/// A box whose body is arriving.
#[derive(Debug)]
struct Open {
    kind: FourCc,
    /// Where the box begins in the stream.
    start: u64,
    left: u64,
    body: Vec<u8>,
}

impl FragmentReader {
    /// A reader at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reader of fragments that come without their stream's index, which was read before. Their places count from where
    /// this begins.
    #[must_use]
    pub fn after(init: Init) -> Self {
        Self { init: Some(init), ..Self::default() }
    }

    /// What the stream's index says, once it has arrived; always, once there was a fragment.
    #[must_use]
    pub fn init(&self) -> Option<&Init> {
        self.init.as_ref()
    }

    /// Takes bytes from the front of `bytes` until a fragment is whole; `None` when all are taken.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Result<Option<Fragment>, FragmentError> {
        loop {
            if let Some(open) = &mut self.open {
                let taken = take(bytes, open.left, &mut self.position);
                open.left -= length(taken);
                if is_kept(&open.kind) {
                    open.body.extend_from_slice(taken);
                }
                if open.left > 0 {
                    return Ok(None);
                }
                if let Some(closed) = self.open.take()
                    && let Some(fragment) = self.close(closed)?
                {
                    return Ok(Some(fragment));
                }
            } else {
                let wanted = if self.head.starts_with(&[0, 0, 0, 1]) { 16 } else { 8 };
                let taken = take(bytes, wanted - length(&self.head), &mut self.position);
                self.head.extend_from_slice(taken);
                if length(&self.head) < wanted {
                    return Ok(None);
                }
                if wanted == 16 || !self.head.starts_with(&[0, 0, 0, 1]) {
                    self.open = Some(self.opened()?);
                }
            }
        }
    }

    /// Ends the stream.
    pub fn finish(self) -> Result<(), FragmentError> {
        let whole = self.head.is_empty() && self.open.is_none() && self.runs.is_none() && self.init.is_some();
        if whole { Ok(()) } else { Err(FragmentError::Truncated) }
    }

    fn opened(&mut self) -> Result<Open, FragmentError> {
        if self.head.starts_with(&[0; 4]) {
            return Err(FragmentError::Malformed("a box has no length"));
        }
        let header = Header::read(&self.head, 0)?;
        self.head.clear();
        let left = header.total - header.header;
        match &header.kind {
            b"moov" | b"moof" if left > MAX_HEAD => return Err(FragmentError::TooLarge("index or head of a fragment")),
            b"mdat" if left > MAX_MEDIA => return Err(FragmentError::TooLarge("media of a fragment")),
            _ => {}
        }
        Ok(Open { kind: header.kind, start: self.position - header.header, left, body: Vec::new() })
    }

    fn close(&mut self, closed: Open) -> Result<Option<Fragment>, FragmentError> {
        match &closed.kind {
            b"moov" if self.init.is_some() => Err(FragmentError::Malformed("there are two indexes")),
            b"moov" => {
                self.init = Some(Init::read(&closed.body)?);
                Ok(None)
            }
            b"moof" => {
                let init = self.init.as_ref().ok_or(FragmentError::Malformed("a fragment comes before the index"))?;
                if self.runs.is_some() {
                    return Err(FragmentError::Malformed("a fragment has no media"));
                }
                self.runs = Some(moof::read(&closed.body, closed.start, init)?);
                Ok(None)
            }
            b"mdat" => {
                let runs = self.runs.take().ok_or(FragmentError::Malformed("media belongs to no fragment"))?;
                let start = self.position - length(&closed.body);
                Fragment::new(runs, start, closed.body).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl Fragment {
    /// Places runs, whose offsets are bytes of the stream, within the media that begins at byte `start`.
    fn new(mut runs: Vec<Run>, start: u64, media: Vec<u8>) -> Result<Self, FragmentError> {
        for run in &mut runs {
            let bytes = run.samples.iter().map(|sample| u64::from(sample.size)).sum::<u64>();
            run.offset = run
                .offset
                .checked_sub(start)
                .filter(|offset| offset.checked_add(bytes).is_some_and(|end| end <= length(&media)))
                .ok_or(FragmentError::Malformed("samples lie outside of their fragment"))?;
        }
        Ok(Self { runs, media })
    }
}

fn is_kept(kind: &FourCc) -> bool {
    matches!(kind, b"moov" | b"moof" | b"mdat")
}

fn take<'a>(bytes: &mut &'a [u8], at_most: u64, position: &mut u64) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(usize::try_from(at_most).unwrap_or(usize::MAX).min(bytes.len()));
    *bytes = rest;
    *position += length(taken);
    taken
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
