//! What whoever runs the server wants to know of the database.

use mysql_async::Row;

use super::{Connection, DbError, column, instant};
use crate::{ids::VideoId, time::Millis};

/// Minutes after which a recording that is being prepared counts as stuck: longer than any invocation, with its retries.
const STUCK_MINUTES: u32 = 60;
/// Hours after which an upload that never came should have been given up.
const LOST_HOURS: u32 = 26;

/// The newest migration of this release.
pub const NEWEST_MIGRATION: &str = env!("NEWEST_MIGRATION");

/// The database itself.
#[derive(Clone, Debug)]
pub struct About {
    /// As the server tells it.
    pub version: String,
    /// Character set of what is created without one.
    pub charset: String,
    /// What its clock says.
    pub clock: Millis,
}

/// Why a server cannot be used, whatever it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Another product, whose SQL differs.
    MariaDb,
    /// Before MySQL 8.
    Old,
}

impl About {
    /// What is wrong with the server itself.
    #[must_use]
    pub fn unfit(&self) -> Option<Unfit> {
        let major = self.version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        match major {
            _ if self.version.to_ascii_lowercase().contains("mariadb") => Some(Unfit::MariaDb),
            Some(..8) => Some(Unfit::Old),
            _ => None,
        }
    }
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
    let sql = "SELECT VERSION() AS version, @@character_set_database AS charset, \
               ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS clock";
    let Some(mut row) = db.first::<Row>(sql, ()).await? else { return Err(DbError::Unavailable("no row".to_owned())) };
    let clock = instant(&mut row, "clock")?.unwrap_or(Millis(0));
    Ok(About { version: column(&mut row, "version")?, charset: column(&mut row, "charset")?, clock })
}

/// The newest migration that was applied; `None` when none ever was.
pub async fn migration(db: &mut Connection) -> Result<Option<u32>, DbError> {
    match db.first("SELECT MAX(version) FROM refinery_schema_history", ()).await {
        Ok(newest) => Ok(newest.flatten()),
        // There is no such table.
        Err(error) if error.code() == Some(1146) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Does what migrations do, with a table of its own that it removes again. `name` is letters, digits and underscores.
pub async fn rehearse_migration(db: &mut Connection, name: &str) -> Result<(), DbError> {
    let rehearsed = async {
        for sql in [
            format!(
                "CREATE TABLE {name} (id INT PRIMARY KEY, parent INT, CONSTRAINT {name}_parent FOREIGN KEY (parent) \
                 REFERENCES {name} (id)) CHARACTER SET utf8mb4"
            ),
            format!("ALTER TABLE {name} ADD COLUMN words VARCHAR(10)"),
            format!("CREATE INDEX {name}_words ON {name} (words)"),
            format!("INSERT INTO {name} (id, words) VALUES (1, '\u{1f3ac}')"),
            format!("UPDATE {name} SET parent = NULL WHERE words = '\u{1f3ac}'"),
            format!("DELETE FROM {name}"),
        ] {
            db.run(&sql, ()).await?;
        }
        Ok(())
    };
    let rehearsed = rehearsed.await;
    let removed = db.run(&format!("DROP TABLE IF EXISTS {name}"), ()).await;
    rehearsed.and(removed.map(drop))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_mysql_8_or_later_is_unfit() {
        let unfit = |version: &str| {
            About { version: version.to_owned(), charset: "utf8mb4".to_owned(), clock: Millis(0) }.unfit()
        };
        for fit in ["8.0.36", "8.4.2-log", "9.7.0", "8.0.11-TiDB-v7.5.0", "8.0.34-Vitess"] {
            assert_eq!(unfit(fit), None, "{fit}");
        }
        assert_eq!(unfit("5.7.44-log"), Some(Unfit::Old));
        for maria in ["11.8.2-MariaDB-1", "5.5.5-10.11.6-MariaDB"] {
            assert_eq!(unfit(maria), Some(Unfit::MariaDb), "{maria}");
        }
    }
}
