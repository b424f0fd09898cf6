//! Videos and their share links.

mod bin;
mod derive;
mod instant;
mod library;
mod list;
mod progress;
mod publish;
mod sweep;

use mysql_async::{Row, Transaction, TxOpts, params, prelude::Queryable};

use super::{
    Connection, DbError, bounded,
    callers::{self, Caller, Place},
    captions, column, instant,
};
use crate::{
    identity::Credential,
    ids::{OrganizationId, UserId, VideoId},
    time::Millis,
};

pub use bin::{BIN_DAYS, Binned, bin, binned, empty, purge, restore};
pub use derive::{Derivable, Underived, derivable, derived, has_hls, has_storyboard, underived};
pub use instant::{Source, recorded};
pub use library::{Asked as AskedOfLibrary, Page, Sort, library, of_ids};
pub use list::{Filter, list};
pub use progress::{Progress, progress};
pub use publish::{Facts, Fence, Fenced, Picture, failed, fence, processing, ready, shown};
pub use sweep::{Asked, Deleted, Standing, arrived, asked, forget, standing, tombstones, touch, unremoved};

/// Where a video's newest upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Created; its object has not arrived.
    Uploading,
    /// Its object is being published.
    Processing,
    /// It plays.
    Ready,
    /// It will not play as it is; the reason says why.
    Failed,
}

impl Status {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "uploading",
            Self::Processing => "processing",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "processing" => Self::Processing,
            "ready" => Self::Ready,
            "failed" => Self::Failed,
            _ => Self::Uploading,
        }
    }
}

/// What a video is, in the wide sense of the clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// It is played.
    #[default]
    Recording,
    /// It is one picture, which is shown.
    Screenshot,
}

impl Kind {
    pub(in crate::db) fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Screenshot => "screenshot",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        if text == "screenshot" { Self::Screenshot } else { Self::Recording }
    }
}

/// What a client says of a video before it is uploaded. What the upload turns out to be takes its place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Announced {
    /// Whether it is a screenshot.
    pub kind: Kind,
    /// How it will be uploaded.
    pub source: Source,
    /// Length in milliseconds.
    pub duration_ms: Option<u64>,
    /// Displayed width in pixels.
    pub width: Option<u32>,
    /// Displayed height in pixels.
    pub height: Option<u32>,
    /// Frames a second.
    pub fps: Option<f64>,
}

/// Comments and reactions of a video.
#[derive(Clone, Copy, Debug)]
pub struct Talk {
    /// False while its owner wants none: then nobody sees those that there are.
    pub on: bool,
    /// Grows with every change.
    pub version: u64,
    /// Comments and replies that stand.
    pub comments: u32,
    /// Reactions that stand.
    pub reactions: u32,
}

/// A video that is neither deleted nor in its owner's bin.
#[derive(Clone, Debug)]
pub struct Video {
    /// Its id.
    pub id: VideoId,
    /// Whose it is.
    pub owner: UserId,
    /// What the owner is called, if they said.
    pub owner_name: Option<String>,
    /// The organisation it belongs to, its owner's own.
    pub organization: Option<OrganizationId>,
    /// Title, as the owner wrote it.
    pub name: String,
    /// What the owner says of it; empty when they say nothing.
    pub description: String,
    /// True when whoever has one of its links may watch.
    pub public: bool,
    /// True when whoever may watch may save the file as well.
    pub downloads: bool,
    /// True when the link that the clients show wants a password.
    pub protected: bool,
    /// Whether it is played or shown.
    pub kind: Kind,
    /// What was to be uploaded when it was created.
    pub source: Source,
    /// State of the newest upload.
    pub status: Status,
    /// Why the newest upload failed, in a sentence.
    pub failure_reason: Option<String>,
    /// Whether trying the same upload again may help.
    pub failure_retryable: bool,
    /// The highest attempt that wrote this row.
    pub attempt: u64,
    /// When something playable was first or last published.
    pub published_at: Option<Millis>,
    /// The attempt that published it.
    pub published: Option<u64>,
    /// How far the newest upload is, if the client has said.
    pub progress: Option<Progress>,
    /// The attempt under which storyboard and preview of what plays lie, when they are there.
    pub storyboard: Option<u64>,
    /// The attempt under which renditions of what plays lie, when they are there.
    pub hls: Option<u64>,
    /// What is said in it, if somebody has written that down.
    pub captions: Option<captions::About>,
    /// Length in milliseconds.
    pub duration_ms: Option<u64>,
    /// Displayed width in pixels.
    pub width: Option<u32>,
    /// Displayed height in pixels.
    pub height: Option<u32>,
    /// Pictures a second.
    pub fps: Option<f64>,
    /// What is said of it.
    pub talk: Talk,
    /// When it was created.
    pub created_at: Millis,
    /// When its state or title last changed.
    pub updated_at: Millis,
}

