//! Passwords of share links: argon2id with the parameters that OWASP's Password Storage Cheat Sheet names first (19 MiB,
//! two passes, one lane). What was imported from a Cap is PBKDF2 until it is next used.

use std::{fmt, num::NonZeroU32};

use argon2::{
    ARGON2ID_IDENT, Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use aws_lc_rs::pbkdf2;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use tokio::task::spawn_blocking;

use crate::error::ApiError;

/// Characters of a password.
pub const CHARACTERS: std::ops::RangeInclusive<usize> = 1..=200;

/// PBKDF2 with HMAC-SHA-256 in a PHC string.
const PBKDF2: &str = "pbkdf2-sha256";
/// Iterations that are done at most, whatever a row asks for: some 200 ms of a processor.
const MOST_ITERATIONS: u32 = 1_000_000;
/// What Cap keeps: a salt of 16 bytes and a key of 32, in base64, made in so many iterations.
const CAP_SALT: usize = 16;
const CAP_BYTES: usize = CAP_SALT + 32;
const CAP_ITERATIONS: u32 = 100_000;

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

    /// What a Cap's database holds, if it has the form of that.
    #[must_use]
    pub fn of_cap(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim()).ok().filter(|bytes| bytes.len() == CAP_BYTES)?;
        let (salt, key) = bytes.split_at(CAP_SALT);
        let (salt, key) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(key));
        Some(Self(format!("${PBKDF2}$i={CAP_ITERATIONS}${salt}${key}")))
    }

    /// True when a password would be hashed like this today.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.0
            .strip_prefix('$')
            .and_then(|rest| rest.split_once('$'))
            .is_some_and(|(name, _)| name == ARGON2ID_IDENT.as_str())
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
            match hash.algorithm.as_str() {
                PBKDF2 => fits_pbkdf2(&password, &hash),
                _ => Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()),
            }
        });
        let fits: Result<bool, Unhashed> =
            fits.await.map_err(|error| ApiError::internal(Unhashed(error.to_string())))?;
        fits.map_err(ApiError::internal)
    }
}

/// Compares in constant time.
fn fits_pbkdf2(password: &str, hash: &phc::PasswordHash) -> Result<bool, Unhashed> {
    let iterations = hash.params.get_decimal("i").filter(|iterations| *iterations <= MOST_ITERATIONS);
    let (Some(iterations), Some(salt), Some(key)) = (iterations.and_then(NonZeroU32::new), &hash.salt, &hash.hash)
    else {
        return Err(Unhashed(format!("{PBKDF2} needs a salt, a key and 1 to {MOST_ITERATIONS} iterations")));
    };
    let (salt, key) = (salt.as_ref(), key.as_bytes());
    Ok(pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, password.as_bytes(), key).is_ok())
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

    /// Of `open sesame` and the salt 00 01 … 0f, as Python's `hashlib.pbkdf2_hmac` makes it.
    const OF_CAP: &str = "AAECAwQFBgcICQoLDA0OD2N4aXT2votr92tWeAzWIglet8p83wv6exvOd4Jimdmo";

    #[tokio::test]
    async fn what_a_cap_has_kept_fits_until_it_is_hashed_anew() {
        let hash = PasswordHash::of_cap(OF_CAP).expect("a hash");
        assert!(hash.as_str().starts_with("$pbkdf2-sha256$i=100000$AAECAwQFBgcICQoLDA0ODw$"), "{}", hash.as_str());
        assert!(hash.fits("open sesame").await.expect("an answer") && !hash.is_current());
        for other in ["", "Open sesame", "open sesame ", "open"] {
            assert!(!hash.fits(other).await.expect("an answer"), "{other}");
        }
        assert!(PasswordHash::of("open sesame").await.expect("a hash").is_current());
    }

    #[tokio::test]
    async fn what_is_no_hash_of_a_cap_is_refused() {
        for wrong in ["", "secret", "AAAA", &OF_CAP[4..], &format!("{OF_CAP}AAAA"), "$argon2id$v=19$m=1,t=1,p=1$a$b"] {
            assert!(PasswordHash::of_cap(wrong).is_none(), "{wrong}");
        }
        for costly in ["i=1000001", "i=4294967295", "i=0", "l=32"] {
            let row = PasswordHash::of_cap(OF_CAP).expect("a hash").as_str().replace("i=100000", costly);
            assert!(PasswordHash::from_row(row).fits("open sesame").await.is_err(), "{costly}");
        }
    }

    #[tokio::test]
    async fn passwords_are_bounded() {
        for wrong in [String::new(), "a".repeat(201)] {
            assert!(PasswordHash::of(&wrong).await.is_err());
        }
    }
}
