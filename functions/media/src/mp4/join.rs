//! The times of pictures that were encoded in chunks, each by itself, and become one track.

use std::borrow::Cow;

use super::AssemblyError;
use super::fragments::Run;
use super::init::{Init, InitTrack};
use super::tables::{Runs, Times};
use super::timeline::{last_shown, rescale};

/// Ticks a second in which the beginnings of chunks are given.
const CHUNK_TIMESCALE: u32 = 90_000;

/// Times of presentation, in decode order and in ticks of the track.
#[derive(Debug, Default)]
pub(super) struct Join {
    presented: Vec<u64>,
    /// What the current chunk's decode time 0 is in the whole, and what its own decode time has come to.
    shift: i128,
    end: u64,
    /// Nothing of the current chunk is presented before this time, the first one behind the chunks before.
    floor: u64,
    /// The first one behind all samples.
    ceiling: u64,
    /// Duration of the sample decoded last.
    last: u32,
}

impl Join {
    /// Begins a chunk at `start` ticks of [`CHUNK_TIMESCALE`].
    pub(super) fn chunk(&mut self, init: &Init, track: &InitTrack, start: u64) {
        let start = rescale(start, CHUNK_TIMESCALE, track.timescale);
        let empty = rescale(track.edit.empty, init.timescale, track.timescale);
        self.shift = i128::from(start) + i128::from(empty) - i128::from(track.edit.media_time);
        self.end = 0;
        self.floor = self.ceiling;
    }

    pub(super) fn add(&mut self, run: &Run) -> Result<(), AssemblyError> {
        self.end = run.time.unwrap_or(self.end);
        for sample in &run.samples {
            let presented = self.shift + i128::from(self.end) + i128::from(sample.composition_offset);
            let presented = u64::try_from(presented).map_err(|_| AssemblyError::Times)?;
            if presented < self.floor {
                return Err(AssemblyError::Overlap);
            }
            // Below 2^62, so that differences and sums stay within 64 bits.
            if presented >> 62 != 0 {
                return Err(AssemblyError::Times);
            }
            self.ceiling = self.ceiling.max(presented + 1);
            self.presented.push(presented);
            self.end = self.end.saturating_add(u64::from(sample.duration));
            self.last = sample.duration;
        }
        Ok(())
    }

    /// The last time that is presented.
    pub(super) fn end(&self) -> u64 {
        self.ceiling.saturating_sub(1)
    }

    pub(super) fn times(&self, timescale: u32) -> Result<Times<'static>, AssemblyError> {
        let decoded = decode_times(&self.presented)?;
        let start = decoded.first().copied().unwrap_or(0);
        let (mut deltas, mut offsets) = (Runs::default(), Runs::default());
        for [earlier, later] in decoded.array_windows() {
            deltas.push(u32::try_from(later - earlier).map_err(|_| AssemblyError::Times)?);
        }
        deltas.push(self.last);
        for (presented, decoded) in self.presented.iter().zip(&decoded) {
            let offset = presented.cast_signed() - decoded;
            offsets.push(i32::try_from(offset).map_err(|_| AssemblyError::Times)?);
        }
        let is_decoded_last = self.presented.last() == Some(&self.end());
        let first = self.presented.iter().min().copied().unwrap_or(0);
        let lead = self.presented.first().copied().unwrap_or(0);
        Ok(Times {
            lead: lead.cast_signed() - start,
            end: self.end().cast_signed() - start + i64::from(last_shown(&deltas, is_decoded_last)),
            media_time: (first.cast_signed() - start).unsigned_abs(),
            empty: first,
            empty_timescale: timescale,
            deltas: Cow::Owned(deltas),
            offsets: Cow::Owned(offsets),
        })
    }
}

/// Decode times for pictures that are presented at these times, given in decode order, as x264 makes them: a picture is
/// decoded when the one is presented that stands `d` places before it, where `d` is the least that lets none be presented
/// before it is decoded. The first `d` are moved ahead by as much as the pictures are delayed.
fn decode_times(presented: &[u64]) -> Result<Vec<i64>, AssemblyError> {
    let mut times: Vec<i64> = presented.iter().map(|time| time.cast_signed()).collect();
    times.sort_unstable();
    if times.array_windows().any(|[earlier, later]| earlier == later) {
        return Err(AssemblyError::Overlap);
    }
    let mut depth = 0;
    for (place, time) in presented.iter().enumerate() {
        while depth < place && times.get(place - depth).is_some_and(|decoded| *decoded > time.cast_signed()) {
            depth += 1;
        }
    }
    let ahead: Vec<i64> = times.get(..depth).unwrap_or_default().to_vec();
    let delay = times.get(depth).zip(times.first()).map_or(0, |(later, first)| later - first);
    times.truncate(times.len() - depth);
    times.splice(0..0, ahead.iter().map(|time| time - delay));
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decode_times_are_those_of_one_encode() {
        assert_eq!(decode_times(&[0, 10, 35]), Ok(vec![0, 10, 35]));
        // I P B b, then a second chunk that begins anew.
        assert_eq!(decode_times(&[0, 30, 10, 20, 40, 70, 50, 60]), Ok(vec![-10, 0, 10, 20, 30, 40, 50, 60]));
        // With a pyramid of B-frames: I P B b b, at uneven times.
        assert_eq!(decode_times(&[5, 90, 40, 20, 60]), Ok(vec![5 - 35, 20 - 35, 5, 20, 40]));
        assert_eq!(decode_times(&[0, 20, 20]), Err(AssemblyError::Overlap));
        assert_eq!(decode_times(&[]), Ok(vec![]));
    }
}
