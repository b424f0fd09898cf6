//! How often videos were watched: what DynamoDB has counted, kept for good.

use mysql_async::{Row, params};

use super::{Connection, DbError, column};
use crate::{
    ids::{UserId, VideoId},
    time::Day,
    views::Counts,
};

/// What is added up.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// One video.
    Video(&'a VideoId),
    /// All of somebody's videos that are not deleted.
    Owner(&'a UserId),
}

/// Writes down how far a day's counts are. They only grow, so whoever comes late with older ones changes nothing, and what one
/// request could not write down the next one does.
pub async fn keep(db: &mut Connection, video: &VideoId, day: Day, counts: &Counts) -> Result<(), DbError> {
    let sql = "INSERT INTO video_views (video_id, day, viewers, plays, reached_25, reached_50, reached_75, reached_95) \
               VALUES (:video, :day, :viewers, :plays, :reached_25, :reached_50, :reached_75, :reached_95) \
               ON DUPLICATE KEY UPDATE viewers = GREATEST(viewers, :viewers), plays = GREATEST(plays, :plays), \
               reached_25 = GREATEST(reached_25, :reached_25), reached_50 = GREATEST(reached_50, :reached_50), \
               reached_75 = GREATEST(reached_75, :reached_75), reached_95 = GREATEST(reached_95, :reached_95)";
    let [reached_25, reached_50, reached_75, reached_95] = counts.reached;
    let params = params! {
        "video" => video.as_str(), "day" => day.iso(), "viewers" => counts.viewers, "plays" => counts.plays,
        "reached_25" => reached_25, "reached_50" => reached_50, "reached_75" => reached_75, "reached_95" => reached_95,
    };
    db.run(sql, params).await.map(drop)
}

/// The days with views from one on, in order.
pub async fn by_day(db: &mut Connection, of: Of<'_>, from: Option<Day>) -> Result<Vec<(Day, Counts)>, DbError> {
    let (which, id) = match of {
        Of::Video(video) => ("w.video_id = :id", video.as_str()),
        Of::Owner(owner) => (
            "w.video_id IN (SELECT v.id FROM videos v WHERE v.owner_id = :id AND v.deleted_at IS NULL AND v.binned_at IS NULL)",
            owner.as_str(),
        ),
    };
    // 719528 is 1970-01-01.
    let sql = format!(
        "SELECT CAST(TO_DAYS(w.day) AS SIGNED) - 719528 AS day, CAST(SUM(w.viewers) AS UNSIGNED) AS viewers, \
         CAST(SUM(w.plays) AS UNSIGNED) AS plays, CAST(SUM(w.reached_25) AS UNSIGNED) AS reached_25, \
         CAST(SUM(w.reached_50) AS UNSIGNED) AS reached_50, CAST(SUM(w.reached_75) AS UNSIGNED) AS reached_75, \
         CAST(SUM(w.reached_95) AS UNSIGNED) AS reached_95 \
         FROM video_views w WHERE {which} AND w.day >= :from GROUP BY w.day ORDER BY w.day"
    );
    let params = params! { "id" => id, "from" => from.unwrap_or(Day(0)).iso() };
    db.all(&sql, params).await?.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<(Day, Counts), DbError> {
    let row = &mut row;
    let counts = Counts {
        viewers: column(row, "viewers")?,
        plays: column(row, "plays")?,
        reached: [
            column(row, "reached_25")?,
            column(row, "reached_50")?,
            column(row, "reached_75")?,
            column(row, "reached_95")?,
        ],
    };
    Ok((Day(column(row, "day")?), counts))
}

/// Viewers of a video from a day on.
pub async fn viewers(db: &mut Connection, video: &VideoId, from: Option<Day>) -> Result<u64, DbError> {
    let sql =
        "SELECT CAST(COALESCE(SUM(viewers), 0) AS UNSIGNED) FROM video_views WHERE video_id = :video AND day >= :from";
    let params = params! { "video" => video.as_str(), "from" => from.unwrap_or(Day(0)).iso() };
    Ok(db.first::<u64>(sql, params).await?.unwrap_or_default())
}

/// Forgets how often a video was watched.
pub async fn forget(db: &mut Connection, video: &VideoId) -> Result<(), DbError> {
    db.run("DELETE FROM video_views WHERE video_id = :video", params! { "video" => video.as_str() }).await.map(drop)
}
