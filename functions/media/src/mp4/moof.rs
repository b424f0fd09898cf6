//! The head of a fragment: which samples it holds, and where (ISO/IEC 14496-12 §8.8.4 to §8.8.12).

use super::boxes::{Boxes, Fields, find};
use super::init::{Defaults, Init};
use super::{FragmentError, Run, Sample};

/// Samples of one fragment: twenty minutes of sound. What a fragment claims cannot cost more memory than this many.
const MAX_SAMPLES: usize = 1 << 16;
/// `sample_is_non_sync_sample` (§8.8.3.1).
const NOT_SYNC: u32 = 0x0001_0000;

/// Reads the body of a `moof` that begins at byte `start` of the stream. The runs' offsets are bytes of the stream.
pub(super) fn read(body: &[u8], start: u64, init: &Init) -> Result<Vec<Run>, FragmentError> {
    let mut reader = Reader { runs: Vec::new(), samples: 0, start, end: start };
    for child in Boxes(body) {
        let child = child?;
        if child.kind == *b"traf" {
            reader.traf(child.body, init)?;
        }
    }
    Ok(reader.runs)
}

struct Reader {
    runs: Vec<Run>,
    samples: usize,
    start: u64,
    /// Where the data of the track before ends.
    end: u64,
}

impl Reader {
    fn traf(&mut self, body: &[u8], init: &Init) -> Result<(), FragmentError> {
        let mut tfhd = Fields(find(body, b"tfhd").ok_or(FragmentError::Malformed("a track's fragment has no header"))?);
        let flags = tfhd.u32()? & 0x00ff_ffff;
        let id = tfhd.u32()?;
        let track = init.track(id).ok_or(FragmentError::Malformed("a fragment is of an unknown track"))?;
        let mut defaults = track.defaults;
        let base = match flags {
            flags if flags & 1 != 0 => tfhd.u64()?,
            flags if flags & 0x2_0000 != 0 => self.start,
            _ => self.end,
        };
        let fields = [
            (2, &mut defaults.description),
            (8, &mut defaults.duration),
            (0x10, &mut defaults.size),
            (0x20, &mut defaults.flags),
        ];
        for (flag, field) in fields {
            if flags & flag != 0 {
                *field = tfhd.u32()?;
            }
        }
        if !(1..=track.descriptions).contains(&defaults.description) {
            return Err(FragmentError::Malformed("a fragment has an unknown sample description"));
        }
        let mut time = match find(body, b"tfdt") {
            Some(tfdt) => {
                let mut fields = Fields(tfdt);
                let version = fields.version()?;
                Some(if version == 0 { u64::from(fields.u32()?) } else { fields.u64()? })
            }
            None => None,
        };
        let mut place = base;
        for child in Boxes(body) {
            let child = child?;
            if child.kind != *b"trun" {
                continue;
            }
            let mut run =
                Run { track: id, description: defaults.description, time, offset: place, samples: Vec::new() };
            let (bytes, ticks) = self.trun(child.body, base, defaults, &mut run)?;
            place = run.offset.checked_add(bytes).ok_or(OVERFLOW)?;
            time = match time {
                Some(time) => Some(time.checked_add(ticks).ok_or(OVERFLOW)?),
                None => None,
            };
            if !run.samples.is_empty() {
                self.runs.push(run);
            }
        }
        self.end = place;
        Ok(())
    }

    /// Fills a run, which lies behind the one before unless it says where; gives its length in bytes and in ticks.
    fn trun(&mut self, body: &[u8], base: u64, defaults: Defaults, run: &mut Run) -> Result<(u64, u64), FragmentError> {
        let mut fields = Fields(body);
        let flags = fields.u32()? & 0x00ff_ffff;
        let count = usize::try_from(fields.u32()?).unwrap_or(usize::MAX);
        if flags & 1 != 0 {
            run.offset = base.checked_add_signed(i64::from(fields.i32()?)).ok_or(OVERFLOW)?;
        }
        let first_flags = if flags & 4 != 0 { Some(fields.u32()?) } else { None };
        self.samples = self.samples.saturating_add(count);
        if self.samples > MAX_SAMPLES {
            return Err(FragmentError::TooLarge("number of samples in a fragment"));
        }
        let (mut bytes, mut ticks) = (0_u64, 0_u64);
        for number in 0..count {
            let mut field = |flag: u32, default: u32| if flags & flag == 0 { Ok(default) } else { fields.u32() };
            let duration = field(0x100, defaults.duration)?;
            let size = field(0x200, defaults.size)?;
            let common = first_flags.filter(|_| number == 0).unwrap_or(defaults.flags);
            let sample_flags = field(0x400, common)?;
            // Version 0 says unsigned, but writers put negative numbers there and readers take them as such.
            let composition_offset = field(0x800, 0)?.cast_signed();
            // Both sums are of at most 2^16 numbers of 32 bits.
            bytes += u64::from(size);
            ticks += u64::from(duration);
            run.samples.push(Sample { duration, size, composition_offset, sync: sample_flags & NOT_SYNC == 0 });
        }
        Ok((bytes, ticks))
    }
}

const OVERFLOW: FragmentError = FragmentError::Malformed("a place or time in a fragment is out of range");
