//! Leases in DynamoDB: who works on a video's upload, and which attempt it is.
//!
//! One item a video and line of work, so that attempts grow over all of its uploads and can serve as the fence in MySQL. A lease belongs
//! to one upload (`source`: key and ETag) and one invocation (`holder`: its request id). Lambda repeats a failed
//! asynchronous invocation under the same request id and never runs both at once, so a repeat takes its own lease
//! over at once; anyone else waits until it expires.

mod heartbeats;
mod mails;
mod pieces;

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::{DisplayErrorContext, SdkError},
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TimeToLiveStatus},
};

use crate::{config::LedgerConfig, ids::VideoId, time::Millis};

pub use heartbeats::{Heartbeat, Worker};
pub use mails::Sending;
pub use pieces::Piece;

/// Days that an item is kept after its last change.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// DynamoDB did not answer, or not as expected. Never to be read as "not locked".
#[derive(Debug, thiserror::Error)]
#[error("ledger {call} failed: {reason}")]
pub struct LedgerError {
    call: &'static str,
    reason: String,
}

type Item = HashMap<String, AttributeValue>;

/// An upload to work on, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The video.
    pub video: &'a VideoId,
    /// Key and ETag of the upload.
    pub source: &'a str,
    /// The invocation's request id.
    pub holder: &'a str,
    /// How long the lease lasts: the invocation's remaining time and a margin.
    pub lasts: Duration,
    /// The highest attempt that MySQL knows, from which to go on when the ledger has forgotten the video.
    pub floor: u64,
}

/// A lease held by this invocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    video: VideoId,
    /// The fence: higher than that of any lease before.
    pub attempt: u64,
    /// How many times this upload has been tried, this one included.
    pub tries: u64,
}

/// The answer to a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Go ahead.
    Lease(Lease),
    /// Somebody else is at it.
    Busy,
    /// This upload is done.
    Done,
}

/// What the sweep wants to know of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Key and ETag of the upload that was worked on last, as in [`Claim::source`].
    pub source: Option<String>,
    /// True while a lease has not expired.
    pub held: bool,
    /// How many times the newest upload has been tried.
    pub tries: u64,
}

/// The DynamoDB table.
#[derive(Clone, Debug)]
pub struct Ledger {
    client: Client,
    table: String,
    line: &'static str,
}

/// Publishing, the one line of work whose attempts are the fence in MySQL.
const PUBLISHING: &str = "video";
/// Deriving from what is published.
const DERIVING: &str = "derive";

impl Ledger {
    /// A client for the table; makes no call.
    #[must_use]
    pub fn new(config: LedgerConfig, sdk: &aws_config::SdkConfig) -> Self {
        Self { client: Client::new(sdk), table: config.table, line: PUBLISHING }
    }

    /// The same for what is derived from published videos: leases of its own, so that one can be published again while
    /// renditions of it are still being made.
    #[must_use]
    pub fn deriving(&self) -> Self {
        Self { line: DERIVING, ..self.clone() }
    }

    /// Takes a lease if nobody holds one and the upload is not done. Bounded: gives up as busy after a few races.
    pub async fn claim(&self, claim: &Claim<'_>) -> Result<Claimed, LedgerError> {
        for _ in 0..4 {
            let refused = match self.claim_again(claim).await? {
                Ok(lease) => return Ok(Claimed::Lease(lease)),
                Err(item) => item,
            };
            if text(&refused, "source").as_deref() == Some(claim.source) {
                return Ok(if refused.contains_key("done") { Claimed::Done } else { Claimed::Busy });
            }
            if let Some(lease) = self.claim_first(claim, &refused).await? {
                return Ok(Claimed::Lease(lease));
            }
        }
        Ok(Claimed::Busy)
    }

    /// Takes a lease on an upload that is done, because it is awaited again: somebody stored the same bytes once more.
    /// Its tries begin anew. `None` when somebody else was faster.
    pub async fn claim_anew(&self, claim: &Claim<'_>) -> Result<Option<Lease>, LedgerError> {
        let seen = self.item(claim.video).await?.unwrap_or_default();
        self.claim_first(claim, &seen).await
    }

    /// The upload the ledger knows, once more.
    async fn claim_again(&self, claim: &Claim<'_>) -> Result<Result<Lease, Item>, LedgerError> {
        let now = Millis::now();
        let update = self.update(claim.video)
            .update_expression(format!("SET holder = :holder, lease_until = :until, attempt = attempt + :one, tries = tries + :one, expires_at = :expires REMOVE {}", pieces::FORGOTTEN))
            .condition_expression("#source = :source AND attribute_not_exists(done) AND (lease_until < :now OR holder = :holder)")
            .expression_attribute_values(":now", number(now.0));
        self.take(update, claim, now).await
    }

