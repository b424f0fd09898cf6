//! A progressive MP4 from fragments: their media as it is, one index for all in front.

use std::time::Duration;

use super::MAX_MOOV;
use super::fragments::Fragment;
use super::init::Init;
use super::tables::Times;
use super::trak::{Timing, Track};
use super::write::{UNCHANGED, Writer};

/// Samples of a whole: more than twelve hours of 120 frames a second with sound.
const MAX_SAMPLES: usize = 1 << 23;

/// Why fragments do not become a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyError {
    /// There is no sample at all.
    #[error("there is nothing to assemble")]
    Empty,
    /// The index would be over the bound of what reads it, see [`MAX_MOOV`].
    #[error("the recording is too long or too scattered for one index")]
    TooLong,
    /// Times run backwards, or two are too far apart.
    #[error("the times of samples are out of order or out of range")]
    Times,
    /// A fragment is of a track that its stream did not have.
    #[error("a fragment is of an unknown track")]
    UnknownTrack,
    /// A chunk is something else than one track of pictures.
    #[error("a chunk is not one track of pictures")]
    NotPictures,
    /// A chunk was encoded with other settings, so that its sample description or clock differs.
    #[error("a chunk has another sample description than the first")]
    DifferentDescription,
    /// Two pictures are presented at one time, or one before the end of the chunk before.
    #[error("chunks overlap")]
    Overlap,
}

/// One of the streams that are assembled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream(usize);

/// What becomes the index of a progressive MP4. Holds no media: 8 to 20 bytes a picture, mostly 4 a frame of sound.
///
/// Register each stream, or each chunk, by its [`Init`]; then [`Assembly::add`] every fragment and write its media to the
/// output right after. [`Assembly::head`] is the beginning of the file. After an error an assembly is of no further use.
#[derive(Debug, Default)]
pub struct Assembly {
    tracks: Vec<Track>,
    streams: usize,
    joined: Option<Stream>,
    /// Ticks a second of the movie, those of the first stream.
    timescale: u32,
    media_bytes: u64,
    samples: usize,
}

impl Assembly {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a stream, all of whose tracks are taken with the times they have. Tracks stay in the order in which they
    /// are registered.
    pub fn stream(&mut self, init: &Init) -> Stream {
        let stream = self.next_stream(init);
        self.tracks.extend(init.tracks.iter().map(|track| Track::new(stream, track, Timing::streamed(init, track))));
        stream
    }

    /// Begins a chunk of pictures, which were encoded apart from those before; fragments that follow are of this chunk.
    /// All chunks are one stream and become one track.
    ///
    /// A chunk's times, by its edit list, count from `start`, in ticks of 1/90000 s from the beginning of the whole. The
    /// decode times are made anew for the whole, so that they are as a single encoder's. Every chunk begins with a keyframe
    /// and is presented behind the one before.
    pub fn chunk(&mut self, init: &Init, start: u64) -> Result<Stream, AssemblyError> {
        let [chunk] = init.tracks.as_slice() else {
            return Err(AssemblyError::NotPictures);
        };
        if chunk.handler != *b"vide" {
            return Err(AssemblyError::NotPictures);
        }
        let stream = match self.joined {
            Some(stream) => stream,
            None => {
                let stream = self.next_stream(init);
                self.tracks.push(Track::new(stream, chunk, Timing::joined()));
                *self.joined.insert(stream)
            }
        };
        for track in self.tracks.iter_mut().filter(|track| track.stream == stream) {
            if (&track.init.stsd, track.init.timescale) != (&chunk.stsd, chunk.timescale) {
                return Err(AssemblyError::DifferentDescription);
            }
            track.init.id = chunk.id;
            if let Timing::Joined(join) = &mut track.timing {
                join.chunk(init, chunk, start);
            }
        }
        Ok(stream)
    }

