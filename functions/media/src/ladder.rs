//! Renditions: smaller pictures of a recording, for those whose connection or screen is small.

use serde::{Deserialize, Serialize};

/// A rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Pixels across. Even.
    pub width: u32,
    /// Pixels down. Even.
    pub height: u32,
}

impl Rung {
    /// What a person calls it: the shorter side, as in 720p, in pixels.
    #[must_use]
    pub fn name(&self) -> u32 {
        self.width.min(self.height)
    }

    /// Bits a second that it may take: three for each pixel of its picture, 2.8 million for 720p. What moves less takes less.
    pub(crate) fn bits_a_second(self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * 3
    }
}

/// The renditions of a picture of this size, in pixels as shown, that are smaller than itself; `heights` are their shorter
/// sides. Nothing is enlarged, and nothing is encoded anew at the size that it has.
#[must_use]
pub fn ladder(width: u32, height: u32, heights: &[u32]) -> Vec<Rung> {
    let (short, long) = (width.min(height), width.max(height));
    let smaller = heights.iter().copied().filter(|side| (2..short).contains(side));
    let rungs = smaller.map(|side| {
        let across = u64::from(long) * u64::from(side) / u64::from(short);
        let (side, across) = (side & !1, u32::try_from(across).unwrap_or(u32::MAX) & !1);
        if width < height { Rung { width: side, height: across } } else { Rung { width: across, height: side } }
    });
    rungs.collect()
}

/// Frames a second, as a fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameRate {
    /// Frames
    pub frames: u32,
    /// in so many seconds.
    pub seconds: u32,
}

/// Rates of cameras and recorders, all of them also at twice as many frames.
const USUAL: [FrameRate; 5] = [rate(24_000, 1001), rate(24, 1), rate(25, 1), rate(30_000, 1001), rate(30, 1)];
/// An average that is off by less is that of a constant rate. Neighbours are a thousandth apart.
const CLOSE: f64 = 0.0004;

const fn rate(frames: u32, seconds: u32) -> FrameRate {
    FrameRate { frames, seconds }
}

impl FrameRate {
    /// The rate of the renditions of a recording with so many frames a second on average: its own, or half of it when it is
    /// over 30; 30 for a recorded screen, whose frames come as things move.
    ///
    /// It is constant, so that each chunk of a rendition begins with a picture, whatever the recorder did just then.
    #[must_use]
    pub fn of(average: f64) -> Self {
        let is = |rate: f64| (average - rate).abs() < rate * CLOSE;
        USUAL.into_iter().find(|usual| is(usual.per_second()) || is(usual.per_second() * 2.0)).unwrap_or(rate(30, 1))
    }

    /// Frames in one second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renditions_are_smaller_and_keep_the_shape() {
        let sizes = |width, height, heights: &[u32]| {
            ladder(width, height, heights).iter().map(|rung| (rung.width, rung.height)).collect::<Vec<_>>()
        };
        assert_eq!(sizes(1920, 1080, &[1080, 720, 480]), [(1280, 720), (852, 480)]);
        assert_eq!(sizes(1080, 1920, &[1080, 720, 480]), [(720, 1280), (480, 852)]);
        assert_eq!(sizes(1440, 1080, &[720]), [(960, 720)]);
        assert_eq!(sizes(640, 360, &[1080, 720, 480]), []);
        assert_eq!(sizes(720, 720, &[720, 480]), [(480, 480)]);
        assert_eq!(sizes(0, 0, &[720]), []);
        assert_eq!(sizes(16_384, 122, &[120]), [(16_114, 120)]);
        assert_eq!(ladder(1080, 1920, &[720])[0].name(), 720);
    }

    #[test]
    fn constant_rates_are_kept_and_fast_ones_halved() {
        let rates = |average| (FrameRate::of(average).frames, FrameRate::of(average).seconds);
        for (average, expected) in [
            (30.0, (30, 1)),
            (29.97, (30_000, 1001)),
            (59.94, (30_000, 1001)),
            (60.0, (30, 1)),
            (30.01, (30, 1)),
            (50.0, (25, 1)),
            (23.976, (24_000, 1001)),
            (24.0, (24, 1)),
            (8.3, (30, 1)),
            (0.0, (30, 1)),
            (f64::NAN, (30, 1)),
        ] {
            assert_eq!(rates(average), expected, "{average}");
        }
    }
}
