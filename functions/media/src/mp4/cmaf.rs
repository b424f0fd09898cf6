//! A track as a player of HLS takes it (ISO/IEC 23000-19, CMAF): what describes it, then fragments that say when they are
//! presented, so that playing can begin at any of them that begins with a keyframe.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::boxes::{Boxes, find};
use super::codec::elementary_stream;
use super::fragments::{Fragment, Run};
use super::init::{Init, InitTrack};
use super::moov::seconds;
use super::timeline::rescale;
use super::write::{UNCHANGED, Writer};

/// Length from which on a segment ends at the next keyframe (Apple's HLS authoring specification asks for 6 seconds).
const SEGMENT: Duration = Duration::from_secs(6);
/// Encoded keyframes lie on a grid to which frames are rounded: a frame that comes so much early is no reason to wait.
const EARLY: Duration = Duration::from_millis(100);
/// Length of a visual or a sound sample entry before the boxes in it (ISO/IEC 14496-12 §12.1.3, §12.2.3).
const VISUAL_ENTRY: usize = 78;
const SOUND_ENTRY: usize = 28;
/// Flags of a sample that depends on no other, and of one that does and is no keyframe (§8.8.3.1).
const SYNC: u32 = 0x0200_0000;
const NOT_SYNC: u32 = 0x0101_0000;
/// In `trun`: where the data is, then duration, size, flags and composition offset of each sample (§8.8.8).
const RUN_FLAGS: u32 = 0x0f01;
/// In `tfhd`: places count from the fragment's head (§8.8.7).
const FROM_HEAD: u32 = 0x02_0000;

/// Why a stream does not become this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CmafError {
    /// It has not exactly one track.
    #[error("a rendition is not one track")]
    NotOneTrack,
    /// It is neither H.264 nor AAC.
    #[error("a rendition is coded in a way that has no name here")]
    UnknownCodec,
    /// A picture would be presented before the recording begins: a recording that was cut without being encoded.
    #[error("a picture comes before the beginning")]
    BeforeBeginning,
    /// A time or a place is out of range.
    #[error("the times of a rendition are out of range")]
    Times,
}

/// What a piece of a rendition holds, for whoever writes the playlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segments {
    /// The codec's name (RFC 6381), such as `avc1.64001f`.
    pub codec: String,
    /// Bytes of what describes the track, at the beginning of the file. The first segment follows.
    pub init: u64,
    /// The segments in their order. Each lies behind the one before.
    pub segments: Vec<Segment>,
}

/// A part of a rendition with which playing can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    /// Its length in microseconds.
    pub micros: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Turns a stream of one track into CMAF. Does no input or output, and holds no media.
#[derive(Debug)]
pub struct Cmaf {
    track: InitTrack,
    codec: String,
    /// Ticks of the track by which the stream's decode times are moved.
    shift: i128,
    /// Ticks that are added to the composition offsets of pictures, so that no edit list is needed.
    composition: i64,
    init: u64,
    sequence: u32,
    /// Decode time behind the last sample, in the whole.
    end: u64,
    segments: Vec<Open>,
}

/// A segment that may still grow, with the time at which it is first presented.
#[derive(Clone, Copy, Debug)]
struct Open {
    start: Duration,
    bytes: u64,
}

impl Cmaf {
    /// A stream whose time 0, by its edit list, is `start` of the whole; and the bytes that the file begins with.
    pub fn begin(init: &Init, start: Duration) -> Result<(Self, Vec<u8>), CmafError> {
        let [track] = init.tracks.as_slice() else { return Err(CmafError::NotOneTrack) };
        let codec = codec(track).ok_or(CmafError::UnknownCodec)?;
        let start = u64::try_from(start.as_micros()).map_err(|_| CmafError::Times)?;
        let start = i128::from(rescale(start, 1_000_000, track.timescale));
        let empty = i128::from(rescale(track.edit.empty, init.timescale, track.timescale));
        let cut = i64::try_from(track.edit.media_time).map_err(|_| CmafError::Times)?;
        // Sound is presented as it is decoded, so that what precedes its beginning is moved; what precedes a picture's is
        // only the order in which pictures are decoded.
        let (shift, composition) =
            if is_sound(track) { (start + empty - i128::from(cut), 0) } else { (start + empty, -cut) };
        let bytes = describe(track);
        let init = length(&bytes);
        let track = track.clone();
        Ok((Self { track, codec, shift, composition, init, sequence: 0, end: 0, segments: Vec::new() }, bytes))
    }

