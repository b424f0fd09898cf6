//! What deriving writes. Every statement is fenced by the attempt that published: of what is no longer played, nothing is
//! derived.

use mysql_async::{Row, params};

use super::{Connection, DbError, Fenced, column};
use crate::ids::VideoId;

/// What is known of a published video when something is derived from it.
#[derive(Clone, Copy, Debug)]
pub struct Derivable {
    /// The attempt whose result is played; `None` when nothing is.
    pub published: Option<u64>,
    /// True when the video was deleted.
    pub deleted: bool,
    /// Its storyboard and preview are there.
    pub storyboard: bool,
    /// Its renditions are there.
    pub hls: bool,
}

/// What is there of a video; `None` when there never was such a video, or not for days.
pub async fn derivable(db: &mut Connection, id: &VideoId) -> Result<Option<Derivable>, DbError> {
    let sql = "SELECT published_attempt, deleted_at IS NOT NULL AS deleted, \
               COALESCE(storyboard_attempt = published_attempt, FALSE) AS storyboard, \
               COALESCE(hls_attempt = published_attempt, FALSE) AS hls FROM videos WHERE id = :id";
    let Some(mut row) = db.first::<Row>(sql, params! { "id" => id.as_str() }).await? else { return Ok(None) };
    Ok(Some(Derivable {
        published: column(&mut row, "published_attempt")?,
        deleted: column(&mut row, "deleted")?,
        storyboard: column(&mut row, "storyboard")?,
        hls: column(&mut row, "hls")?,
    }))
}

/// Storyboard and preview of what an attempt has published are there.
pub async fn has_storyboard(db: &mut Connection, id: &VideoId, published: u64) -> Result<Fenced, DbError> {
    write(db, id, published, "storyboard_attempt = :published").await
}

/// So are all its renditions and their playlists.
pub async fn has_hls(db: &mut Connection, id: &VideoId, published: u64) -> Result<Fenced, DbError> {
    write(db, id, published, "hls_attempt = :published").await
}

/// Nothing more is derived from it: everything is, or was given up.
pub async fn derived(db: &mut Connection, id: &VideoId, published: u64) -> Result<Fenced, DbError> {
    write(db, id, published, "derive_asked_at = NULL").await
}

async fn write(db: &mut Connection, id: &VideoId, published: u64, change: &str) -> Result<Fenced, DbError> {
    let sql =
        format!("UPDATE videos SET {change} WHERE id = :id AND published_attempt = :published AND deleted_at IS NULL");
    Ok(super::publish::fenced(db.run(&sql, params! { "id" => id.as_str(), "published" => published }).await?))
}

/// A video from which something is still to be derived.
#[derive(Clone, Debug)]
pub struct Underived {
    /// Its id.
    pub id: VideoId,
    /// The attempt that published it.
    pub published: u64,
}

/// Videos that have waited for `seconds`, those first that were looked at longest ago.
pub async fn underived(db: &mut Connection, seconds: u32, limit: u32) -> Result<Vec<Underived>, DbError> {
    let sql = "SELECT id, published_attempt FROM videos \
               WHERE derive_asked_at < UTC_TIMESTAMP(3) - INTERVAL :seconds SECOND AND published_attempt IS NOT NULL \
               AND deleted_at IS NULL ORDER BY swept_at LIMIT :limit";
    let rows = db.all(sql, params! { "seconds" => seconds, "limit" => limit }).await?;
    let read = |mut row: Row| {
        let Some(id) = VideoId::parse(&column::<String>(&mut row, "id")?) else { return Ok(None) };
        Ok(Some(Underived { id, published: column(&mut row, "published_attempt")? }))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}
