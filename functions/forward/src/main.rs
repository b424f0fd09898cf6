//! Tells Tinybird of views, every minute those of the minutes since.

mod forward;
mod tinybird;

use common::{
    aws,
    config::{ForwardConfig, LedgerConfig},
    event, telemetry,
    views::Events,
};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("forward");
    let (ledger, tinybird) = (LedgerConfig::from_env()?, tinybird::Tinybird::new(ForwardConfig::from_env()?)?);
    let events = Events::new(ledger, &aws::sdk(aws::FOR_REQUESTS).await);
    let (events, tinybird) = (&events, &tinybird);
    // A failure is seen in the function's errors; what was not forwarded the next minute's start forwards.
    event::serve(async |event| Ok(forward::run(events, tinybird, &event.context).await?)).await
}
