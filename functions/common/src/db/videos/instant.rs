//! Recordings that are uploaded while they are made.

use mysql_async::params;

use super::{Connection, DbError};
use crate::ids::VideoId;

/// What a client has said that it uploads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// One file.
    #[default]
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

/// All segments of a recording are there, so that one that had failed waits for being published once more.
pub async fn recorded(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    let sql = "UPDATE videos SET status = 'uploading', failure_reason = NULL, failure_retryable = FALSE, \
               updated_at = UTC_TIMESTAMP(3) WHERE id = :id AND status = 'failed' AND deleted_at IS NULL";
    db.run(sql, params! { "id" => id.as_str() }).await?;
    Ok(())
}
