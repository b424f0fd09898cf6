//! Lists, shows, renames and deletes videos; a person's own account; answers health.

mod app;
mod checks;
mod reference;
mod routes;

use common::{http, telemetry};

pub use routes::Api;

/// Answers requests until Lambda stops the process.
pub async fn run() -> Result<(), lambda_http::Error> {
    telemetry::init("metadata");
    http::serve(app::App::from_env().await?, routes::answer).await
}