    /// Appends a fragment of a stream. Its media is the next part of the output.
    pub fn add(&mut self, stream: Stream, fragment: &Fragment) -> Result<(), AssemblyError> {
        for run in &fragment.runs {
            self.samples = self.samples.saturating_add(run.samples.len());
            if self.samples > MAX_SAMPLES {
                return Err(AssemblyError::TooLong);
            }
            let offset = self.media_bytes.saturating_add(run.offset);
            let track = self.tracks.iter_mut().find(|track| track.stream == stream && track.init.id == run.track);
            track.ok_or(AssemblyError::UnknownTrack)?.add(run, offset)?;
        }
        self.media_bytes = self.media_bytes.saturating_add(u64::try_from(fragment.media.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Media of all fragments so far, in bytes.
    #[must_use]
    pub fn media_bytes(&self) -> u64 {
        self.media_bytes
    }

    /// How far a stream has come, by its track that is furthest behind. Who interleaves streams continues with the one
    /// that has come least far.
    #[must_use]
    pub fn time(&self, stream: Stream) -> Duration {
        let tracks = self.tracks.iter().filter(|track| track.stream == stream);
        tracks.map(Track::time).min().unwrap_or_default()
    }

    /// The beginning of the file, which the media follows directly: `ftyp`, `moov` and the header of `mdat`. When it is
    /// shorter than `pad_to` bytes it is filled up to exactly as many.
    pub fn head(&self, pad_to: Option<u64>) -> Result<Vec<u8>, AssemblyError> {
        let tracks = self.tracks.iter().filter(|track| !track.samples.is_empty());
        let tracks = tracks.map(|track| Ok((track, track.times()?))).collect::<Result<Vec<_>, _>>()?;
        if tracks.is_empty() {
            return Err(AssemblyError::Empty);
        }
        let mut head = Writer::default();
        let avc = tracks.iter().any(|(track, _)| track.init.stsd.get(12..16) == Some(b"avc1"));
        head.boxed(b"ftyp", |w| {
            w.bytes(b"isom");
            w.u32(512);
            w.bytes(if avc { b"isomiso2avc1mp41" } else { b"isomiso2mp41" });
        });
        // The index is as long wherever the media begins, so it is written once to learn that.
        let length = |wide: bool| {
            let mut measured = Writer::default();
            self.moov(&mut measured, &tracks, 0, wide);
            bytes(&head) + bytes(&measured)
        };
        let before_media = |index: u64| Lead::new(index, pad_to, self.media_bytes);
        let mut lead = before_media(length(false));
        let wide = lead.end.saturating_add(self.media_bytes) > u64::from(u32::MAX);
        if wide {
            lead = before_media(length(true));
        }
        if lead.index > MAX_MOOV {
            return Err(AssemblyError::TooLong);
        }
        self.moov(&mut head, &tracks, lead.end, wide);
        lead.write(&mut head);
        Ok(head.0)
    }

    fn next_stream(&mut self, init: &Init) -> Stream {
        if self.streams == 0 {
            self.timescale = init.timescale;
        }
        self.streams += 1;
        Stream(self.streams)
    }

    fn moov(&self, w: &mut Writer, tracks: &[(&Track, Times<'_>)], media: u64, wide: bool) {
        let edits: Vec<_> = tracks.iter().map(|(track, times)| track.edits(times, self.timescale)).collect();
        let longest = edits.iter().map(|edits| edits.end).max().unwrap_or(0);
        w.boxed(b"moov", |w| {
            let next = u32::try_from(tracks.len() + 1).unwrap_or(u32::MAX);
            w.movie_header(self.timescale, longest, &UNCHANGED, next);
            for (id, ((track, times), edits)) in (1..).zip(tracks.iter().zip(&edits)) {
                w.boxed(b"trak", |w| {
                    track.header(w, id, *edits, times.media_time);
                    track.media(w, times, |w| track.samples.write(w, media, wide));
                });
            }
        });
    }
}

/// What lies between the index and the media: the header of `mdat`, before it a `free` box when there is to be room.
struct Lead {
    /// Bytes of `ftyp` and `moov`.
    index: u64,
    free: u64,
    /// Bytes at the beginning of the `mdat`, for room that is too small for a box.
    inside: u64,
    /// Byte of the file at which the media begins.
    end: u64,
    media: u64,
}

impl Lead {
    fn new(index: u64, pad_to: Option<u64>, media: u64) -> Self {
        let header = if Self::is_long(media) { 16 } else { 8 };
        let least = index.saturating_add(header);
        let room = pad_to.unwrap_or(0).saturating_sub(least);
        let (free, inside) = if (8..u64::from(u32::MAX)).contains(&room) { (room, 0) } else { (0, room) };
        Self { index, free, inside, end: least.saturating_add(room), media }
    }

    /// Whether 32 bits are too few for the length of such an `mdat`, by its header and room of less than a box.
    fn is_long(media: u64) -> bool {
        media.saturating_add(16) > u64::from(u32::MAX)
    }

    fn write(&self, w: &mut Writer) {
        if let Some(content) = self.free.checked_sub(8) {
            w.boxed(b"free", |w| w.zeros(usize::try_from(content).unwrap_or(0)));
        }
        let content = self.inside.saturating_add(self.media);
        if Self::is_long(self.media) {
            w.u32(1);
            w.bytes(b"mdat");
            w.u64(content.saturating_add(16));
        } else {
            w.u32(u32::try_from(content.saturating_add(8)).unwrap_or(u32::MAX));
            w.bytes(b"mdat");
        }
        w.zeros(usize::try_from(self.inside).unwrap_or(0));
    }
}

fn bytes(written: &Writer) -> u64 {
    u64::try_from(written.0.len()).unwrap_or(u64::MAX)
}
