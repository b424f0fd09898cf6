//! How often something may be done, counted in DynamoDB: fixed windows, one item a subject and window.
//!
//! A limit that cannot be counted is a limit that is reached: without DynamoDB nothing passes.

use aws_sdk_dynamodb::{
    Client, error::DisplayErrorContext, operation::update_item::UpdateItemError, types::AttributeValue,
};

use crate::{config::LedgerConfig, error::ApiError, secret::AuthSecret, time::Millis, tokens};

/// So often within so many seconds.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// What is counted; part of the item's key.
    pub name: &'static str,
    /// How often.
    pub most: u32,
    /// Seconds of a window.
    pub seconds: u32,
}

/// Not done, because of a limit.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// It was done as often as it may be.
    #[error("{name} was done too often; again in {retry_after} s")]
    Reached {
        /// Which limit.
        name: &'static str,
        /// Seconds until the next window begins.
        retry_after: u32,
    },
    /// DynamoDB did not count.
    #[error("a limit could not be counted: {0}")]
    Uncounted(String),
}

impl From<LimitError> for ApiError {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Reached { retry_after, .. } => Self::too_many_requests(retry_after),
            LimitError::Uncounted(_) => Self::unavailable(error),
        }
    }
}

/// The counters.
#[derive(Clone, Debug)]
pub struct Limits {
    client: Client,
    table: String,
    secret: AuthSecret,
}

impl Limits {
    /// A client for the table; makes no call.
    #[must_use]
    pub fn new(config: LedgerConfig, secret: AuthSecret, sdk: &aws_config::SdkConfig) -> Self {
        Self { client: Client::new(sdk), table: config.table, secret }
    }

    /// Counts once more for `subject`, a mailbox or an address. DynamoDB sees it as a hash under the server's secret, without
    /// which all addresses that there are could be tried. An error when that is too often.
    pub async fn spend(&self, limit: Limit, subject: &str) -> Result<(), LimitError> {
        let now = Millis::now().seconds();
        let (start, end) = window(now, limit.seconds);
        let number = |value: i64| AttributeValue::N(value.to_string());
        let counted = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key(&self.secret, limit, subject, start)))
            .update_expression("ADD used :one SET expires_at = :end")
            .condition_expression("attribute_not_exists(used) OR used < :most")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":most", number(limit.most.into()))
            .expression_attribute_values(":end", number(end))
            .send()
            .await;
        match counted {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => {
                    let retry_after = u32::try_from(end - now).unwrap_or(limit.seconds);
                    tracing::warn!(limit = limit.name, subject = hash(&self.secret, limit, subject), "limit reached");
                    Err(LimitError::Reached { name: limit.name, retry_after })
                }
                _ => Err(LimitError::Uncounted(DisplayErrorContext(&error).to_string())),
            },
        }
    }
}

/// Key of a subject's item in the window that begins at `start`.
fn key(secret: &AuthSecret, limit: Limit, subject: &str, start: i64) -> String {
    format!("limit#{}#{}#{start}", limit.name, hash(secret, limit, subject))
}

/// What stands for a subject wherever it is written down.
fn hash(secret: &AuthSecret, limit: Limit, subject: &str) -> String {
    let subject = secret.mac("limit", &[limit.name.as_bytes(), subject.as_bytes()]);
    tokens::hex(&subject[..16])
}

/// Where the window of `now` begins and ends, in seconds.
fn window(now: i64, seconds: u32) -> (i64, i64) {
    let start = now - now.rem_euclid(i64::from(seconds));
    (start, start + i64::from(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_nobody_without_the_secret_who_is_counted() {
        let limit = Limit { name: "mail-to", most: 1, seconds: 600 };
        let keyed = |secret: &[u8], subject| key(&AuthSecret::new(secret), limit, subject, 0);
        let one = keyed(b"one", "ada@example.test");
        assert!(one.starts_with("limit#mail-to#") && one.ends_with("#0") && !one.contains("ada"), "{one}");
        assert_eq!(one, keyed(b"one", "ada@example.test"));
        assert_ne!(one, keyed(b"another", "ada@example.test"));
        assert_ne!(one, keyed(b"one", "bob@example.test"));
    }

    #[test]
    fn windows_follow_one_another() {
        assert_eq!(window(1_199, 600), (600, 1_200));
        assert_eq!(window(1_200, 600), (1_200, 1_800));
    }
}
