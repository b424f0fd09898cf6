//! Accounts that are deleted. The row stays, without address and name, as long as rows of its videos do, which say that late
//! uploads are to be removed.

use mysql_async::{Row, Transaction, TxOpts, params, prelude::Queryable};

use crate::{
    db::{Connection, DbError, TOMBSTONE_SECONDS, bounded, column, comments},
    email::Email,
    ids::UserId,
};

/// What became of a request to delete an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is deleted. Its objects are removed next.
    Deleted,
    /// The address is not the account's; nothing was changed.
    NotConfirmed,
    /// There is no such account, or not any longer.
    NoAccount,
}

/// Deletes an account: from here on nobody sees its videos, its keys and sessions are dead, and its address may open
/// another account. All of it happens, or nothing.
pub async fn delete(db: &mut Connection, id: &UserId, confirmation: Option<&Email>) -> Result<Deletion, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        // Locked, so that who makes a video for this account either comes before, or sees that it is gone.
        let sql = "SELECT email FROM users WHERE id = :id AND deleted_at IS NULL FOR UPDATE";
        let email: Option<Option<String>> = transaction.exec_first(sql, params! { "id" => id.as_str() }).await?;
        let Some(email) = email.flatten() else {
            transaction.rollback().await?;
            return Ok(Deletion::NoAccount);
        };
        if confirmation.is_none_or(|confirmation| confirmation.as_str() != email) {
            transaction.rollback().await?;
            return Ok(Deletion::NotConfirmed);
        }
        forget_logins(&mut transaction, &email).await?;
        clear(&mut transaction, id).await?;
        let sql =
            "UPDATE users SET email = NULL, name = NULL, avatar = NULL, deleted_at = UTC_TIMESTAMP(3) WHERE id = :id";
        transaction.exec_drop(sql, params! { "id" => id.as_str() }).await?;
        transaction.commit().await?;
        Ok(Deletion::Deleted)
    })
    .await
}

/// Found first and then removed one by one: a removal by address would look at, and lock, everybody's logins.
async fn forget_logins(transaction: &mut Transaction<'_>, email: &str) -> Result<(), mysql_async::Error> {
    let sql = "SELECT link_hash FROM verification_tokens WHERE email = :email";
    let links: Vec<Vec<u8>> = transaction.exec(sql, params! { "email" => email }).await?;
    let sql = "DELETE FROM verification_tokens WHERE link_hash = :link";
    transaction.exec_batch(sql, links.into_iter().map(|link| params! { "link" => link })).await?;
    transaction.exec_drop("DELETE FROM mobile_codes WHERE email = :email", params! { "email" => email }).await
}

/// Removes an account's rows elsewhere, and marks its videos.
async fn clear(transaction: &mut Transaction<'_>, id: &UserId) -> Result<(), mysql_async::Error> {
    for sql in [
        "DELETE FROM sessions WHERE user_id = :id",
        "DELETE FROM api_keys WHERE user_id = :id",
        "DELETE FROM agent_codes WHERE user_id = :id",
        "DELETE FROM agent_uploads WHERE user_id = :id",
        "DELETE FROM organizations WHERE owner_id = :id",
        "DELETE c FROM captions c JOIN videos v ON v.id = c.video_id WHERE v.owner_id = :id",
        "DELETE FROM notifications WHERE recipient_id = :id OR actor_id = :id",
        "DELETE FROM notification_preferences WHERE user_id = :id",
        "DELETE w FROM video_views w JOIN videos v ON v.id = w.video_id WHERE v.owner_id = :id",
        // MySQL sets columns from left to right: what was deleted before keeps its times.
        "UPDATE videos SET name = '', swept_at = IF(deleted_at IS NULL, NULL, swept_at), \
         deleted_at = COALESCE(deleted_at, UTC_TIMESTAMP(3)) WHERE owner_id = :id",
    ] {
        transaction.exec_drop(sql, params! { "id" => id.as_str() }).await?;
    }
    comments::forget_author(transaction, id).await
}

/// Removes from a deleted account what was added by requests that had begun before. False when the account is not deleted,
/// or not known.
pub async fn bury(db: &mut Connection, id: &UserId) -> Result<bool, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let sql = "SELECT deleted_at IS NOT NULL FROM users WHERE id = :id FOR UPDATE";
        let deleted: Option<bool> = transaction.exec_first(sql, params! { "id" => id.as_str() }).await?;
        if deleted == Some(true) {
            clear(&mut transaction, id).await?;
        }
        transaction.commit().await?;
        Ok(deleted == Some(true))
    })
    .await
}

/// Deleted accounts of whose videos no row is left, and that signed addresses of pictures have outlived.
pub async fn forgettable(db: &mut Connection, limit: u32) -> Result<Vec<UserId>, DbError> {
    let sql = "SELECT id FROM users WHERE deleted_at < UTC_TIMESTAMP(3) - INTERVAL :seconds SECOND \
               AND NOT EXISTS (SELECT 1 FROM videos v WHERE v.owner_id = users.id) ORDER BY deleted_at LIMIT :limit";
    let rows = db.all(sql, params! { "seconds" => TOMBSTONE_SECONDS, "limit" => limit }).await?;
    let read = |mut row: Row| Ok(UserId::parse(&column::<String>(&mut row, "id")?));
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// Removes a deleted account's row for good.
pub async fn forget(db: &mut Connection, id: &UserId) -> Result<(), DbError> {
    let sql = "DELETE FROM users WHERE id = :id AND deleted_at IS NOT NULL \
               AND NOT EXISTS (SELECT 1 FROM videos v WHERE v.owner_id = users.id)";
    db.run(sql, params! { "id" => id.as_str() }).await.map(drop)
}
