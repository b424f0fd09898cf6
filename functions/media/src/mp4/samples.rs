//! The sample tables of a track (ISO/IEC 14496-12 §8.5 to §8.7), checked against each other and against the media before
//! anybody is sent to where they point.

use std::ops::Range;

use super::boxes::{Box, Boxes, Fields, FourCc};
use super::faststart::NotCopyable;

/// Tables of which a track has at most one. Everything here but the descriptions and offsets is kept as it is.
const KINDS: [FourCc; 11] =
    [*b"stsd", *b"stts", *b"ctts", *b"cslg", *b"stss", *b"stps", *b"sdtp", *b"stsc", *b"stsz", *b"stco", *b"co64"];
/// Sample groups that are kept; writers have one or two kinds.
const MAX_GROUPS: usize = 32;

/// The tables of one track.
pub(super) struct Samples<'a> {
    tables: [Option<&'a [u8]>; KINDS.len()],
    /// Sample groups, which name samples by their numbers.
    groups: Vec<Box<'a>>,
    pub(super) offsets: Offsets<'a>,
}

/// Where the chunks begin in the source.
#[derive(Clone, Copy)]
pub(super) enum Offsets<'a> {
    Narrow(&'a [[u8; 4]]),
    Wide(&'a [[u8; 8]]),
}

impl<'a> Offsets<'a> {
    pub(super) fn len(self) -> usize {
        match self {
            Self::Narrow(table) => table.len(),
            Self::Wide(table) => table.len(),
        }
    }

    fn get(self, at: usize) -> Option<u64> {
        match self {
            Self::Narrow(table) => table.get(at).map(|entry| u64::from(u32::from_be_bytes(*entry))),
            Self::Wide(table) => table.get(at).map(|entry| u64::from_be_bytes(*entry)),
        }
    }

    pub(super) fn iter(self) -> impl Iterator<Item = u64> + 'a {
        (0..self.len()).map_while(move |at| self.get(at))
    }
}

impl<'a> Samples<'a> {
    /// Reads the body of `stbl` and checks it; every chunk is to lie within one of the `payloads`, which are in order. Takes
    /// time by the bytes of the tables, whatever they claim.
    pub(super) fn read(stbl: &'a [u8], payloads: &[Range<u64>]) -> Result<Self, NotCopyable> {
        let (mut tables, mut groups) = ([None; KINDS.len()], Vec::new());
        for child in Boxes(stbl) {
            let child = child?;
            if let Some(table) = slot(&child.kind).and_then(|slot| tables.get_mut(slot)) {
                if table.replace(child.body).is_some() {
                    return Err(NotCopyable::Malformed("a table is there twice"));
                }
                continue;
            }
            match &child.kind {
                b"sgpd" | b"sbgp" | b"csgp" if grouping(child.body)? != *b"seig" => {
                    if groups.len() == MAX_GROUPS {
                        return Err(NotCopyable::Malformed("there are too many sample groups"));
                    }
                    groups.push(child);
                }
                b"free" | b"skip" | b"wide" => {}
                _ => return Err(NotCopyable::unknown(child.kind)),
            }
        }
        let offsets = match (get(&tables, b"stco"), get(&tables, b"co64")) {
            (Some(table), None) => Offsets::Narrow(entries(table)?),
            (None, Some(table)) => Offsets::Wide(entries(table)?),
            _ => return Err(NotCopyable::Malformed("it is not clear where the chunks begin")),
        };
        let samples = Self { tables, groups, offsets };
        samples.check(payloads)?;
        Ok(samples)
    }

