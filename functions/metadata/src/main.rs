//! Lists, shows, renames and deletes videos; a person's own account; answers health.

mod app;
mod routes;

use common::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    http::serve(app::App::from_env().await?, routes::answer).await
}
