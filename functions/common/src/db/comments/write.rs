//! Comments that are written, changed and deleted. Each change takes the video's next version, under a lock on its row, so that
//! whoever has seen one version misses nothing by asking for what came after it.

use mysql_async::{Row, Transaction, TxOpts, params, prelude::Queryable};

use super::{Kind, MOST};
use crate::{
    db::{
        Connection, DbError, bounded, column,
        notifications::{self, Event},
    },
    ids::{CommentId, UserId, VideoId},
};

/// A comment to be written.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// The video that it is about.
    pub video: &'a VideoId,
    /// Whose video that is.
    pub owner: &'a UserId,
    /// Who writes.
    pub author: &'a UserId,
    /// Words or a reaction.
    pub kind: Kind,
    /// What is written.
    pub content: &'a str,
    /// The moment of the video, in milliseconds.
    pub at_ms: Option<u32>,
    /// What it replies to. A reply to a reply stands beside that one.
    pub parent: Option<&'a CommentId>,
    /// Under which its author may ask again without writing it twice.
    pub key: Option<&'a str>,
}

impl New<'_> {
    /// Under one key the same words of the same person are the same comment.
    fn id(&self) -> Result<CommentId, getrandom::Error> {
        let Some(key) = self.key else { return CommentId::random() };
        let at = self.at_ms.map(|at| at.to_string()).unwrap_or_default();
        let parent = self.parent.map_or("", CommentId::as_str);
        let (video, author) = (self.video.as_str(), self.author.as_str());
        Ok(CommentId::derived(&[author, video, key, self.kind.as_str(), parent, &at, self.content]))
    }
}

/// What became of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there, and whom it concerns will be told.
    Comment(CommentId),
    /// The video takes none, or no more.
    Refused,
    /// What it replies to is not there, or not any longer.
    NoParent,
    /// Its author's account was deleted meanwhile.
    NoAccount,
}

/// Who deletes a comment.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Its author alone.
    Author(&'a UserId),
    /// The owner of the video, who may delete any of it.
    Owner,
}

/// Takes a video's next version, with the lock that orders its comments. `with` is set beside it.
async fn next_version(
    transaction: &mut Transaction<'_>,
    video: &VideoId,
    with: &str,
    only: &str,
) -> Result<bool, mysql_async::Error> {
    let sql = format!(
        "UPDATE videos SET comments_version = LAST_INSERT_ID(comments_version + 1){with} \
         WHERE id = :video AND deleted_at IS NULL AND binned_at IS NULL{only}"
    );
    transaction.exec_drop(sql, params! { "video" => video.as_str() }).await?;
    Ok(transaction.affected_rows() > 0)
}

/// Which counter of the video a comment is counted by.
fn counter(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "comment_count",
        Kind::Emoji => "reaction_count",
    }
}

/// Writes a comment, and tells whom it concerns.
pub async fn add(db: &mut Connection, new: &New<'_>) -> Result<Added, DbError> {
    let id = new.id()?;
    let told = [notifications::id()?, notifications::id()?];
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let counter = counter(new.kind);
        let (with, only) =
            (format!(", {counter} = {counter} + 1"), format!(" AND comments_on AND comments_version < {MOST}"));
        if !next_version(&mut transaction, new.video, &with, &only).await? {
            transaction.rollback().await?;
            return Ok(Added::Refused);
        }
        if new.key.is_some() && is_there(&mut transaction, &id).await? {
            transaction.rollback().await?;
            return Ok(Added::Comment(id));
        }
        let answered = match new.parent {
            None => None,
            Some(parent) => match answered(&mut transaction, new.video, parent).await? {
                None => {
                    transaction.rollback().await?;
                    return Ok(Added::NoParent);
                }
                found => found,
            },
        };
        if !insert(&mut transaction, &id, new, answered.as_ref()).await? {
            transaction.rollback().await?;
            return Ok(Added::NoAccount);
        }
        tell(&mut transaction, &id, new, answered, told).await?;
        transaction.commit().await?;
        Ok(Added::Comment(id))
    })
    .await
}

async fn is_there(transaction: &mut Transaction<'_>, id: &CommentId) -> Result<bool, mysql_async::Error> {
    let sql = "SELECT 1 FROM comments WHERE id = :id";
    Ok(transaction.exec_first::<u8, _, _>(sql, params! { "id" => id.as_str() }).await?.is_some())
}

/// What a reply answers: the comment that its thread begins with, and who wrote what is answered.
struct Answered {
    thread: String,
    author: Option<String>,
}

async fn answered(
    transaction: &mut Transaction<'_>,
    video: &VideoId,
    parent: &CommentId,
) -> Result<Option<Answered>, mysql_async::Error> {
    let sql = "SELECT thread_id, author_id FROM comments \
               WHERE id = :parent AND video_id = :video AND type = 'text' AND deleted_at IS NULL";
    let params = params! { "parent" => parent.as_str(), "video" => video.as_str() };
    let found: Option<(String, Option<String>)> = transaction.exec_first(sql, params).await?;
    Ok(found.map(|(thread, author)| Answered { thread, author }))
}

/// Reads the author's row under a lock: nothing is written for an account that is being deleted.
async fn insert(
    transaction: &mut Transaction<'_>,
    id: &CommentId,
    new: &New<'_>,
    answered: Option<&Answered>,
) -> Result<bool, mysql_async::Error> {
    let sql = "INSERT INTO comments (id, video_id, author_id, parent_id, type, content, at_ms, number, version) \
               SELECT :id, :video, u.id, :parent, :type, :content, :at, LAST_INSERT_ID(), LAST_INSERT_ID() \
               FROM users u WHERE u.id = :author AND u.deleted_at IS NULL";
    let params = params! {
        "id" => id.as_str(), "video" => new.video.as_str(), "author" => new.author.as_str(),
        "parent" => answered.map(|answered| answered.thread.as_str()), "type" => new.kind.as_str(),
        "content" => new.content, "at" => new.at_ms,
    };
    transaction.exec_drop(sql, params).await?;
    Ok(transaction.affected_rows() > 0)
}

