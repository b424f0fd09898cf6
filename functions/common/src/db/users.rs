//! People.

use mysql_async::params;

use super::{Connection, DbError};
use crate::ids::UserId;

/// Creates an account, or leaves the one with this id as it is.
pub async fn ensure(db: &mut Connection, id: &UserId, email: &str, name: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO users (id, email, name) VALUES (:id, :email, :name) ON DUPLICATE KEY UPDATE id = id";
    db.run(sql, params! { "id" => id.as_str(), "email" => email, "name" => name }).await?;
    Ok(())
}
