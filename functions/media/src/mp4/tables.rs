//! Sample tables (ISO/IEC 14496-12 §8.6 and §8.7), collected compactly and written.

use std::borrow::Cow;

use super::fragments::Run;
use super::write::Writer;

/// Values in order, equal neighbours counted: eight bytes a change.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs<T>(Vec<(u32, T)>);

impl<T: Copy + PartialEq> Runs<T> {
    pub(super) fn push(&mut self, value: T) {
        match self.0.last_mut() {
            Some((count, last)) if *last == value => *count += 1,
            _ => self.0.push((1, value)),
        }
    }

    pub(super) fn last(&self) -> Option<T> {
        self.0.last().map(|(_, value)| *value)
    }

    pub(super) fn replace_last(&mut self, value: T) {
        if let Some((count, _)) = self.0.last_mut() {
            *count -= 1;
            if *count == 0 {
                self.0.pop();
            }
            self.push(value);
        }
    }

    /// The different values.
    pub(super) fn values(&self) -> impl Iterator<Item = T> {
        self.0.iter().map(|(_, value)| *value)
    }
}

impl Runs<u32> {
    pub(super) fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, (count, value)| sum.saturating_add(u64::from(*count) * u64::from(*value)))
    }
}

/// When the samples of a track are decoded and presented. Times are in ticks of the track, counted from the first decode
/// time.
#[derive(Debug)]
pub(super) struct Times<'a> {
    pub(super) deltas: Cow<'a, Runs<u32>>,
    /// From decoding to presentation.
    pub(super) offsets: Cow<'a, Runs<i32>>,
    /// When the sample decoded first is presented.
    pub(super) lead: i64,
    /// When the presentation ends.
    pub(super) end: i64,
    /// The presentation begins with this time,
    pub(super) media_time: u64,
    /// after nothing was presented for so many ticks of a clock with
    pub(super) empty: u64,
    /// so many ticks a second.
    pub(super) empty_timescale: u32,
}

impl Times<'_> {
    /// `stts`, and `ctts` when any sample is not presented as it is decoded.
    pub(super) fn write(&self, w: &mut Writer) {
        let entry = |w: &mut Writer, (count, delta): &(u32, u32)| {
            w.u32(*count);
            w.u32(*delta);
        };
        w.table(b"stts", 0, self.deltas.0.iter(), entry);
        if self.offsets.values().any(|offset| offset != 0) {
            let version = u8::from(self.offsets.values().any(i32::is_negative));
            w.table(b"ctts", version, self.offsets.0.iter(), |w, (count, offset)| {
                w.u32(*count);
                w.i32(*offset);
            });
        }
    }
}

/// Sizes, places and keyframes of a track's samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    sizes: Vec<u32>,
    /// Numbers, from 1, of the samples at which decoding can begin; `None` while those are all.
    sync: Option<Vec<u32>>,
    chunks: Vec<Chunk>,
}

/// Samples that lie one after another.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    /// In the media of all fragments.
    offset: u64,
    samples: u32,
    description: u32,
}

impl Samples {
    /// Appends a run whose first sample lies at `offset`. There are fewer than 2^32 samples.
    pub(super) fn add(&mut self, run: &Run, offset: u64) {
        for sample in &run.samples {
            let number = count(self.sizes.len()) + 1;
            if !sample.sync && self.sync.is_none() {
                self.sync = Some((1..number).collect());
            }
            if let Some(sync) = self.sync.as_mut().filter(|_| sample.sync) {
                sync.push(number);
            }
            self.sizes.push(sample.size);
        }
        self.chunks.push(Chunk { offset, samples: count(run.samples.len()), description: run.description });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// `stss`, `stsc`, `stsz` and `stco`, or `co64` for offsets of 64 bits. The media begins at byte `media` of the file.
    pub(super) fn write(&self, w: &mut Writer, media: u64, wide: bool) {
        if let Some(sync) = &self.sync {
            w.table(b"stss", 0, sync.iter(), |w, number| w.u32(*number));
        }
        let alike = |a: &Chunk, b: &Chunk| (a.samples, a.description) == (b.samples, b.description);
        let mut firsts = Vec::new();
        for (number, chunk) in (1..).zip(&self.chunks) {
            if firsts.last().is_none_or(|(_, last)| !alike(last, chunk)) {
                firsts.push((number, *chunk));
            }
        }
        w.table(b"stsc", 0, firsts.iter(), |w, (number, chunk)| {
            w.u32(*number);
            w.u32(chunk.samples);
            w.u32(chunk.description);
        });
        w.full(b"stsz", 0, 0, |w| {
            w.u32(0);
            w.u32(count(self.sizes.len()));
            self.sizes.iter().for_each(|size| w.u32(*size));
        });
        let offsets = self.chunks.iter().map(|chunk| media.saturating_add(chunk.offset));
        if wide {
            w.table(b"co64", 0, offsets, Writer::u64);
        } else {
            w.table(b"stco", 0, offsets, |w, offset| w.u32(u32::try_from(offset).unwrap_or(u32::MAX)));
        }
    }
}

fn count(samples: usize) -> u32 {
    u32::try_from(samples).unwrap_or(u32::MAX)
}