/// The author of what is answered is told of a reply; the owner of anything else.
async fn tell(
    transaction: &mut Transaction<'_>,
    id: &CommentId,
    new: &New<'_>,
    answered: Option<Answered>,
    [first, second]: [notifications::NewId; 2],
) -> Result<(), mysql_async::Error> {
    let about = |event, recipient| notifications::About {
        event,
        recipient,
        video: new.video,
        actor: Some(new.author),
        comment: Some(id),
    };
    let replied_to = answered.and_then(|answered| answered.author).as_deref().and_then(UserId::parse);
    if let Some(recipient) = &replied_to {
        notifications::insert(transaction, first, &about(Event::Reply, recipient)).await?;
    }
    if replied_to.as_ref() != Some(new.owner) {
        let event = if new.kind == Kind::Emoji { Event::Reaction } else { Event::Comment };
        notifications::insert(transaction, second, &about(event, new.owner)).await?;
    }
    Ok(())
}

/// Changes the words of a comment of one's own; false when there is no such comment, or the video takes none.
pub async fn edit(
    db: &mut Connection,
    video: &VideoId,
    id: &CommentId,
    author: &UserId,
    content: &str,
) -> Result<bool, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let mut changed = next_version(&mut transaction, video, "", " AND comments_on").await?;
        if changed {
            let sql = "UPDATE comments SET content = :content, edited_at = UTC_TIMESTAMP(3), version = LAST_INSERT_ID() \
                       WHERE id = :id AND video_id = :video AND author_id = :author AND type = 'text' \
                       AND deleted_at IS NULL";
            let params = params! {
                "content" => content, "id" => id.as_str(), "video" => video.as_str(), "author" => author.as_str(),
            };
            transaction.exec_drop(sql, params).await?;
            changed = transaction.affected_rows() > 0;
        }
        if changed { transaction.commit().await? } else { transaction.rollback().await? }
        Ok(changed)
    })
    .await
}

/// Deletes a comment or reaction of a video; false when there is none that they may delete. Replies stay.
pub async fn delete(db: &mut Connection, video: &VideoId, id: &CommentId, by: By<'_>) -> Result<bool, DbError> {
    let author = match by {
        By::Author(author) => Some(author.as_str()),
        By::Owner => None,
    };
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let deleted = remove(&mut transaction, video, id, author).await?;
        if deleted {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        Ok(deleted)
    })
    .await
}

async fn remove(
    transaction: &mut Transaction<'_>,
    video: &VideoId,
    id: &CommentId,
    author: Option<&str>,
) -> Result<bool, mysql_async::Error> {
    const WHICH: &str =
        "id = :id AND video_id = :video AND deleted_at IS NULL AND author_id <=> COALESCE(:author, author_id)";
    let named = || params! { "id" => id.as_str(), "video" => video.as_str(), "author" => author };
    let sql = format!("SELECT type FROM comments WHERE {WHICH}");
    let Some(kind) = transaction.exec_first::<String, _, _>(sql, named()).await? else { return Ok(false) };
    let counter = counter(if kind == "emoji" { Kind::Emoji } else { Kind::Text });
    if !next_version(transaction, video, &format!(", {counter} = {counter} - 1"), "").await? {
        return Ok(false);
    }
    let sql = format!(
        "UPDATE comments SET content = '', deleted_at = UTC_TIMESTAMP(3), version = LAST_INSERT_ID() WHERE {WHICH}"
    );
    transaction.exec_drop(sql, named()).await?;
    // Somebody else was quicker.
    if transaction.affected_rows() == 0 {
        return Ok(false);
    }
    let sql = "DELETE FROM notifications WHERE comment_id = :id";
    transaction.exec_drop(sql, params! { "id" => id.as_str() }).await?;
    Ok(true)
}

/// The video of a comment that stands.
pub async fn video_of(db: &mut Connection, id: &CommentId) -> Result<Option<VideoId>, DbError> {
    let sql = "SELECT c.video_id FROM comments c JOIN videos v ON v.id = c.video_id \
               WHERE c.id = :id AND c.deleted_at IS NULL AND v.deleted_at IS NULL AND v.binned_at IS NULL";
    let Some(mut row) = db.first::<Row>(sql, params! { "id" => id.as_str() }).await? else { return Ok(None) };
    Ok(VideoId::parse(&column::<String>(&mut row, "video_id")?))
}

/// Deletes all that somebody has written, with their account.
pub async fn forget_author(transaction: &mut Transaction<'_>, author: &UserId) -> Result<(), mysql_async::Error> {
    for sql in [
        "UPDATE videos v JOIN (SELECT video_id, SUM(type = 'text') AS texts, SUM(type = 'emoji') AS emojis \
         FROM comments WHERE author_id = :id AND deleted_at IS NULL GROUP BY video_id) c ON c.video_id = v.id \
         SET v.comments_version = v.comments_version + 1, v.comment_count = v.comment_count - c.texts, \
         v.reaction_count = v.reaction_count - c.emojis",
        "DELETE n FROM notifications n JOIN comments c ON c.id = n.comment_id WHERE c.author_id = :id",
        "UPDATE comments c JOIN videos v ON v.id = c.video_id SET c.content = '', c.deleted_at = UTC_TIMESTAMP(3), \
         c.version = v.comments_version WHERE c.author_id = :id AND c.deleted_at IS NULL",
    ] {
        transaction.exec_drop(sql, params! { "id" => author.as_str() }).await?;
    }
    Ok(())
}