    /// An upload that is new to the ledger: it pushes out whatever was there, a running attempt at an older upload
    /// included, whose writes the fence then refuses.
    async fn claim_first(&self, claim: &Claim<'_>, seen: &Item) -> Result<Option<Lease>, LedgerError> {
        let mut update = self.update(claim.video)
            .update_expression(format!("SET #source = :source, holder = :holder, lease_until = :until, attempt = :attempt, tries = :one, expires_at = :expires REMOVE {}", pieces::FORGOTTEN));
        let attempt = int(seen, "attempt").unwrap_or(0).max(claim.floor) + 1;
        update = match seen.get("attempt") {
            None => update.condition_expression("attribute_not_exists(pk)"),
            Some(before) => {
                update.condition_expression("attempt = :before").expression_attribute_values(":before", before.clone())
            }
        };
        let update = update.expression_attribute_values(":attempt", number(attempt));
        Ok(self.take(update, claim, Millis::now()).await?.ok())
    }

    async fn take(
        &self,
        update: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
        claim: &Claim<'_>,
        now: Millis,
    ) -> Result<Result<Lease, Item>, LedgerError> {
        let until = now.0 + i64::try_from(claim.lasts.as_millis()).unwrap_or(i64::MAX / 2);
        let taken = update
            .expression_attribute_names("#source", "source")
            .expression_attribute_values(":source", AttributeValue::S(claim.source.to_owned()))
            .expression_attribute_values(":holder", AttributeValue::S(claim.holder.to_owned()))
            .expression_attribute_values(":until", number(until))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires", number(now.seconds() + KEPT_SECONDS))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let item = match conditional("claim", taken)? {
            Ok(output) => output.attributes.unwrap_or_default(),
            Err(item) => return Ok(Err(item)),
        };
        let (Some(attempt), Some(tries)) = (int(&item, "attempt"), int(&item, "tries")) else {
            return Err(LedgerError { call: "claim", reason: "an item without attempt and tries".to_owned() });
        };
        Ok(Ok(Lease { video: claim.video.clone(), attempt, tries }))
    }

    /// True while no later claim has taken over.
    pub async fn holds(&self, lease: &Lease) -> Result<bool, LedgerError> {
        Ok(self.item(&lease.video).await?.is_some_and(|item| int(&item, "attempt") == Some(lease.attempt)))
    }

    /// The upload needs no more work. Nothing happens when a later claim has taken over.
    pub async fn finish(&self, lease: &Lease) -> Result<(), LedgerError> {
        self.end(lease, "SET done = :end REMOVE lease_until, holder").await
    }

    /// This attempt is over and another may begin at once. Nothing happens when a later claim has taken over.
    pub async fn release(&self, lease: &Lease) -> Result<(), LedgerError> {
        self.end(lease, "SET lease_until = :end").await
    }

    async fn end(&self, lease: &Lease, expression: &str) -> Result<(), LedgerError> {
        let ended = self
            .update(&lease.video)
            .update_expression(expression)
            .condition_expression("attempt = :attempt")
            .expression_attribute_values(":attempt", number(lease.attempt))
            .expression_attribute_values(":end", number(0))
            .send()
            .await;
        conditional("end", ended).map(drop)
    }

    /// Whether somebody works on the video; `None` when nobody ever has.
    pub async fn standing(&self, video: &VideoId) -> Result<Option<Standing>, LedgerError> {
        let Some(item) = self.item(video).await? else { return Ok(None) };
        let until = item.get("lease_until").and_then(|value| value.as_n().ok()?.parse::<i64>().ok()).unwrap_or(0);
        let (held, tries) = (until > Millis::now().0, int(&item, "tries").unwrap_or(0));
        Ok(Some(Standing { source: text(&item, "source"), held, tries }))
    }

    /// True when the table removes what is over.
    pub async fn expires(&self) -> Result<bool, LedgerError> {
        let told = self.client.describe_time_to_live().table_name(&self.table).send().await;
        let told = told.map_err(|error| LedgerError {
            call: "describe_time_to_live",
            reason: DisplayErrorContext(&error).to_string(),
        })?;
        let status = told.time_to_live_description.and_then(|description| description.time_to_live_status);
        Ok(matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)))
    }

    /// True when the table answers.
    pub async fn ping(&self) -> Result<(), LedgerError> {
        self.read("ping").await.map(drop)
    }

    async fn item(&self, video: &VideoId) -> Result<Option<Item>, LedgerError> {
        self.read(&self.pk(video)).await
    }

    async fn read(&self, pk: &str) -> Result<Option<Item>, LedgerError> {
        let get = self.client.get_item().table_name(&self.table).key("pk", AttributeValue::S(pk.to_owned()));
        get.consistent_read(true)
            .send()
            .await
            .map(|output| output.item)
            .map_err(|error| LedgerError { call: "read", reason: DisplayErrorContext(&error).to_string() })
    }

    fn pk(&self, video: &VideoId) -> String {
        format!("{}#{video}", self.line)
    }

    fn update(&self, video: &VideoId) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("pk", AttributeValue::S(self.pk(video)))
    }
}

/// Tells a failed condition, with the item as it was, from a failed call.
fn conditional<T>(
    call: &'static str,
    result: Result<T, SdkError<UpdateItemError>>,
) -> Result<Result<T, Item>, LedgerError> {
    match result {
        Ok(output) => Ok(Ok(output)),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                Ok(Err(failed.item.clone().unwrap_or_default()))
            }
            _ => Err(LedgerError { call, reason: DisplayErrorContext(&error).to_string() }),
        },
    }
}

fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(format!("{value}"))
}

fn int(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}
