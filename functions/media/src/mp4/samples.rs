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

    pub(super) fn iter(self) -> impl Iterator<Item = u64> + 'a {
        let (narrow, wide): (&[[u8; 4]], &[[u8; 8]]) = match self {
            Self::Narrow(table) => (table, &[]),
            Self::Wide(table) => (&[], table),
        };
        let narrow = narrow.iter().map(|entry| u64::from(u32::from_be_bytes(*entry)));
        narrow.chain(wide.iter().map(|entry| u64::from_be_bytes(*entry)))
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
        let sizes = Sizes::read(self.table(b"stsz").ok_or(NotCopyable::Malformed("a table is missing"))?)?;
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

    /// Walks the chunks with the runs of `stsc` (§8.7.4).
    fn check_chunks(&self, sizes: &Sizes<'_>, payloads: &[Range<u64>]) -> Result<(), NotCopyable> {
        let mut runs = self.required::<12>(b"stsc")?.iter().map(|run| {
            let [chunk, samples, description] = [0, 4, 8].map(|at| {
                let number = run.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
                u64::from(u32::from_be_bytes(number))
            });
            (chunk, samples, description)
        });
        let (mut next, mut in_chunk, mut passed) = (runs.next(), 0, 0_u64);
        for (number, offset) in (1_u64..).zip(self.offsets.iter()) {
            if let Some((_, samples, description)) = next.filter(|(chunk, ..)| *chunk == number) {
                if description != 1 {
                    return Err(NotCopyable::Description("its samples are described in several ways"));
                }
                (in_chunk, next) = (samples, runs.next());
            }
            if in_chunk == 0 {
                return Err(NotCopyable::Malformed("a chunk has no samples"));
            }
            let until = passed.saturating_add(in_chunk);
            let bytes = sizes.bytes(passed, until).ok_or(NotCopyable::Malformed("the chunks hold too many samples"))?;
            passed = until;
            let end = offset.checked_add(bytes).ok_or(NotCopyable::Malformed("a chunk lies outside the media"))?;
            let candidate = payloads.partition_point(|payload| payload.start <= offset).checked_sub(1);
            if candidate.and_then(|at| payloads.get(at)).is_none_or(|payload| payload.end < end) {
                return Err(NotCopyable::Malformed("a chunk lies outside the media"));
            }
        }
        if next.is_some() || passed != sizes.count {
            return Err(NotCopyable::Malformed("the chunks do not hold the samples"));
        }
        Ok(())
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
            return (until - from).checked_mul(self.uniform);
        }
        let sizes = self.listed.get(usize::try_from(from).ok()?..usize::try_from(until).ok()?)?;
        Some(sizes.iter().map(|size| u64::from(u32::from_be_bytes(*size))).sum())
    }
}