    /// What goes before a fragment's media; nothing, when nothing of it is presented: then its media is left out as well.
    /// Fragments are added in their order.
    pub fn add(&mut self, fragment: &Fragment) -> Result<Vec<u8>, CmafError> {
        let mut runs = Vec::with_capacity(fragment.runs.len());
        for run in &fragment.runs {
            runs.extend(self.placed(run)?);
        }
        let Some(first) = runs.first() else { return Ok(Vec::new()) };
        let offset = i64::from(first.samples.first().map_or(0, |sample| sample.composition_offset));
        let offset = offset.saturating_add(self.composition);
        let presented = first.time.checked_add_signed(offset).ok_or(CmafError::BeforeBeginning)?;
        let presented = seconds(presented, self.track.timescale).unwrap_or_default();
        let sync = first.samples.first().is_some_and(|sample| sample.sync);
        let full = |open: &Open| presented.saturating_sub(open.start) + EARLY >= SEGMENT;
        if self.segments.last().is_none_or(|open| sync && full(open)) {
            self.segments.push(Open { start: presented, bytes: 0 });
        }
        self.sequence += 1;
        let head = self.head(&runs, length(&fragment.media))?;
        if let Some(open) = self.segments.last_mut() {
            open.bytes += length(&head) + length(&fragment.media);
        }
        Ok(head)
    }

    /// What the file holds. The whole goes on behind it at `end`; `None` when this was its last piece.
    #[must_use]
    pub fn finish(self, end: Option<Duration>) -> Segments {
        let end = end.unwrap_or_else(|| seconds(self.end, self.track.timescale).unwrap_or_default());
        let ends = self.segments.iter().skip(1).map(|open| open.start).chain([end]);
        let segments = self.segments.iter().zip(ends).map(|(open, end)| Segment {
            micros: u64::try_from(end.saturating_sub(open.start).as_micros()).unwrap_or(u64::MAX),
            bytes: open.bytes,
        });
        Segments { codec: self.codec, init: self.init, segments: segments.collect() }
    }

    /// A run at its time in the whole, without the sound that precedes the beginning; `None` when nothing is left of it.
    fn placed(&mut self, run: &Run) -> Result<Option<Placed>, CmafError> {
        let mut time = run.time.map_or(i128::from(self.end), |time| i128::from(time) + self.shift);
        let (mut offset, mut samples) = (run.offset, Vec::with_capacity(run.samples.len()));
        let mut begin = None;
        for sample in &run.samples {
            let mut sample = *sample;
            let end = time + i128::from(sample.duration);
            if begin.is_none() && end <= 0 && time < 0 {
                offset += u64::from(sample.size);
                time = end;
                continue;
            }
            if begin.is_none() {
                sample.duration = u32::try_from(end - time.max(0)).map_err(|_| CmafError::Times)?;
                begin = Some(time.max(0));
            }
            samples.push(sample);
            time = end;
        }
        let Some(begin) = begin else { return Ok(None) };
        let time_of = |time| u64::try_from(time).ok().filter(|time| time >> 62 == 0).ok_or(CmafError::Times);
        self.end = time_of(time)?;
        Ok(Some(Placed { time: time_of(begin)?, offset, samples }))
    }

    /// `moof`, and the header of the `mdat` that follows it.
    fn head(&self, runs: &[Placed], media: u64) -> Result<Vec<u8>, CmafError> {
        let media = u32::try_from(media.saturating_add(8)).map_err(|_| CmafError::Times)?;
        // The places of the data count from the head's beginning, so it is written once to learn how long it is.
        let mut measured = Writer::default();
        self.moof(&mut measured, runs, 0)?;
        let data = length(&measured.0) + 8;
        let mut w = Writer::default();
        self.moof(&mut w, runs, data)?;
        w.u32(media);
        w.bytes(b"mdat");
        Ok(w.0)
    }

