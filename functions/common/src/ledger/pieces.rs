//! Work that one invocation began and many do: each does a piece, and whoever does the last one puts them together.
//!
//! What is known of the pieces lies in the video's item, beside the lease that they all work under. It goes when the next
//! attempt begins, and every change says which attempt it belongs to.

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::{Item, Lease, Ledger, LedgerError, conditional, int, number};
use crate::{ids::VideoId, time::Millis};

/// Taken from the item when an attempt begins.
pub(super) const FORGOTTEN: &str = "done, pieces, piece_tries, joiner, join_until";

/// A piece of an attempt's work.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The video.
    pub video: &'a VideoId,
    /// The attempt that the piece belongs to.
    pub attempt: u64,
    /// Its number, from 0.
    pub number: u32,
}

impl Ledger {
    /// Leaves the lease to pieces: nobody takes it for so long, but a repeat of the invocation that shared the work out and
    /// may have died over it. False when a later claim has taken over.
    pub async fn hand_over(&self, lease: &Lease, lasts: Duration) -> Result<bool, LedgerError> {
        let item = self
            .change(&lease.video, lease.attempt, "SET lease_until = :until, piece_tries = :none")
            .expression_attribute_values(":until", until(lasts))
            .expression_attribute_values(":none", AttributeValue::M(Item::new()));
        Ok(self.changed(item).await?.is_some())
    }

    /// Begins a try at a piece, and keeps the lease for as long as that may last. The lease's `tries` are those of the
    /// piece, this one included. `None` when the attempt is over or a later one has begun.
    pub async fn begin_piece(&self, piece: &Piece<'_>, lasts: Duration) -> Result<Option<Lease>, LedgerError> {
        let name = piece.number.to_string();
        let item = self
            .change(
                piece.video,
                piece.attempt,
                "SET lease_until = :until, piece_tries.#piece = if_not_exists(piece_tries.#piece, :zero) + :one",
            )
            .expression_attribute_names("#piece", &name)
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":until", until(lasts));
        let Some(item) = self.changed(item).await? else { return Ok(None) };
        let tries = item.get("piece_tries").and_then(|tries| int(tries.as_m().ok()?, &name)).unwrap_or(1);
        Ok(Some(Lease { video: piece.video.clone(), attempt: piece.attempt, tries }))
    }

    /// The piece is done. How many are by now, however often this is said; `None` when the attempt is over or a later one
    /// has begun.
    pub async fn piece_done(&self, piece: &Piece<'_>, lasts: Duration) -> Result<Option<usize>, LedgerError> {
        let item = self
            .change(piece.video, piece.attempt, "SET lease_until = :until ADD pieces :piece")
            .expression_attribute_values(":until", until(lasts))
            .expression_attribute_values(":piece", AttributeValue::Ns(vec![piece.number.to_string()]));
        let Some(item) = self.changed(item).await? else { return Ok(None) };
        Ok(item.get("pieces").and_then(|pieces| pieces.as_ns().ok()).map(Vec::len))
    }

    /// True when this invocation is to put the pieces together: nobody else is at it.
    pub async fn begin_join(&self, lease: &Lease, holder: &str, lasts: Duration) -> Result<bool, LedgerError> {
        let update = self
            .update(&lease.video)
            .update_expression("SET lease_until = :until, joiner = :joiner, join_until = :until")
            .condition_expression(
                "attempt = :attempt AND attribute_not_exists(done) AND \
                 (attribute_not_exists(joiner) OR joiner = :joiner OR join_until < :now)",
            )
            .expression_attribute_values(":attempt", number(lease.attempt))
            .expression_attribute_values(":joiner", AttributeValue::S(holder.to_owned()))
            .expression_attribute_values(":now", number(Millis::now().0))
            .expression_attribute_values(":until", until(lasts));
        Ok(self.changed(update).await?.is_some())
    }

    /// A change that takes place only while an attempt goes on.
    fn change(
        &self,
        video: &VideoId,
        attempt: u64,
        expression: &str,
    ) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        self.update(video)
            .update_expression(expression)
            .condition_expression("attempt = :attempt AND attribute_not_exists(done)")
            .expression_attribute_values(":attempt", number(attempt))
    }

    /// The item after a change; `None` when its condition did not hold.
    async fn changed(
        &self,
        update: aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder,
    ) -> Result<Option<Item>, LedgerError> {
        let sent = update
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .send()
            .await;
        Ok(conditional("change", sent)?.ok().map(|output| output.attributes.unwrap_or_default()))
    }

    /// Pixels that this deployment encodes in a second, as it was measured last; `None` when it never was. `memory`, in
    /// bytes, stands for how many processors the function has.
    pub async fn speed(&self, memory: u64) -> Result<Option<f64>, LedgerError> {
        let item = self.read(&speed_key(memory)).await?;
        Ok(item.and_then(|item| item.get("pixels_per_second")?.as_n().ok()?.parse().ok()))
    }

    /// Remembers how fast an encode was. The last few count most: the older half weighs as much as the new one.
    pub async fn measured(&self, memory: u64, pixels_per_second: f64) -> Result<(), LedgerError> {
        let before = self.speed(memory).await?.unwrap_or(pixels_per_second);
        let put = self.client.put_item().table_name(&self.table);
        let put = put.item("pk", AttributeValue::S(speed_key(memory)));
        let put = put.item("pixels_per_second", number(f64::midpoint(before, pixels_per_second).round()));
        let put = put.item("expires_at", number(Millis::now().seconds() + super::KEPT_SECONDS));
        let sent = put.send().await;
        sent.map(drop).map_err(|error| LedgerError {
            call: "measured",
            reason: aws_sdk_dynamodb::error::DisplayErrorContext(&error).to_string(),
        })
    }
}

fn speed_key(memory: u64) -> String {
    format!("speed#{memory}")
}

fn until(lasts: Duration) -> AttributeValue {
    number(Millis::now().0.saturating_add(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX / 2)))
}
