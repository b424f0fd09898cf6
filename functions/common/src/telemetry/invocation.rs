//! The invocation that is under way. An environment works on one at a time, and whatever it spawns works for that one: so
//! what is known of it is kept here once, for every line, and not in spans, which spawned tasks do not inherit.

use std::{
    fmt::Display,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use lambda_http::Context;
use serde_json::{Map, Number, Value};

use super::metrics::{self, Metric};
use crate::{
    config::TelemetryConfig,
    ids::{UserId, VideoId},
    time::Millis,
};

static CURRENT: Mutex<Invocation> = Mutex::new(Invocation::NONE);

pub(super) struct Invocation {
    function: &'static str,
    stack: String,
    /// True until an invocation has begun, where that one is one that somebody waits for.
    fresh: bool,
    cold: bool,
    request_id: String,
    /// Of X-Ray, where it takes this invocation down.
    trace: Option<String>,
    begun: Option<Instant>,
    video: Option<String>,
    user: Option<String>,
    told: Vec<(&'static str, Value)>,
    measured: Vec<(Metric, Number)>,
}

fn current() -> MutexGuard<'static, Invocation> {
    CURRENT.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn init(function: &'static str, config: TelemetryConfig) {
    let TelemetryConfig { stack, prepared, .. } = config;
    *current() = Invocation { function, stack, fresh: !prepared, ..Invocation::NONE };
}

/// An invocation begins: nothing is known of the one before any longer.
pub fn begin(context: &Context) {
    let mut current = current();
    let before = std::mem::replace(&mut *current, Invocation::NONE);
    let sampled = context.xray_trace_id.as_deref().filter(|trace| trace.contains("Sampled=1"));
    let root = sampled.and_then(|trace| trace.split(';').find_map(|part| part.trim().strip_prefix("Root=")));
    *current = Invocation {
        function: before.function,
        stack: before.stack,
        cold: before.fresh,
        request_id: context.request_id.clone(),
        trace: root.map(str::to_owned),
        begun: Some(Instant::now()),
        ..Invocation::NONE
    };
}

/// From here on it is known which video this is about.
pub fn video(id: &VideoId) {
    current().video = Some(id.to_string());
}

/// From here on it is known who asks.
pub fn user(id: &UserId) {
    current().user = Some(id.to_string());
}

/// Something that the line at the end is to say.
pub fn tell(name: &'static str, value: impl Into<Value>) {
    let mut current = current();
    current.told.retain(|(told, _)| *told != name);
    current.told.push((name, value.into()));
}

/// Adds to a count.
pub fn count(metric: Metric, more: u64) {
    let mut current = current();
    let before = current.measured.iter().position(|(measured, _)| *measured == metric);
    let before = before.map(|at| current.measured.swap_remove(at).1).and_then(|number| number.as_u64());
    current.measured.push((metric, before.unwrap_or(0).saturating_add(more).into()));
}

/// Notes a measure.
pub fn measure(metric: Metric, value: f64) {
    let mut current = current();
    current.measured.retain(|(measured, _)| *measured != metric);
    current.measured.extend(Number::from_f64(value).map(|value| (metric, value)));
}

/// Puts an event's fields into a line.
pub(super) fn line(level: impl Display, fields: Map<String, Value>, ends: bool) -> Map<String, Value> {
    current().line(Millis::now(), level, fields, ends)
}

impl Invocation {
    const NONE: Self = Self {
        function: "",
        stack: String::new(),
        fresh: false,
        cold: false,
        request_id: String::new(),
        trace: None,
        begun: None,
        video: None,
        user: None,
        told: Vec::new(),
        measured: Vec::new(),
    };

    fn line(&mut self, now: Millis, level: impl Display, fields: Map<String, Value>, ends: bool) -> Map<String, Value> {
        let mut line = Map::new();
        let mut put = |name: &str, value: Value| line.insert(name.to_owned(), value);
        put("timestamp", now.to_string().into());
        put("level", level.to_string().into());
        put("function", self.function.into());
        if let Some(begun) = self.begun {
            put("requestId", self.request_id.clone().into());
            put("coldStart", self.cold.into());
            if ends {
                put("ms", u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX).into());
            }
        }
        for (name, value) in [("traceId", &self.trace), ("video", &self.video), ("user", &self.user)] {
            if let Some(value) = value {
                put(name, value.clone().into());
            }
        }
        if ends {
            for (name, value) in self.told.drain(..) {
                put(name, value);
            }
        }
        line.extend(fields);
        if ends {
            metrics::embed(&mut line, &self.stack, self.function, &std::mem::take(&mut self.measured), now);
            // Another piece of work may follow in the same invocation.
            self.begun = self.begun.map(|_| Instant::now());
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        let Value::Object(fields) = value else { panic!("{value} is no object") };
        fields
    }

    fn under_way() -> Invocation {
        Invocation {
            function: "share",
            stack: "cap".to_owned(),
            request_id: "1".to_owned(),
            begun: Some(Instant::now()),
            video: Some("0123456789abcde".to_owned()),
            ..Invocation::NONE
        }
    }

    #[test]
    fn what_an_event_says_itself_counts() {
        let line = under_way().line(Millis(0), "INFO", fields(json!({ "message": "m", "video": "other" })), false);
        let expected = json!({ "timestamp": "1970-01-01T00:00:00.000Z", "level": "INFO", "function": "share",
            "requestId": "1", "coldStart": false, "video": "other", "message": "m" });
        assert_eq!(Value::Object(line), expected);
    }

    #[test]
    fn before_the_first_invocation_there_is_nothing_to_name() {
        let line = Invocation { begun: None, ..under_way() }.line(Millis(0), "INFO", Map::new(), false);
        assert!(!line.contains_key("requestId") && !line.contains_key("coldStart"), "{line:?}");
    }

    #[test]
    fn what_was_told_and_measured_is_said_once() {
        let mut invocation = Invocation {
            told: vec![("outcome", "published".into())],
            measured: vec![(Metric::JobsDone, 1_u64.into())],
            ..under_way()
        };
        let between = invocation.line(Millis(0), "INFO", Map::new(), false);
        assert!(!between.contains_key("outcome") && !between.contains_key("_aws"), "{between:?}");
        let end = invocation.line(Millis(0), "INFO", Map::new(), true);
        assert_eq!((&end["outcome"], &end["JobsDone"]), (&json!("published"), &json!(1)));
        assert!(end.contains_key("ms") && end.contains_key("_aws"), "{end:?}");
        let next = invocation.line(Millis(0), "INFO", Map::new(), true);
        assert!(!next.contains_key("outcome") && !next.contains_key("_aws"), "{next:?}");
    }
}
