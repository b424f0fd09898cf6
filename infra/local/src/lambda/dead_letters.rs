//! Events that failed all their tries, kept where one can look at them.

use std::{
    fs::OpenOptions,
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ids;

/// One message of a dead-letter queue.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Name of the queue.
    pub queue: String,
    /// Function that could not handle the event.
    pub function: String,
    /// Request id of all tries.
    pub request_id: String,
    /// The event, which is the body of the message on AWS.
    pub event: Value,
    /// The last try's error.
    pub error_message: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was given up, RFC 3339.
    pub at: String,
    /// `RequestID`, `ErrorCode` and `ErrorMessage`, as Lambda sets them.
    pub message_attributes: Value,
}

impl DeadLetter {
    pub(super) fn new(
        queue: &str,
        function: &str,
        request_id: &str,
        event: Value,
        error_message: String,
        attempts: u32,
    ) -> Self {
        // Lambda cuts the message at 1 KB (Lambda developer guide, "Dead-letter queues").
        let short: String = error_message.chars().take(1024).collect();
        Self {
            queue: queue.to_owned(),
            function: function.to_owned(),
            request_id: request_id.to_owned(),
            event,
            error_message,
            attempts,
            at: ids::utc(SystemTime::now(), "%Y-%m-%dT%H:%M:%S%.3fZ"),
            message_attributes: json!({
                "RequestID": {"DataType": "String", "StringValue": request_id},
                "ErrorCode": {"DataType": "Number", "StringValue": "200"},
                "ErrorMessage": {"DataType": "String", "StringValue": short},
            }),
        }
    }
}

/// All dead letters of this run, also appended to a file that outlives it.
#[derive(Clone)]
pub struct DeadLetters {
    file: PathBuf,
    letters: Arc<Mutex<Vec<DeadLetter>>>,
}

impl DeadLetters {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, letters: Arc::default() }
    }

    /// Dead letters of this run, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<DeadLetter> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn add(&self, letter: DeadLetter) -> Result<()> {
        let mut line = serde_json::to_string(&letter).context("A dead letter cannot be written as JSON")?;
        line.push('\n');
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        let file = OpenOptions::new().create(true).append(true).open(&self.file);
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .with_context(|| format!("Cannot write {}", self.file.display()))
    }
}
