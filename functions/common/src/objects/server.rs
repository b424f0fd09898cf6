//! What whoever runs the server wants to know of the bucket.

use aws_sdk_s3::types::CorsRule;

use super::{Listed, Objects, ObjectsError, keys};

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
