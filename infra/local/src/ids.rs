//! Random names and times in AWS's formats.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use jiff::Timestamp;

/// `N` random bytes as lower-case hexadecimal.
pub fn hex<const N: usize>() -> Result<String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).context("The system gives no random numbers")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A random UUID, version 4, as request ids are.
pub fn uuid() -> Result<String> {
    let mut digits = hex::<16>()?;
    digits.replace_range(12..13, "4");
    digits.replace_range(16..17, "a");
    Ok([&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

/// Milliseconds since 1970.
#[must_use]
pub fn epoch_millis(at: SystemTime) -> u64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A time by a `strftime` format, in UTC.
#[must_use]
pub fn utc(at: SystemTime, format: &str) -> String {
    Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH).strftime(format).to_string()
}
