//! A track of an assembled file and its box (ISO/IEC 14496-12 §8.3 to §8.6).

use std::time::Duration;

use super::fragments::Run;
use super::init::{Init, InitTrack};
use super::join::Join;
use super::tables::{Samples, Times};
use super::timeline::{Timeline, rescale};
use super::write::{Writer, version_for};
use super::{AssemblyError, Stream, moov};

#[derive(Debug)]
pub(super) struct Track {
    pub(super) stream: Stream,
    pub(super) init: InitTrack,
    pub(super) samples: Samples,
    pub(super) timing: Timing,
}

#[derive(Debug)]
pub(super) enum Timing {
    Streamed(Timeline),
    Joined(Join),
}

/// When a track is presented, in ticks of the movie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edits {
    /// For how long nothing is.
    empty: u64,
    /// For how long the track then is.
    shown: u64,
    /// When the presentation ends.
    pub(super) end: u64,
}

impl Timing {
    pub(super) fn streamed(init: &Init, track: &InitTrack) -> Self {
        Self::Streamed(Timeline::new(init, track))
    }

    pub(super) fn joined() -> Self {
        Self::Joined(Join::default())
    }
}

impl Track {
    pub(super) fn new(stream: Stream, init: &InitTrack, timing: Timing) -> Self {
        Self { stream, init: init.clone(), samples: Samples::default(), timing }
    }

    /// Appends a run whose first sample lies at `offset` of all media.
    pub(super) fn add(&mut self, run: &Run, offset: u64) -> Result<(), AssemblyError> {
        self.samples.add(run, offset);
        match &mut self.timing {
            Timing::Streamed(timeline) => timeline.add(run),
            Timing::Joined(join) => join.add(run),
        }
    }

    /// How far the track has come.
    pub(super) fn time(&self) -> Duration {
        let seconds = |ticks, timescale| moov::seconds(ticks, timescale).unwrap_or_default();
        match &self.timing {
            Timing::Streamed(timeline) => {
                let (empty, timescale) = timeline.empty();
                seconds(empty, timescale).saturating_add(seconds(timeline.end(), self.init.timescale))
            }
            Timing::Joined(join) => seconds(join.end(), self.init.timescale),
        }
    }

    pub(super) fn times(&self) -> Result<Times<'_>, AssemblyError> {
        match &self.timing {
            Timing::Streamed(timeline) => Ok(timeline.times(self.init.timescale)),
            Timing::Joined(join) => join.times(self.init.timescale),
        }
    }

    /// When the track is presented, rounded as FFmpeg does: what is shown up, and what is cut from its beginning up too.
    pub(super) fn edits(&self, times: &Times<'_>, movie: u32) -> Edits {
        let up = |time| rescale_up(u64::try_from(time).unwrap_or(0), self.init.timescale, movie);
        let (lead, end, from) = (i128::from(times.lead), i128::from(times.end), i128::from(times.media_time));
        let shown = if from <= lead { up(end - from) } else { up(end - lead).saturating_sub(up(from - lead)) };
        let empty = rescale(times.empty, times.empty_timescale, movie);
        Edits { empty, shown, end: empty.saturating_add(up(end - from)) }
    }

    /// `tkhd` and `edts`.
    pub(super) fn header(&self, w: &mut Writer, id: u32, edits: Edits, media_time: u64) {
        let Edits { empty, shown, end } = edits;
        let version = version_for(end);
        let [a, b, c] = self.init.tkhd_flags;
        w.full(b"tkhd", version, u32::from_be_bytes([0, a, b, c]), |w| {
            w.time(version, 0);
            w.time(version, 0);
            w.u32(id);
            w.u32(0);
            w.time(version, end);
            w.bytes(&self.init.tkhd_rest);
        });
        // In version 0 the media's time is signed.
        let version = version_for(empty.max(shown).max(media_time.saturating_mul(2)));
        let edits = [(empty, u64::MAX), (shown, media_time)];
        w.boxed(b"edts", |w| {
            w.table(b"elst", version, edits.iter().skip(usize::from(empty == 0)), |w, (duration, from)| {
                w.time(version, *duration);
                w.time(version, *from);
                w.u32(0x0001_0000);
            });
        });
    }

    /// `mdia`, whose sample tables end as `places` writes them.
    pub(super) fn media(&self, w: &mut Writer, times: &Times<'_>, places: impl FnOnce(&mut Writer)) {
        w.boxed(b"mdia", |w| {
            let duration = times.deltas.sum();
            let version = version_for(duration);
            w.full(b"mdhd", version, 0, |w| {
                w.time(version, 0);
                w.time(version, 0);
                w.u32(self.init.timescale);
                w.time(version, duration);
                w.u16(self.init.language);
                w.u16(0);
            });
            w.boxed(b"hdlr", |w| w.bytes(&self.init.hdlr));
            w.boxed(b"minf", |w| {
                w.bytes(&self.init.media);
                w.boxed(b"stbl", |w| {
                    w.boxed(b"stsd", |w| w.bytes(&self.init.stsd));
                    times.write(w);
                    places(w);
                });
            });
        });
    }
}

fn rescale_up(time: u64, from: u32, to: u32) -> u64 {
    let ticks = (u128::from(time) * u128::from(to)).div_ceil(u128::from(from.max(1)));
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
