//! Recordings that are uploaded while they are made.

use mysql_async::{TxOpts, params, prelude::Queryable};

use super::{Connection, DbError};
use crate::{
    db::bounded,
    ids::{UserId, VideoId},
};

/// What a client has said that it uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// One file.
    File,
    /// One file that the desktop has recorded.
    DesktopFile,
    /// Segments, while it records.
    Segments,
}

impl Source {
    /// The word in the database, which is the desktop's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::DesktopFile => "desktopMP4",
            Self::Segments => "desktopSegments",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "desktopMP4" => Self::DesktopFile,
            "desktopSegments" => Self::Segments,
            _ => Self::File,
        }
    }
}

/// As [`create`](super::create), for what a client says that it will upload: creates a video with its share link, whose code is the video's id.
pub async fn create_from(
    db: &mut Connection,
    id: &VideoId,
    owner: &UserId,
    name: &str,
    source: Source,
) -> Result<(), DbError> {
    let created = bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        // Reads the owner's row under a lock: no video begins for an account that is being deleted.
        let sql = "INSERT INTO videos (id, owner_id, name, source) \
                   SELECT :id, u.id, :name, :source FROM users u WHERE u.id = :owner AND u.deleted_at IS NULL";
        let params = params! {
            "id" => id.as_str(), "owner" => owner.as_str(), "name" => name, "source" => source.as_str(),
        };
        transaction.exec_drop(sql, params).await?;
        if transaction.affected_rows() == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        let sql = "INSERT INTO share_links (short_code, video_id) VALUES (:id, :id)";
        transaction.exec_drop(sql, params! { "id" => id.as_str() }).await?;
        transaction.commit().await?;
        Ok(true)
    });
    // Whoever tries again learns that their key is dead.
    if created.await? { Ok(()) } else { Err(DbError::Unavailable("the account was deleted meanwhile".to_owned())) }
}

/// All segments of a recording are there, so that one that had failed waits for being published once more.
pub async fn recorded(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    let sql = "UPDATE videos SET status = 'uploading', failure_reason = NULL, failure_retryable = FALSE, \
               updated_at = UTC_TIMESTAMP(3) WHERE id = :id AND status = 'failed' AND deleted_at IS NULL";
    db.run(sql, params! { "id" => id.as_str() }).await?;
    Ok(())
}
