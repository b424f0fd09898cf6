//! How an invocation ended.

use std::{fmt, time::Duration};

use axum::body::Bytes;
use serde_json::json;

/// An invocation that reached a function's environment.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Request id, the same for all tries of one asynchronous event.
    pub request_id: String,
    /// The function's answer, or how it failed.
    pub result: Result<Bytes, Failure>,
    /// What it took.
    pub report: Report,
}

/// A failed invocation.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// The payload that Lambda answers with: JSON with `errorMessage`, mostly with `errorType`.
    pub payload: Bytes,
}

/// Ways to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The function answered with an error.
    Error,
    /// The function was killed at its timeout.
    Timeout,
    /// The program ended by itself.
    Exit,
    /// The answer was larger than 6 MiB.
    TooLarge,
}

impl Failure {
    pub(super) fn new(kind: FailureKind, error_type: &str, message: &str) -> Self {
        let payload = json!({"errorType": error_type, "errorMessage": message});
        Self { kind, payload: payload.to_string().into() }
    }

    pub(super) fn timeout(at: &str, request_id: &str, timeout: Duration) -> Self {
        let message = format!("{at} {request_id} Task timed out after {:.2} seconds", timeout.as_secs_f64());
        Self { kind: FailureKind::Timeout, payload: json!({"errorMessage": message}).to_string().into() }
    }

    /// The `errorMessage` of the payload.
    #[must_use]
    pub fn message(&self) -> String {
        let payload: Option<serde_json::Value> = serde_json::from_slice(&self.payload).ok();
        let message = payload.as_ref().and_then(|payload| payload["errorMessage"].as_str());
        message.map_or_else(|| String::from_utf8_lossy(&self.payload).into_owned(), str::to_owned)
    }
}

/// What an invocation took: the numbers of Lambda's REPORT line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// From handing out the event to the answer.
    pub duration: Duration,
    /// Configured memory in MiB.
    pub memory_mib: u32,
    /// Most memory that the environment's processes held so far, in MiB.
    pub max_memory_mib: u64,
    /// From starting the program to its first request for work; only on a cold start.
    pub init: Option<Duration>,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.duration.as_secs_f64() * 1000.0;
        let billed = self.duration + self.init.unwrap_or_default();
        let billed = billed.as_millis() + u128::from(!billed.subsec_nanos().is_multiple_of(1_000_000));
        write!(formatter, "{millis:.0} ms, billed {billed} ms, {} of {} MiB", self.max_memory_mib, self.memory_mib)?;
        match self.init {
            Some(init) => write!(formatter, ", init {} ms", init.as_millis()),
            None => Ok(()),
        }
    }
}

/// Why an invocation did not reach the function.
#[derive(Debug)]
pub enum InvokeError {
    /// No function has that name.
    UnknownFunction(String),
    /// All of the function's reserved concurrency is in use.
    Throttled(String),
    /// The payload is larger than Lambda takes.
    PayloadTooLarge,
    /// No environment could be made.
    Start(anyhow::Error),
    /// The local cloud is shutting down.
    Stopped,
}

impl fmt::Display for InvokeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownFunction(name) => write!(formatter, "Function not found: {name}"),
            Self::Throttled(name) => write!(formatter, "{name} is at its reserved concurrency"),
            Self::PayloadTooLarge => formatter.write_str("The event is larger than Lambda takes"),
            Self::Start(error) => write!(formatter, "The function could not be started: {error:#}"),
            Self::Stopped => formatter.write_str("The local cloud is shutting down"),
        }
    }
}

impl std::error::Error for InvokeError {}
