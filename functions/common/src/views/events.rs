//! What is told of views elsewhere: kept in DynamoDB until it is forwarded, for a day at most.
//!
//! Functions that answer requests are in a VPC without the internet, and a viewer waits for nobody. So each event is added to a
//! list of its minute, of which there are several so that not everything is added to one item, and a function outside reads
//! whole minutes and says up to which one it is done. Nothing needs removing: the lists expire.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::DisplayErrorContext,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, KeysAndAttributes},
};
use serde::Serialize;

use super::{ViewsError, number};
use crate::{
    config::LedgerConfig,
    ids::{UserId, VideoId},
    time::{Day, Millis},
};

/// Lists of a minute.
const LISTS: u32 = 8;
/// Events of a list at most. What is more than 1,024 events a minute is not told elsewhere; it is counted nevertheless.
const MOST: u32 = 128;
/// Minutes for which an event may wait.
const WAITS: i64 = 24 * 60;
/// Minutes after which nothing is added to a list any longer, by clocks that differ a little.
const CLOSED: i64 = 2;
/// Lists that are read at once (DynamoDB's limit is a hundred).
const MINUTES_AT_ONCE: i64 = 12;
/// The item that says how far everything is forwarded.
const CURSOR: &str = "forward#views";

/// Something that was counted, without a word about who it was that would be known tomorrow.
#[derive(Clone, Debug, Serialize)]
pub struct Event<'a> {
    /// The same for the same event, however often it is told.
    pub event_id: String,
    /// When.
    pub timestamp: Millis,
    /// `play` or `progress`.
    pub event: &'static str,
    /// The video.
    pub video_id: &'a VideoId,
    /// Whose it is.
    pub owner_id: &'a UserId,
    /// Who watches, as a hash that is another one for each video and day.
    pub viewer: &'a str,
    /// 1 when this viewer was not seen before on that day.
    pub new_viewer: u8,
    /// Which play it is.
    pub play: &'a str,
    /// How far it is, in percents.
    pub percent: u8,
    /// The host of the page in which it is embedded; empty on its own page.
    pub embedded_in: &'a str,
}

/// A minute, as the number of minutes since 1970.
pub type Minute = i64;

/// The lists.
#[derive(Clone, Debug)]
pub struct Events {
    client: Client,
    table: String,
}

impl Events {
    /// A client for the table; makes no call.
    #[must_use]
    pub fn new(config: LedgerConfig, sdk: &aws_config::SdkConfig) -> Self {
        Self { client: Client::new(sdk), table: config.table }
    }

    /// Keeps an event. False when its minute has as many as are kept.
    pub async fn keep(&self, event: &Event<'_>) -> Result<bool, ViewsError> {
        let broken = |error: serde_json::Error| ViewsError { call: "keep", reason: error.to_string() };
        let text = AttributeValue::S(serde_json::to_string(event).map_err(broken)?);
        let minute = event.timestamp.seconds().div_euclid(60);
        // Plays have random names.
        let list = u32::from(event.play.bytes().last().unwrap_or_default()) % LISTS;
        let kept = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key(minute, list)))
            .update_expression("SET events = list_append(if_not_exists(events, :none), :one), expires_at = :expires")
            .condition_expression("attribute_not_exists(events) OR size(events) < :most")
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":one", AttributeValue::L(vec![text]))
            .expression_attribute_values(":most", number(MOST.into()))
            .expression_attribute_values(":expires", number(minute * 60 + 2 * Day::SECONDS))
            .send()
            .await;
        match kept {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(ViewsError::of("keep", &error)),
            },
        }
    }

    /// The minutes that are complete and not forwarded yet, the first and the last; what has waited for longer than a day is not
    /// among them. None when there is no such minute.
    pub async fn waiting(&self) -> Result<Option<(Minute, Minute)>, ViewsError> {
        let now = Millis::now().seconds().div_euclid(60);
        let cursor = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(CURSOR.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| ViewsError::of("waiting", &error))?;
        let done = cursor.item.and_then(|item| item.get("minute")?.as_n().ok()?.parse::<Minute>().ok());
        let (oldest, last) = (now - WAITS, now - CLOSED);
        if let Some(done) = done.filter(|done| *done + 1 < oldest) {
            tracing::warn!(minutes = oldest - done - 1, "dropped: views have waited for longer than a day");
        }
        let first = done.map_or(oldest, |done| done + 1).max(oldest);
        Ok((first <= last).then_some((first, last)))
    }

    /// Events from a minute on, each a line of JSON, and the last minute that was read.
    pub async fn read(&self, first: Minute, last: Minute) -> Result<(Vec<String>, Minute), ViewsError> {
        let last = last.min(first + MINUTES_AT_ONCE - 1);
        let keys = (first..=last).flat_map(|minute| (0..LISTS).map(move |list| key(minute, list)));
        let keys = keys.map(|key| HashMap::from([("pk".to_owned(), AttributeValue::S(key))]));
        let mut asked = KeysAndAttributes::builder().set_keys(Some(keys.collect())).consistent_read(true).build().ok();
        let mut events = Vec::new();
        // DynamoDB answers up to 16 MiB at once, and less when it has much to do.
        while let Some(keys) = asked.take() {
            let got = self.client.batch_get_item().request_items(&self.table, keys).send().await;
            let got = got.map_err(|error| ViewsError::of("read", &error))?;
            let lists = got.responses.and_then(|mut tables| tables.remove(&self.table)).unwrap_or_default();
            for mut list in lists {
                let Some(AttributeValue::L(list)) = list.remove("events") else { continue };
                events.extend(list.into_iter().filter_map(|event| match event {
                    AttributeValue::S(text) => Some(text),
                    _ => None,
                }));
            }
            asked = got.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        }
        Ok((events, last))
    }

    /// Everything up to this minute is forwarded. Whoever is late with an earlier minute changes nothing.
    pub async fn forwarded(&self, minute: Minute) -> Result<(), ViewsError> {
        let moved = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(CURSOR.to_owned()))
            .update_expression("SET #minute = :minute, expires_at = :expires")
            .condition_expression("attribute_not_exists(#minute) OR #minute < :minute")
            .expression_attribute_names("#minute", "minute")
            .expression_attribute_values(":minute", number(minute))
            .expression_attribute_values(":expires", number(minute * 60 + 30 * Day::SECONDS))
            .send()
            .await;
        match moved {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(ViewsError { call: "forwarded", reason: DisplayErrorContext(&error).to_string() }),
            },
        }
    }
}

fn key(minute: Minute, list: u32) -> String {
    format!("event#{minute}#{list}")
}
