//! How often a video is watched, as its owner's page shows it: numbers, how far plays get, and a chart by day that is drawn here.

use common::{
    db::{
        Connection, DbError,
        videos::{Kind, Video},
        views::{self, Of},
    },
    text::grouped,
    time::Day,
    views::Counts,
};

/// Days that can be chosen, and those that are shown unless others are.
const RANGES: [u32; 3] = [7, 30, 90];
const USUAL: u32 = 30;
/// What stands below the marks of the curve.
const MARKS: [&str; 5] = ["Start", "¼", "½", "¾", "End"];

/// What `video/views.html` shows.
pub(super) struct Views {
    /// True when nobody has ever watched.
    pub(super) none: bool,
    /// Days that are shown, and those that can be.
    pub(super) days: u32,
    pub(super) ranges: [u32; 3],
    pub(super) viewers: String,
    pub(super) plays: String,
    /// How much an average play got to see, in percents; not of a screenshot.
    pub(super) average: Option<u64>,
    pub(super) bars: Vec<Bar>,
    /// Viewers of the day with most.
    pub(super) most: String,
    pub(super) first: String,
    pub(super) last: String,
    /// How far plays get; empty of a screenshot, and without plays.
    pub(super) curve: Vec<Mark>,
}

/// A day of the chart, a tenth of whose width is the gap beside it. Heights are in percents of the day with most.
pub(super) struct Bar {
    pub(super) at: usize,
    pub(super) top: u64,
    pub(super) height: u64,
    pub(super) day: String,
    pub(super) viewers: u64,
    pub(super) plays: u64,
}

/// A point of the curve, in percents of width and height.
pub(super) struct Mark {
    pub(super) name: &'static str,
    pub(super) at: usize,
    pub(super) percent: u64,
    pub(super) plays: u64,
}

impl Views {
    /// What there is to show of a video in the days that are asked for, such as `7d`. One query.
    pub(super) async fn load(db: &mut Connection, video: &Video, asked: Option<&str>) -> Result<Self, DbError> {
        let all = views::by_day(db, Of::Video(&video.id), None).await?;
        let days = asked.and_then(|asked| RANGES.into_iter().find(|days| format!("{days}d") == asked));
        Ok(Self::of(&all, video.kind, days.unwrap_or(USUAL), Day::today()))
    }

    fn of(all: &[(Day, Counts)], kind: Kind, days: u32, today: Day) -> Self {
        let counts =
            |day: Day| all.iter().find(|(other, _)| *other == day).map(|(_, counts)| *counts).unwrap_or_default();
        let shown: Vec<(Day, Counts)> =
            (0..days).rev().map(|ago| today.before(ago)).map(|day| (day, counts(day))).collect();
        let sum = shown.iter().fold(Counts::default(), |sum, (_, counts)| sum.plus(counts));
        let most = shown.iter().map(|(_, counts)| counts.viewers).max().unwrap_or_default();
        let name = |day: Option<&(Day, Counts)>| day.map(|(day, _)| day.short()).unwrap_or_default();
        let plays = kind == Kind::Recording;
        Self {
            none: all.is_empty(),
            days,
            ranges: RANGES,
            viewers: grouped(sum.viewers),
            plays: grouped(sum.plays),
            average: sum.average().filter(|_| plays),
            bars: shown.iter().enumerate().map(|(at, (day, counts))| bar(at, *day, counts, most)).collect(),
            most: grouped(most),
            first: name(shown.first()),
            last: name(shown.last()),
            curve: if plays { curve(&sum) } else { Vec::new() },
        }
    }

    /// Corners of the area below the curve.
    pub(super) fn area(&self) -> String {
        format!("0,100 {} 100,100", self.line())
    }

    /// Points of the curve.
    pub(super) fn line(&self) -> String {
        self.curve.iter().map(|mark| format!("{},{}", mark.at, 100 - mark.percent)).collect::<Vec<_>>().join(" ")
    }
}

fn bar(at: usize, day: Day, counts: &Counts, most: u64) -> Bar {
    let height = (counts.viewers * 100).checked_div(most).unwrap_or_default();
    // One of very many is still seen.
    let height = if counts.viewers > 0 { height.max(2) } else { 0 };
    Bar { at: at * 10, top: 100 - height, height, day: day.short(), viewers: counts.viewers, plays: counts.plays }
}

fn curve(sum: &Counts) -> Vec<Mark> {
    if sum.plays == 0 {
        return Vec::new();
    }
    let [quarter, half, most, all] = sum.reached;
    let reached = [sum.plays, quarter, half, most, all].into_iter();
    let mark = |(at, (name, plays)): (usize, (&'static str, u64))| {
        // Whose play began before these days may get further in them.
        let percent = ((plays * 100 + sum.plays / 2) / sum.plays).min(100);
        Mark { name, at: at * 25, percent, plays }
    };
    MARKS.into_iter().zip(reached).enumerate().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(viewers: u64, plays: u64, reached: [u64; 4]) -> Counts {
        Counts { viewers, plays, reached }
    }

    #[test]
    fn days_without_views_stand_between_the_others() {
        let all =
            [(Day(50), day(9, 9, [0; 4])), (Day(94), day(1, 2, [2, 1, 1, 0])), (Day(100), day(2000, 3000, [3; 4]))];
        let views = Views::of(&all, Kind::Recording, 7, Day(100));
        assert_eq!((views.viewers.as_str(), views.plays.as_str(), views.bars.len()), ("2,001", "3,002", 7));
        let heights: Vec<_> = views.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [2, 0, 0, 0, 0, 0, 100], "the least that there is can be seen");
        assert_eq!((views.most.as_str(), views.first.as_str(), views.last.as_str()), ("2,000", "5 Apr", "11 Apr"));
    }

    #[test]
    fn a_curve_begins_with_all_plays() {
        let all = [(Day(100), day(3, 4, [3, 2, 1, 1]))];
        let views = Views::of(&all, Kind::Recording, 30, Day(100));
        assert_eq!(views.line(), "0,0 25,25 50,50 75,75 100,75");
        assert_eq!(views.average, Some(53));
        let views = Views::of(&all, Kind::Screenshot, 30, Day(100));
        assert!(views.curve.is_empty() && views.average.is_none());
        let views = Views::of(&[], Kind::Recording, 30, Day(100));
        assert!(views.none && views.curve.is_empty() && views.bars.len() == 30);
    }
}
