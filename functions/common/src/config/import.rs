//! Where a self-hosted Cap keeps what is taken over from it.

use super::{ConfigError, DatabaseConfig, optional, required};
use crate::secret::Secret;

/// What `make import` is told beside what every function is told.
#[derive(Clone, Debug)]
pub struct ImportConfig {
    /// `CAP_DATABASE_URL` and `CAP_DATABASE_CA`: Cap's MySQL, which is only read.
    pub database: DatabaseConfig,
    /// Cap's bucket, which is only read.
    pub objects: SourceObjectsConfig,
    /// `DRY_RUN`: true when nothing is to be written.
    pub dry_run: bool,
}

/// A bucket that something is taken from.
#[derive(Clone, Debug)]
pub struct SourceObjectsConfig {
    /// `CAP_BUCKET`: its name.
    pub bucket: String,
    /// `CAP_S3_ENDPOINT`: where it is. When absent, where Capstan's own is.
    pub endpoint: Option<String>,
    /// `CAP_REGION`. When absent, Capstan's own.
    pub region: Option<String>,
    /// `CAP_ACCESS_KEY_ID` and `CAP_SECRET_ACCESS_KEY`. When absent, Capstan's own are used.
    pub keys: Option<SourceKeys>,
    /// Whether S3 may be asked to copy from there: it is where Capstan's own bucket is.
    pub same_place: bool,
}

/// An access key of somebody else's bucket.
#[derive(Clone, Debug)]
pub struct SourceKeys {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
}

impl ImportConfig {
    /// Reads the variables whose names begin with `CAP_`, and `DRY_RUN`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let url = Secret::new(required("CAP_DATABASE_URL")?);
        let dry_run = match optional("DRY_RUN").as_deref() {
            None | Some("0") => false,
            Some("1") => true,
            Some(_) => return Err(ConfigError::new("DRY_RUN", "must be 1, or 0, or not be there")),
        };
        let database = DatabaseConfig { url, ca: optional("CAP_DATABASE_CA"), pauses: false };
        Ok(Self { database, objects: SourceObjectsConfig::from_env()?, dry_run })
    }
}

impl SourceObjectsConfig {
    fn from_env() -> Result<Self, ConfigError> {
        let endpoint = optional("CAP_S3_ENDPOINT");
        let keys = match (optional("CAP_ACCESS_KEY_ID"), optional("CAP_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => Some(SourceKeys { id, secret: Secret::new(secret) }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(ConfigError::new("CAP_SECRET_ACCESS_KEY", "is missing: CAP_ACCESS_KEY_ID is there"));
            }
            (None, Some(_)) => {
                return Err(ConfigError::new("CAP_ACCESS_KEY_ID", "is missing: CAP_SECRET_ACCESS_KEY is there"));
            }
        };
        let own = optional("AWS_ENDPOINT_URL_S3").or_else(|| optional("AWS_ENDPOINT_URL"));
        let same_place = endpoint.as_deref().is_none_or(|there| same(there, own.as_deref()));
        Ok(Self { bucket: required("CAP_BUCKET")?, endpoint, region: optional("CAP_REGION"), keys, same_place })
    }
}

fn same(endpoint: &str, own: Option<&str>) -> bool {
    own.is_some_and(|own| own.trim_end_matches('/').eq_ignore_ascii_case(endpoint.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_same_however_it_ends() {
        assert!(same("http://MinIO:9000/", Some("http://minio:9000")));
        assert!(!same("http://minio:9000", Some("http://minio:9001")) && !same("http://minio:9000", None));
    }
}
