//! How far an upload is, as its client tells. It is shown, and decides nothing: whether a video is there, its object says.

use mysql_async::params;

use super::{Connection, DbError};
use crate::ids::VideoId;

/// How far an upload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are there.
    pub uploaded: u64,
    /// Bytes that there will be.
    pub total: u64,
}

impl Progress {
    /// Parts may be sent twice, so clients count more than there is.
    #[must_use]
    pub fn new(uploaded: u64, total: u64) -> Self {
        Self { uploaded: uploaded.min(total), total }
    }

    pub(super) fn of(uploaded: Option<u64>, total: Option<u64>) -> Option<Self> {
        Some(Self::new(uploaded?, total?))
    }

    /// Whole percents, rounded down; `None` when it is not known how much there will be.
    #[must_use]
    pub fn percent(self) -> Option<u8> {
        let percent = u128::from(self.uploaded) * 100 / u128::from((self.total > 0).then_some(self.total)?);
        u8::try_from(percent).ok()
    }
}

/// Notes how far a video's upload is. `told_at` is the client's clock, in microseconds since 1970: of what comes in another
/// order than it was said, the last word counts.
pub async fn progress(db: &mut Connection, id: &VideoId, progress: Progress, told_at: i64) -> Result<(), DbError> {
    let sql = "UPDATE videos SET upload_bytes = :uploaded, upload_total = :total, upload_told_at = :told_at \
               WHERE id = :id AND deleted_at IS NULL AND (upload_told_at IS NULL OR upload_told_at <= :told_at)";
    let params = params! {
        "id" => id.as_str(), "uploaded" => progress.uploaded, "total" => progress.total, "told_at" => told_at,
    };
    db.run(sql, params).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_all_is_all() {
        assert_eq!(Progress::new(60, 50), Progress { uploaded: 50, total: 50 });
        let percent = |uploaded, total| Progress::new(uploaded, total).percent();
        assert_eq!(
            (percent(0, 3), percent(2, 3), percent(3, 3), percent(9, 3)),
            (Some(0), Some(66), Some(100), Some(100))
        );
        assert_eq!((percent(0, 0), percent(u64::MAX, u64::MAX)), (None, Some(100)));
    }
}
