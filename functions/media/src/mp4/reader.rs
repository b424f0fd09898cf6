//! The walk from the first byte to the index, by ranges that the caller fetches.

use std::fmt;
use std::ops::Range;
use std::time::Duration;

use super::boxes::{Boxes, Fields, Header};
use super::moov::{self, Movie};
use super::{Index, IndexError};

/// Largest `moov` that is read, in bytes. Twelve hours at 30 fps with sound need about half of it.
pub const MAX_MOOV: u64 = 64 << 20;

/// Read where the index may be: short recordings' whole index comes with its header.
const LOOK: u64 = 64 << 10;
/// Read where only a header is wanted, which is 16 bytes at most.
const PEEK: u64 = 16;
/// Top-level boxes that are looked at. Honest files have fewer than ten before the index or the first fragment.
const MAX_BOXES: u32 = 1024;
/// Ranges that are asked for: each is a request to a store.
const MAX_READS: u32 = 64;

/// What the reader wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Exactly these bytes, which lie within the object, are to be fed.
    Read {
        /// First byte.
        offset: u64,
        /// Number of bytes, never 0.
        length: u64,
    },
    /// Call [`IndexReader::finish`].
    Done,
}

/// Finds and reads the index of an object of known size. Does no input or output itself: ask [`IndexReader::step`], fetch,
/// [`IndexReader::feed`], until [`Step::Done`].
///
/// Walking stops at the first fragment of a fragmented file; of others it goes on to the end, header by header, to see
/// that the media the index speaks of is there.
pub struct IndexReader {
    size: u64,
    /// Where the next top-level box begins.
    position: u64,
    window_at: u64,
    window: Vec<u8>,
    step: Step,
    boxes: u32,
    reads: u32,
    media: Option<u64>,
    payloads: Vec<Range<u64>>,
    /// What came last since the media began is neither media nor unused space.
    interrupted: bool,
    scattered: bool,
    moov: Option<Moov>,
    indexed: Option<Duration>,
}

/// `moov` as it was found.
struct Moov {
    offset: u64,
    length: u64,
    body: Vec<u8>,
    movie: Movie,
}

