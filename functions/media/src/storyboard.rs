//! Small pictures of a whole recording in one image, for what a player shows above its scrubber.

use std::time::Duration;

use crate::mp4::{Index, Stills, stills};

/// Most pictures of a storyboard.
const MOST: u64 = 100;
/// Pictures of a full row.
const COLUMNS: u32 = 10;
/// Pixels of a picture's longer side.
const SIDE: u32 = 160;

/// How a recording is laid out in pictures: one for each interval of whole seconds, a hundred at most, each as the
/// recording is half an interval in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storyboard {
    /// Milliseconds, never 0.
    duration: u64,
    /// Milliseconds, a multiple of 1000, never 0.
    interval: u64,
    tiles: u32,
    width: u32,
    height: u32,
}

impl Storyboard {
    /// Plans for a recording of this duration whose picture is shown in a size of `width` by `height` pixels. A recording
    /// of no known length has one picture.
    #[must_use]
    pub fn plan(duration: Duration, width: u32, height: u32) -> Self {
        let duration = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        let interval = duration.div_ceil(MOST * 1000) * 1000;
        let tiles = u32::try_from(duration.div_ceil(interval)).unwrap_or(1);
        let (width, height) = fitted(width, height);
        Self { duration, interval, tiles, width, height }
    }

    /// Plans for the recording that an index describes; `None` when it has no picture.
    #[must_use]
    pub fn of(index: &Index) -> Option<Self> {
        let (width, height) = index.video()?.display_size();
        Some(Self::plan(index.duration.unwrap_or_default(), width, height))
    }

    /// What each picture stands for, but for the last, which may stand for less.
    #[must_use]
    pub fn interval(&self) -> Duration {
        Duration::from_millis(self.interval)
    }

    /// Pictures, at least 1 and at most 100.
    #[must_use]
    pub fn tiles(&self) -> u32 {
        self.tiles
    }

    /// Width and height of a picture in pixels: even, at least 2 and at most 160.
    #[must_use]
    pub fn tile(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Columns and rows, filled from left to right and from top to bottom; each at most 10.
    #[must_use]
    pub fn grid(&self) -> (u32, u32) {
        (self.tiles.min(COLUMNS), self.tiles.div_ceil(COLUMNS))
    }

    /// Width and height of the image in pixels, at most 1600 each.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        let (columns, rows) = self.grid();
        (columns * self.width, rows * self.height)
    }

    /// WebVTT (W3C) whose cues cover the recording without a gap. Each names its part of `image`, an address as it is to
    /// be seen from where the text lies, with a spatial fragment (W3C Media Fragments URI 1.0 §4.2.2).
    #[must_use]
    pub fn vtt(&self, image: &str) -> String {
        let mut text = String::from("WEBVTT\n");
        for tile in 0..self.tiles {
            let start = u64::from(tile) * self.interval;
            let end = start.saturating_add(self.interval).min(self.duration);
            let (x, y) = (tile % COLUMNS * self.width, tile / COLUMNS * self.height);
            let (start, end, Self { width, height, .. }) = (timestamp(start), timestamp(end), self);
            text.push_str(&format!("\n{start} --> {end}\n{image}#xywh={x},{y},{width},{height}\n"));
        }
        text
    }

    /// The keyframes from which the pictures can be made without reading the rest of the recording. `None` when they are
    /// too far apart for that, or the index has something that is not understood.
    #[must_use]
    pub fn stills(&self, index: &Index) -> Option<Stills> {
        stills(index, self.interval, self.tiles)
    }
}

/// The size within the square of a picture's longest side that has the shape of `width` by `height`. Sides are even, since
/// colours are stored for two by two pixels.
fn fitted(width: u32, height: u32) -> (u32, u32) {
    let longest = u64::from(width.max(height).max(1));
    let room = u64::from(SIDE).min(longest);
    let side = |of: u32| {
        let pairs = (u64::from(of) * room + longest) / (2 * longest);
        u32::try_from(pairs.max(1) * 2).unwrap_or(SIDE)
    };
    (side(width), side(height))
}

