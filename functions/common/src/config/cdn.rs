//! CloudFront, where a deployment has it.

use super::{ConfigError, EncryptionKey, optional, required};
use crate::secret::Secret;

const KEY: &str = "MEDIA_CDN_KEY";

/// A private key of the curve P-256, as 64 hexadecimal digits. Prints as `[redacted]`.
#[derive(Clone, Debug)]
pub struct SigningKey(EncryptionKey);

impl SigningKey {
    /// Reads `MEDIA_CDN_KEY`.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::parse(&required(KEY)?)
    }

    /// The same from a text. The error does not repeat it.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        EncryptionKey::parse(text).map(Self).ok_or_else(|| Self::error("is not 64 hexadecimal digits"))
    }

    /// The number itself, most significant byte first.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    pub(crate) fn error(problem: &'static str) -> ConfigError {
        ConfigError::new(KEY, problem)
    }
}

/// The distribution through which viewers read the bucket.
#[derive(Clone, Debug)]
pub struct CdnConfig {
    /// `MEDIA_CDN_URL`: its origin, without a trailing slash.
    pub url: String,
    /// `MEDIA_CDN_KEY_ID`: what CloudFront calls the public half of the key.
    pub key_id: String,
    /// `MEDIA_CDN_KEY`: what addresses are signed with.
    pub key: SigningKey,
}

impl CdnConfig {
    /// Reads `MEDIA_CDN_URL`, `MEDIA_CDN_KEY_ID` and `MEDIA_CDN_KEY`. `None` without the first: viewers then read from S3 itself.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        let Some(url) = optional("MEDIA_CDN_URL") else { return Ok(None) };
        let url = url.trim_end_matches('/').to_owned();
        Ok(Some(Self { url, key_id: required("MEDIA_CDN_KEY_ID")?, key: SigningKey::from_env()? }))
    }
}

/// What proves that a request came through the site's distribution.
#[derive(Clone, Debug)]
pub struct EdgeConfig {
    /// `EDGE_SECRET`: what the distribution sends with each request. Absent without one.
    pub secret: Option<Secret>,
}

impl EdgeConfig {
    /// Reads `EDGE_SECRET`.
    #[must_use]
    pub fn from_env() -> Self {
        Self { secret: optional("EDGE_SECRET").map(Secret::new) }
    }
}
