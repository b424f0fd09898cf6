//! Sends what is in the outbox: each mail when S3 says it is there, and every minute whatever is left.

mod app;
mod deliver;
mod digest;
mod letter;
mod transport;

use common::{
    event::{self, Event},
    objects::keys,
    telemetry::{self, Metric},
    time::Millis,
};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("mail");
    let app = &app::App::from_env().await?;
    event::serve(async |event| {
        let mails = match event::read(event.payload)? {
            Event::Created(objects) => objects.iter().filter_map(|object| keys::parse_mail(&object.key)).collect(),
            Event::Scheduled => {
                let waiting = app.outbox.waiting().await?;
                if let Some(since) = waiting.since {
                    telemetry::measure(Metric::OldestMail, since.until(Millis::now()));
                }
                waiting.mails
            }
        };
        // A failure makes Lambda invoke again, twice; what is then left waits for the schedule.
        Ok(deliver::all(app, &mails, &event.context).await?)
    })
    .await
}
