//! Sends what is in the outbox: each mail when S3 says it is there, and every minute whatever is left.

mod app;
mod deliver;
mod digest;
mod heartbeat;
mod letter;
mod transport;

use common::{
    event::{self, Event},
    objects::keys,
    telemetry,
};
use lambda_runtime::{Error, LambdaEvent, service_fn};

pub use transport::{Answered, SendError, SetupError, Transport};

use app::App;

/// Answers events until Lambda stops the process.
pub async fn run() -> Result<(), Error> {
    telemetry::init();
    let app = &App::from_env().await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| work(app, event))).await
}

/// A failure makes Lambda invoke again, twice; what is then left waits for the schedule.
async fn work(app: &App, event: LambdaEvent<serde_json::Value>) -> Result<(), Error> {
    let (mails, scheduled) = match event::read(event.payload)? {
        Event::Created(objects) => {
            (Ok(objects.iter().filter_map(|object| keys::parse_mail(&object.key)).collect()), false)
        }
        Event::Scheduled => (app.outbox.waiting().await, true),
    };
    let mails: Vec<_> = match mails {
        Ok(mails) => mails,
        Err(error) => {
            heartbeat::after(app, Some("the outbox cannot be listed".to_owned())).await;
            return Err(error.into());
        }
    };
    let done = deliver::all(app, &mails, &event.context).await;
    let failure = done.as_ref().err().map(|left| left.why.clone());
    // What went well is told once a minute and not with every mail.
    if scheduled || failure.is_some() {
        heartbeat::after(app, failure).await;
    }
    Ok(done?)
}
