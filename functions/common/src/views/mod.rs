//! How often videos are watched, counted in DynamoDB: once for each viewer and day, once for each play, and once for each
//! quarter that a play gets to, however often and in whatever order it is said.
//!
//! Nobody is recognised the next day: whoever watches is known by a hash under the server's secret that has the day and the
//! video in it, and the items that hold it are gone two days later. What stays is how many there were.

mod range;
mod viewer;

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    Client,
    error::{DisplayErrorContext, SdkError},
    operation::{put_item::PutItemError, update_item::builders::UpdateItemFluentBuilder},
    types::{AttributeValue, ReturnValue},
};

use crate::{
    config::LedgerConfig,
    error::ApiError,
    ids::VideoId,
    secret::AuthSecret,
    time::{Day, Millis},
    tokens,
};

pub use range::Range;
pub use viewer::Viewer;

/// Seconds for which a viewer and a play are known after they were last seen: longer than a play across midnight.
const KNOWN_SECONDS: i64 = 2 * Day::SECONDS;
/// Seconds for which a day's counters are kept after it has begun. MySQL has them by then.
const COUNTED_SECONDS: i64 = 4 * Day::SECONDS;
/// Names of the counters of quarters.
const REACHED: [&str; 4] = ["reached_25", "reached_50", "reached_75", "reached_95"];

/// How often something was watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Viewers, each once a day.
    pub viewers: u64,
    /// Times that somebody began to watch.
    pub plays: u64,
    /// Plays that got to a quarter, half, three quarters and as good as the end.
    pub reached: [u64; 4],
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        let mut reached = self.reached;
        for (quarter, more) in reached.iter_mut().zip(other.reached) {
            *quarter += more;
        }
        Self { viewers: self.viewers + other.viewers, plays: self.plays + other.plays, reached }
    }

    /// How much of it an average play got to see, in percents: who was last seen at a mark counts as half way to the next.
    #[must_use]
    pub fn average(&self) -> Option<u64> {
        let [quarter, half, most, all] = self.reached;
        let ended = |begun: u64, further: u64| begun.saturating_sub(further);
        let eighths = ended(self.plays, quarter)
            + 3 * ended(quarter, half)
            + 5 * ended(half, most)
            + 7 * ended(most, all)
            + 8 * all;
        (eighths * 100 + self.plays * 4).checked_div(self.plays * 8).map(|percents| percents.min(100))
    }
}

/// Something that was seen of somebody's watching.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The video.
    pub video: &'a VideoId,
    /// Who watches.
    pub viewer: &'a Viewer,
    /// What tells this play from the viewer's others; empty when there is one a day.
    pub play: &'a str,
    /// How far it is, in percents.
    pub percent: u8,
}

/// What was new of it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The day for which it counts.
    pub day: Day,
    /// That day's counts so far, this included.
    pub counts: Counts,
    /// True when this viewer was not seen before on that day.
    pub new_viewer: bool,
    /// True when the play has just begun.
    pub new_play: bool,
    /// Who it was, for nobody else and for that day only.
    pub viewer: String,
    /// Which play it was.
    pub play: String,
}

/// DynamoDB did not count.
#[derive(Debug, thiserror::Error)]
#[error("views could not be counted: {call} failed: {reason}")]
pub struct ViewsError {
    call: &'static str,
    reason: String,
}

impl ViewsError {
    fn of(call: &'static str, error: &(impl std::error::Error + 'static)) -> Self {
        Self { call, reason: DisplayErrorContext(error).to_string() }
    }
}

impl From<ViewsError> for ApiError {
    fn from(error: ViewsError) -> Self {
        Self::unavailable(error)
    }
}

type Item = HashMap<String, AttributeValue>;

/// The counters.
#[derive(Clone, Debug)]
pub struct Views {
    client: Client,
    table: String,
    secret: AuthSecret,
}

impl Views {
    /// A client for the table; makes no call.
    #[must_use]
    pub fn new(config: LedgerConfig, secret: AuthSecret, sdk: &aws_config::SdkConfig) -> Self {
        Self { client: Client::new(sdk), table: config.table, secret }
    }

    /// Counts what is new of something seen; `None` when nothing is. The play's own item says what is, in one atomic change. When
    /// what follows fails, the change is taken back, so that the same may be said again.
    pub async fn count(&self, seen: &Seen<'_>) -> Result<Option<Counted>, ViewsError> {
        let today = Day::today();
        let play = self.hash("play", seen, today);
        let (new, day) = self.reach(&play, steps(seen.percent), today).await?;
        if new.is_empty() {
            return Ok(None);
        }
        let counted = self.count_new(seen, &new, day, play.clone()).await;
        if counted.is_err() {
            self.take_back(&play, &new).await;
        }
        counted.map(Some)
    }

    async fn count_new(&self, seen: &Seen<'_>, new: &[u8], day: Day, play: String) -> Result<Counted, ViewsError> {
        let viewer = self.hash("viewer", seen, day);
        let new_play = new.contains(&0);
        let new_viewer = new_play && self.meet(&viewer).await?;
        let counts = match self.add(seen.video, day, new, new_viewer).await {
            Ok(counts) => counts,
            Err(error) => {
                if new_viewer {
                    self.forget(&viewer).await;
                }
                return Err(error);
            }
        };
        Ok(Counted { day, counts, new_viewer, new_play, viewer, play })
    }

