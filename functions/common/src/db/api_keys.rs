//! API keys, kept as hashes.

use mysql_async::params;

use super::{Connection, DbError};
use crate::ids::{ApiKey, UserId};

/// Stores a key's hash for its owner; storing it again changes nothing.
pub async fn ensure(db: &mut Connection, key: &ApiKey, owner: &UserId, source: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO api_keys (key_hash, user_id, source) VALUES (:hash, :owner, :source) \
               ON DUPLICATE KEY UPDATE key_hash = key_hash";
    db.run(sql, params! { "hash" => key.hash().as_slice(), "owner" => owner.as_str(), "source" => source }).await?;
    Ok(())
}

/// Whose key it is.
pub async fn owner(db: &mut Connection, key: &ApiKey) -> Result<Option<UserId>, DbError> {
    let sql = "SELECT user_id FROM api_keys WHERE key_hash = :hash";
    let owner: Option<String> = db.first(sql, params! { "hash" => key.hash().as_slice() }).await?;
    Ok(owner.and_then(|id| UserId::parse(&id)))
}
