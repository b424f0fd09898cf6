//! What somebody is told: that others said something of their videos, replied to them, or watched.

mod mail;
mod preferences;
mod write;

use mysql_async::{Row, params};

use super::{Connection, DbError, column, instant};
use crate::{
    ids::{CommentId, NotificationId, UserId, VideoId},
    time::Millis,
};

pub use mail::{Recipient, claim, due, mailed, unmailed};
pub use preferences::{Digest, Preferences, preferences, set_preferences, stop_mail};
pub(super) use write::{About, NewId, id, insert};
pub use write::{first_view, read, read_all, read_comment};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody commented on one's video.
    Comment,
    /// Somebody replied to one's comment.
    Reply,
    /// Somebody reacted to one's video.
    Reaction,
    /// Somebody who is signed in watched one's video for the first time.
    View,
    /// Somebody who is not watched one's video, as the first one of them.
    AnonymousView,
}

impl Event {
    /// All that there are.
    pub const ALL: [Self; 5] = [Self::Comment, Self::Reply, Self::Reaction, Self::View, Self::AnonymousView];

    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Reply => "reply",
            Self::Reaction => "reaction",
            Self::View => "view",
            Self::AnonymousView => "anon_view",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == text)
    }

    /// The column that keeps somebody from being told.
    fn paused_by(self) -> &'static str {
        match self {
            Self::Comment => "pause_comments",
            Self::Reply => "pause_replies",
            Self::Reaction => "pause_reactions",
            Self::View => "pause_views",
            Self::AnonymousView => "pause_anon_views",
        }
    }
}

/// Something that somebody is told.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// What happened.
    pub event: Event,
    /// Where.
    pub video: VideoId,
    /// The video's title.
    pub title: String,
    /// Who did it, if they are anybody.
    pub actor: Option<UserId>,
    /// What they are called, if they said.
    pub actor_name: Option<String>,
    /// What they wrote or gave.
    pub comment: Option<(CommentId, String)>,
    /// When it happened.
    pub created_at: Millis,
    /// When it was read.
    pub read_at: Option<Millis>,
}

const COLUMNS: &str = "n.id, n.kind, n.video_id, v.name AS title, n.actor_id, a.name AS actor_name, n.comment_id, \
     COALESCE(c.content, '') AS content, ROUND(UNIX_TIMESTAMP(n.created_at) * 1000) AS created_at, \
     ROUND(UNIX_TIMESTAMP(n.read_at) * 1000) AS read_at \
     FROM notifications n JOIN videos v ON v.id = n.video_id AND v.deleted_at IS NULL AND v.binned_at IS NULL \
     LEFT JOIN users a ON a.id = n.actor_id LEFT JOIN comments c ON c.id = n.comment_id";

fn notification(mut row: Row) -> Result<Option<Notification>, DbError> {
    let row = &mut row;
    let id = NotificationId::parse(&column::<String>(row, "id")?);
    let event = Event::parse(&column::<String>(row, "kind")?);
    let video = VideoId::parse(&column::<String>(row, "video_id")?);
    let (Some(id), Some(event), Some(video)) = (id, event, video) else { return Ok(None) };
    let comment = column::<Option<String>>(row, "comment_id")?.as_deref().and_then(CommentId::parse);
    let content: String = column(row, "content")?;
    Ok(Some(Notification {
        id,
        event,
        video,
        title: column(row, "title")?,
        actor: column::<Option<String>>(row, "actor_id")?.as_deref().and_then(UserId::parse),
        actor_name: column(row, "actor_name")?,
        comment: comment.map(|id| (id, content)),
        created_at: instant(row, "created_at")?.unwrap_or(Millis(0)),
        read_at: instant(row, "read_at")?,
    }))
}

/// What somebody was told, the newest first.
pub async fn list(db: &mut Connection, recipient: &UserId, limit: u32) -> Result<Vec<Notification>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} WHERE n.recipient_id = :recipient ORDER BY n.created_at DESC, n.id DESC LIMIT :limit"
    );
    let rows = db.all(&sql, params! { "recipient" => recipient.as_str(), "limit" => limit }).await?;
    rows.into_iter().map(notification).filter_map(Result::transpose).collect()
}

/// How much of each kind somebody has not read.
pub async fn unread(db: &mut Connection, recipient: &UserId) -> Result<Vec<(Event, u64)>, DbError> {
    let sql = "SELECT n.kind, COUNT(*) AS times FROM notifications n \
               JOIN videos v ON v.id = n.video_id AND v.deleted_at IS NULL AND v.binned_at IS NULL \
               WHERE n.recipient_id = :recipient AND n.read_at IS NULL GROUP BY n.kind";
    let rows = db.all(sql, params! { "recipient" => recipient.as_str() }).await?;
    let read = |mut row: Row| -> Result<Option<(Event, u64)>, DbError> {
        let times = column(&mut row, "times")?;
        Ok(Event::parse(&column::<String>(&mut row, "kind")?).map(|event| (event, times)))
    };
    rows.into_iter().filter_map(|row| read(row).transpose()).collect()
}
