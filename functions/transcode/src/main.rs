//! Publishes uploads when S3 says they have arrived; every five minutes sweeps up what stood still.

mod account;
mod app;
mod assemble;
mod derive;
mod ended;
mod heartbeat;
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
            Event::Scheduled => sweep::scheduled(app).await,
        }
        Ok(())
    })
    .await
}
