//! Creates videos and signs their uploads, which then go straight to S3.

mod app;
mod routes;

use common::{http, telemetry};

pub use routes::Api;

/// Answers requests until Lambda stops the process.
pub async fn run() -> Result<(), lambda_http::Error> {
    telemetry::init("presign");
    http::serve(app::App::from_env().await?, routes::answer).await
}
