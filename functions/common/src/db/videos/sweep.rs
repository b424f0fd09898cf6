//! What the sweep looks for: videos that stand still, and deleted ones whose objects may be left.

use mysql_async::{Row, params};

use super::{Connection, DbError, Status, column, instant};
use crate::{
    db::TOMBSTONE_SECONDS,
    ids::{UserId, VideoId},
    time::Millis,
};

/// A video that has neither become ready nor failed.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its id.
    pub id: VideoId,
    /// `Uploading` or `Processing`.
    pub status: Status,
    /// The highest attempt that wrote its row.
    pub attempt: u64,
    /// When it last moved.
    pub updated_at: Millis,
    /// True when it is uploaded in segments.
    pub live: bool,
}

/// Videos that have not moved for `seconds`, those first that were looked at longest ago.
pub async fn standing(db: &mut Connection, seconds: u32, limit: u32) -> Result<Vec<Standing>, DbError> {
    let sql = "SELECT id, status, attempt, source = 'desktopSegments' AS live, ROUND(UNIX_TIMESTAMP(updated_at) * 1000) AS updated_at FROM videos \
               WHERE status IN ('uploading', 'processing') AND deleted_at IS NULL \
               AND updated_at < UTC_TIMESTAMP(3) - INTERVAL :seconds SECOND ORDER BY swept_at LIMIT :limit";
    let rows = db.all(sql, params! { "seconds" => seconds, "limit" => limit }).await?;
    let read = |mut row: Row| {
        let Some(id) = VideoId::parse(&column::<String>(&mut row, "id")?) else { return Ok(None) };
        Ok(Some(Standing {
            id,
            status: Status::parse(&column::<String>(&mut row, "status")?),
            attempt: column(&mut row, "attempt")?,
            updated_at: instant(&mut row, "updated_at")?.unwrap_or(Millis(0)),
            live: column(&mut row, "live")?,
        }))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// A video that plays, and that its owner has asked to upload again.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its id.
    pub id: VideoId,
    /// When the owner asked.
    pub at: Millis,
}

/// Ready videos whose new upload was asked for more than `seconds` ago and has not been published since, those first
/// that were looked at longest ago.
pub async fn asked(db: &mut Connection, seconds: u32, limit: u32) -> Result<Vec<Asked>, DbError> {
    let sql = "SELECT id, ROUND(UNIX_TIMESTAMP(reupload_asked_at) * 1000) AS asked_at FROM videos \
               WHERE status = 'ready' AND deleted_at IS NULL \
               AND reupload_asked_at < UTC_TIMESTAMP(3) - INTERVAL :seconds SECOND ORDER BY swept_at LIMIT :limit";
    let rows = db.all(sql, params! { "seconds" => seconds, "limit" => limit }).await?;
    let read = |mut row: Row| {
        let Some(id) = VideoId::parse(&column::<String>(&mut row, "id")?) else { return Ok(None) };
        Ok(Some(Asked { id, at: instant(&mut row, "asked_at")?.unwrap_or(Millis(0)) }))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// No other upload of the video is looked out for any more.
pub async fn arrived(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    db.run("UPDATE videos SET reupload_asked_at = NULL WHERE id = :id", params! { "id" => id.as_str() }).await?;
    Ok(())
}

/// Notes that the sweep has looked at a video, deleted or not, so that the next sweep looks at others first.
pub async fn touch(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    db.run("UPDATE videos SET swept_at = UTC_TIMESTAMP(3) WHERE id = :id", params! { "id" => id.as_str() }).await?;
    Ok(())
}

/// A deleted video whose row is still kept.
#[derive(Clone, Debug)]
pub struct Deleted {
    /// Its id.
    pub id: VideoId,
    /// True when the row has been kept long enough.
    pub expired: bool,
}

/// Videos that were deleted more than `seconds` ago, those first that were looked at longest ago. Until then, whoever
/// deleted them removes what they have.
pub async fn tombstones(db: &mut Connection, seconds: u32, limit: u32) -> Result<Vec<Deleted>, DbError> {
    let sql = "SELECT id, deleted_at < UTC_TIMESTAMP(3) - INTERVAL :kept SECOND AS expired FROM videos \
               WHERE deleted_at < UTC_TIMESTAMP(3) - INTERVAL :seconds SECOND \
               AND (swept_at IS NULL OR swept_at < UTC_TIMESTAMP(3) - INTERVAL 1 HOUR) ORDER BY swept_at LIMIT :limit";
    let rows = db.all(sql, params! { "kept" => TOMBSTONE_SECONDS, "seconds" => seconds, "limit" => limit }).await?;
    let read = |mut row: Row| {
        let Some(id) = VideoId::parse(&column::<String>(&mut row, "id")?) else { return Ok(None) };
        Ok(Some(Deleted { id, expired: column(&mut row, "expired")? }))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// Somebody's deleted videos that nobody has looked at since, by id.
pub async fn unremoved(db: &mut Connection, owner: &UserId, limit: u32) -> Result<Vec<VideoId>, DbError> {
    let sql = "SELECT id FROM videos WHERE owner_id = :owner AND deleted_at IS NOT NULL AND swept_at IS NULL \
               ORDER BY id LIMIT :limit";
    let rows = db.all(sql, params! { "owner" => owner.as_str(), "limit" => limit }).await?;
    let read = |mut row: Row| Ok(VideoId::parse(&column::<String>(&mut row, "id")?));
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// Removes a deleted video's row for good.
pub async fn forget(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    let sql = "DELETE FROM videos WHERE id = :id AND deleted_at IS NOT NULL";
    db.run(sql, params! { "id" => id.as_str() }).await?;
    Ok(())
}