    fn moof(&self, w: &mut Writer, runs: &[Placed], data: u64) -> Result<(), CmafError> {
        let mut written = Ok(());
        w.boxed(b"moof", |w| {
            w.full(b"mfhd", 0, 0, |w| w.u32(self.sequence));
            w.boxed(b"traf", |w| {
                w.full(b"tfhd", 0, FROM_HEAD, |w| w.u32(1));
                w.full(b"tfdt", 1, 0, |w| w.u64(runs.first().map_or(0, |run| run.time)));
                written = runs.iter().try_for_each(|run| self.trun(w, run, data));
            });
        });
        written
    }

    fn trun(&self, w: &mut Writer, run: &Placed, data: u64) -> Result<(), CmafError> {
        let place = i32::try_from(data.saturating_add(run.offset)).map_err(|_| CmafError::Times)?;
        let count = u32::try_from(run.samples.len()).map_err(|_| CmafError::Times)?;
        let offset = |sample: i32| {
            i32::try_from(i64::from(sample).saturating_add(self.composition)).map_err(|_| CmafError::Times)
        };
        let offsets = run.samples.iter().map(|sample| offset(sample.composition_offset));
        let offsets = offsets.collect::<Result<Vec<_>, _>>()?;
        w.full(b"trun", 1, RUN_FLAGS, |w| {
            w.u32(count);
            w.i32(place);
            for (sample, offset) in run.samples.iter().zip(offsets) {
                w.u32(sample.duration);
                w.u32(sample.size);
                w.u32(if sample.sync { SYNC } else { NOT_SYNC });
                w.i32(offset);
            }
        });
        Ok(())
    }
}

/// Samples that lie one after another, at a decode time of the whole.
#[derive(Debug)]
struct Placed {
    time: u64,
    /// In the fragment's media.
    offset: u64,
    samples: Vec<super::Sample>,
}

fn is_sound(track: &InitTrack) -> bool {
    track.handler == *b"soun"
}

/// `ftyp` and a `moov` that describes no sample.
fn describe(track: &InitTrack) -> Vec<u8> {
    let mut w = Writer::default();
    w.boxed(b"ftyp", |w| {
        w.bytes(b"iso6");
        w.u32(0);
        w.bytes(b"iso6cmfccmf2mp41");
    });
    w.boxed(b"moov", |w| {
        w.movie_header(track.timescale, 0, &UNCHANGED, 2);
        w.boxed(b"trak", |w| {
            // Enabled and part of the presentation.
            w.full(b"tkhd", 0, 3, |w| {
                w.zeros(8);
                w.u32(1);
                w.u32(0);
                w.u32(0);
                w.bytes(&track.tkhd_rest);
            });
            w.boxed(b"mdia", |w| {
                w.full(b"mdhd", 0, 0, |w| {
                    w.zeros(8);
                    w.u32(track.timescale);
                    w.u32(0);
                    w.u16(track.language);
                    w.u16(0);
                });
                w.boxed(b"hdlr", |w| w.bytes(&track.hdlr));
                w.boxed(b"minf", |w| {
                    w.bytes(&track.media);
                    w.boxed(b"stbl", |w| {
                        w.boxed(b"stsd", |w| w.bytes(&track.stsd));
                        for kind in [b"stts", b"stsc", b"stco"] {
                            w.full(kind, 0, 0, |w| w.u32(0));
                        }
                        w.full(b"stsz", 0, 0, |w| w.u64(0));
                    });
                });
            });
        });
        w.boxed(b"mvex", |w| {
            w.full(b"trex", 0, 0, |w| {
                w.u32(1);
                w.u32(1);
                w.zeros(12);
            });
        });
    });
    w.0
}

/// The name of the track's codec (RFC 6381 §3.3, §3.4).
fn codec(track: &InitTrack) -> Option<String> {
    let entry = Boxes(track.stsd.get(8..)?).next()?.ok()?;
    match &entry.kind {
        b"avc1" => {
            let [_, profile, compatible, level, ..] = find(entry.body.get(VISUAL_ENTRY..)?, b"avcC")? else {
                return None;
            };
            Some(format!("avc1.{profile:02x}{compatible:02x}{level:02x}"))
        }
        b"mp4a" => {
            let (object_type, _) = elementary_stream(entry.body.get(SOUND_ENTRY..)?)?;
            Some(format!("mp4a.40.{object_type}"))
        }
        _ => None,
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
