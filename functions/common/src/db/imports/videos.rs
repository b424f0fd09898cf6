//! Videos of a Cap, under the ids that they had: the addresses that people were sent go on leading to them.

use mysql_async::{TxOpts, params, prelude::Queryable};

use super::{Kind, note};
use crate::{
    db::{
        Connection, DbError, bounded,
        videos::{Kind as VideoKind, Source},
    },
    ids::{UserId, VideoId},
    password::PasswordHash,
    time::Millis,
};

/// A video that is to be here.
#[derive(Clone, Debug)]
pub struct NewVideo<'a> {
    /// Its id, and the code of its link.
    pub id: &'a VideoId,
    /// Whose it is here.
    pub owner: &'a UserId,
    /// Its title.
    pub name: &'a str,
    /// Whether it is played or shown.
    pub kind: VideoKind,
    /// How it will be stored.
    pub source: Source,
    /// Whether whoever has its link may watch.
    pub public: bool,
    /// Whether comments are on.
    pub comments_on: bool,
    /// What opens its link.
    pub password: Option<&'a PasswordHash>,
    /// Length in milliseconds, until it is published.
    pub duration_ms: Option<u64>,
    /// Width in pixels, until it is published.
    pub width: Option<u32>,
    /// Height in pixels, until it is published.
    pub height: Option<u32>,
    /// Pictures a second, until it is published.
    pub fps: Option<f64>,
    /// When it was recorded.
    pub created_at: Option<Millis>,
}

/// What became of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenVideo {
    /// It is there, and waits for its recording.
    New,
    /// There is another one with its id, or with its id as the code of a link.
    Another,
    /// Its owner has no account any more.
    NoOwner,
}

/// Makes the rows of a video, and writes down that its recording is still to be taken.
pub async fn video(db: &mut Connection, new: &NewVideo<'_>) -> Result<TakenVideo, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let sql =
            "SELECT 1 FROM videos WHERE id = :id UNION ALL SELECT 1 FROM share_links WHERE short_code = :id LIMIT 1";
        let taken: Option<u8> = transaction.exec_first(sql, params! { "id" => new.id.as_str() }).await?;
        if taken.is_some() {
            transaction.rollback().await?;
            return Ok(TakenVideo::Another);
        }
        // Reads the owner's row under a lock: nothing is added to an account that is being deleted. What the sweep goes by is
        // when the row was written, since the recording is to follow.
        let sql = "INSERT INTO videos (id, owner_id, name, kind, source, is_public, comments_on, duration_ms, width, \
                   height, fps, created_at) SELECT :id, u.id, :name, :kind, :source, :is_public, :comments_on, \
                   :duration_ms, :width, :height, :fps, COALESCE(FROM_UNIXTIME(:created / 1000), UTC_TIMESTAMP(3)) \
                   FROM users u WHERE u.id = :owner AND u.deleted_at IS NULL";
        let row = params! {
            "id" => new.id.as_str(), "owner" => new.owner.as_str(), "name" => new.name, "kind" => new.kind.as_str(),
            "source" => new.source.as_str(), "is_public" => new.public, "comments_on" => new.comments_on,
            "duration_ms" => new.duration_ms, "width" => new.width, "height" => new.height, "fps" => new.fps,
            "created" => new.created_at.map(|at| at.0),
        };
        transaction.exec_drop(sql, row).await?;
        if transaction.affected_rows() == 0 {
            transaction.rollback().await?;
            return Ok(TakenVideo::NoOwner);
        }
        let sql = "INSERT INTO share_links (short_code, video_id, password_hash) VALUES (:id, :id, :password)";
        let link = params! { "id" => new.id.as_str(), "password" => new.password.map(PasswordHash::as_str) };
        transaction.exec_drop(sql, link).await?;
        note(&mut transaction, Kind::Video, new.id.as_str(), new.id.as_str(), false).await?;
        transaction.commit().await?;
        Ok(TakenVideo::New)
    })
    .await
}

/// True when there is a video with this id, deleted or not, or a link with it as its code.
pub async fn video_is_here(db: &mut Connection, id: &VideoId) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM videos WHERE id = :id UNION ALL SELECT 1 FROM share_links WHERE short_code = :id LIMIT 1";
    Ok(db.first::<u8>(sql, params! { "id" => id.as_str() }).await?.is_some())
}
