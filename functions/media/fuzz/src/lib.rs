//! What the targets share: objects larger than an input can be, and what must hold of every decision.

use std::path::Path;

use media::ffmpeg::{Gaps, publish};
use media::{Decision, VideoPlan};

/// An object with a hole, so that a small input can be a recording of gigabytes. The input's last twelve bytes tell where
/// the hole begins (four, from the front) and how many zeros it stands for (eight); the rest is the content.
pub struct Sparse<'a> {
    front: &'a [u8],
    hole: u64,
    back: &'a [u8],
}

/// Longest range that is made. An index that is longer than an input is mostly zeros, which find nothing and cost much.
const LONGEST: u64 = 1 << 20;

impl<'a> Sparse<'a> {
    /// The object that an input stands for.
    #[must_use]
    pub fn of(data: &'a [u8]) -> Self {
        let Some((content, [a, b, c, d, hole @ ..])) = data.split_last_chunk::<12>() else {
            return Self { front: data, hole: 0, back: &[] };
        };
        let at = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
        let (front, back) = content.split_at(at.min(content.len()));
        // Stores end at 50 TB.
        Self { front, hole: u64::from_be_bytes(*hole) % (1 << 46), back }
    }

    /// Bytes of the object.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.hole + self.front.len() as u64 + self.back.len() as u64
    }

    /// The first bytes, of which there may be none.
    #[must_use]
    pub fn head(&self) -> &'a [u8] {
        if self.front.is_empty() && self.hole == 0 { self.back } else { self.front }
    }

    /// A range; `None` when it is long.
    ///
    /// # Panics
    ///
    /// When it is empty or does not lie within the object, which a store refuses.
    #[must_use]
    pub fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        assert!(length > 0 && offset.checked_add(length).is_some_and(|end| end <= self.size()), "{offset}+{length}");
        if length > LONGEST {
            return None;
        }
        let (begin, end) = (offset, offset + length);
        let (front, back) = (self.front.len() as u64, self.front.len() as u64 + self.hole);
        // Each part's share, in places of its own.
        let of = |part: &'a [u8], at: u64| {
            let place = |edge: u64| edge.saturating_sub(at).min(part.len() as u64) as usize;
            &part[place(begin)..place(end)]
        };
        let zeros = end.min(back).saturating_sub(begin.max(front));
        Some([of(self.front, 0), &vec![0; zeros as usize], of(self.back, back)].concat())
    }
}

/// What must hold of every decision: it can be carried out, or told.
///
/// # Panics
///
/// When it does not.
pub fn check(decision: &Decision) {
    match decision {
        Decision::Publish(plan) => {
            if let VideoPlan::Encode { width, height, .. } = plan.video {
                assert!(width % 2 == 0 && height % 2 == 0 && width > 0 && height > 0, "{plan:?}");
                assert!(width <= 1920 && height <= 1920, "{plan:?}");
            }
            let _ = publish(Path::new("/source"), plan, Gaps::Fill, Path::new("/result.mp4"));
        }
        Decision::Reject(reason) => assert!((3..=500).contains(&reason.sentence().chars().count()), "{reason:?}"),
    }
}