impl fmt::Debug for IndexReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexReader")
            .field("size", &self.size)
            .field("position", &self.position)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl IndexReader {
    /// A reader for an object of `object_size` bytes.
    #[must_use]
    pub fn new(object_size: u64) -> Self {
        let length = LOOK.min(object_size);
        Self {
            size: object_size,
            position: 0,
            window_at: 0,
            window: Vec::new(),
            step: if length == 0 { Step::Done } else { Step::Read { offset: 0, length } },
            boxes: 0,
            reads: 0,
            media: None,
            payloads: Vec::new(),
            interrupted: false,
            scattered: false,
            moov: None,
            indexed: None,
        }
    }

    /// What is wanted next. The first range begins at 0, so that it can be used for [`crate::sniff()`] as well.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Takes the bytes of the range last asked for. After an error the reader is done.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        let Step::Read { offset, length } = std::mem::replace(&mut self.step, Step::Done) else {
            return Ok(());
        };
        if u64::try_from(bytes.len()) != Ok(length) {
            return Err(IndexError::Truncated);
        }
        self.window_at = offset;
        self.window.clear();
        self.window.extend_from_slice(bytes);
        self.reads += 1;
        self.walk()
    }

    /// The index, once there is nothing left to read.
    pub fn finish(self) -> Result<Index, IndexError> {
        let Moov { offset, length, body, movie } = self.moov.ok_or(IndexError::NoIndex)?;
        let has_samples = movie.tracks.iter().any(|track| track.sample_count.is_some_and(|count| count > 0));
        if self.media.is_none() && (has_samples || movie.fragmented) {
            return Err(IndexError::Truncated);
        }
        if movie.media_reaches > self.size {
            return Err(IndexError::Truncated);
        }
        let together = !movie.fragmented && !self.scattered;
        let media = self.media.zip(self.payloads.last()).filter(|_| together).map(|(start, last)| start..last.end);
        Ok(Index {
            moov_offset: offset,
            moov_length: length,
            moov_before_media: self.media.is_none_or(|media| offset < media),
            fragmented: movie.fragmented,
            duration: movie.duration.or(self.indexed),
            tracks: movie.tracks,
            media,
            moov: body,
            payloads: self.payloads,
        })
    }

    fn walk(&mut self) -> Result<(), IndexError> {
        loop {
            let left = self.size - self.position;
            let settled = self.moov.as_ref().is_some_and(|moov| moov.movie.fragmented && self.media.is_some());
            if settled || left < 8 {
                return Ok(());
            }
            let Some(head) = self.view(PEEK.min(left)) else {
                let length = if self.moov.is_some() { PEEK } else { LOOK };
                return self.want(length.min(left));
            };
            let header = match Header::read(head, left) {
                // What follows a complete recording is of no interest, whatever it is.
                Err(_) if self.complete() => return Ok(()),
                header => header?,
            };
            self.boxes += 1;
            if self.boxes > MAX_BOXES {
                return self.stop();
            }
            if header.total > left {
                return if self.complete() && header.kind != *b"mdat" { Ok(()) } else { Err(IndexError::Truncated) };
            }
            match &header.kind {
                b"moov" if self.moov.is_none() => {
                    if header.total > MAX_MOOV {
                        return Err(IndexError::TooLarge);
                    }
                    let Some(bytes) = self.view(header.total) else {
                        return self.want(header.total);
                    };
                    let body = usize::try_from(header.header).ok().and_then(|start| bytes.get(start..));
                    let body = body.unwrap_or_default().to_vec();
                    let movie = moov::read(&body)?;
                    self.moov = Some(Moov { offset: self.position, length: header.total, body, movie });
                    self.interrupted = self.media.is_some();
                }
                b"mdat" => {
                    self.scattered |= self.interrupted;
                    self.media = self.media.or(Some(self.position));
                    self.payloads.push(self.position + header.header..self.position + header.total);
                }
                b"moof" => {
                    self.media = self.media.or(Some(self.position));
                    self.interrupted = true;
                }
                b"free" | b"skip" | b"wide" => {}
                b"sidx" => self.indexed = self.view(header.total).and_then(|bytes| self.segment_index(bytes)),
                _ => self.interrupted = self.media.is_some(),
            }
            self.position += header.total;
        }
    }

    /// Bytes from the current position on, when they have been fed.
    fn view(&self, length: u64) -> Option<&[u8]> {
        let start = usize::try_from(self.position.checked_sub(self.window_at)?).ok()?;
        self.window.get(start..start.checked_add(usize::try_from(length).ok()?)?)
    }

    fn want(&mut self, length: u64) -> Result<(), IndexError> {
        if self.reads >= MAX_READS {
            return self.stop();
        }
        self.step = Step::Read { offset: self.position, length };
        Ok(())
    }

    /// The walk is over its bound: no harm once the index is known.
    fn stop(&self) -> Result<(), IndexError> {
        if self.moov.is_some() { Ok(()) } else { Err(IndexError::TooLarge) }
    }

    fn complete(&self) -> bool {
        self.moov.is_some() && self.media.is_some()
    }

    /// The duration by a segment index that covers the rest of the file (ISO/IEC 14496-12 §8.16.3). One that describes
    /// only its own segment is of no use.
    fn segment_index(&self, bytes: &[u8]) -> Option<Duration> {
        let body = Boxes(bytes).next()?.ok()?.body;
        let mut fields = Fields(body);
        let version = fields.version().ok()?;
        fields.skip(4).ok()?;
        let timescale = fields.u32().ok()?;
        fields.time(version).ok()?;
        let first = fields.time(version).ok()??;
        let (mut end, mut ticks) =
            (self.position.checked_add(u64::try_from(bytes.len()).ok()?)?.checked_add(first)?, 0_u64);
        fields.skip(2).ok()?;
        let count = fields.u16().ok()?;
        for _ in 0..count {
            end = end.checked_add(u64::from(fields.u32().ok()? & 0x7fff_ffff))?;
            ticks = ticks.checked_add(u64::from(fields.u32().ok()?))?;
            fields.skip(4).ok()?;
        }
        (end <= self.size && self.size - end < LOOK).then(|| moov::seconds(ticks, timescale)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds a whole object and counts the ranges.
    fn read(object: &[u8]) -> (Result<Index, IndexError>, u32) {
        let mut reader = IndexReader::new(object.len() as u64);
        let mut ranges = 0;
        while let Step::Read { offset, length } = reader.step() {
            ranges += 1;
            let start = usize::try_from(offset).expect("offset");
            let fed = reader.feed(&object[start..start + usize::try_from(length).expect("length")]);
            if let Err(error) = fed {
                return (Err(error), ranges);
            }
        }
        (reader.finish(), ranges)
    }

    #[test]
    fn hostile_and_hollow_objects_are_refused() {
        assert_eq!(read(b"").0, Err(IndexError::NoIndex));
        assert_eq!(read(b"\0\0\0\x08free").0, Err(IndexError::NoIndex));
        assert_eq!(read(b"\0\0\0\0mdat and so on to the end").0, Err(IndexError::NoIndex));
        assert_eq!(read(b"\0\0\0\x20ftypisom").0, Err(IndexError::Truncated));
        assert!(matches!(read(b"\0\0\0\x04ftypisom").0, Err(IndexError::Malformed(_))));
        assert_eq!(read(&b"\0\0\0\x08free".repeat(5000)).0, Err(IndexError::TooLarge));
    }

    #[test]
    fn an_index_over_the_bound_is_not_asked_for() {
        let mut reader = IndexReader::new(1 << 40);
        let mut head = b"\0\0\0\x01moov\0\0\0\0\x0c\0\0\0".to_vec();
        head.resize(usize::try_from(LOOK).expect("small"), 0);
        assert_eq!(reader.feed(&head), Err(IndexError::TooLarge));
        assert_eq!(reader.step(), Step::Done);
    }

    #[test]
    fn scattered_boxes_cost_a_bounded_number_of_requests() {
        let mut reader = IndexReader::new(u64::MAX);
        let mut look = 200_000_u32.to_be_bytes().to_vec();
        look.extend_from_slice(b"free");
        look.resize(usize::try_from(LOOK).expect("small"), 0);
        let mut requests = 0;
        let error = loop {
            requests += 1;
            assert!(requests <= MAX_READS);
            if let Err(error) = reader.feed(&look) {
                break error;
            }
        };
        assert_eq!(error, IndexError::TooLarge);
    }

    #[test]
    fn a_short_answer_is_an_error() {
        let mut reader = IndexReader::new(1000);
        assert_eq!(reader.step(), Step::Read { offset: 0, length: 1000 });
        assert_eq!(reader.feed(&[0; 999]), Err(IndexError::Truncated));
    }
}