    /// Says of a play that it has got to these steps; those that it had not, and the day on which it began.
    async fn reach(&self, play: &str, steps: Vec<u8>, today: Day) -> Result<(Vec<u8>, Day), ViewsError> {
        let known = self
            .update(format!("play#{play}"))
            .update_expression("ADD reached :steps SET expires_at = :expires, begun = if_not_exists(begun, :today)")
            .expression_attribute_values(":steps", numbers(&steps))
            .expression_attribute_values(":expires", number(Millis::now().seconds() + KNOWN_SECONDS))
            .expression_attribute_values(":today", number(today.0))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| ViewsError::of("reach", &error))?
            .attributes
            .unwrap_or_default();
        let before: Vec<u8> = match known.get("reached") {
            Some(AttributeValue::Ns(numbers)) => numbers.iter().filter_map(|number| number.parse().ok()).collect(),
            _ => Vec::new(),
        };
        let day = known.get("begun").and_then(|day| day.as_n().ok()?.parse().ok()).map_or(today, Day);
        Ok((steps.into_iter().filter(|step| !before.contains(step)).collect(), day))
    }

    /// True when nobody has met this viewer before.
    async fn meet(&self, viewer: &str) -> Result<bool, ViewsError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item("pk", AttributeValue::S(format!("viewer#{viewer}")))
            .item("expires_at", number(Millis::now().seconds() + KNOWN_SECONDS))
            .condition_expression("attribute_not_exists(pk)")
            .send()
            .await;
        match put {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(false)
            }
            Err(error) => Err(ViewsError::of("meet", &error)),
        }
    }

    /// Adds to a day's counters; what they are then.
    async fn add(&self, video: &VideoId, day: Day, new: &[u8], new_viewer: bool) -> Result<Counts, ViewsError> {
        let named = REACHED.iter().enumerate().filter(|(at, _)| new.iter().any(|step| usize::from(*step) == at + 1));
        let mut more: Vec<&str> = named.map(|(_, name)| *name).collect();
        more.extend(new.contains(&0).then_some("plays"));
        more.extend(new_viewer.then_some("viewers"));
        let more = more.iter().map(|name| format!("{name} :one")).collect::<Vec<_>>().join(", ");
        let counted = self
            .update(format!("views#{video}#{}", day.0))
            .update_expression(format!("ADD {more} SET expires_at = :expires"))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":expires", number(day.start() + COUNTED_SECONDS))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(|error| ViewsError::of("add", &error))?
            .attributes
            .unwrap_or_default();
        Ok(Counts {
            viewers: int(&counted, "viewers"),
            plays: int(&counted, "plays"),
            reached: REACHED.map(|name| int(&counted, name)),
        })
    }

    async fn take_back(&self, play: &str, steps: &[u8]) {
        let update = self.update(format!("play#{play}")).update_expression("DELETE reached :steps");
        if let Err(error) = update.expression_attribute_values(":steps", numbers(steps)).send().await {
            tracing::warn!(error = %DisplayErrorContext(&error), "a play is known that was not counted");
        }
    }

    async fn forget(&self, viewer: &str) {
        let key = AttributeValue::S(format!("viewer#{viewer}"));
        if let Err(error) = self.client.delete_item().table_name(&self.table).key("pk", key).send().await {
            tracing::warn!(error = %DisplayErrorContext(&error), "a viewer is known who was not counted");
        }
    }

    /// What a viewer or a play is called. A play that has a name of its own keeps it over midnight; what has none is the
    /// viewer's one play of the day.
    fn hash(&self, purpose: &str, seen: &Seen<'_>, day: Day) -> String {
        let day = day.0.to_be_bytes();
        let viewer = seen.viewer.parts();
        let mut parts: Vec<&[u8]> = vec![seen.video.as_str().as_bytes()];
        if purpose == "play" && !seen.play.is_empty() {
            parts.push(seen.play.as_bytes());
        } else {
            parts.push(&day);
            parts.extend(viewer.iter().map(|part| part.as_bytes()));
        }
        tokens::hex(&self.secret.mac(purpose, &parts)[..16])
    }

    fn update(&self, pk: String) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("pk", AttributeValue::S(pk))
    }
}

/// The steps that lie behind somebody who has got so far: the beginning, and each quarter.
fn steps(percent: u8) -> Vec<u8> {
    let quarters = [25, 50, 75, 95].iter().filter(|mark| percent >= **mark).count();
    (0..=u8::try_from(quarters).unwrap_or_default()).collect()
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn numbers(values: &[u8]) -> AttributeValue {
    AttributeValue::Ns(values.iter().map(ToString::to_string).collect())
}

fn int(item: &Item, name: &str) -> u64 {
    item.get(name).and_then(|value| value.as_n().ok()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_gets_somewhere_has_begun_and_passed_what_lies_before() {
        assert_eq!(steps(0), [0]);
        assert_eq!(steps(24), [0]);
        assert_eq!(steps(25), [0, 1]);
        assert_eq!(
            (steps(94), steps(95), steps(u8::MAX)),
            (vec![0, 1, 2, 3], vec![0, 1, 2, 3, 4], vec![0, 1, 2, 3, 4])
        );
    }

    #[test]
    fn an_average_lies_between_the_marks() {
        let average = |plays, reached| Counts { viewers: 0, plays, reached }.average();
        assert_eq!(average(0, [0; 4]), None);
        assert_eq!(average(1, [0; 4]), Some(13));
        assert_eq!(average(4, [4; 4]), Some(100));
        assert_eq!(average(2, [1, 1, 1, 1]), Some(56));
        // Quarters of a play that began before the days that are added up.
        assert_eq!(average(1, [2, 2, 2, 2]), Some(100));
    }
}
