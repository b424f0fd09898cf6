//! What the targets share: objects larger than an input can be, and what must hold of every decision.

use std::cell::Cell;
use std::ops::Range;

use media::{Decision, VideoPlan};

/// An object with a hole, so that a small input can be a recording of gigabytes. The input's last twelve bytes tell where
/// the hole begins (four, from the front) and how many zeros it stands for (eight); the rest is the content.
pub struct Sparse<'a> {
    front: &'a [u8],
    hole: u64,
    back: &'a [u8],
    left: Cell<u64>,
}

/// Bytes that are read of an object. What is longer than an input is mostly zeros, which find nothing and cost much.
const MOST: u64 = 4 << 20;

impl<'a> Sparse<'a> {
    /// A head and zeros behind it.
    #[must_use]
    pub fn headed(head: &'a [u8], zeros: u64) -> Self {
        Self { front: head, hole: zeros, back: &[], left: MOST.into() }
    }

    /// The object that an input stands for.
    #[must_use]
    pub fn of(data: &'a [u8]) -> Self {
        let Some((content, [a, b, c, d, hole @ ..])) = data.split_last_chunk::<12>() else {
            return Self { front: data, hole: 0, back: &[], left: MOST.into() };
        };
        let at = usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).unwrap_or(usize::MAX);
        let (front, back) = content.split_at(at.min(content.len()));
        // Stores end at 50 TB.
        Self { front, hole: u64::from_be_bytes(*hole) % (1 << 46), back, left: MOST.into() }
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

    /// A range; `None` when all ranges together are long.
    ///
    /// # Panics
    ///
    /// When it is empty or does not lie within the object, which a store refuses.
    #[must_use]
    pub fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        assert!(length > 0 && offset.checked_add(length).is_some_and(|end| end <= self.size()), "{offset}+{length}");
        self.left.set(self.left.get().checked_sub(length)?);
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

/// A head and the media of another object behind it.
pub struct Spliced<'a> {
    /// What comes first.
    pub head: &'a [u8],
    /// The part of the other object.
    pub media: Range<u64>,
    /// The other object.
    pub source: &'a Sparse<'a>,
}

impl Spliced<'_> {
    /// Bytes of the object.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.head.len() as u64 + self.media.end - self.media.start
    }

    /// A range, as [`Sparse::read`] gives it.
    #[must_use]
    pub fn read(&self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let (end, edge) = (offset + length, self.head.len() as u64);
        assert!(length > 0 && end <= self.size(), "{offset}+{length}");
        let mut bytes = self.head[offset.min(edge) as usize..end.min(edge) as usize].to_vec();
        if end > edge {
            let begin = self.media.start + offset.saturating_sub(edge);
            bytes.extend(self.source.read(begin, end - offset.max(edge))?);
        }
        Some(bytes)
    }
}

/// Feeds a reader what it asks for, until it is done or refuses: whether it is done. Returns from the caller when what
/// is read is long. More requests to a store than a reader promises are a panic.
#[macro_export]
macro_rules! fed {
    ($reader:ident, $object:expr, at_most $most:literal) => {{
        let mut reads = 0;
        loop {
            let media::mp4::Step::Read { offset, length } = $reader.step() else { break true };
            reads += 1;
            assert!(reads <= $most, "{reads} requests");
            let Some(bytes) = $object.read(offset, length) else { return };
            if let Err(error) = $reader.feed(&bytes) {
                assert_eq!($reader.step(), media::mp4::Step::Done, "{error}");
                break false;
            }
        }
    }};
}

/// What must hold of every decision: an encoder takes it, or a person understands it.
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
        }
        Decision::Reject(reason) => assert!((3..=500).contains(&reason.sentence().chars().count()), "{reason:?}"),
    }
}