    /// A table's body.
    pub(super) fn table(&self, kind: &FourCc) -> Option<&'a [u8]> {
        get(&self.tables, kind)
    }

    /// The boxes that hold for the moved media as well, in the order in which they are usually written.
    pub(super) fn kept(&self) -> impl Iterator<Item = Box<'a>> + '_ {
        let moved = |kind: &FourCc| matches!(kind, b"stsd" | b"stco" | b"co64");
        let tables = KINDS.iter().zip(&self.tables).filter(move |(kind, _)| !moved(kind));
        let tables = tables.filter_map(|(kind, body)| body.map(|body| Box { kind: *kind, body }));
        tables.chain(self.groups.iter().copied())
    }

    fn required<const ENTRY: usize>(&self, kind: &FourCc) -> Result<&'a [[u8; ENTRY]], NotCopyable> {
        entries(self.table(kind).ok_or(NotCopyable::Malformed("a table is missing"))?)
    }

    fn check(&self, payloads: &[Range<u64>]) -> Result<(), NotCopyable> {
        let sizes = self.sizes()?;
        let disagree = Err(NotCopyable::Malformed("the tables disagree about the number of samples"));
        if total(self.required::<8>(b"stts")?) != sizes.count {
            return disagree;
        }
        if let Some(table) = self.table(b"ctts")
            && total(entries::<8>(table)?) != sizes.count
        {
            return disagree;
        }
        for table in [self.table(b"stss"), self.table(b"stps")].into_iter().flatten() {
            let mut last = 0;
            for number in entries::<4>(table)? {
                let number = u64::from(u32::from_be_bytes(*number));
                if number <= last || number > sizes.count {
                    return Err(NotCopyable::Malformed("the keyframes are out of order or of number"));
                }
                last = number;
            }
        }
        // One byte a sample after version and flags (§8.6.4).
        if let Some(table) = self.table(b"sdtp")
            && u64::try_from(table.len()) != Ok(sizes.count.saturating_add(4))
        {
            return disagree;
        }
        self.check_chunks(&sizes, payloads)
    }

    /// Sees that every chunk lies within the media, and that the chunks hold all samples.
    fn check_chunks(&self, sizes: &Sizes<'_>, payloads: &[Range<u64>]) -> Result<(), NotCopyable> {
        let mut chunks = self.chunks()?;
        for chunk in &mut chunks {
            let Chunk { offset, samples } = chunk?;
            let bytes = sizes.bytes(samples.start, samples.end);
            let bytes = bytes.ok_or(NotCopyable::Malformed("the chunks hold too many samples"))?;
            let end = offset.checked_add(bytes).ok_or(NotCopyable::Malformed("a chunk lies outside the media"))?;
            let candidate = payloads.partition_point(|payload| payload.start <= offset).checked_sub(1);
            if candidate.and_then(|at| payloads.get(at)).is_none_or(|payload| payload.end < end) {
                return Err(NotCopyable::Malformed("a chunk lies outside the media"));
            }
        }
        if !chunks.runs.is_empty() || chunks.passed != sizes.count {
            return Err(NotCopyable::Malformed("the chunks do not hold the samples"));
        }
        Ok(())
    }

    fn chunks(&self) -> Result<Chunks<'a>, NotCopyable> {
        let runs = self.required::<12>(b"stsc")?;
        Ok(Chunks { offsets: self.offsets, runs, number: 0, in_chunk: 0, passed: 0 })
    }

    /// How many there are.
    pub(super) fn count(&self) -> Result<u64, NotCopyable> {
        Ok(self.sizes()?.count)
    }

    fn sizes(&self) -> Result<Sizes<'a>, NotCopyable> {
        Sizes::read(self.table(b"stsz").ok_or(NotCopyable::Malformed("a table is missing"))?)
    }

    /// When each sample is presented, and whether decoding can begin at it, in the order of decoding (§8.6.1, §8.6.2).
    pub(super) fn moments(&self) -> Result<impl Iterator<Item = Moment> + use<'a>, NotCopyable> {
        let runs = |table: &'a [[u8; 8]]| {
            table.iter().flat_map(|[a, b, c, d, value @ ..]| {
                std::iter::repeat_n(*value, usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX))
            })
        };
        let deltas = runs(self.required(b"stts")?);
        let offsets = self.table(b"ctts").map(entries).transpose()?.unwrap_or_default();
        let offsets = runs(offsets).map(|offset| i64::from(i32::from_be_bytes(offset))).chain(std::iter::repeat(0));
        let keyframes = self.table(b"stss").map(entries::<4>).transpose()?;
        let mut keyframes =
            keyframes.map(|numbers| numbers.iter().map(|number| u32::from_be_bytes(*number)).peekable());
        let mut decoded = 0_i64;
        Ok((1_u32..).zip(deltas.zip(offsets)).map(move |(number, (delta, offset))| {
            let time = decoded.saturating_add(offset);
            decoded = decoded.saturating_add(u32::from_be_bytes(delta).into());
            // Without a table of keyframes every sample is one.
            let sync = keyframes.as_mut().is_none_or(|numbers| numbers.next_if_eq(&number).is_some());
            Moment { time, sync }
        }))
    }

    /// The bytes of some samples in the source; their numbers, from 0, rise.
    pub(super) fn places(&self, numbers: &[u64]) -> Result<Vec<Range<u64>>, NotCopyable> {
        const MISSING: NotCopyable = NotCopyable::Malformed("a sample is missing");
        let (sizes, mut places) = (self.sizes()?, Vec::with_capacity(numbers.len()));
        for chunk in self.chunks()? {
            let Chunk { offset, samples } = chunk?;
            let (mut from, mut at) = (samples.start, offset);
            while let Some(number) = numbers.get(places.len()).copied().filter(|number| samples.contains(number)) {
                let behind = number.saturating_add(1);
                let (before, own) = (sizes.bytes(from, number), sizes.bytes(number, behind));
                let start = before.and_then(|bytes| at.checked_add(bytes)).ok_or(MISSING)?;
                let end = own.and_then(|bytes| start.checked_add(bytes)).ok_or(MISSING)?;
                places.push(start..end);
                (from, at) = (behind, end);
            }
        }
        if places.len() == numbers.len() { Ok(places) } else { Err(MISSING) }
    }
}