/// Milliseconds as WebVTT writes times: `HH:MM:SS.mmm`.
fn timestamp(millis: u64) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(millis: u64) -> (u64, u32, (u32, u32)) {
        let plan = Storyboard::plan(Duration::from_millis(millis), 1920, 1080);
        (plan.interval, plan.tiles, plan.grid())
    }

    #[test]
    fn every_length_has_one_to_a_hundred_pictures() {
        assert_eq!(plan(0), (1000, 1, (1, 1)));
        assert_eq!(plan(33), (1000, 1, (1, 1)));
        assert_eq!(plan(1000), (1000, 1, (1, 1)));
        assert_eq!(plan(1001), (1000, 2, (2, 1)));
        assert_eq!(plan(12_400), (1000, 13, (10, 2)));
        assert_eq!(plan(100_000), (1000, 100, (10, 10)));
        assert_eq!(plan(100_001), (2000, 51, (10, 6)));
        assert_eq!(plan(3_600_000), (36_000, 100, (10, 10)));
        assert_eq!(plan(12 * 3_600_000 + 1), (433_000, 100, (10, 10)));
        let endless = Storyboard::plan(Duration::MAX, u32::MAX, 1);
        assert!(endless.tiles <= 100 && endless.tile() == (160, 2), "{endless:?}");
    }

    #[test]
    fn pictures_keep_their_shape_within_a_square() {
        for (of, expected) in [
            ((1920, 1080), (160, 90)),
            ((1080, 1920), (90, 160)),
            ((640, 480), (160, 120)),
            ((500, 500), (160, 160)),
            ((3440, 1440), (160, 66)),
            ((641, 359), (160, 90)),
            ((64, 48), (64, 48)),
            ((33, 1), (34, 2)),
            ((4096, 2), (160, 2)),
            ((1, 1), (2, 2)),
            ((0, 0), (2, 2)),
        ] {
            assert_eq!(fitted(of.0, of.1), expected, "{of:?}");
        }
    }

    #[test]
    fn cues_are_written_as_players_read_them() {
        let plan = Storyboard::plan(Duration::from_millis(10_250), 1280, 720);
        let text = plan.vtt("storyboard.jpg");
        assert!(
            text.starts_with("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nstoryboard.jpg#xywh=0,0,160,90\n\n"),
            "{text}"
        );
        assert!(text.contains("\n00:00:09.000 --> 00:00:10.000\nstoryboard.jpg#xywh=1440,0,160,90\n"), "{text}");
        assert!(text.ends_with("\n00:00:10.000 --> 00:00:10.250\nstoryboard.jpg#xywh=0,90,160,90\n"), "{text}");
        assert_eq!(plan.size(), (1600, 180));
        assert_eq!(timestamp(3 * 3_600_000 + 62_007), "03:01:02.007");
        assert_eq!(timestamp(360_000_000), "100:00:00.000");
    }

    #[test]
    fn cues_cover_every_length_without_a_gap() {
        for millis in [1, 999, 1000, 1001, 59_999, 100_000, 100_001, 7_203_004, 43_200_000] {
            let text = Storyboard::plan(Duration::from_millis(millis), 4, 3).vtt("a");
            let times: Vec<&str> = text.lines().filter(|line| line.contains("-->")).collect();
            let ends = |time: &str| time.split_once(" --> ").map(|(a, b)| (a.to_owned(), b.to_owned())).expect("times");
            let times: Vec<_> = times.into_iter().map(ends).collect();
            assert_eq!(times[0].0, timestamp(0));
            assert_eq!(times.last().expect("a cue").1, timestamp(millis));
            assert!(times.iter().all(|(start, end)| start < end), "{text}");
            assert!(times.windows(2).all(|pair| pair[0].1 == pair[1].0), "{text}");
        }
    }
}
