//! Who sends a mail: the event that announced it and the schedule may come at once, and one of them is enough.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Ledger, LedgerError, conditional, number};
use crate::{ids::MailId, time::Millis};

/// How long nobody else sends a mail that somebody has begun to send. Longer than a send is let take.
const LASTS: Duration = Duration::from_secs(60);
/// Seconds that an item is kept: longer than its mail lies in the outbox.
const KEPT_SECONDS: i64 = 2 * 24 * 3600;

/// The answer to whoever wants to send a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Go ahead.
    Yours,
    /// Somebody else is at it.
    Busy,
    /// It is sent; only its object was left.
    Sent,
}

impl Ledger {
    /// Takes a mail to send it. `holder` is the invocation's request id, under which Lambda repeats one that has failed.
    pub async fn begin_sending(&self, mail: &MailId, holder: &str) -> Result<Sending, LedgerError> {
        let now = Millis::now();
        let until = now.0 + i64::try_from(LASTS.as_millis()).unwrap_or_default();
        let begun = self
            .of_mail(mail)
            .update_expression("SET holder = :holder, lease_until = :until, expires_at = :expires")
            .condition_expression(
                "attribute_not_exists(sent) AND (attribute_not_exists(pk) OR lease_until < :now OR holder = :holder)",
            )
            .expression_attribute_values(":holder", AttributeValue::S(holder.to_owned()))
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":expires", number(now.seconds() + KEPT_SECONDS))
            .expression_attribute_values(":now", number(now.0))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            )
            .send()
            .await;
        Ok(match conditional("begin sending", begun)? {
            Ok(_) => Sending::Yours,
            Err(item) if item.contains_key("sent") => Sending::Sent,
            Err(_) => Sending::Busy,
        })
    }

    /// The mail is sent, and is not to be sent again however long its object lies there.
    pub async fn sent(&self, mail: &MailId) -> Result<(), LedgerError> {
        let update = self.of_mail(mail).update_expression("SET sent = :now, expires_at = :expires");
        let now = Millis::now();
        let update = update
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":expires", number(now.seconds() + KEPT_SECONDS));
        conditional("sent", update.send().await).map(drop)
    }

    /// The mail could not be sent; somebody else may try at once. Nothing happens when somebody else has taken it over.
    pub async fn stop_sending(&self, mail: &MailId, holder: &str) -> Result<(), LedgerError> {
        let stopped = self
            .of_mail(mail)
            .update_expression("SET lease_until = :zero")
            .condition_expression("holder = :holder")
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":holder", AttributeValue::S(holder.to_owned()))
            .send()
            .await;
        conditional("stop sending", stopped).map(drop)
    }

    fn of_mail(&self, mail: &MailId) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("pk", AttributeValue::S(format!("mail#{mail}")))
    }
}
