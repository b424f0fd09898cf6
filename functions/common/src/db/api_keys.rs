//! API keys, kept as hashes.

use mysql_async::{Row, params};

use super::{Connection, DbError, column, instant};
use crate::{
    agent::{AgentToken, Scopes},
    ids::{ApiKey, KeyId, UserId},
    time::Millis,
};

/// A key in a list. The key itself is nowhere.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: KeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it was made for: `desktop`, `settings`, `mobile`, `cli`.
    pub source: String,
    /// What may be done with it.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last used, to the day; `None` when it never was.
    pub last_used_at: Option<Millis>,
    /// When it ends; `None` when it does not.
    pub expires_at: Option<Millis>,
}

/// Stores a key's hash for its owner; storing it again changes nothing. False when their account was deleted meanwhile:
/// it is read under a lock, so that no key outlives it.
pub async fn create(
    db: &mut Connection,
    key: &ApiKey,
    owner: &UserId,
    source: &str,
    name: &str,
) -> Result<bool, DbError> {
    let sql = "INSERT INTO api_keys (key_hash, user_id, source, name) SELECT :hash, u.id, :source, :name FROM users u \
               WHERE u.id = :owner AND u.deleted_at IS NULL ON DUPLICATE KEY UPDATE key_hash = api_keys.key_hash";
    let hash = key.hash();
    let params = params! { "hash" => hash.as_slice(), "owner" => owner.as_str(), "source" => source, "name" => name };
    Ok(db.run(sql, params).await? > 0)
}

/// Somebody's keys, or the one with this id, the newest first; at most two hundred.
pub async fn list(db: &mut Connection, owner: &UserId, only: Option<&str>) -> Result<Vec<Listed>, DbError> {
    let sql = "SELECT id, name, source, scopes, ROUND(UNIX_TIMESTAMP(created_at) * 1000) AS created_at, \
               ROUND(UNIX_TIMESTAMP(last_used_at) * 1000) AS last_used_at, \
               ROUND(UNIX_TIMESTAMP(expires_at) * 1000) AS expires_at FROM api_keys \
               WHERE user_id = :owner AND (:only IS NULL OR id = :only) \
               ORDER BY api_keys.created_at DESC, id LIMIT 200";
    let rows = db.all(sql, params! { "owner" => owner.as_str(), "only" => only }).await?;
    rows.into_iter().map(listed).filter_map(Result::transpose).collect()
}

fn listed(mut row: Row) -> Result<Option<Listed>, DbError> {
    let row = &mut row;
    let Some(id) = KeyId::parse(&column::<String>(row, "id")?) else { return Ok(None) };
    let scopes: Option<String> = column(row, "scopes")?;
    Ok(Some(Listed {
        id,
        name: column(row, "name")?,
        source: column(row, "source")?,
        scopes: scopes.map_or_else(Scopes::all, |scopes| Scopes::parse(&scopes)),
        created_at: instant(row, "created_at")?.unwrap_or(Millis(0)),
        last_used_at: instant(row, "last_used_at")?,
        expires_at: instant(row, "expires_at")?,
    }))
}

/// Takes one of somebody's keys back: it is dead from here on. False when they have none with this id.
pub async fn revoke(db: &mut Connection, owner: &UserId, id: &KeyId) -> Result<bool, DbError> {
    let sql = "DELETE FROM api_keys WHERE user_id = :owner AND id = :id";
    Ok(db.run(sql, params! { "owner" => owner.as_str(), "id" => id.as_str() }).await? > 0)
}

/// Takes all of somebody's keys back, and what could still be exchanged for one.
pub async fn revoke_all(db: &mut Connection, owner: &UserId) -> Result<(), DbError> {
    for sql in ["DELETE FROM agent_codes WHERE user_id = :owner", "DELETE FROM api_keys WHERE user_id = :owner"] {
        db.run(sql, params! { "owner" => owner.as_str() }).await?;
    }
    Ok(())
}

/// Takes back the key that is shown; false when nobody has it.
pub async fn revoke_key(db: &mut Connection, key: &ApiKey) -> Result<bool, DbError> {
    revoke_hash(db, &key.hash()).await
}

/// Takes back the token that is shown; false when nobody has it.
pub async fn revoke_token(db: &mut Connection, token: &AgentToken) -> Result<bool, DbError> {
    revoke_hash(db, &token.hash()).await
}

async fn revoke_hash(db: &mut Connection, hash: &[u8; 32]) -> Result<bool, DbError> {
    let sql = "DELETE FROM api_keys WHERE key_hash = :hash";
    Ok(db.run(sql, params! { "hash" => hash.as_slice() }).await? > 0)
}
