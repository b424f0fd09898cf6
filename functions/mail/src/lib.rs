//! Sends what is in the outbox: each mail when S3 says it is there, and every minute whatever is left.

mod app;
mod deliver;
mod digest;
mod heartbeat;
mod letter;
mod transport;

use common::{
    event::{self, Event},
    ids::MailId,
    objects::keys,
    outbox::OutboxError,
    telemetry::{self, Metric},
    time::Millis,
};
use lambda_runtime::{Error, LambdaEvent};

pub use transport::{Answered, SendError, SetupError, Transport};

use app::App;

/// Answers events until Lambda stops the process.
pub async fn run() -> Result<(), Error> {
    telemetry::init("mail");
    let app = &App::from_env().await?;
    // Boxed, since what a transport does is nested deeper than the compiler goes.
    event::serve(async |event| Box::pin(work(app, event)).await).await
}

/// A failure makes Lambda invoke again, twice; what is then left waits for the schedule.
async fn work(app: &App, event: LambdaEvent<serde_json::Value>) -> Result<(), Error> {
    let (mails, scheduled) = match event::read(event.payload)? {
        Event::Created(objects) => {
            (Ok(objects.iter().filter_map(|object| keys::parse_mail(&object.key)).collect()), false)
        }
        Event::Scheduled => (waiting(app).await, true),
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

/// What is left in the outbox.
async fn waiting(app: &App) -> Result<Vec<MailId>, OutboxError> {
    let waiting = app.outbox.waiting().await?;
    if let Some(since) = waiting.since {
        telemetry::measure(Metric::OldestMail, since.until(Millis::now()));
    }
    Ok(waiting.mails)
}
