//! The times of a track that comes from one stream.

use std::borrow::Cow;

use super::AssemblyError;
use super::fragments::Run;
use super::init::{Edit, Init, InitTrack};
use super::tables::{Runs, Times};

/// Times are below this, so that a composition offset added to one stays within 64 bits.
const LATEST: u64 = 1 << 62;

#[derive(Debug)]
pub(super) struct Timeline {
    edit: Edit,
    movie_timescale: u32,
    /// The stream's decode time of the first sample, which is 0 here.
    first: Option<u64>,
    /// Decode time behind the last sample.
    end: u64,
    deltas: Runs<u32>,
    offsets: Runs<i32>,
    lead: i64,
    /// The first time of presentation.
    earliest: i64,
    /// The last time of presentation, and whether the sample decoded last has it.
    latest: (i64, bool),
}

impl Timeline {
    pub(super) fn new(init: &Init, track: &InitTrack) -> Self {
        Self {
            edit: track.edit,
            movie_timescale: init.timescale,
            first: None,
            end: 0,
            deltas: Runs::default(),
            offsets: Runs::default(),
            lead: 0,
            earliest: i64::MAX,
            latest: (i64::MIN, true),
        }
    }

    pub(super) fn add(&mut self, run: &Run) -> Result<(), AssemblyError> {
        let started = self.first.is_some();
        let first = *self.first.get_or_insert(run.time.unwrap_or(0));
        let start = match run.time {
            Some(time) => time.checked_sub(first).filter(|start| *start < LATEST).ok_or(AssemblyError::Times)?,
            None => self.end,
        };
        // The writer of a fragment may not know how long its last sample lasts: the next fragment tells.
        if let Some(last) = self.deltas.last().filter(|_| start != self.end) {
            let right = (self.end - u64::from(last)..).contains(&start).then(|| start - (self.end - u64::from(last)));
            let right = right.and_then(|delta| u32::try_from(delta).ok()).ok_or(AssemblyError::Times)?;
            self.deltas.replace_last(right);
        }
        self.end = start;
        for sample in &run.samples {
            let presented = self.end.cast_signed() + i64::from(sample.composition_offset);
            self.earliest = self.earliest.min(presented);
            self.latest = (self.latest.0.max(presented), presented >= self.latest.0);
            self.deltas.push(sample.duration);
            self.offsets.push(sample.composition_offset);
            self.end += u64::from(sample.duration);
        }
        if let Some(sample) = run.samples.first().filter(|_| !started) {
            self.lead = i64::from(sample.composition_offset);
        }
        if self.end < LATEST { Ok(()) } else { Err(AssemblyError::Times) }
    }

    /// How far the track has come in decoding, without what delays its beginning.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn empty(&self) -> (u64, u32) {
        (self.edit.empty, self.movie_timescale)
    }

    pub(super) fn times(&self, timescale: u32) -> Times<'_> {
        // Where nothing is yet to be presented the track waits in an empty edit: players do not agree on edits that begin
        // before the first picture.
        let (first, earliest) = (self.first.unwrap_or(0), u64::try_from(self.earliest).unwrap_or(0));
        let begin = first.saturating_add(earliest);
        let late = rescale(begin.saturating_sub(self.edit.media_time), timescale, self.movie_timescale);
        Times {
            deltas: Cow::Borrowed(&self.deltas),
            offsets: Cow::Borrowed(&self.offsets),
            lead: self.lead,
            end: self.latest.0.saturating_add(i64::from(last_shown(&self.deltas, self.latest.1))),
            media_time: self.edit.media_time.max(begin).saturating_sub(first),
            empty: self.edit.empty.saturating_add(late),
            empty_timescale: self.movie_timescale,
        }
    }
}

/// How long the sample lasts that is presented last. Decode times do not tell, when another one is decoded last: its
/// duration may be a gap that lies before. The shortest that occurs is then never too long.
pub(super) fn last_shown(deltas: &Runs<u32>, is_decoded_last: bool) -> u32 {
    let last = deltas.last().unwrap_or(0);
    if is_decoded_last {
        return last;
    }
    deltas.values().filter(|delta| *delta > 0).min().map_or(last, |shortest| shortest.min(last))
}

/// A time of a clock of `from` ticks a second in ticks of one of `to`, rounded down. Clocks do not stand still.
pub(super) fn rescale(time: u64, from: u32, to: u32) -> u64 {
    let ticks = u128::from(time) * u128::from(to) / u128::from(from.max(1));
    u64::try_from(ticks).unwrap_or(u64::MAX)
}
