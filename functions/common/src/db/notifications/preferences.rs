//! What somebody wants to be told, and how often by mail.

use mysql_async::{Row, params};

use crate::{
    db::{Connection, DbError, column},
    ids::UserId,
};

/// How often somebody is told by mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Digest {
    /// Soon, what happens together in one mail.
    #[default]
    Immediately,
    /// At most once a day.
    Daily,
    /// Not at all.
    Never,
}

impl Digest {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Immediately => "immediately",
            Self::Daily => "daily",
            Self::Never => "never",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Immediately, Self::Daily, Self::Never].into_iter().find(|digest| digest.as_str() == text)
    }
}

/// What somebody does not want to be told, and how often by mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// Of comments on one's videos.
    pub pause_comments: bool,
    /// Of replies to one's comments.
    pub pause_replies: bool,
    /// Of people who watch one's videos.
    pub pause_views: bool,
    /// Of reactions to one's videos.
    pub pause_reactions: bool,
    /// Of the first one who is not signed in and watches.
    pub pause_anon_views: bool,
    /// How often by mail.
    pub digest: Digest,
}

/// Somebody's preferences; the defaults while they have none.
pub async fn preferences(db: &mut Connection, user: &UserId) -> Result<Preferences, DbError> {
    let sql = "SELECT pause_comments, pause_replies, pause_views, pause_reactions, pause_anon_views, digest \
               FROM notification_preferences WHERE user_id = :user";
    let Some(mut row) = db.first::<Row>(sql, params! { "user" => user.as_str() }).await? else {
        return Ok(Preferences::default());
    };
    let row = &mut row;
    Ok(Preferences {
        pause_comments: column(row, "pause_comments")?,
        pause_replies: column(row, "pause_replies")?,
        pause_views: column(row, "pause_views")?,
        pause_reactions: column(row, "pause_reactions")?,
        pause_anon_views: column(row, "pause_anon_views")?,
        digest: Digest::parse(&column::<String>(row, "digest")?).unwrap_or_default(),
    })
}

/// Keeps somebody's preferences, all of them.
pub async fn set_preferences(db: &mut Connection, user: &UserId, wanted: &Preferences) -> Result<(), DbError> {
    let sql = "INSERT INTO notification_preferences \
               (user_id, pause_comments, pause_replies, pause_views, pause_reactions, pause_anon_views, digest) \
               SELECT u.id, :comments, :replies, :views, :reactions, :anonymous, :digest FROM users u \
               WHERE u.id = :user AND u.deleted_at IS NULL \
               ON DUPLICATE KEY UPDATE pause_comments = :comments, pause_replies = :replies, pause_views = :views, \
               pause_reactions = :reactions, pause_anon_views = :anonymous, digest = :digest";
    let params = params! {
        "user" => user.as_str(), "comments" => wanted.pause_comments, "replies" => wanted.pause_replies,
        "views" => wanted.pause_views, "reactions" => wanted.pause_reactions, "anonymous" => wanted.pause_anon_views,
        "digest" => wanted.digest.as_str(),
    };
    db.run(sql, params).await.map(drop)
}

/// Sends somebody no more mail of this kind.
pub async fn stop_mail(db: &mut Connection, user: &UserId) -> Result<(), DbError> {
    let sql = "INSERT INTO notification_preferences (user_id, digest) SELECT u.id, 'never' FROM users u \
               WHERE u.id = :user AND u.deleted_at IS NULL ON DUPLICATE KEY UPDATE digest = 'never'";
    db.run(sql, params! { "user" => user.as_str() }).await.map(drop)
}
