//! The share page and the media behind it.

mod app;
mod bots;
mod relative;
mod routes;
mod unlocked;
mod viewing;

use common::{http, telemetry};

pub use routes::Api;

/// Answers requests until Lambda stops the process.
pub async fn run() -> Result<(), lambda_http::Error> {
    telemetry::init("share");
    http::serve(app::App::from_env().await?, routes::answer).await
}
