//! What the `cap` command signs in with: a token that a person allowed, for some of what they may do and for a while.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{secret::Secret, tokens};

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To see recordings, their state and the account.
    Read,
    /// To comment.
    Comment,
    /// To upload, rename and delete, and to change the account.
    Write,
}

impl Scope {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::Read, Self::Comment, Self::Write];

    /// Its name in requests and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "caps:read",
            Self::Comment => "caps:comment",
            Self::Write => "caps:write",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::Read => 1,
            Self::Comment => 2,
            Self::Write => 4,
        }
    }
}

/// Some scopes. Shown with spaces between their names, and in JSON as a list of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = Vec<String>)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope: what a person's own keys and browsers may do.
    #[must_use]
    pub fn all() -> Self {
        Self(Scope::ALL.iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Names with spaces between them. Names that this server does not know are left out: a newer command asks for more than
    /// there is here, and is told what it got.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let known = |name: &str| Scope::ALL.into_iter().find(|scope| scope.name() == name);
        Self(text.split(' ').filter_map(known).fold(0, |bits, scope| bits | scope.bit()))
    }

    /// True when `scope` is one of them.
    #[must_use]
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Scope::name))
    }
}

/// Characters of 256 bits in base64url.
const CHARACTERS: usize = 43;
/// What a token begins with, by which whoever finds one knows what it is.
const PREFIX: &str = "cap_cli_";

/// A token of the command.
#[derive(Clone, Debug)]
pub struct AgentToken(Secret);

impl AgentToken {
    /// A new random token.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(Secret::new(format!("{PREFIX}{}", tokens::random_base64url::<32>()?))))
    }

    /// `text` as a token, if it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        tokens::is_base64url(text.strip_prefix(PREFIX)?, CHARACTERS).then(|| Self(Secret::new(text)))
    }
}

crate::secret::kept_as_hash!(AgentToken);

/// What the command exchanges for a token.
#[derive(Clone, Debug)]
pub struct AgentCode(Secret);

impl AgentCode {
    /// A new random code.
    pub fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(Secret::new(tokens::random_base64url::<32>()?)))
    }

    /// `text` as a code, if it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        tokens::is_base64url(text, CHARACTERS).then(|| Self(Secret::new(text)))
    }
}

crate::secret::kept_as_hash!(AgentCode);

/// What only the command that asked for a code can show with it is the verifier of this (RFC 7636, method S256).
#[derive(Clone, Debug)]
pub struct Challenge(String);

impl Challenge {
    /// `text` as a challenge, if it has the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        tokens::is_base64url(text, CHARACTERS).then(|| Self(text.to_owned()))
    }

    /// The challenge that a verifier answers; `None` when the text is none: 43 to 128 unreserved characters (RFC 7636 §4.1).
    #[must_use]
    pub fn of(verifier: &str) -> Option<Self> {
        is_unreserved(verifier, 128).then(|| Self(tokens::base64url(&Sha256::digest(verifier))))
    }

    /// Its characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when both are the same. It takes as long when they are not.
    #[must_use]
    pub fn is(&self, other: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), other.as_bytes()).is_ok()
    }
}

/// True for 43 to `most` characters that stand for themselves in an address.
#[must_use]
pub fn is_unreserved(text: &str, most: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (CHARACTERS..=most).contains(&text.len()) && text.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_whatever_else_is_asked_for() {
        let scopes = Scopes::parse("caps:write library:write  caps:read caps:read CAPS:COMMENT");
        assert_eq!(scopes.to_string(), "caps:read caps:write");
        assert!(scopes.has(Scope::Read) && scopes.has(Scope::Write) && !scopes.has(Scope::Comment));
        assert_eq!(Scopes::parse(&Scopes::all().to_string()), Scopes::all());
        assert_eq!(Scopes::parse(""), Scopes::default());
        let json = serde_json::to_string(&Scopes::all()).expect("json");
        assert_eq!(json, r#"["caps:read","caps:comment","caps:write"]"#);
    }

    #[test]
    fn a_token_tells_what_it_is_and_prints_redacted() {
        let token = AgentToken::random().expect("random");
        assert!(token.expose().starts_with("cap_cli_") && token.expose().len() == 8 + 43);
        assert_eq!(AgentToken::parse(token.expose()).map(|token| token.hash()), Some(token.hash()));
        assert_eq!(format!("{token:?}"), "AgentToken([redacted])");
        let characters = &token.expose()[8..];
        for other in
            ["", "cap_cli_", characters, &format!("cap_cli_{}", &characters[1..]), &format!("Cap_cli_{characters}")]
        {
            assert!(AgentToken::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_challenge_is_the_one_of_the_standard() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::of(verifier).expect("a challenge");
        assert!(challenge.is("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!challenge.is(verifier) && !challenge.is(""));
        for other in [&verifier[1..], &"a".repeat(129), &format!("{}+", &verifier[1..]), ""] {
            assert!(Challenge::of(other).is_none(), "{other}");
        }
    }
}
