//! What whoever runs the server wants to know of the bucket.

use aws_sdk_s3::types::{BucketVersioningStatus, CorsRule, ExpirationStatus};

use super::{JOB, Listed, Objects, ObjectsError, keys};
use crate::ids::MailId;

/// Pages of this site store in the bucket with this method, and read this header of the answers.
const METHOD: &str = "PUT";
const HEADER: &str = "ETag";

impl Objects {
    /// True when the bucket lets pages of `origin` store files and read what S3 answers.
    pub async fn lets_pages_store(&self, origin: &str) -> Result<bool, ObjectsError> {
        let rules = self.call().get_bucket_cors().bucket(&self.bucket).send().await;
        match rules {
            Ok(found) => Ok(found.cors_rules().iter().any(|rule| fits(rule, origin))),
            Err(error) => match ObjectsError::call("GetBucketCors")(error) {
                ObjectsError::Call { reason, .. } if reason == "NoSuchCORSConfiguration" => Ok(false),
                error => Err(error),
            },
        }
    }

    /// True when uploads that were begun and never completed are removed after a while.
    pub async fn drops_abandoned_uploads(&self) -> Result<bool, ObjectsError> {
        match self.call().get_bucket_lifecycle_configuration().bucket(&self.bucket).send().await {
            Ok(found) => Ok(found.rules().iter().any(|rule| {
                *rule.status() == ExpirationStatus::Enabled && rule.abort_incomplete_multipart_upload().is_some()
            })),
            Err(error) => match ObjectsError::call("GetBucketLifecycleConfiguration")(error) {
                ObjectsError::Call { reason, .. } if reason == "NoSuchLifecycleConfiguration" => Ok(false),
                error => Err(error),
            },
        }
    }

    /// True when removed objects stay as older versions.
    pub async fn keeps_versions(&self) -> Result<bool, ObjectsError> {
        let told = self.call().get_bucket_versioning().bucket(&self.bucket).send().await;
        let told = told.map_err(ObjectsError::call("GetBucketVersioning"))?;
        Ok(told.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// Stores, reads and removes a small object, as far as that goes.
    pub async fn rehearse(&self) -> Result<(), ObjectsError> {
        let id = MailId::random().map_err(|_| ObjectsError::File(std::io::Error::other("no random source")))?;
        let key = keys::trial(&id);
        self.put(&key, b"{}".to_vec(), JOB).await?;
        let read = self.read_small(&key).await;
        self.remove(&key).await?;
        match read? {
            Some(bytes) if bytes == b"{}" => Ok(()),
            other => {
                let got = other.map_or(0, |bytes| bytes.len() as u64);
                Err(ObjectsError::Length { call: "GetObject", got, wanted: 2 })
            }
        }
    }

    /// Mails that wait, the oldest last; at most a thousand.
    pub async fn waiting_mails(&self) -> Result<Vec<Listed>, ObjectsError> {
        self.list(keys::OUTBOX).await
    }
}

fn fits(rule: &CorsRule, origin: &str) -> bool {
    let has = |all: &[String], wanted: &str| all.iter().any(|one| one == "*" || one.eq_ignore_ascii_case(wanted));
    has(rule.allowed_methods(), METHOD) && has(rule.allowed_origins(), origin) && has(rule.expose_headers(), HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_store_where_a_rule_has_method_origin_and_header() {
        let rule = |method: &str, origin: &str, header: &str| {
            let rule = CorsRule::builder().allowed_methods(method).allowed_origins(origin).expose_headers(header);
            fits(&rule.build().expect("a rule"), "https://cap.example.com")
        };
        assert!(rule("PUT", "*", "ETag") && rule("PUT", "https://cap.example.com", "etag"));
        assert!(
            !rule("GET", "*", "ETag") && !rule("PUT", "https://other.example.com", "ETag") && !rule("PUT", "*", "Date")
        );
    }
}
