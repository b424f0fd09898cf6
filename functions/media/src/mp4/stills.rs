//! A few keyframes of a recording as a file of their own: what FFmpeg has to read for pictures of the whole length.
//!
//! The file is an index in memory and ranges of the source behind it, so that nothing but those keyframes is fetched,
//! however long the recording is.

use std::ops::Range;

use super::faststart::{BRANDS, ITSELF, Kept, Movie, VIDEO_HANDLER, required, select};
use super::init::{Edit, edit};
use super::samples::Samples;
use super::timeline::rescale;
use super::write::Writer;
use super::{Index, description};
use crate::Kind;
use crate::loopback::View;

/// Ticks a second of the new file.
const TIMESCALE: u32 = 1000;
/// Samples of a track that are walked, more than an index of [`super::MAX_MOOV`] can list. Sizes that are all alike need
/// no list, and then a few bytes may claim billions.
const MAX_SAMPLES: u64 = 1 << 24;

/// Keyframes of a recording, by themselves an MP4 of one track.
#[derive(Clone, PartialEq, Eq)]
pub struct Stills {
    /// `ftyp`, `moov` and the header of `mdat`.
    pub head: Vec<u8>,
    /// Bytes of the source that follow, one range a keyframe. Each has been seen to lie within the media.
    pub keyframes: Vec<Range<u64>>,
}

impl std::fmt::Debug for Stills {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stills").field("head", &self.head.len()).field("keyframes", &self.keyframes).finish()
    }
}

impl Stills {
    /// The file, as FFmpeg is to read it.
    #[must_use]
    pub fn view(&self) -> View {
        self.keyframes.iter().cloned().fold(View::default().bytes(self.head.clone()), View::alone)
    }

    /// Bytes of the source that are read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.keyframes.iter().map(|keyframe| keyframe.end.saturating_sub(keyframe.start)).sum()
    }
}

/// For each of `count` intervals of `interval` milliseconds the last keyframe that is presented by its middle, or the very
/// first. In the file they begin with the first interval that they stand for.
///
/// `None` when the picture has moved on for more than two intervals where a keyframe would stand for it, and when the
/// index says anything that is not understood: then only decoding the recording tells what it shows. Takes time by the
/// size of the index, and memory by `count`.
pub(crate) fn stills(index: &Index, interval: u64, count: u32) -> Option<Stills> {
    let video = index.video().filter(|video| !index.fragmented && video.timescale > 0)?;
    let movie = Movie::read(required(&index.moov, b"mvhd").ok()?).ok()?;
    let trak = select(&index.moov, &[video.index]).ok()?;
    let kept = Kept::read(trak.first()?, index, &movie).ok()?;
    let clock = Clock::read(kept.edits, movie.timescale, video.timescale)?;
    let moments = clock.moments(interval, count)?;
    let chosen = choose(&kept.samples, clock.begin, &moments, clock.ticks(u128::from(interval) * 2)?)?;
    let numbers: Vec<u64> = chosen.iter().map(|still| still.number).collect();
    let keyframes = kept.samples.places(&numbers).ok()?;
    if keyframes.iter().any(Range::is_empty) || !numbers.is_sorted() {
        return None;
    }
    let head = head(&movie, &kept, &chosen, interval, &keyframes)?;
    Some(Stills { head, keyframes })
}

/// The times of a track.
struct Clock {
    /// Ticks a second.
    timescale: u32,
    /// When the presentation begins, in ticks since the first sample is decoded.
    begin: i64,
    /// Ticks for which nothing is presented before.
    empty: i64,
}

impl Clock {
    fn read(edits: Option<&[u8]>, movie: u32, timescale: u32) -> Option<Self> {
        let Edit { empty, media_time } = edits.map(edit).transpose().ok()?.unwrap_or_default();
        let empty = i64::try_from(rescale(empty, movie, timescale)).ok()?;
        Some(Self { timescale, begin: i64::try_from(media_time).ok()?, empty })
    }

    fn ticks(&self, millis: u128) -> Option<i64> {
        i64::try_from(millis.checked_mul(self.timescale.into())? / 1000).ok()
    }

    /// The middles of the intervals, in ticks since the first sample is decoded.
    fn moments(&self, interval: u64, count: u32) -> Option<Vec<i64>> {
        let middle = |number: u32| {
            let millis = u128::from(interval) * u128::from(number) + u128::from(interval / 2);
            self.ticks(millis)?.checked_sub(self.empty)?.checked_add(self.begin)
        };
        (0..count).map(middle).collect()
    }
}

/// A keyframe and for how many intervals it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Still {
    /// When it is presented, in ticks.
    time: i64,
    /// Its place among the samples, from 0.
    number: u64,
    intervals: u32,
}

