//! What people say of a video: comments, replies one level deep, and reactions at a moment of it.

mod write;

use mysql_async::{Params, Row, Value, params};

use super::{Connection, DbError, column, instant};
use crate::{
    ids::{CommentId, UserId, VideoId},
    time::Millis,
};

pub use write::{Added, By, New, add, delete, edit, forget_author, video_of};

/// Characters of a comment.
pub const CHARACTERS: usize = 5000;
/// What a reaction may be.
pub const REACTIONS: [&str; 6] = ["😂", "😍", "😮", "🙌", "👍", "👎"];
/// Changes that one video's comments may see: a page could not show more of them.
const MOST: u64 = 20_000;

/// What a comment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// One of [`REACTIONS`].
    Emoji,
}

impl Kind {
    /// The word in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Emoji => "emoji",
        }
    }
}

/// A comment or a reaction.
#[derive(Clone, Debug)]
pub struct Comment {
    /// Its id.
    pub id: CommentId,
    /// Words, or a reaction.
    pub kind: Kind,
    /// Exactly what was written; empty when it is deleted.
    pub content: String,
    /// The moment of the video that it is about, in milliseconds.
    pub at_ms: Option<u32>,
    /// What it replies to.
    pub parent: Option<CommentId>,
    /// Who wrote it, while they have an account.
    pub author: Option<UserId>,
    /// What they are called, if they said.
    pub author_name: Option<String>,
    /// Its place in the order in which the video's comments were written.
    pub number: u64,
    /// When it was written.
    pub created_at: Millis,
    /// When it was changed.
    pub edited_at: Option<Millis>,
    /// True when it is gone.
    pub deleted: bool,
}

const COLUMNS: &str = "c.id, c.type, c.content, c.at_ms, c.parent_id, c.author_id, u.name AS author_name, c.number, \
     ROUND(UNIX_TIMESTAMP(c.created_at) * 1000) AS created_at, ROUND(UNIX_TIMESTAMP(c.edited_at) * 1000) AS edited_at, \
     c.deleted_at IS NOT NULL AS deleted";

fn comment(mut row: Row) -> Result<Option<Comment>, DbError> {
    let row = &mut row;
    let Some(id) = CommentId::parse(&column::<String>(row, "id")?) else { return Ok(None) };
    Ok(Some(Comment {
        id,
        kind: if column::<String>(row, "type")? == "emoji" { Kind::Emoji } else { Kind::Text },
        content: column(row, "content")?,
        at_ms: column(row, "at_ms")?,
        parent: column::<Option<String>>(row, "parent_id")?.as_deref().and_then(CommentId::parse),
        author: column::<Option<String>>(row, "author_id")?.as_deref().and_then(UserId::parse),
        author_name: column(row, "author_name")?,
        number: column(row, "number")?,
        created_at: instant(row, "created_at")?.unwrap_or(Millis(0)),
        edited_at: instant(row, "edited_at")?,
        deleted: column(row, "deleted")?,
    }))
}

async fn read(db: &mut Connection, sql: &str, params: impl Into<Params> + Send) -> Result<Vec<Comment>, DbError> {
    let rows = db.all(sql, params).await?;
    rows.into_iter().map(comment).filter_map(Result::transpose).collect()
}

/// Some of a video's comments.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// What changed after this version, deleted ones too; oldest change first.
    After(u64),
    /// The newest that were written before this one, and stand.
    Before(u64),
}

/// Comments and reactions of a video, at most so many.
pub async fn list(db: &mut Connection, video: &VideoId, part: Part, limit: u32) -> Result<Vec<Comment>, DbError> {
    let (which, than) = match part {
        Part::After(version) => ("c.version > :than ORDER BY c.version", version),
        Part::Before(number) => (
            "c.number < :than AND (c.deleted_at IS NULL OR EXISTS (SELECT 1 FROM comments r \
             WHERE r.thread_id = c.id AND r.deleted_at IS NULL)) ORDER BY c.number DESC",
            number,
        ),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM comments c LEFT JOIN users u ON u.id = c.author_id \
         WHERE c.video_id = :video AND {which} LIMIT :limit"
    );
    read(db, &sql, params! { "video" => video.as_str(), "than" => than, "limit" => limit }).await
}

/// The newest threads of a video that begin before a number, or around one comment: comments with all that replies to them.
/// Newest thread first, and in each what was written first.
pub async fn threads(
    db: &mut Connection,
    video: &VideoId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<Comment>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM (SELECT b.id, b.number FROM comments b WHERE b.video_id = :video AND b.parent_id IS NULL \
         AND b.type = 'text' AND (:before IS NULL OR b.number < :before) AND (b.deleted_at IS NULL OR EXISTS \
         (SELECT 1 FROM comments r WHERE r.thread_id = b.id AND r.deleted_at IS NULL)) \
         ORDER BY b.number DESC LIMIT :limit) t \
         JOIN comments c ON c.thread_id = t.id AND (c.deleted_at IS NULL OR c.id = t.id) \
         LEFT JOIN users u ON u.id = c.author_id ORDER BY t.number DESC, c.number"
    );
    read(db, &sql, params! { "video" => video.as_str(), "before" => before, "limit" => limit }).await
}

/// The number of the comment that a thread begins with, by any comment of the thread.
pub async fn place(db: &mut Connection, video: &VideoId, id: &CommentId) -> Result<Option<u64>, DbError> {
    let sql = "SELECT b.number FROM comments c JOIN comments b ON b.id = c.thread_id \
               WHERE c.id = :id AND c.video_id = :video AND c.type = 'text' AND c.deleted_at IS NULL";
    db.first(sql, params! { "id" => id.as_str(), "video" => video.as_str() }).await
}

/// One that stands.
pub async fn find(db: &mut Connection, video: &VideoId, id: &CommentId) -> Result<Option<Comment>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM comments c LEFT JOIN users u ON u.id = c.author_id \
         WHERE c.id = :id AND c.video_id = :video AND c.deleted_at IS NULL"
    );
    let row: Option<Row> = db.first(&sql, params! { "id" => id.as_str(), "video" => video.as_str() }).await?;
    row.map_or(Ok(None), comment)
}

/// How often each reaction was given to a video.
pub async fn reactions(db: &mut Connection, video: &VideoId) -> Result<Vec<(String, u64)>, DbError> {
    let sql = "SELECT content, COUNT(*) AS times FROM comments \
               WHERE video_id = :video AND type = 'emoji' AND deleted_at IS NULL GROUP BY content";
    let rows = db.all(sql, vec![("video", Value::from(video.as_str()))]).await?;
    rows.into_iter().map(|mut row| Ok((column(&mut row, "content")?, column(&mut row, "times")?))).collect()
}
