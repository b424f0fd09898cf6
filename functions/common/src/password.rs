//! Passwords of share links: argon2id with the parameters that OWASP's Password Storage Cheat Sheet names first (19 MiB,
//! two passes, one lane).

use std::fmt;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use tokio::task::spawn_blocking;

use crate::error::ApiError;

/// Characters of a password.
pub const CHARACTERS: std::ops::RangeInclusive<usize> = 1..=200;

/// What is kept of a password, as a PHC string.
#[derive(Clone)]
pub struct PasswordHash(String);

/// A password could not be hashed.
#[derive(Debug, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
struct Unhashed(String);

impl PasswordHash {
    /// Hashes a password with a salt of its own. It takes some 20 ms of a processor, and is done beside the requests.
    pub async fn of(password: &str) -> Result<Self, ApiError> {
        let characters = password.chars().count();
        if !CHARACTERS.contains(&characters) {
            let message = format!("password must be 1 to {} characters; this one has {characters}.", CHARACTERS.end());
            return Err(ApiError::bad_request(message));
        }
        let password = password.to_owned();
        let hashed = spawn_blocking(move || -> Result<phc::PasswordHash, _> {
            Argon2::default().hash_password(password.as_bytes())
        });
        let unhashed = |reason: &dyn fmt::Display| ApiError::internal(Unhashed(reason.to_string()));
        let hash = hashed.await.map_err(|error| unhashed(&error))?.map_err(|error| unhashed(&error))?;
        Ok(Self(hash.to_string()))
    }

    /// What the database holds.
    #[must_use]
    pub fn from_row(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when this is what was hashed. As costly as hashing it.
    pub async fn fits(&self, password: &str) -> Result<bool, ApiError> {
        if !CHARACTERS.contains(&password.chars().count()) {
            return Ok(false);
        }
        let (hash, password) = (self.0.clone(), password.to_owned());
        let fits = spawn_blocking(move || {
            let hash = phc::PasswordHash::new(&hash).map_err(|error| Unhashed(error.to_string()))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        let fits: Result<bool, Unhashed> =
            fits.await.map_err(|error| ApiError::internal(Unhashed(error.to_string())))?;
        fits.map_err(ApiError::internal)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_was_hashed_fits() {
        let hash = PasswordHash::of("päss word").await.expect("a hash");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(!format!("{hash:?}").contains("argon2"));
        assert!(hash.fits("päss word").await.expect("an answer"));
        for other in ["", "pass word", "päss word ", &"a".repeat(10_000)] {
            assert!(!hash.fits(other).await.expect("an answer"), "{other:.20}");
        }
        assert_ne!(hash.as_str(), PasswordHash::of("päss word").await.expect("another").as_str());
    }

    #[tokio::test]
    async fn passwords_are_bounded() {
        for wrong in [String::new(), "a".repeat(201)] {
            assert!(PasswordHash::of(&wrong).await.is_err());
        }
    }
}
