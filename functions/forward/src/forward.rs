//! Minute by minute, in batches.

use std::time::{Duration, SystemTime};

use common::{
    telemetry::END,
    views::{Events, ViewsError},
};
use lambda_runtime::Context;

use crate::tinybird::{NotTaken, PATIENCE, Tinybird};

/// Bytes after which a batch is sent; Tinybird takes ten mebibytes at least ("Limits" of its Events API).
const BATCH: usize = 1 << 20;

/// Views wait for the next try.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Ledger(#[from] ViewsError),
    #[error("{0}; views wait, for a day at most")]
    Tinybird(#[source] NotTaken),
}

/// Forwards what waits, as far as there is time.
pub(crate) async fn run(events: &Events, tinybird: &Tinybird, context: &Context) -> Result<(), Failure> {
    let Some((mut next, last)) = events.waiting().await? else { return Ok(()) };
    let (mut batch, mut lines, mut forwarded) = (String::new(), 0_usize, 0_usize);
    while next <= last && remaining(context) > 2 * PATIENCE {
        let (read, until) = events.read(next, last).await?;
        next = until + 1;
        lines += read.len();
        for event in read {
            batch.push_str(&event);
            batch.push('\n');
        }
        if !batch.is_empty() && (batch.len() >= BATCH || next > last) {
            send(tinybird, std::mem::take(&mut batch)).await?;
            forwarded += std::mem::take(&mut lines);
        }
        // What is read and not sent yet is read again, should this end here.
        if batch.is_empty() {
            events.forwarded(until).await?;
        }
    }
    if !batch.is_empty() {
        send(tinybird, batch).await?;
        forwarded += lines;
        events.forwarded(next - 1).await?;
    }
    if forwarded > 0 {
        tracing::info!(target: END, forwarded, "views told to Tinybird");
    }
    Ok(())
}

async fn send(tinybird: &Tinybird, batch: String) -> Result<(), Failure> {
    match tinybird.append(batch).await {
        Ok(()) => Ok(()),
        Err(error @ NotTaken::ForGood(_)) => {
            tracing::error!(%error, "dropped: the same again would be refused again");
            Ok(())
        }
        Err(error) => Err(Failure::Tinybird(error)),
    }
}

fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}
