//! Brings the database to this release's schema, as a custom resource of the deployment.

mod custom_resource;
mod migrations;

use common::{config::DatabaseConfig, db::Database, event, telemetry};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init("migrate");
    let db = &Database::new(&DatabaseConfig::from_env()?)?;
    event::serve(async |event| {
        match custom_resource::read(event.payload) {
            Some(request) => custom_resource::answer(request, db).await,
            // Invoked by hand.
            None => Ok(migrations::apply(db).await?),
        }
    })
    .await
}
