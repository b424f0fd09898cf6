//! Tells Tinybird of views, every minute those of the minutes since.

mod forward;
mod tinybird;

use common::{
    aws,
    config::{ForwardConfig, LedgerConfig},
    telemetry,
    views::Events,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let (ledger, tinybird) = (LedgerConfig::from_env()?, tinybird::Tinybird::new(ForwardConfig::from_env()?)?);
    let events = Events::new(ledger, &aws::sdk(aws::FOR_REQUESTS).await);
    let (events, tinybird) = (&events, &tinybird);
    run(service_fn(move |event: LambdaEvent<serde_json::Value>| async move {
        // A failure is seen in the function's errors; what was not forwarded the next minute's start forwards.
        Ok::<_, Error>(forward::run(events, tinybird, &event.context).await?)
    }))
    .await
}
