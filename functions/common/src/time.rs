//! Points in time, as milliseconds since the Unix epoch.

use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Milliseconds since 1970-01-01T00:00:00Z. Serialises as ISO 8601 with three decimals, as the clients expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Millis(pub i64);

impl Millis {
    /// Now, by this machine's clock.
    #[must_use]
    pub fn now() -> Self {
        Self(Timestamp::now().as_millisecond())
    }

    /// Parses an ISO 8601 instant such as `2025-05-09T10:00:00.000Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }

    /// The day in words, such as `9 May 2025` (UTC).
    #[must_use]
    pub fn day(self) -> String {
        self.timestamp().strftime("%-d %B %Y").to_string()
    }

    /// The minute in words, such as `9 May 2025, 10:00 UTC`.
    #[must_use]
    pub fn minute(self) -> String {
        self.timestamp().strftime("%-d %B %Y, %H:%M UTC").to_string()
    }

    /// The day as inputs of forms have it, such as `2025-05-09` (UTC).
    #[must_use]
    pub fn date(self) -> String {
        self.timestamp().strftime("%Y-%m-%d").to_string()
    }

    /// As requests to AWS are dated, such as `20250509T100000Z`.
    #[must_use]
    pub fn compact(self) -> String {
        self.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Microseconds since the epoch of an instant in ISO 8601 or RFC 3339, with any number of decimals and any offset.
    #[must_use]
    pub fn parse_micros(text: &str) -> Option<i64> {
        text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
    }

    /// Seconds from then until `later`; none when the two were told by clocks that differ by more.
    #[must_use]
    pub fn until(self, later: Self) -> f64 {
        let millis = u32::try_from(later.0.saturating_sub(self.0).max(0)).unwrap_or(u32::MAX);
        f64::from(millis) / 1000.0
    }

    /// Seconds since the epoch, rounded down.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

/// A day in UTC, as the number of days since 1970-01-01. Serialises as `2025-05-09`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = Date)]
pub struct Day(pub i64);

impl Day {
    /// Seconds of a day.
    pub const SECONDS: i64 = 24 * 3600;

    /// Today, by this machine's clock.
    #[must_use]
    pub fn today() -> Self {
        Self(Millis::now().seconds().div_euclid(Self::SECONDS))
    }

    /// The day so many days earlier.
    #[must_use]
    pub fn before(self, days: u32) -> Self {
        Self(self.0 - i64::from(days))
    }

    /// Seconds since the epoch when the day begins.
    #[must_use]
    pub fn start(self) -> i64 {
        self.0 * Self::SECONDS
    }

    /// As in `2025-05-09`.
    #[must_use]
    pub fn iso(self) -> String {
        self.timestamp().strftime("%F").to_string()
    }

    /// In words, without the year, as in `9 May`.
    #[must_use]
    pub fn short(self) -> String {
        self.timestamp().strftime("%-d %b").to_string()
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.start()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.iso())
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A length in milliseconds as `m:ss` or `h:mm:ss`, rounded to the second.
#[must_use]
pub fn clock(millis: u64) -> String {
    let seconds = (millis + 500) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_reads_as_on_a_player() {
        assert_eq!(clock(0), "0:00");
        assert_eq!(clock(61_499), "1:01");
        assert_eq!(clock(3_600_000 + 59_600), "1:01:00");
    }

    #[test]
    fn days_follow_one_another() {
        let day = Day(20_217);
        assert_eq!((day.iso().as_str(), day.short().as_str()), ("2025-05-09", "9 May"));
        assert_eq!(day.before(9).iso(), "2025-04-30");
        assert_eq!(serde_json::to_string(&day).expect("json"), r#""2025-05-09""#);
    }

    #[test]
    fn serialises_with_three_decimals() {
        let at = Millis::parse("2025-05-09T10:00:00Z").expect("an instant");
        assert_eq!(serde_json::to_string(&at).expect("json"), r#""2025-05-09T10:00:00.000Z""#);
        assert_eq!(at.day(), "9 May 2025");
        assert_eq!(at.date(), "2025-05-09");
        assert_eq!(at.compact(), "20250509T100000Z");
        let micros = |text| Millis::parse_micros(text);
        assert_eq!(micros("2025-05-09T12:00:00.123456789+02:00"), Some(at.0 * 1000 + 123_456));
        assert_eq!(micros("yesterday"), None);
    }
}
