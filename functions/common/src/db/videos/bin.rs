//! Videos that their owner has thrown away and can still take back. For everybody a video in the bin is as if it were not
//! there; nothing of it is removed, and what is at work on it goes on.

use mysql_async::{Row, params};

use super::{COLUMNS, Connection, DbError, Video, instant, video};
use crate::{
    ids::{UserId, VideoId},
    time::Millis,
};

/// Days that a video lies in the bin before it is deleted.
pub const BIN_DAYS: u32 = 30;

/// A video in the bin.
#[derive(Clone, Debug)]
pub struct Binned {
    /// The video.
    pub video: Video,
    /// When it was thrown away.
    pub at: Millis,
}

/// Throws a video away; false when it is not the owner's or not there.
pub async fn bin(db: &mut Connection, id: &VideoId, owner: &UserId) -> Result<bool, DbError> {
    let sql = "UPDATE videos SET binned_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3) \
               WHERE id = :id AND owner_id = :owner AND binned_at IS NULL AND deleted_at IS NULL";
    Ok(db.run(sql, params! { "id" => id.as_str(), "owner" => owner.as_str() }).await? > 0)
}

/// Takes a video back out of the bin; false when it is not in the owner's.
pub async fn restore(db: &mut Connection, id: &VideoId, owner: &UserId) -> Result<bool, DbError> {
    let sql = "UPDATE videos SET binned_at = NULL, updated_at = UTC_TIMESTAMP(3) \
               WHERE id = :id AND owner_id = :owner AND binned_at IS NOT NULL AND deleted_at IS NULL";
    Ok(db.run(sql, params! { "id" => id.as_str(), "owner" => owner.as_str() }).await? > 0)
}

/// Deletes what is in the bin for good, as [`delete`](super::delete) does; false when it is not in the owner's.
pub async fn purge(db: &mut Connection, id: &VideoId, owner: &UserId) -> Result<bool, DbError> {
    let sql = "UPDATE videos SET deleted_at = UTC_TIMESTAMP(3), swept_at = NULL \
               WHERE id = :id AND owner_id = :owner AND binned_at IS NOT NULL AND deleted_at IS NULL";
    Ok(db.run(sql, params! { "id" => id.as_str(), "owner" => owner.as_str() }).await? > 0)
}

/// What is in somebody's bin, or this one video of it, what was thrown away last first.
pub async fn binned(
    db: &mut Connection,
    owner: &UserId,
    only: Option<&VideoId>,
    limit: u32,
) -> Result<Vec<Binned>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS}, ROUND(UNIX_TIMESTAMP(v.binned_at) * 1000) AS binned_at \
         FROM videos v JOIN users u ON u.id = v.owner_id \
         WHERE v.owner_id = :owner AND v.binned_at IS NOT NULL AND v.deleted_at IS NULL AND (:only IS NULL OR v.id = :only) \
         ORDER BY v.binned_at DESC, v.id LIMIT :limit"
    );
    let only = only.map(VideoId::as_str);
    let rows = db.all(&sql, params! { "owner" => owner.as_str(), "only" => only, "limit" => limit }).await?;
    let read = |mut row: Row| {
        let at = instant(&mut row, "binned_at")?.unwrap_or(Millis(0));
        Ok(video(row)?.map(|video| Binned { video, at }))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// Deletes what has lain in the bin for long enough, at most so many; how many it were. Their objects are removed as those
/// of other deleted videos.
pub async fn empty(db: &mut Connection, limit: u32) -> Result<u64, DbError> {
    let sql = "UPDATE videos SET deleted_at = UTC_TIMESTAMP(3), swept_at = NULL \
               WHERE binned_at < UTC_TIMESTAMP(3) - INTERVAL :days DAY AND deleted_at IS NULL \
               ORDER BY binned_at LIMIT :limit";
    db.run(sql, params! { "days" => BIN_DAYS, "limit" => limit }).await
}
