//! Ids and keys as types of their own, so that one cannot stand in for another.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{secret::Secret, tokens};

/// The clients' alphabet: lower-case Crockford base 32, without i, l, o and u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 15;

fn is_id(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// 15 characters of the alphabet: 75 random bits.
fn random_id() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; LENGTH];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
        #[schema(pattern = "^[0-9a-hjkmnp-tv-z]{15}$")]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new random id. Fails only when the system has no random source.
            pub fn random() -> Result<Self, getrandom::Error> {
                random_id().map(Self)
            }

            /// `text` as an id, if it has the form of one.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.to_owned()))
            }

            /// The id's 15 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A recording.
    VideoId
);
id!(
    /// A person with an account.
    UserId
);
id!(
    /// A comment or a reaction.
    CommentId
);
id!(
    /// Something that somebody is told.
    NotificationId
);
id!(
    /// A mail in the outbox.
    MailId
);
id!(
    /// A stored picture.
    PictureId
);
id!(
    /// Where a person's videos belong.
    OrganizationId
);
id!(
    /// An API key in a list. The database derives it from the key's hash.
    KeyId
);
id!(
    /// A session in a list. The database derives it from the token's hash.
    SessionId
);

impl CommentId {
    /// The id that follows from these parts.
    #[must_use]
    pub fn derived(parts: &[&str]) -> Self {
        Self(derived(parts))
    }
}

impl PictureId {
    /// The id that follows from these parts.
    #[must_use]
    pub fn derived(parts: &[&str]) -> Self {
        Self(derived(parts))
    }
}

fn derived(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(LENGTH).map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
}

/// The last part of a share link. A video's first link has the video's id as its code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
pub struct ShareCode(String);

impl ShareCode {
    /// A new random code: 75 bits, in the form of the clients' ids.
    pub fn random() -> Result<Self, getrandom::Error> {
        random_id().map(Self)
    }

    /// `text` as a code: 5 to 32 letters, digits, `-` or `_`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (5..=32).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (fits && plain).then(|| Self(text.to_owned()))
    }

    /// The code's characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A desktop API key: a UUID of 36 characters. The length is how the clients' server tells a key from other tokens.
#[derive(Clone, Debug)]
pub struct ApiKey(Secret);

impl ApiKey {
    /// Characters in a key.
    pub const LENGTH: usize = 36;

    /// A new random key: a version 4 UUID, 122 random bits (RFC 9562 §5.4).
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes)?;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = tokens::hex(&bytes);
        let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
        Ok(Self(Secret::new(parts.join("-"))))
    }

    /// `text` as a key, if it has a key's length.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == Self::LENGTH).then(|| Self(Secret::new(text)))
    }
}

crate::secret::kept_as_hash!(ApiKey);

/// What a browser's cookie holds while somebody is signed in: 256 random bits in hexadecimal digits.
#[derive(Clone, Debug)]
pub struct SessionToken(Secret);

impl SessionToken {
    /// Digits in a token.
    pub const LENGTH: usize = 64;

    /// A new random token.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(Secret::new(tokens::random_hex::<{ Self::LENGTH / 2 }>()?)))
    }

    /// `text` as a token, if it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        tokens::is_hex(text, Self::LENGTH).then(|| Self(Secret::new(text)))
    }
}

crate::secret::kept_as_hash!(SessionToken);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_parse() {
        let id = VideoId::random().expect("random");
        assert_eq!(VideoId::parse(id.as_str()), Some(id));
    }

    #[test]
    fn ids_of_another_form_do_not_parse() {
        for text in ["", "short", "ilouilouilouilo", "0123456789ABCDE", "0123456789abcdef", "../../../../etc"] {
            assert_eq!(VideoId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn keys_are_uuids_and_print_redacted() {
        let key = ApiKey::random().expect("random");
        assert_eq!(key.expose().len(), ApiKey::LENGTH);
        assert_eq!(key.expose().as_bytes()[14], b'4');
        assert_eq!(format!("{key:?}"), "ApiKey([redacted])");
    }
}
