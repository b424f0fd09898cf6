//! What was looked at, how it is, and what to change: what the operator's page shows and what `capstan-doctor` prints.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// Something has to be changed.
    Wrong,
    /// It could not be looked at.
    Unknown,
}

impl State {
    /// The same in a word, as programs know it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What programs know it by. It stays as it is.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// `good`, `wrong` or `unknown`.
    pub state: State,
    /// How it is, in a sentence.
    pub says: String,
    /// What to change; absent when nothing is to be.
    pub advice: Option<String>,
}

impl Check {
    /// It is as it should be.
    pub fn good(id: &str, name: &str, says: impl Into<String>) -> Self {
        Self { id: id.to_owned(), name: name.to_owned(), state: State::Good, says: says.into(), advice: None }
    }

    /// It is wrong, and this is what to change.
    pub fn wrong(id: &str, name: &str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Wrong, advice: Some(advice.into()), ..Self::good(id, name, says) }
    }

    /// It could not be looked at, and this is how it can be.
    pub fn unknown(id: &str, name: &str, says: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { state: State::Unknown, advice: Some(advice.into()), ..Self::good(id, name, says) }
    }

    /// True when something has to be changed.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.state == State::Wrong
    }
}

/// True for a host that means something only where it was written down: this machine, or a name within a network of containers.
#[must_use]
pub fn is_inside(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback() || ip.is_unspecified(),
        Err(_) => !host.contains('.') || host.ends_with(".internal") || host.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_browsers_cannot_reach_are_known() {
        for inside in ["localhost", "127.0.0.1", "[::1]", "0.0.0.0", "minio", "host.docker.internal", "s3.localhost"] {
            assert!(is_inside(inside), "{inside}");
        }
        for outside in ["s3.eu-central-1.amazonaws.com", "minio.example.com", "192.0.2.7", "10.0.0.7"] {
            assert!(!is_inside(outside), "{outside}");
        }
    }
}
