//! Damaged and hostile files: an answer every time, at a bounded price.

use std::time::{Duration, Instant};

use media::mp4::IndexError;

use crate::support::{H264_AAC, Job, PICTURE, TONE, boxes, index_of};

fn clip(job: &Job, flags: &str) -> Vec<u8> {
    std::fs::read(job.make("clip.mp4", &format!("{PICTURE} {TONE} {H264_AAC} {flags}"))).expect("a file")
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let job = Job::new();
    for flags in ["", "-movflags +faststart"] {
        let whole = clip(&job, flags);
        assert!(index_of(&whole).0.is_ok());
        let edges = boxes(&whole).into_iter().flat_map(|(_, at, length)| [at, at + 1, at + 8, at + length - 1]);
        for cut in edges.chain((0..whole.len()).step_by(1000)) {
            let (cut_index, ranges) = index_of(&whole[..cut]);
            let error = cut_index.expect_err("cut");
            assert!(matches!(error, IndexError::NoIndex | IndexError::Truncated), "{cut} of {}: {error}", whole.len());
            assert!(error.reason().is_some() && ranges.len() <= 4);
        }
    }
}

#[test]
fn a_fragmented_file_cut_anywhere_is_no_panic() {
    let job = Job::new();
    let whole = clip(&job, "-movflags frag_keyframe+empty_moov");
    for cut in (0..whole.len()).step_by(97) {
        if let Ok(index) = index_of(&whole[..cut]).0 {
            assert!(index.fragmented && cut > usize::try_from(index.moov_offset + index.moov_length).expect("small"));
        }
    }
}

#[test]
fn a_track_is_as_long_as_its_samples_whatever_its_header_says() {
    let job = Job::new();
    let whole = clip(&job, "-an");
    assert!(index_of(&whole).0.expect("an index").tracks[0].duration < Some(Duration::from_secs(3)));
    let mut slow = whole;
    let at = slow.windows(4).rposition(|window| window == b"stts").expect("durations");
    // Frames that each last as long as can be said.
    slow[at + 16..at + 20].copy_from_slice(&0x7fff_ffff_u32.to_be_bytes());
    let index = index_of(&slow).0.expect("an index");
    assert!(index.tracks[0].duration > Some(Duration::from_secs(12 * 3600)), "{index:?}");
}

/// Xorshift64, so that a failure can be seen again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("below the bound")
    }
}

#[test]
fn flipped_bytes_never_panic_and_stay_cheap() {
    let job = Job::new();
    let whole = clip(&job, "-movflags +faststart");
    let (_, moov, length) = *boxes(&whole).iter().find(|b| &b.0 == b"moov").expect("a moov");
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut accepted, mut refused) = (0_u32, 0_u32);
    let begun = Instant::now();
    for _ in 0..20_000 {
        let mut damaged = whole.clone();
        for _ in 0..=dice.below(4) {
            let at = moov + dice.below(length);
            damaged[at] = if dice.below(2) == 0 { 0xff } else { u8::try_from(dice.below(256)).expect("a byte") };
        }
        let (index, ranges) = index_of(&damaged);
        assert!(ranges.len() <= 64);
        match index {
            Ok(index) => {
                let _ = index.summary();
                accepted += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}
