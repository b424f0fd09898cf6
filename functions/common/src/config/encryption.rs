//! Keys that what is secret at rest is sealed with.

use std::fmt;

use super::{ConfigError, required};

/// 256 bits that prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptionKey([u8; 32]);

impl EncryptionKey {
    /// `text` as a key, if it is 64 hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |at: usize| char::from(pair[at]).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte = digit(0)? << 4 | digit(1)?;
        }
        Some(Self(key))
    }

    /// The key itself, for the cipher.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// What seals and opens.
#[derive(Clone, Debug)]
pub struct EncryptionConfig {
    /// The key that seals.
    pub first: EncryptionKey,
    /// Keys that only open: those that sealed before.
    pub older: Vec<EncryptionKey>,
}

const NAME: &str = "DATABASE_ENCRYPTION_KEY";

impl EncryptionConfig {
    /// Reads `DATABASE_ENCRYPTION_KEY`: a key of 64 hexadecimal digits, or several with commas between them. The first
    /// one seals and all of them open, so that a key is replaced by putting a new one before it.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::parse(&required(NAME)?)
    }

    /// The same from a text. The error does not repeat it.
    pub fn parse(list: &str) -> Result<Self, ConfigError> {
        let key = |(place, text): (usize, &str)| {
            EncryptionKey::parse(text.trim()).ok_or_else(|| {
                let problem = format!("has as its key number {} something other than 64 hexadecimal digits", place + 1);
                ConfigError::new(NAME, problem)
            })
        };
        let mut keys = list.split(',').enumerate().map(key);
        // A text that is split has at least one part.
        let first = keys.next().unwrap_or_else(|| Err(ConfigError::new(NAME, "is missing or empty")))?;
        Ok(Self { first, older: keys.collect::<Result<_, _>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hexadecimal_and_print_redacted() {
        let (new, old) = ("0F".repeat(32), "a1".repeat(32));
        let config = EncryptionConfig::parse(&format!("{new}, {old}")).expect("two keys");
        assert_eq!(config.first.expose(), &[0x0f; 32]);
        assert_eq!(config.older.len(), 1);
        assert_eq!(config.older[0].expose(), &[0xa1; 32]);
        assert!(!format!("{config:?}").contains("15"), "{config:?}");
        assert!(format!("{config:?}").contains("[redacted]"), "{config:?}");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let good = "0f".repeat(32);
        for wrong in ["", "0f", &"0g".repeat(32), &format!("{good},"), &format!("{good},abc"), &"ü".repeat(32)] {
            let error = EncryptionConfig::parse(wrong).expect_err(wrong).to_string();
            assert!(error.contains(NAME) && error.contains("64 hexadecimal digits"), "{error}");
            assert!(!error.contains("0f") && !error.contains("abc"), "{error}");
        }
    }
}
