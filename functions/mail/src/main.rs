//! Sends what is in the outbox: each mail when S3 says it is there, and every minute whatever is left.

mod app;
mod deliver;
mod digest;
mod letter;
mod transport;

use common::{
    event::{self, Event},
    objects::keys,
    telemetry,
};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let app = &app::App::from_env().await?;
    run(service_fn(move |event: LambdaEvent<serde_json::Value>| async move {
        let mails = match event::read(event.payload)? {
            Event::Created(objects) => objects.iter().filter_map(|object| keys::parse_mail(&object.key)).collect(),
            Event::Scheduled => app.outbox.waiting().await?,
        };
        // A failure makes Lambda invoke again, twice; what is then left waits for the schedule.
        Ok::<_, Error>(deliver::all(app, &mails, &event.context).await?)
    }))
    .await
}