/// Columns of [`Video`], from `videos v` joined with `users u`.
pub(super) const COLUMNS: &str = "v.id, v.owner_id, u.name AS owner_name, \
     (SELECT o.id FROM organizations o WHERE o.owner_id = v.owner_id) AS organization, v.name, v.description, v.is_public, v.downloads_on, \
     EXISTS (SELECT 1 FROM share_links f WHERE f.short_code = v.id AND f.password_hash IS NOT NULL) AS protected, v.kind, v.source, v.status, v.failure_reason, v.failure_retryable, v.attempt, \
     v.upload_bytes, v.upload_total, v.published_attempt, ROUND(UNIX_TIMESTAMP(v.published_at) * 1000) AS published_at, \
     IF(v.storyboard_attempt = v.published_attempt, v.published_attempt, NULL) AS storyboard, \
     IF(v.hls_attempt = v.published_attempt, v.published_attempt, NULL) AS hls, \
     (SELECT CONCAT_WS(' ', c.version, c.language) FROM captions c WHERE c.video_id = v.id) AS captions, v.duration_ms, v.width, v.height, v.fps, \
     v.comments_on, v.comments_version, v.comment_count, v.reaction_count, \
     ROUND(UNIX_TIMESTAMP(v.created_at) * 1000) AS created_at, ROUND(UNIX_TIMESTAMP(v.updated_at) * 1000) AS updated_at";

/// What holds of `videos v` that anybody may see.
pub(in crate::db) const VISIBLE: &str = "v.deleted_at IS NULL AND v.binned_at IS NULL";

pub(super) fn video(mut row: Row) -> Result<Option<Video>, DbError> {
    let row = &mut row;
    let id: Option<String> = column(row, "id")?;
    let owner: Option<String> = column(row, "owner_id")?;
    let (Some(id), Some(owner)) = (id.as_deref().and_then(VideoId::parse), owner.as_deref().and_then(UserId::parse))
    else {
        return Ok(None);
    };
    Ok(Some(Video {
        id,
        owner,
        owner_name: column(row, "owner_name")?,
        organization: column::<Option<String>>(row, "organization")?.as_deref().and_then(OrganizationId::parse),
        name: column(row, "name")?,
        description: column(row, "description")?,
        public: column(row, "is_public")?,
        downloads: column(row, "downloads_on")?,
        protected: column(row, "protected")?,
        kind: Kind::parse(&column::<String>(row, "kind")?),
        source: Source::parse(&column::<String>(row, "source")?),
        status: Status::parse(&column::<String>(row, "status")?),
        failure_reason: column(row, "failure_reason")?,
        failure_retryable: column(row, "failure_retryable")?,
        attempt: column(row, "attempt")?,
        published_at: instant(row, "published_at")?,
        published: column(row, "published_attempt")?,
        progress: Progress::of(column(row, "upload_bytes")?, column(row, "upload_total")?),
        storyboard: column(row, "storyboard")?,
        hls: column(row, "hls")?,
        captions: captions::About::of(column(row, "captions")?),
        duration_ms: column(row, "duration_ms")?,
        width: column(row, "width")?,
        height: column(row, "height")?,
        fps: column(row, "fps")?,
        talk: Talk {
            on: column(row, "comments_on")?,
            version: column(row, "comments_version")?,
            comments: column(row, "comment_count")?,
            reactions: column(row, "reaction_count")?,
        },
        created_at: instant(row, "created_at")?.unwrap_or(Millis(0)),
        updated_at: instant(row, "updated_at")?.unwrap_or(Millis(0)),
    }))
}

