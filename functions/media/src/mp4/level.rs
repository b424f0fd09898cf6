//! Levels of H.264 (ITU-T H.264 annex A): what a stream needs, and declaring no more than that.
//!
//! Encoders of screens and cameras often declare the highest level they know. Phones refuse it by its number, without
//! looking at the stream.

use crate::{H264, Track};

/// The limits of a level (table A-1).
struct Limits {
    /// Macroblocks a second.
    rate: u64,
    /// Macroblocks of a frame.
    frame: u64,
    /// Macroblocks of all frames that a decoder holds.
    buffer: u64,
    /// Bits a second of Baseline and Main.
    bits: u64,
}

/// Limits of the levels that phones accept.
fn limits(level: u8) -> Option<Limits> {
    match level {
        42 => Some(Limits { rate: 522_240, frame: 8_704, buffer: 34_816, bits: 50_000_000 }),
        51 => Some(Limits { rate: 983_040, frame: 36_864, buffer: 184_320, bits: 240_000_000 }),
        52 => Some(Limits { rate: 2_073_600, frame: 36_864, buffer: 184_320, bits: 240_000_000 }),
        _ => None,
    }
}

/// Whether a stream keeps the limits of `level`: frame size, frames in any second, frames to hold, average bit rate.
/// `false` when the track does not tell.
pub(crate) fn suffices(level: u8, stream: &H264, track: &Track) -> bool {
    let (Some(limits), Some(buffer)) = (limits(level), stream.buffer) else {
        return false;
    };
    let (Some(fps), Some(bit_rate)) = (track.peak_fps, track.bit_rate) else {
        return false;
    };
    let (columns, rows) = (u64::from(buffer.columns), u64::from(buffer.rows));
    let Some(frame) = columns.checked_mul(rows).filter(|frame| (1..=limits.frame).contains(frame)) else {
        return false;
    };
    // §A.3.1: neither side over √(8 × MaxFS).
    let longest = columns.max(rows);
    // A decoder holds at most 16 frames at any level (§A.3.1).
    let held = (limits.buffer / frame).min(16);
    let needed = u64::from(buffer.reference_frames.max(buffer.decoded_frames.unwrap_or(0)));
    // High has a quarter more (table A-2).
    let bits = if stream.profile == 100 { limits.bits / 4 * 5 } else { limits.bits };
    longest * longest <= limits.frame * 8
        && frame.checked_mul(fps).is_some_and(|rate| rate <= limits.rate)
        && needed <= held
        && bit_rate <= bits
}

/// Most samples whose times lie within one second, by the runs of `stts` (ISO/IEC 14496-12 §8.6.1.2).
///
/// In a second with the most samples the first begins a run or the last ends one: if not, moving it one way loses
/// nothing. So looking at the ends of all runs, forwards and backwards, is enough, and takes time by the runs alone.
pub(super) fn peak_rate(runs: &[[u8; 8]], timescale: u32) -> Option<u64> {
    let forwards = fullest_second(runs.iter(), timescale);
    let backwards = fullest_second(runs.iter().rev(), timescale);
    forwards.max(backwards).filter(|_| timescale > 0)
}

fn fullest_second<'a>(runs: impl Iterator<Item = &'a [u8; 8]> + Clone, timescale: u32) -> Option<u64> {
    // At most 2^23 runs fit into an index, each of less than 2^64 ticks.
    let numbers = |run: &[u8; 8]| {
        let [a, b, c, d, e, f, g, h] = *run;
        (u64::from(u32::from_be_bytes([a, b, c, d])), u128::from(u32::from_be_bytes([e, f, g, h])))
    };
    let second = u128::from(timescale);
    let mut behind = runs.clone().map(numbers);
    // The run in which the second begins: samples and ticks before it, and itself.
    let (mut passed, mut start, mut current) = (0_u64, 0_u128, behind.next()?);
    let (mut total, mut end, mut peak) = (0_u64, 0_u128, 0_u64);
    for (count, delta) in runs.map(numbers) {
        total += count;
        end += u128::from(count) * delta;
        let Some(before) = end.checked_sub(second) else {
            peak = peak.max(total);
            continue;
        };
        while start + u128::from(current.0) * current.1 <= before {
            let Some(next) = behind.next() else { break };
            passed += current.0;
            start += u128::from(current.0) * current.1;
            current = next;
        }
        let within = (before - start.min(before)).checked_div(current.1).unwrap_or(0);
        let outside = passed + u64::try_from(within).unwrap_or(u64::MAX).min(current.0);
        peak = peak.max(total.saturating_sub(outside));
    }
    Some(peak)
}

