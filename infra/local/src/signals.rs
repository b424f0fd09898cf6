//! When to stop.

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, stdin},
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by Ctrl-C, SIGTERM or SIGHUP, and with `on_stdin_close` by the end of standard input.
pub fn stop_requested(on_stdin_close: bool) -> Result<CancellationToken> {
    let token = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut received = signal(kind).context("Signals cannot be received")?;
        let token = token.clone();
        tokio::spawn(async move {
            received.recv().await;
            token.cancel();
        });
    }
    if on_stdin_close {
        let token = token.clone();
        tokio::spawn(async move {
            let (mut input, mut ignored) = (stdin(), [0; 256]);
            while input.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
            token.cancel();
        });
    }
    Ok(token)
}
