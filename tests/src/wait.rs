//! Waiting on a condition, never on time alone.

use std::time::{Duration, Instant};

/// How long anything here may take on a busy machine of two cores.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Asks until there is an answer; panics with `what` when [`PATIENCE`] ends before.
pub async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    within(PATIENCE, what, ask).await
}

/// The same for what takes longer, such as a build.
pub async fn within<T>(patience: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < end, "gave up waiting for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