/// Declares `level` in `avcC` and in each of its sequence parameter sets (ISO/IEC 14496-15 §5.3.3.1); `None` when it is
/// malformed. The number stands behind two bytes of which the profile is not zero, so that it never needs an emulation
/// prevention byte, and is never one.
pub(super) fn declare(configuration: &mut [u8], level: u8) -> Option<()> {
    *configuration.get_mut(3)? = level;
    let (sets, mut rest) = configuration.get_mut(5..)?.split_first_mut()?;
    for _ in 0..*sets & 0x1f {
        let (length, behind) = rest.split_first_chunk_mut::<2>()?;
        let (set, behind) = behind.split_at_mut_checked(usize::from(u16::from_be_bytes(*length)))?;
        match set {
            [header, profile, _, declared, ..] if *header & 0x1f == 7 && *profile != 0 => *declared = level,
            _ => return None,
        }
        rest = behind;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peak(runs: &[(u32, u32)], timescale: u32) -> Option<u64> {
        let bytes: Vec<u8> =
            runs.iter().flat_map(|(count, delta)| [count.to_be_bytes(), delta.to_be_bytes()]).flatten().collect();
        peak_rate(bytes.as_chunks::<8>().0, timescale)
    }

    /// Every sample against every other one.
    fn counted(runs: &[(u32, u32)], timescale: u32) -> u64 {
        let (mut times, mut now) = (vec![0_u64], 0_u64);
        for (count, delta) in runs {
            for _ in 0..*count {
                now += u64::from(*delta);
                times.push(now);
            }
        }
        times.pop();
        let within = |from: u64| times.iter().filter(|at| (from..from + u64::from(timescale)).contains(*at)).count();
        times.iter().map(|from| within(*from) as u64).max().unwrap_or(0)
    }

    #[test]
    fn the_fullest_second_is_found() {
        assert_eq!(peak(&[(300, 1)], 30), Some(30));
        assert_eq!(peak(&[(300, 1001)], 30_000), Some(30));
        assert_eq!(peak(&[(10, 1)], 30), Some(10));
        assert_eq!(peak(&[(300, 10), (20, 1), (300, 10)], 300), Some(48));
        assert_eq!(peak(&[(4, 300), (1, 1), (2, 300)], 300), Some(2));
        assert_eq!((peak(&[], 30), peak(&[(1, 1)], 0)), (None, None));
    }

    #[test]
    fn no_second_has_more_than_is_said_and_few_less() {
        let mut seed = 7_u32;
        let mut dice = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..300 {
            let runs: Vec<_> = (0..=dice(6)).map(|_| (dice(40), dice(12))).collect();
            let (said, counted) = (peak(&runs, 50).expect("a peak"), counted(&runs, 50));
            assert!((counted..=counted + 2).contains(&said), "{runs:?}: {said}, not {counted}");
        }
    }

    #[test]
    fn counts_beyond_all_reason_take_no_time() {
        assert_eq!(peak(&[(u32::MAX, 0); 1000], 30), Some(1000 * u64::from(u32::MAX)));
        assert!(peak(&[(u32::MAX, u32::MAX); 1000], 1).is_some());
    }

    #[test]
    fn only_the_levels_of_the_sets_change() {
        let mut configuration =
            b"\x01\x64\x00\x3e\xff\xe2\0\x05\x67\x64\x00\x3e\xac\0\x04\x67\x64\x00\x3e\x01\0\x01\x68".to_vec();
        assert_eq!(declare(&mut configuration, 42), Some(()));
        assert_eq!(
            configuration,
            b"\x01\x64\x00\x2a\xff\xe2\0\x05\x67\x64\x00\x2a\xac\0\x04\x67\x64\x00\x2a\x01\0\x01\x68"
        );
        for cut in 0..19 {
            assert_eq!(declare(&mut configuration[..cut].to_vec(), 42), None, "{cut}");
        }
    }
}