/// Creates a recording of which nothing is known yet. False when the account was deleted meanwhile.
pub async fn create(db: &mut Connection, id: &VideoId, owner: &UserId, name: &str) -> Result<bool, DbError> {
    announce(db, id, owner, name, &Announced::default()).await
}

/// Creates a video with its share link, whose code is the video's id. False when the account was deleted meanwhile.
pub async fn announce(
    db: &mut Connection,
    id: &VideoId,
    owner: &UserId,
    name: &str,
    announced: &Announced,
) -> Result<bool, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let created = insert(&mut transaction, id, owner, name, announced).await?;
        if created {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        Ok(created)
    })
    .await
}

/// Adds the rows of a video. False when there is no such account, or not any longer.
pub(super) async fn insert(
    transaction: &mut Transaction<'_>,
    id: &VideoId,
    owner: &UserId,
    name: &str,
    announced: &Announced,
) -> Result<bool, mysql_async::Error> {
    // Reads the owner's row under a lock: no video begins for an account that is being deleted.
    let sql = "INSERT INTO videos (id, owner_id, name, kind, source, duration_ms, width, height, fps) \
               SELECT :id, u.id, :name, :kind, :source, :duration_ms, :width, :height, :fps \
               FROM users u WHERE u.id = :owner AND u.deleted_at IS NULL";
    let params = params! {
        "id" => id.as_str(), "owner" => owner.as_str(), "name" => name, "kind" => announced.kind.as_str(),
        "source" => announced.source.as_str(),
        "duration_ms" => announced.duration_ms, "width" => announced.width, "height" => announced.height,
        "fps" => announced.fps,
    };
    transaction.exec_drop(sql, params).await?;
    if transaction.affected_rows() == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO share_links (short_code, video_id) VALUES (:id, :id)";
    transaction.exec_drop(sql, params! { "id" => id.as_str() }).await?;
    Ok(true)
}

/// A video by id.
pub async fn find(db: &mut Connection, id: &VideoId) -> Result<Option<Video>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM videos v JOIN users u ON u.id = v.owner_id WHERE v.id = :id AND {VISIBLE}");
    db.first::<Row>(&sql, params! { "id" => id.as_str() }).await?.map_or(Ok(None), video)
}

/// Who holds a key or session, and a video by id, in one round trip: what every upload route asks.
pub async fn find_with_caller(
    db: &mut Connection,
    credential: &Credential,
    id: &VideoId,
) -> Result<Option<(Caller, Option<Video>)>, DbError> {
    let place = Place::of(credential);
    let sql = format!(
        "SELECT {}, {COLUMNS} FROM {} \
         LEFT JOIN videos v ON v.id = :id AND {VISIBLE} LEFT JOIN users u ON u.id = v.owner_id WHERE {}",
        place.columns, place.table, place.holds
    );
    let params = params! { "id" => id.as_str(), "hash" => place.hash() };
    let Some(mut row) = db.first::<Row>(&sql, params).await? else { return Ok(None) };
    let Some(caller) = callers::caller(&mut row)? else { return Ok(None) };
    let id: Option<String> = row.get("id").flatten();
    let found = if id.is_some() { video(row)? } else { None };
    Ok(Some((caller, found)))
}

