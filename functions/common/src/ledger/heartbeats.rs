//! What functions that nobody asks anything tell of themselves, for whoever runs the server.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Ledger, LedgerError, conditional, number, text};
use crate::time::Millis;

/// Seconds that the last word of a function is kept: long enough to say since when it is silent.
const KEPT_SECONDS: i64 = 90 * 24 * 3600;

/// A function that the clock starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worker {
    /// `transcode`, with its sweep.
    Transcode,
    /// `mail`, with its look at the outbox.
    Mail,
    /// None: `capstan-doctor`, which tries whether it may write.
    Doctor,
}

/// What such a function told last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// When.
    pub at: Millis,
    /// The release that it runs.
    pub release: String,
    /// Version of the program that it works with, when it has one.
    pub tool: Option<String>,
    /// Why that program does not run.
    pub tool_failure: Option<String>,
    /// Why its last work failed. Names no address and no person.
    pub failure: Option<String>,
}

impl Heartbeat {
    /// Nothing but that it runs, now.
    #[must_use]
    pub fn now() -> Self {
        let release = env!("CARGO_PKG_VERSION").to_owned();
        Self { at: Millis::now(), release, tool: None, tool_failure: None, failure: None }
    }
}

impl Ledger {
    /// Leaves word of a function, in place of its last one.
    pub async fn tell(&self, worker: Worker, heartbeat: &Heartbeat) -> Result<(), LedgerError> {
        let maybe = |text: &Option<String>| text.clone().map_or(AttributeValue::Null(true), AttributeValue::S);
        let update = self.client.update_item().table_name(&self.table).key("pk", AttributeValue::S(pk(worker)));
        let told = update
            .update_expression(
                "SET told_at = :at, told_release = :release, tool_version = :tool, tool_failure = :tool_failure, \
                 last_failure = :failure, expires_at = :expires",
            )
            .expression_attribute_values(":at", number(heartbeat.at.0))
            .expression_attribute_values(":release", AttributeValue::S(heartbeat.release.clone()))
            .expression_attribute_values(":tool", maybe(&heartbeat.tool))
            .expression_attribute_values(":tool_failure", maybe(&heartbeat.tool_failure))
            .expression_attribute_values(":failure", maybe(&heartbeat.failure))
            .expression_attribute_values(":expires", number(heartbeat.at.seconds() + KEPT_SECONDS));
        conditional("tell", told.send().await).map(drop)
    }

    /// The last word of a function; `None` when there is none.
    pub async fn told(&self, worker: Worker) -> Result<Option<Heartbeat>, LedgerError> {
        let Some(item) = self.read(&pk(worker)).await? else { return Ok(None) };
        let at = item.get("told_at").and_then(|at| at.as_n().ok()?.parse().ok()).map(Millis);
        Ok(at.map(|at| Heartbeat {
            at,
            release: text(&item, "told_release").unwrap_or_default(),
            tool: text(&item, "tool_version"),
            tool_failure: text(&item, "tool_failure"),
            failure: text(&item, "last_failure"),
        }))
    }
}

fn pk(worker: Worker) -> String {
    let name = match worker {
        Worker::Transcode => "transcode",
        Worker::Mail => "mail",
        Worker::Doctor => "doctor",
    };
    format!("status#{name}")
}
