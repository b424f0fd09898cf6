//! What publishing writes. Every statement is fenced: an attempt older than the one that wrote last changes nothing.

use mysql_async::{Row, params};

use super::{Connection, DbError, Kind, column};
use crate::ids::VideoId;

/// Whether a fenced write took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fenced {
    /// It was written.
    Written,
    /// A newer attempt has written, or the video is gone; nothing was changed.
    Refused,
}

/// What is known of a published file.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Length in milliseconds.
    pub duration_ms: u64,
    /// Displayed width in pixels.
    pub width: u32,
    /// Displayed height in pixels.
    pub height: u32,
    /// Frames a second, on average.
    pub fps: f64,
    /// Size of the played object in bytes.
    pub size_bytes: u64,
}

/// What is known of a picture that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Its size in bytes.
    pub size_bytes: u64,
}

/// What an attempt must know of a video before it begins.
#[derive(Clone, Copy, Debug)]
pub struct Fence {
    /// The highest attempt that wrote the row.
    pub attempt: u64,
    /// True when the video was deleted: its objects are to be removed, not published.
    pub deleted: bool,
    /// True while the row waits for an upload to be published, so that it is neither ready nor failed.
    pub waiting: bool,
    /// What its uploads are taken for.
    pub kind: Kind,
}

/// The fence of a video; `None` when there never was such a video, or not for days.
pub async fn fence(db: &mut Connection, id: &VideoId) -> Result<Option<Fence>, DbError> {
    let sql = "SELECT attempt, kind, deleted_at IS NOT NULL AS deleted, status IN ('uploading', 'processing') AS waiting \
               FROM videos WHERE id = :id";
    let Some(mut row) = db.first::<Row>(sql, params! { "id" => id.as_str() }).await? else { return Ok(None) };
    Ok(Some(Fence {
        attempt: column(&mut row, "attempt")?,
        deleted: column(&mut row, "deleted")?,
        waiting: column(&mut row, "waiting")?,
        kind: Kind::parse(&column::<String>(&mut row, "kind")?),
    }))
}

pub(super) fn fenced(rows: u64) -> Fenced {
    if rows > 0 { Fenced::Written } else { Fenced::Refused }
}

/// Work on the newest upload has begun.
pub async fn processing(db: &mut Connection, id: &VideoId, attempt: u64) -> Result<Fenced, DbError> {
    let sql = "UPDATE videos SET status = 'processing', failure_reason = NULL, failure_retryable = FALSE, \
               attempt = :attempt, reupload_asked_at = NULL, updated_at = UTC_TIMESTAMP(3) \
               WHERE id = :id AND attempt <= :attempt AND deleted_at IS NULL";
    Ok(fenced(db.run(sql, params! { "id" => id.as_str(), "attempt" => attempt }).await?))
}

/// The newest upload plays. Written last, when all objects are there; what is derived from them comes next.
pub async fn ready(db: &mut Connection, id: &VideoId, attempt: u64, facts: &Facts) -> Result<Fenced, DbError> {
    let sql = "UPDATE videos SET status = 'ready', failure_reason = NULL, failure_retryable = FALSE, \
               attempt = :attempt, published_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3), \
               published_attempt = :attempt, derive_asked_at = UTC_TIMESTAMP(3), \
               duration_ms = :duration_ms, width = :width, height = :height, fps = :fps, size_bytes = :size_bytes \
               WHERE id = :id AND attempt <= :attempt AND deleted_at IS NULL";
    let params = params! {
        "id" => id.as_str(), "attempt" => attempt, "duration_ms" => facts.duration_ms, "width" => facts.width,
        "height" => facts.height, "fps" => facts.fps, "size_bytes" => facts.size_bytes,
    };
    Ok(fenced(db.run(sql, params).await?))
}

/// As [`ready`], of a screenshot. Nothing comes next.
pub async fn shown(db: &mut Connection, id: &VideoId, attempt: u64, picture: &Picture) -> Result<Fenced, DbError> {
    let sql = "UPDATE videos SET status = 'ready', failure_reason = NULL, failure_retryable = FALSE, \
               attempt = :attempt, published_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3), \
               published_attempt = :attempt, derive_asked_at = NULL, \
               duration_ms = NULL, width = :width, height = :height, fps = NULL, size_bytes = :size_bytes \
               WHERE id = :id AND attempt <= :attempt AND deleted_at IS NULL";
    let params = params! {
        "id" => id.as_str(), "attempt" => attempt, "width" => picture.width, "height" => picture.height,
        "size_bytes" => picture.size_bytes,
    };
    Ok(fenced(db.run(sql, params).await?))
}

/// The newest upload will not play. An attempt that has said *ready* cannot take it back. `reason` is a sentence for the owner, at most 500 characters.
pub async fn failed(
    db: &mut Connection,
    id: &VideoId,
    attempt: u64,
    reason: &str,
    retryable: bool,
) -> Result<Fenced, DbError> {
    let sql = "UPDATE videos SET status = 'failed', failure_reason = :reason, failure_retryable = :retryable, \
               attempt = :attempt, updated_at = UTC_TIMESTAMP(3) \
               WHERE id = :id AND (attempt < :attempt OR (attempt = :attempt AND status <> 'ready')) \
               AND deleted_at IS NULL";
    // The update that records a failure must not fail itself: bounded here, whatever the caller brings.
    let reason: String = reason.chars().filter(|character| *character != '\0').take(500).collect();
    let params = params! { "id" => id.as_str(), "attempt" => attempt, "reason" => reason, "retryable" => retryable };
    Ok(fenced(db.run(sql, params).await?))
}
