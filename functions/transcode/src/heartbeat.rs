//! What this function tells of itself, for whoever runs the server: nobody can ask it.

use std::time::{Duration, Instant};

use common::ledger::{Heartbeat, Ledger, Worker};
use media::ffmpeg::{FfmpegError, clean};

use crate::{app::App, sweep::SweepError};

/// How long FFmpeg may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Tells that the sweep has run, how it ended, and whether FFmpeg runs.
pub(crate) async fn after(app: &App, swept: &Result<(), SweepError>) {
    let mut heartbeat = Heartbeat::now();
    match app.tools.version(Instant::now() + PATIENCE).await {
        Ok(version) => heartbeat.tool = Some(version),
        Err(error) => heartbeat.tool_failure = Some(shown(&error)),
    }
    heartbeat.failure = swept.as_ref().err().map(|error| error.part().to_owned());
    leave(&app.ledger, &heartbeat).await;
}

/// Tells that the function does not start for want of FFmpeg.
pub(crate) async fn without_tools(ledger: &Ledger, error: &FfmpegError) {
    leave(ledger, &Heartbeat { tool_failure: Some(shown(error)), ..Heartbeat::now() }).await;
}

fn shown(error: &FfmpegError) -> String {
    clean(error.to_string().as_bytes())
}

async fn leave(ledger: &Ledger, heartbeat: &Heartbeat) {
    if let Err(error) = ledger.tell(Worker::Transcode, heartbeat).await {
        tracing::error!(%error, "nobody is told how this function does");
    }
}
