//! What this function tells of itself, for whoever runs the server: nobody can ask it.

use common::ledger::{Heartbeat, Worker};

use crate::app::App;

/// Tells that mails were looked at, and why one of them could not be sent.
pub(crate) async fn after(app: &App, failure: Option<String>) {
    if let Err(error) = app.ledger.tell(Worker::Mail, &Heartbeat { failure, ..Heartbeat::now() }).await {
        tracing::error!(%error, "nobody is told how this function does");
    }
}
