//! The migrations themselves, part of the binary.

use common::db::{Database, DbError, schema};

mod embedded {
    refinery::embed_migrations!("../../migrations");
}

/// Seconds to wait for another deployment's migrations.
const PATIENCE_SECONDS: u32 = 120;

/// Why the schema is not what this release needs.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MigrateError {
    #[error("{0}")]
    Database(#[from] DbError),
    #[error("a migration failed: {0}. Mend the database by hand, then deploy again.")]
    Migration(#[from] refinery::Error),
    #[error("another migration of this database has not ended within {PATIENCE_SECONDS} s. Deploy again when it has.")]
    Busy,
}

/// Applies what is missing; forward only. Safe to run twice, and at once with another: one waits for the other.
pub(crate) async fn apply(db: &Database) -> Result<(), MigrateError> {
    let mut guard = db.connect().await?;
    if !schema::lock(&mut guard, PATIENCE_SECONDS).await? {
        return Err(MigrateError::Busy);
    }
    // A deployment that is rolled back, or goes back to the release before, finds the schema of the newer one, which the older
    // functions bear.
    let runner = embedded::migrations::runner().set_abort_missing(false);
    let applied = runner.run_async(&mut db.pool()).await;
    schema::unlock(&mut guard).await?;
    for migration in applied?.applied_migrations() {
        tracing::info!(migration = %migration, "applied");
    }
    Ok(())
}
