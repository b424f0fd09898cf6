//! The days that are added up.

use crate::time::Day;

/// Days that a range counts at most; what is older counts in `lifetime` only.
const MOST_DAYS: u32 = 90;

/// Whole days in UTC, today the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// So many days.
    Days(u32),
    /// All days that there were.
    Lifetime,
}

impl Range {
    /// `7d`, `30d` and the like, up to 90 days; `24h`, which is today and yesterday, since days are what is counted;
    /// `lifetime`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "lifetime" => Some(Self::Lifetime),
            "24h" => Some(Self::Days(2)),
            _ => {
                let digits =
                    text.strip_suffix('d').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
                let days: u32 = digits.parse().ok().filter(|days| *days > 0)?;
                Some(Self::Days(days.min(MOST_DAYS)))
            }
        }
    }

    /// The first of its days; `None` when it has no first one.
    #[must_use]
    pub fn from(self, today: Day) -> Option<Day> {
        match self {
            Self::Days(days) => Some(today.before(days.saturating_sub(1))),
            Self::Lifetime => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_whole_days() {
        let from = |text| Range::parse(text).map(|range| range.from(Day(100)));
        assert_eq!(
            (from("1d"), from("30d"), from("24h")),
            (Some(Some(Day(100))), Some(Some(Day(71))), Some(Some(Day(99))))
        );
        assert_eq!((from("365d"), from("lifetime")), (Some(Some(Day(11))), Some(None)));
        for wrong in ["", "d", "0d", "-1d", "+1d", "7", "7 d", "1h", "99999999999d", "Lifetime"] {
            assert_eq!(from(wrong), None, "{wrong}");
        }
    }
}
