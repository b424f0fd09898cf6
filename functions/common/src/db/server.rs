//! What whoever runs the server wants to know of the database.

use mysql_async::Row;

use super::{Connection, DbError, column, instant};
use crate::{ids::VideoId, time::Millis};

/// Minutes after which a recording that is being prepared counts as stuck: longer than any invocation, with its retries.
const STUCK_MINUTES: u32 = 60;
/// Hours after which an upload that never came should have been given up.
const LOST_HOURS: u32 = 26;

/// The database itself.
#[derive(Clone, Debug)]
pub struct About {
    /// As the server tells it.
    pub version: String,
    /// The newest migration that was applied.
    pub migration: u32,
}

/// Videos by where they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Videos {
    /// Waiting for their files.
    pub uploading: u64,
    /// Being prepared.
    pub processing: u64,
    /// That play.
    pub ready: u64,
    /// That will not play.
    pub failed: u64,
    /// When one was last published.
    pub published_at: Option<Millis>,
    /// The one that has stood still longest, and since when.
    pub stuck: Option<(VideoId, Millis)>,
}

/// What the server says of itself.
pub async fn about(db: &mut Connection) -> Result<About, DbError> {
    let sql = "SELECT VERSION() AS version, COALESCE(MAX(version), 0) AS migration FROM refinery_schema_history";
    let Some(mut row) = db.first::<Row>(sql, ()).await? else { return Err(DbError::Unavailable("no row".to_owned())) };
    Ok(About { version: column(&mut row, "version")?, migration: column(&mut row, "migration")? })
}

/// How many videos there are, and whether one stands still. The sweep ends whatever stands still, so one that does means that
/// something is wrong.
pub async fn videos(db: &mut Connection) -> Result<Videos, DbError> {
    let sql = "SELECT COALESCE(SUM(status = 'uploading'), 0) AS uploading, \
               COALESCE(SUM(status = 'processing'), 0) AS processing, COALESCE(SUM(status = 'ready'), 0) AS ready, \
               COALESCE(SUM(status = 'failed'), 0) AS failed, \
               ROUND(UNIX_TIMESTAMP(MAX(published_at)) * 1000) AS published FROM videos WHERE deleted_at IS NULL";
    let Some(mut row) = db.first::<Row>(sql, ()).await? else { return Ok(Videos::default()) };
    let stuck = format!(
        "SELECT id, ROUND(UNIX_TIMESTAMP(updated_at) * 1000) AS since FROM videos WHERE deleted_at IS NULL \
         AND ((status = 'processing' AND updated_at < UTC_TIMESTAMP(3) - INTERVAL {STUCK_MINUTES} MINUTE) \
         OR (status = 'uploading' AND updated_at < UTC_TIMESTAMP(3) - INTERVAL {LOST_HOURS} HOUR)) \
         ORDER BY updated_at LIMIT 1"
    );
    let stuck = match db.first::<Row>(&stuck, ()).await? {
        Some(mut row) => VideoId::parse(&column::<String>(&mut row, "id")?).zip(instant(&mut row, "since")?),
        None => None,
    };
    let published_at = instant(&mut row, "published")?;
    // Sums are decimals, which MySQL sends as text.
    let mut count = |name| column::<String>(&mut row, name).map(|digits| digits.parse().unwrap_or_default());
    let (uploading, processing) = (count("uploading")?, count("processing")?);
    Ok(Videos { uploading, processing, ready: count("ready")?, failed: count("failed")?, published_at, stuck })
}