/// The keyframes that stand for the moments, in their order; each for one at least. `None` when one of them is out of
/// date for longer than `bearable` ticks, or is not to be seen.
fn choose(samples: &Samples<'_>, begin: i64, moments: &[i64], bearable: i64) -> Option<Vec<Still>> {
    if samples.count().ok()? > MAX_SAMPLES {
        return None;
    }
    // The last keyframe between the moment before and each moment, and the first of all.
    let (mut latest, mut first) = (vec![None; moments.len()], None);
    for (number, sample) in (0..).zip(samples.moments().ok()?) {
        if sample.sync {
            let found = (sample.time, number);
            first = first.map_or(Some(found), |first| Some(found.min(first)));
            let next = moments.partition_point(|moment| *moment < sample.time);
            if let Some(latest) = latest.get_mut(next) {
                *latest = Some(found).max(*latest);
            }
        }
    }
    let (mut current, mut chosen) = (first?, Vec::<Still>::new());
    for found in latest {
        current = found.unwrap_or(current);
        match chosen.last_mut() {
            Some(last) if last.time == current.0 => last.intervals += 1,
            _ => chosen.push(Still { time: current.0, number: current.1, intervals: 1 }),
        }
    }
    // Until when each is what is shown: until the next picture, which may be no keyframe.
    let mut until = vec![i64::MAX; chosen.len()];
    for sample in samples.moments().ok()? {
        let shown = chosen.partition_point(|still| still.time < sample.time).checked_sub(1);
        if let Some(until) = shown.and_then(|shown| until.get_mut(shown)) {
            *until = sample.time.min(*until);
        }
    }
    let mut moments = moments.iter();
    let stand = chosen.iter().zip(until).all(|(still, until)| {
        let last = moments.by_ref().take(usize::try_from(still.intervals).unwrap_or(usize::MAX)).last();
        // What an edit list hides is not to be seen here either.
        let hidden = until <= begin;
        !hidden && last.is_some_and(|last| last.saturating_sub(until) <= bearable)
    });
    stand.then_some(chosen)
}

