//! Notifications that are written and read.

use mysql_async::{Params, params, prelude::Queryable};

use super::Event;
use crate::{
    db::{Connection, DbError, bounded},
    ids::{CommentId, NotificationId, UserId, VideoId},
};

/// The id of a notification that may be written.
pub(in crate::db) type NewId = NotificationId;

/// An id for one.
pub(in crate::db) fn id() -> Result<NewId, getrandom::Error> {
    NotificationId::random()
}

/// What somebody is to be told.
#[derive(Clone, Copy, Debug)]
pub(in crate::db) struct About<'a> {
    pub(in crate::db) event: Event,
    pub(in crate::db) recipient: &'a UserId,
    pub(in crate::db) video: &'a VideoId,
    pub(in crate::db) actor: Option<&'a UserId>,
    pub(in crate::db) comment: Option<&'a CommentId>,
}

impl About<'_> {
    /// What it is told of once: each comment, and of each person that they watched a video or reacted to it.
    fn once(&self) -> String {
        let (event, actor) = (self.event.as_str(), self.actor.map_or("-", UserId::as_str));
        match (self.event, self.comment) {
            (Event::Comment | Event::Reply, Some(comment)) => format!("{event}:{comment}"),
            _ => format!("{event}:{}:{actor}", self.video),
        }
    }
}

/// Tells somebody, unless they were told, do not want to be, or did it themselves.
pub(in crate::db) async fn insert(
    db: &mut impl Queryable,
    id: NewId,
    about: &About<'_>,
) -> Result<(), mysql_async::Error> {
    let paused = about.event.paused_by();
    let sql = format!(
        "INSERT INTO notifications (id, recipient_id, kind, video_id, actor_id, comment_id, dedup_key) \
         SELECT :id, u.id, :kind, :video, :actor, :comment, :once FROM users u \
         LEFT JOIN notification_preferences p ON p.user_id = u.id \
         WHERE u.id = :recipient AND u.deleted_at IS NULL AND NOT (u.id <=> :actor) AND NOT COALESCE(p.{paused}, FALSE) \
         ON DUPLICATE KEY UPDATE id = notifications.id"
    );
    let params: Params = params! {
        "id" => id.as_str(), "kind" => about.event.as_str(), "video" => about.video.as_str(),
        "actor" => about.actor.map(UserId::as_str), "comment" => about.comment.map(CommentId::as_str),
        "once" => about.once(), "recipient" => about.recipient.as_str(),
    };
    db.exec_drop(sql, params).await
}

/// Tells the owner of a video that it was watched: by each person who is signed in once, and once by somebody who is not.
/// Calling it for every view is fine; of one's own nobody is told.
pub async fn first_view(
    db: &mut Connection,
    video: &VideoId,
    owner: &UserId,
    viewer: Option<&UserId>,
) -> Result<(), DbError> {
    let new = id()?;
    let event = if viewer.is_some() { Event::View } else { Event::AnonymousView };
    let about = About { event, recipient: owner, video, actor: viewer, comment: None };
    bounded(insert(&mut db.0, new, &about)).await
}

/// Marks some of somebody's notifications as read; how many there are of them.
pub async fn read(db: &mut Connection, recipient: &UserId, ids: &[NotificationId]) -> Result<u64, DbError> {
    let mut found = 0;
    for id in ids {
        let sql = "UPDATE notifications SET read_at = COALESCE(read_at, UTC_TIMESTAMP(3)) \
                   WHERE id = :id AND recipient_id = :recipient";
        found += db.run(sql, params! { "id" => id.as_str(), "recipient" => recipient.as_str() }).await?;
    }
    Ok(found)
}

/// Marks all of somebody's notifications as read; how many were not.
pub async fn read_all(db: &mut Connection, recipient: &UserId) -> Result<u64, DbError> {
    let sql = "UPDATE notifications SET read_at = UTC_TIMESTAMP(3) WHERE recipient_id = :recipient AND read_at IS NULL";
    db.run(sql, params! { "recipient" => recipient.as_str() }).await
}

/// Somebody has seen a comment on its page, so they need not be told of it any more.
pub async fn read_comment(db: &mut Connection, recipient: &UserId, comment: &CommentId) -> Result<(), DbError> {
    let sql = "UPDATE notifications SET read_at = UTC_TIMESTAMP(3) \
               WHERE comment_id = :comment AND recipient_id = :recipient AND read_at IS NULL";
    db.run(sql, params! { "comment" => comment.as_str(), "recipient" => recipient.as_str() }).await.map(drop)
}
