//! Keys of a Cap, as hashes: what was signed in stays so. One that was taken back here since stays taken back.

use mysql_async::{TxOpts, params, prelude::Queryable};

use super::{Kind, note};
use crate::{
    agent::Scopes,
    db::{Connection, DbError, bounded},
    ids::UserId,
    time::Millis,
    tokens,
};

/// A key that is to be good here.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    /// Its SHA-256.
    pub hash: &'a [u8; 32],
    /// Whose it is here.
    pub owner: &'a UserId,
    /// What it was made for.
    pub source: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// What may be done with it, where that is bounded.
    pub scopes: Option<Scopes>,
    /// When it was made.
    pub created_at: Option<Millis>,
    /// When it ends, if it does.
    pub expires_at: Option<Millis>,
}

/// Adds a key, and writes that down; false when its owner has no account any more.
pub async fn key(db: &mut Connection, new: &NewKey<'_>) -> Result<bool, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let sql = "INSERT INTO api_keys (key_hash, user_id, source, name, scopes, created_at, expires_at) \
                   SELECT :hash, u.id, :source, :name, :scopes, COALESCE(FROM_UNIXTIME(:created / 1000), UTC_TIMESTAMP(3)), \
                   FROM_UNIXTIME(:ends / 1000) FROM users u WHERE u.id = :owner AND u.deleted_at IS NULL \
                   ON DUPLICATE KEY UPDATE key_hash = api_keys.key_hash";
        let row = params! {
            "hash" => new.hash.as_slice(), "owner" => new.owner.as_str(), "source" => new.source, "name" => new.name,
            "scopes" => new.scopes.map(|scopes| scopes.to_string()), "created" => new.created_at.map(|at| at.0),
            "ends" => new.expires_at.map(|at| at.0),
        };
        transaction.exec_drop(sql, row).await?;
        if transaction.affected_rows() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        note(&mut transaction, Kind::Key, &tokens::hex(new.hash), new.owner.as_str(), true).await?;
        transaction.commit().await?;
        Ok(true)
    })
    .await
}
