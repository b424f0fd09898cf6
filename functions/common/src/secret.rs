//! Values that must not reach a log.

use std::fmt;

use aws_lc_rs::hmac;

/// A string that prints as `[redacted]`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one call that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Gives a newtype around [`Secret`] what everything has that is handed out once and kept as a hash. It has so many random
/// bits that nobody finds it by trying.
macro_rules! kept_as_hash {
    ($name:ident) => {
        impl $name {
            /// What the database keeps of it: its SHA-256.
            #[must_use]
            pub fn hash(&self) -> [u8; 32] {
                <sha2::Sha256 as sha2::Digest>::digest(self.expose()).into()
            }

            /// Its characters, to hand it over once.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose()
            }
        }
    };
}

pub(crate) use kept_as_hash;

/// What keys everything that this server must recognise as its own: CSRF tokens, login codes and opened share
/// links (`NEXTAUTH_SECRET`).
#[derive(Clone)]
pub struct AuthSecret(hmac::Key);

impl AuthSecret {
    /// Takes the secret's bytes.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// HMAC-SHA-256 of `parts`, for one `purpose`: what was made for one is worth nothing for another.
    #[must_use]
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            // With its length before it, so that no two lists of parts are the same bytes.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut mac = [0; 32];
        mac.copy_from_slice(context.sign().as_ref());
        mac
    }
}

impl fmt::Debug for AuthSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_differ_by_secret_purpose_and_parts() {
        let (one, other) = (AuthSecret::new(b"one"), AuthSecret::new(b"other"));
        let mac = one.mac("csrf", &[b"ab", b"c"]);
        assert_eq!(mac, one.mac("csrf", &[b"ab", b"c"]));
        for different in
            [other.mac("csrf", &[b"ab", b"c"]), one.mac("code", &[b"ab", b"c"]), one.mac("csrf", &[b"a", b"bc"])]
        {
            assert_ne!(mac, different);
        }
        assert_eq!(format!("{one:?}"), "[redacted]");
    }
}