/// Gives a video another title; false when it is not the owner's or not there.
pub async fn rename(db: &mut Connection, id: &VideoId, owner: &UserId, name: &str) -> Result<bool, DbError> {
    let sql = "UPDATE videos SET name = :name, updated_at = UTC_TIMESTAMP(3) \
               WHERE id = :id AND owner_id = :owner AND binned_at IS NULL AND deleted_at IS NULL";
    let params = params! { "id" => id.as_str(), "owner" => owner.as_str(), "name" => name };
    Ok(db.run(sql, params).await? > 0)
}

/// As [`rename`], with a description.
pub async fn describe(
    db: &mut Connection,
    id: &VideoId,
    owner: &UserId,
    name: &str,
    description: &str,
) -> Result<bool, DbError> {
    let sql = "UPDATE videos SET name = :name, description = :description, updated_at = UTC_TIMESTAMP(3) \
               WHERE id = :id AND owner_id = :owner AND deleted_at IS NULL";
    let params = params! {
        "id" => id.as_str(), "owner" => owner.as_str(), "name" => name, "description" => description,
    };
    Ok(db.run(sql, params).await? > 0)
}

/// Lets whoever has a link watch, or its owner alone; false when it is not the owner's or not there.
pub async fn set_public(db: &mut Connection, id: &VideoId, owner: &UserId, public: bool) -> Result<bool, DbError> {
    set(db, id, owner, "is_public", public).await
}

/// Lets whoever may watch save the file, or its owner alone; false when it is not the owner's or not there.
pub async fn set_downloads(db: &mut Connection, id: &VideoId, owner: &UserId, on: bool) -> Result<bool, DbError> {
    set(db, id, owner, "downloads_on", on).await
}

/// Lets whoever may watch comment and see what was said, or nobody; false when it is not the owner's or not there.
pub async fn set_comments(db: &mut Connection, id: &VideoId, owner: &UserId, on: bool) -> Result<bool, DbError> {
    set(db, id, owner, "comments_on", on).await
}

async fn set(db: &mut Connection, id: &VideoId, owner: &UserId, what: &str, on: bool) -> Result<bool, DbError> {
    let sql = format!(
        "UPDATE videos SET {what} = :value, updated_at = UTC_TIMESTAMP(3) \
         WHERE id = :id AND owner_id = :owner AND binned_at IS NULL AND deleted_at IS NULL"
    );
    Ok(db.run(&sql, params! { "id" => id.as_str(), "owner" => owner.as_str(), "value" => on }).await? > 0)
}

/// The owner is about to upload the video again. What plays goes on playing; a failed video waits for its upload.
pub async fn reopen(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    let sql = "UPDATE videos SET reupload_asked_at = UTC_TIMESTAMP(3), updated_at = UTC_TIMESTAMP(3), \
               upload_bytes = NULL, upload_total = NULL, upload_told_at = NULL, \
               failure_reason = NULL, failure_retryable = FALSE, status = IF(status = 'failed', 'uploading', status) \
               WHERE id = :id AND deleted_at IS NULL";
    db.run(sql, params! { "id" => id.as_str() }).await?;
    Ok(())
}

/// The owner is about to share a screenshot under this id. What has been published stays what it is.
pub async fn becomes_screenshot(db: &mut Connection, id: &VideoId) -> Result<(), DbError> {
    let sql = "UPDATE videos SET kind = 'screenshot' WHERE id = :id AND published_at IS NULL AND deleted_at IS NULL";
    db.run(sql, params! { "id" => id.as_str() }).await?;
    Ok(())
}

/// Marks a video deleted: from here on nobody sees it and no attempt can publish it. Its objects are removed next, by
/// the caller or, should that fail, by the sweep. False when it is not the owner's or not there; what is in the bin is
/// [`purge`]d.
pub async fn delete(db: &mut Connection, id: &VideoId, owner: &UserId) -> Result<bool, DbError> {
    let sql = "UPDATE videos SET deleted_at = UTC_TIMESTAMP(3), swept_at = NULL \
               WHERE id = :id AND owner_id = :owner AND binned_at IS NULL AND deleted_at IS NULL";
    Ok(db.run(sql, params! { "id" => id.as_str(), "owner" => owner.as_str() }).await? > 0)
}
