//! What migrations need of the database besides their own statements.

use mysql_async::{Pool, params};

use super::{Connection, Database, DbError};

impl Database {
    /// The connections themselves, for the migration library.
    #[must_use]
    pub fn pool(&self) -> Pool {
        self.pool.clone()
    }
}

const LOCK: &str = "capstan migrations";

/// Waits at most `seconds` for all other migrations of this database to end, then keeps them out until `db` is closed
/// or [`unlock`] is called. False when the wait was in vain.
pub async fn lock(db: &mut Connection, seconds: u32) -> Result<bool, DbError> {
    // Longer than other statements may take, so waited for in small steps.
    for _ in 0..seconds {
        let got: Option<Option<i64>> = db.first("SELECT GET_LOCK(:name, 1)", params! { "name" => LOCK }).await?;
        if got.flatten() == Some(1) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lets other migrations go on.
pub async fn unlock(db: &mut Connection) -> Result<(), DbError> {
    db.run("DO RELEASE_LOCK(:name)", params! { "name" => LOCK }).await.map(drop)
}
