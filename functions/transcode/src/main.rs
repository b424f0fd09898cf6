//! Publishes uploads when S3 says they have arrived; every five minutes sweeps up what stood still.

mod account;
mod app;
mod assemble;
mod derive;
mod ended;
mod job;
mod pieces;
mod publish;
mod sweep;
mod work;

use std::sync::Arc;

use common::{
    event::{self, Event},
    telemetry,
};
use lambda_runtime::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    telemetry::init("transcode");
    let app = &Arc::new(app::App::from_env().await?);
    event::serve(async |event| {
        match event::read(event.payload)? {
            Event::Created(objects) => {
                for object in &objects {
                    job::run(app, object, &event.context).await?;
                }
            }
            // The next one is five minutes away; a repeat of this one or a dead letter would help nobody.
            Event::Scheduled => {
                if let Err(error) = sweep::run(app).await {
                    tracing::error!(%error, "the sweep ended early");
                }
            }
        }
        Ok(())
    })
    .await
}
