//! Events nobody waits for: tried three times, then put aside.

use std::{fs, sync::Arc, time::SystemTime};

use axum::body::Bytes;

use super::{Inner, InvokeError, Lambda, dead_letters::DeadLetter, function::FunctionState};
use crate::{ids, log, template::Function};

/// Largest asynchronous event in bytes (Lambda quotas).
const MAX_EVENT: usize = 1024 * 1024;

impl Lambda {
    /// Takes an event and returns its request id at once. `what` names the event in the log.
    pub fn invoke_async(&self, function: &str, payload: Bytes, what: &str) -> Result<String, InvokeError> {
        let function = self.function(function)?;
        if payload.len() > MAX_EVENT {
            return Err(InvokeError::PayloadTooLarge);
        }
        if self.inner.stop.is_cancelled() {
            return Err(InvokeError::Stopped);
        }
        let request_id = ids::uuid().map_err(InvokeError::Start)?;
        if self.inner.handed_over.contains(&function.spec.name) {
            self.inner.hand_over(&function.spec, &request_id, &payload).map_err(InvokeError::Start)?;
            log::line(&function.spec.binary, format_args!("{what} handed over"));
            return Ok(request_id);
        }
        let (inner, id, what) = (Arc::clone(&self.inner), request_id.clone(), what.to_owned());
        let waiting = function.waiting();
        tokio::spawn(async move {
            let _counted = waiting;
            deliver(&inner, &function, &id, &payload, &what).await;
        });
        Ok(request_id)
    }
}

impl Inner {
    /// Puts an event where whoever runs the function takes it: whole, and named so that they sort by time.
    fn hand_over(&self, function: &Function, request_id: &str, payload: &[u8]) -> anyhow::Result<()> {
        let at = ids::utc(SystemTime::now(), "%Y%m%dT%H%M%S%.6f");
        let file = self.events.join(&function.name).join(format!("{at}-{request_id}.json"));
        let draft = file.with_extension("draft");
        fs::write(&draft, payload).and_then(|()| fs::rename(&draft, &file))?;
        Ok(())
    }
}

async fn deliver(inner: &Inner, function: &Arc<FunctionState>, request_id: &str, payload: &Bytes, what: &str) {
    let name = &function.spec.binary;
    let attempts = function.spec.retry_attempts + 1;
    let mut message = String::new();
    for attempt in 1..=attempts {
        let Some(slot) = function.slot_for_event().await else { return };
        match function.run(slot, request_id, payload.clone()).await {
            Ok(invocation) => match invocation.result {
                Ok(_) => return log::line(name, format_args!("{what} done, {}", invocation.report)),
                Err(failure) => {
                    message = failure.message();
                    log::line(
                        name,
                        format_args!("{what} failed, try {attempt} of {attempts}: {message} ({})", invocation.report),
                    );
                }
            },
            Err(InvokeError::Stopped) => return,
            Err(error) => {
                message = error.to_string();
                log::line(name, format_args!("{what} failed, try {attempt} of {attempts}: {message}"));
            }
        }
        if attempt < attempts {
            function.count_retry();
            tokio::select! {
                () = tokio::time::sleep(inner.retry_delay * attempt) => {}
                () = inner.stop.cancelled() => return,
            }
        }
    }
    give_up(inner, function, request_id, payload, message, attempts, what);
}

fn give_up(
    inner: &Inner,
    function: &FunctionState,
    request_id: &str,
    payload: &Bytes,
    message: String,
    attempts: u32,
    what: &str,
) {
    let spec = &function.spec;
    let Some(queue) = &spec.dead_letter_queue else {
        return log::line(&spec.binary, format_args!("{what} is dropped: no dead-letter queue"));
    };
    let event = serde_json::from_slice(payload).unwrap_or_else(|_| String::from_utf8_lossy(payload).into());
    let letter = DeadLetter::new(queue, &spec.name, request_id, event, message, attempts);
    match inner.dead_letters.add(letter) {
        Ok(()) => log::line(&spec.binary, format_args!("{what} went to the dead-letter queue {queue}")),
        Err(error) => log::line(&spec.binary, format_args!("{what} is a dead letter in memory only: {error:#}")),
    }
}
