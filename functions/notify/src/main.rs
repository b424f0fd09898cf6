//! Every few minutes mails people what was said of their recordings, if they have not read it.

mod app;
mod digest;

use common::telemetry;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let app = &app::App::from_env().await?;
    run(service_fn(move |_: LambdaEvent<serde_json::Value>| async move {
        // The next one is two minutes away, and finds what this one left.
        Ok::<_, Error>(digest::all(app).await?)
    }))
    .await
}
