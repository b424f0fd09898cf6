//! Login, sessions, API keys, and the sign-in of desktop, command and programs.

mod app;
mod device;
mod limits;
mod pages;
mod return_to;
mod routes;

use common::{http, telemetry};

pub use routes::Api;

/// Answers requests until Lambda stops the process.
pub async fn run() -> Result<(), lambda_http::Error> {
    telemetry::init("auth");
    http::serve(app::App::from_env().await?, routes::answer).await
}
