//! Every few minutes mails people what was said of their recordings, if they have not read it.

mod app;
mod digest;

use common::{event, telemetry};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("notify");
    let app = &app::App::from_env().await?;
    // The next one is two minutes away, and finds what this one left.
    event::serve(async |_| Ok(digest::all(app).await?)).await
}