/// The beginning of a file of these keyframes, which follow it; `None` when it cannot be written.
fn head(
    movie: &Movie<'_>,
    kept: &Kept<'_>,
    chosen: &[Still],
    interval: u64,
    keyframes: &[Range<u64>],
) -> Option<Vec<u8>> {
    let lengths = keyframes.iter().map(|keyframe| u32::try_from(keyframe.end - keyframe.start).ok());
    let lengths = lengths.collect::<Option<Vec<_>>>()?;
    let media = lengths.iter().try_fold(8_u32, |sum, length| sum.checked_add(*length))?;
    let durations = chosen.iter().map(|still| u32::try_from(interval.checked_mul(still.intervals.into())?).ok());
    let durations = durations.collect::<Option<Vec<_>>>()?;
    let duration = durations.iter().try_fold(0_u32, |sum, duration| sum.checked_add(*duration))?;
    let mut description = Writer::default();
    description::write(&mut description, kept.description, Kind::Video, None).ok()?;
    // What follows the duration in `tkhd`: layer, group, volume, matrix, width and height (§8.3.2).
    let shape = kept.track_header.last_chunk::<60>()?;

    let track = |w: &mut Writer, offset: u32| {
        w.full(b"tkhd", 0, 3, |w| {
            w.zeros(8);
            w.u32(1);
            w.zeros(4);
            w.u32(duration);
            w.bytes(shape);
        });
        w.boxed(b"mdia", |w| {
            w.full(b"mdhd", 0, 0, |w| {
                w.zeros(8);
                w.u32(TIMESCALE);
                w.u32(duration);
                // No language.
                w.u32(0x55c4_0000);
            });
            w.boxed(b"hdlr", |w| w.bytes(VIDEO_HANDLER));
            w.boxed(b"minf", |w| {
                w.full(b"vmhd", 0, 1, |w| w.zeros(8));
                w.boxed(b"dinf", |w| w.boxed(b"dref", |w| w.bytes(ITSELF)));
                w.boxed(b"stbl", |w| {
                    w.bytes(&description.0);
                    w.table(b"stts", 0, durations.iter(), |w, duration| {
                        w.u32(1);
                        w.u32(*duration);
                    });
                    w.table(b"stsc", 0, std::iter::once(lengths.len()), |w, samples| {
                        w.u32(1);
                        w.u32(u32::try_from(samples).unwrap_or(u32::MAX));
                        w.u32(1);
                    });
                    w.full(b"stsz", 0, 0, |w| {
                        w.u32(0);
                        w.u32(u32::try_from(lengths.len()).unwrap_or(u32::MAX));
                        lengths.iter().for_each(|length| w.u32(*length));
                    });
                    w.table(b"stco", 0, std::iter::once(offset), Writer::u32);
                });
            });
        });
    };
    let written = |offset: u32| {
        let mut w = Writer::default();
        w.boxed(b"ftyp", |w| w.bytes(BRANDS));
        w.boxed(b"moov", |w| {
            w.movie_header(TIMESCALE, duration.into(), movie.matrix, 2);
            w.boxed(b"trak", |w| track(w, offset));
        });
        w.u32(media);
        w.bytes(b"mdat");
        w.0
    };
    // As long wherever the media begins.
    Some(written(u32::try_from(written(0).len()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample tables of a track whose samples have one byte each: for how long each is decoded, by how much later it is
    /// presented, and 1 for keyframes.
    fn tables(samples: &[(u32, i32, u32)]) -> Vec<u8> {
        let mut w = Writer::default();
        let count = u32::try_from(samples.len()).expect("few");
        let sync = (1..).zip(samples).filter(|(_, sample)| sample.2 == 1).map(|(number, _)| number);
        w.table(b"stsd", 0, [0_u32; 0].iter(), |w, none| w.u32(*none));
        w.table(b"stts", 0, samples.iter(), |w, (delta, ..)| {
            w.u32(1);
            w.u32(*delta);
        });
        w.table(b"ctts", 1, samples.iter(), |w, (_, offset, _)| {
            w.u32(1);
            w.i32(*offset);
        });
        w.table(b"stss", 0, sync.collect::<Vec<u32>>().into_iter(), Writer::u32);
        w.table(b"stsc", 0, std::iter::once(count), |w, count| {
            [1, count, 1].into_iter().for_each(|field| w.u32(field));
        });
        w.full(b"stsz", 0, 0, |w| [1, count].into_iter().for_each(|field| w.u32(field)));
        w.table(b"stco", 0, std::iter::once(100), Writer::u32);
        w.0
    }

    fn chosen(samples: &[(u32, i32, u32)], begin: i64, moments: &[i64], bearable: i64) -> Option<Vec<(u64, u32)>> {
        let tables = tables(samples);
        let samples = Samples::read(&tables, std::slice::from_ref(&(100..200))).expect("tables");
        let chosen = choose(&samples, begin, moments, bearable)?;
        Some(chosen.iter().map(|still| (still.number, still.intervals)).collect())
    }

    #[test]
    fn each_moment_has_the_last_keyframe_before_it() {
        let steady = [(10, 0, 1), (10, 0, 0), (10, 0, 1), (10, 0, 0), (10, 0, 1), (10, 0, 0)];
        assert_eq!(chosen(&steady, 0, &[5, 15, 25, 35, 45, 55], 10), Some(vec![(0, 2), (2, 2), (4, 2)]));
        assert_eq!(chosen(&steady, 0, &[20, 39, 40], 10), Some(vec![(2, 2), (4, 1)]), "at the moment itself");
        assert_eq!(chosen(&steady, 0, &[25, 75], 10), None, "the last frame is no keyframe, and stands for long");
        assert_eq!(chosen(&steady, 0, &[-30, 5], 10), Some(vec![(0, 2)]), "before the first");
        assert_eq!(chosen(&steady[1..2], 0, &[5], 10), None, "no keyframe at all");
    }

    #[test]
    fn a_keyframe_may_stand_as_long_as_the_picture_does() {
        // Presented at 0 and 1000.
        let still = [(1000, 0, 1), (10, 0, 0)];
        assert_eq!(chosen(&still, 0, &[5, 500, 999, 1010], 10), Some(vec![(0, 4)]));
        assert_eq!(chosen(&still, 0, &[5, 500, 999, 1011], 10), None);
    }

    #[test]
    fn frames_are_compared_as_they_are_presented() {
        // Decoded I P B: presented at 10, 30 and 20.
        let reordered = [(10, 10, 1), (10, 20, 0), (10, 0, 0)];
        assert_eq!(chosen(&reordered, 10, &[25], 5), Some(vec![(0, 1)]));
        assert_eq!(chosen(&reordered, 10, &[26], 5), None);
        // An edit list begins where the next one is shown.
        assert_eq!(chosen(&reordered, 19, &[24], 5), Some(vec![(0, 1)]));
        assert_eq!(chosen(&reordered, 20, &[24], 5), None);
    }

    #[test]
    fn keyframes_lie_where_the_tables_say() {
        let tables = tables(&[(1, 0, 1); 8]);
        let samples = Samples::read(&tables, std::slice::from_ref(&(100..200))).expect("tables");
        assert_eq!(samples.places(&[0, 3, 4, 7]), Ok(vec![100..101, 103..104, 104..105, 107..108]));
        for wrong in [&[8][..], &[3, 3], &[4, 3], &[u64::MAX]] {
            assert!(samples.places(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn clocks_are_brought_together() {
        let clock = Clock { timescale: 90_000, begin: 3000, empty: 9000 };
        assert_eq!(clock.moments(1000, 3), Some(vec![39_000, 129_000, 219_000]));
        assert_eq!(clock.moments(u64::MAX, u32::MAX), None);
    }
}