/// A sample in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// When it is presented, in ticks of the track since the first sample is decoded.
    pub(super) time: i64,
    /// Decoding can begin here.
    pub(super) sync: bool,
}

/// Samples that lie one after another.
struct Chunk {
    /// Byte of the source at which they begin.
    offset: u64,
    /// Their numbers, from 0.
    samples: Range<u64>,
}

/// The chunks by the runs of `stsc` (§8.7.4).
struct Chunks<'a> {
    offsets: Offsets<'a>,
    /// Those that have not begun.
    runs: &'a [[u8; 12]],
    /// Chunks that were given.
    number: usize,
    in_chunk: u64,
    /// Samples of the chunks that were given.
    passed: u64,
}

impl Iterator for Chunks<'_> {
    type Item = Result<Chunk, NotCopyable>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offsets.get(self.number)?;
        self.number += 1;
        if let Some((run, rest)) = self.runs.split_first() {
            let [first, samples, description] = [0, 4, 8].map(|at| {
                let number = run.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
                u64::from(u32::from_be_bytes(number))
            });
            if u64::try_from(self.number) == Ok(first) {
                if description != 1 {
                    return Some(Err(NotCopyable::Description("its samples are described in several ways")));
                }
                (self.in_chunk, self.runs) = (samples, rest);
            }
        }
        if self.in_chunk == 0 {
            return Some(Err(NotCopyable::Malformed("a chunk has no samples")));
        }
        let samples = self.passed..self.passed.saturating_add(self.in_chunk);
        self.passed = samples.end;
        Some(Ok(Chunk { offset, samples }))
    }
}

fn slot(kind: &FourCc) -> Option<usize> {
    KINDS.iter().position(|known| known == kind)
}

fn get<'a>(tables: &[Option<&'a [u8]>], kind: &FourCc) -> Option<&'a [u8]> {
    tables.get(slot(kind)?).copied().flatten()
}

/// The entries of a full box that holds a table and nothing else.
pub(super) fn entries<const ENTRY: usize>(body: &[u8]) -> Result<&[[u8; ENTRY]], NotCopyable> {
    let mut fields = Fields(body);
    fields.version()?;
    Ok(fields.table()?)
}

/// What a sample group is about (§8.9).
fn grouping(body: &[u8]) -> Result<FourCc, NotCopyable> {
    let mut fields = Fields(body);
    fields.version()?;
    Ok(fields.fourcc()?)
}

/// Samples of a table of runs. An index has room for 2^23 of them at most, so the sum fits.
fn total(runs: &[[u8; 8]]) -> u64 {
    runs.iter().map(|[a, b, c, d, ..]| u64::from(u32::from_be_bytes([*a, *b, *c, *d]))).sum()
}

/// `stsz` (§8.7.3.2).
struct Sizes<'a> {
    /// Bytes of every sample; 0 when they differ.
    uniform: u64,
    count: u64,
    listed: &'a [[u8; 4]],
}

impl<'a> Sizes<'a> {
    fn read(body: &'a [u8]) -> Result<Self, NotCopyable> {
        let mut fields = Fields(body);
        fields.version()?;
        let uniform = u64::from(fields.u32()?);
        let count = u64::from(Fields(fields.0).u32()?);
        let listed = if uniform == 0 { fields.table()? } else { &[] };
        Ok(Self { uniform, count, listed })
    }

    /// Bytes of the samples from one number on, from 0, up to another; `None` when there are fewer.
    fn bytes(&self, from: u64, until: u64) -> Option<u64> {
        if until > self.count {
            return None;
        }
        if self.uniform > 0 {
            return until.checked_sub(from)?.checked_mul(self.uniform);
        }
        let sizes = self.listed.get(usize::try_from(from).ok()?..usize::try_from(until).ok()?)?;
        Some(sizes.iter().map(|size| u64::from(u32::from_be_bytes(*size))).sum())
    }
}
