//! Sessions: browsers in which somebody is signed in. Kept as hashes of what their cookies hold.

use mysql_async::{Row, params};

use super::{Connection, DbError, column, instant};
use crate::{
    ids::{SessionId, SessionToken, UserId},
    time::Millis,
};

/// The session of a browser and whose it is.
#[derive(Clone, Debug)]
pub struct Current {
    /// The session.
    pub id: SessionId,
    /// Who is signed in.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// What they are called, if they said.
    pub name: Option<String>,
    /// Last part of their picture's key.
    pub avatar: Option<String>,
    /// When it ends unless it is used.
    pub expires_at: Millis,
    /// True when the last use that is written down is a day ago.
    pub stale: bool,
    /// Notifications that they have not read.
    pub unread: u64,
}

/// A session in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// What the browser called itself at login.
    pub device: String,
    /// When somebody signed in.
    pub created_at: Millis,
    /// When it was last used, to the day.
    pub last_used_at: Millis,
    /// When it ends unless it is used.
    pub expires_at: Millis,
}

/// Begins a session: of a `program` that somebody who is signed in lets in, or of a browser. False when their account was
/// deleted meanwhile.
pub async fn create(
    db: &mut Connection,
    user: &UserId,
    token: &SessionToken,
    device: &str,
    program: bool,
) -> Result<bool, DbError> {
    let hash = token.hash();
    let params =
        params! { "hash" => hash.as_slice(), "user" => user.as_str(), "device" => device, "program" => program };
    Ok(db.run(INSERT, params).await? > 0)
}

/// Begins a session of thirty days: `:hash`, `:user`, `:device`, `:program`. Reads the account's row under a lock: none begins while
/// the account is being deleted, or later.
pub(super) const INSERT: &str = "INSERT INTO sessions (token_hash, user_id, device, program, last_used_at, expires_at) \
     SELECT :hash, u.id, :device, :program, UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 30 DAY FROM users u \
     WHERE u.id = :user AND u.deleted_at IS NULL";

/// Whose session it is, with what every page shows of them, in one query. Sessions of programs open no page.
pub async fn current(db: &mut Connection, token: &SessionToken) -> Result<Option<Current>, DbError> {
    let sql = "SELECT s.id, s.user_id, u.email, u.name, u.avatar, \
               ROUND(UNIX_TIMESTAMP(s.expires_at) * 1000) AS expires_at, \
               s.last_used_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY AS stale, \
               (SELECT COUNT(*) FROM notifications n JOIN videos v ON v.id = n.video_id AND v.deleted_at IS NULL \
               WHERE n.recipient_id = s.user_id AND n.read_at IS NULL) AS unread \
               FROM sessions s JOIN users u ON u.id = s.user_id \
               WHERE s.token_hash = :hash AND s.expires_at > UTC_TIMESTAMP(3) AND NOT s.program \
               AND u.email IS NOT NULL";
    let row: Option<Row> = db.first(sql, params! { "hash" => token.hash().as_slice() }).await?;
    let Some(mut row) = row else { return Ok(None) };
    let row = &mut row;
    let (id, user): (String, String) = (column(row, "id")?, column(row, "user_id")?);
    let (Some(id), Some(user)) = (SessionId::parse(&id), UserId::parse(&user)) else { return Ok(None) };
    Ok(Some(Current {
        id,
        user,
        email: column(row, "email")?,
        name: column(row, "name")?,
        avatar: column(row, "avatar")?,
        expires_at: instant(row, "expires_at")?.unwrap_or(Millis(0)),
        stale: column(row, "stale")?,
        unread: column(row, "unread")?,
    }))
}

/// Somebody's sessions, or the one with this id, the newest first; at most a hundred.
pub async fn list(db: &mut Connection, user: &UserId, only: Option<&str>) -> Result<Vec<Listed>, DbError> {
    let sql = "SELECT id, device, ROUND(UNIX_TIMESTAMP(created_at) * 1000) AS created_at, \
               ROUND(UNIX_TIMESTAMP(last_used_at) * 1000) AS last_used_at, \
               ROUND(UNIX_TIMESTAMP(expires_at) * 1000) AS expires_at FROM sessions \
               WHERE user_id = :user AND expires_at > UTC_TIMESTAMP(3) AND (:only IS NULL OR id = :only) \
               ORDER BY created_at DESC, id LIMIT 100";
    let rows = db.all(sql, params! { "user" => user.as_str(), "only" => only }).await?;
    rows.into_iter().map(listed).filter_map(Result::transpose).collect()
}

fn listed(mut row: Row) -> Result<Option<Listed>, DbError> {
    let row = &mut row;
    let Some(id) = SessionId::parse(&column::<String>(row, "id")?) else { return Ok(None) };
    Ok(Some(Listed {
        id,
        device: column(row, "device")?,
        created_at: instant(row, "created_at")?.unwrap_or(Millis(0)),
        last_used_at: instant(row, "last_used_at")?.unwrap_or(Millis(0)),
        expires_at: instant(row, "expires_at")?.unwrap_or(Millis(0)),
    }))
}

/// Ends the session with this token; it is dead from here on.
pub async fn end_token(db: &mut Connection, token: &SessionToken) -> Result<(), DbError> {
    let sql = "DELETE FROM sessions WHERE token_hash = :hash";
    db.run(sql, params! { "hash" => token.hash().as_slice() }).await.map(drop)
}

/// Ends one of somebody's sessions; false when they have none with this id.
pub async fn end(db: &mut Connection, user: &UserId, id: &SessionId) -> Result<bool, DbError> {
    let sql = "DELETE FROM sessions WHERE user_id = :user AND id = :id";
    Ok(db.run(sql, params! { "user" => user.as_str(), "id" => id.as_str() }).await? > 0)
}

/// Ends all of somebody's sessions.
pub async fn end_all(db: &mut Connection, user: &UserId) -> Result<(), DbError> {
    let sql = "DELETE FROM sessions WHERE user_id = :user";
    db.run(sql, params! { "user" => user.as_str() }).await.map(drop)
}
