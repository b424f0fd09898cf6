//! Where recordings are: in the deployment's own bucket, or in one of another provider's.

use super::{ConfigError, optional, required};
use crate::secret::Secret;

/// Where recordings are.
#[derive(Clone, Debug)]
pub struct ObjectsConfig {
    /// `MEDIA_BUCKET`: name of the deployment's own bucket, whose notifications start functions.
    pub bucket: String,
    /// True when `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` points the SDK at an S3 that is not AWS: such servers
    /// are addressed by path, since a bucket's name does not resolve below their host.
    pub path_style: bool,
    /// Where recordings and pictures are instead, when `S3_ENDPOINT` says so. Jobs and mails stay in the own bucket.
    pub foreign: Option<ForeignS3>,
}

/// A bucket of another provider's.
#[derive(Clone, Debug)]
pub struct ForeignS3 {
    /// `S3_ENDPOINT`: where the functions reach it.
    pub endpoint: String,
    /// `S3_PUBLIC_ENDPOINT`: where clients reach it, for which addresses are signed. Where functions do, when absent.
    pub public_endpoint: Option<String>,
    /// `S3_REGION`: what its provider wants signatures to name, such as `auto` for R2.
    pub region: String,
    /// `S3_BUCKET`: name of the bucket.
    pub bucket: String,
    /// `S3_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `S3_SECRET_ACCESS_KEY`.
    pub secret_access_key: Secret,
}

impl ObjectsConfig {
    /// Reads `MEDIA_BUCKET`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL` and what begins with `S3_`.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self {
            bucket: required("MEDIA_BUCKET")?,
            path_style: optional("AWS_ENDPOINT_URL_S3").or_else(|| optional("AWS_ENDPOINT_URL")).is_some(),
            foreign: optional("S3_ENDPOINT").as_deref().map(ForeignS3::from_env).transpose()?,
        })
    }
}

impl ForeignS3 {
    fn from_env(endpoint: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            endpoint: origin("S3_ENDPOINT", endpoint)?,
            public_endpoint: optional("S3_PUBLIC_ENDPOINT")
                .map(|url| origin("S3_PUBLIC_ENDPOINT", &url))
                .transpose()?,
            region: required("S3_REGION")?,
            bucket: required("S3_BUCKET")?,
            access_key_id: required("S3_ACCESS_KEY_ID")?,
            secret_access_key: Secret::new(required("S3_SECRET_ACCESS_KEY")?),
        })
    }
}

/// An endpoint is an origin: the bucket's name goes behind it, as its path.
fn origin(name: &'static str, url: &str) -> Result<String, ConfigError> {
    let url = url.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(url.to_owned()),
        _ => Err(ConfigError::new(name, "is not an origin, such as https://s3.example.com without a bucket or path")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_an_origin_without_the_bucket() {
        let read = |url| origin("S3_ENDPOINT", url).ok();
        assert_eq!(read("https://s3.example.com/").as_deref(), Some("https://s3.example.com"));
        assert_eq!(read("http://127.0.0.1:9000").as_deref(), Some("http://127.0.0.1:9000"));
        for wrong in
            ["s3.example.com", "https://", "https://s3.example.com/bucket", "ftp://s3.example.com", "https://a@b"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
