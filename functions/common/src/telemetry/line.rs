//! Events as lines.

use std::{
    error::Error,
    fmt,
    io::{Write, stdout},
};

use lambda_http::tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    subscriber::{Layer, layer::Context},
};
use serde_json::{Map, Value};

use super::{END, invocation};

/// Writes each event.
pub(super) struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let about = event.metadata();
        let line = invocation::line(about.level(), fields.0, about.target() == END);
        let mut line = Value::Object(line).to_string();
        line.push('\n');
        // One write, so that lines of parallel tasks do not mix. There is nobody to tell that nobody reads.
        let _ = stdout().lock().write_all(line.as_bytes());
    }
}

/// What an event says, its message included.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    /// Milliseconds, as the standard library counts them.
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, u64::try_from(value).unwrap_or(u64::MAX));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}
