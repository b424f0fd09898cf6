//! What was said of videos in a Cap. Nobody is told of it again.

use std::collections::{HashMap, HashSet};

use mysql_async::{Transaction, TxOpts, params, prelude::Queryable};

use super::{listed, places};
use crate::{
    db::{Connection, DbError, bounded, comments::Kind},
    ids::{CommentId, UserId, VideoId},
    time::Millis,
};

/// A comment or reaction that is to be here.
#[derive(Clone, Debug)]
pub struct NewComment {
    /// Its id.
    pub id: CommentId,
    /// Who wrote it, where that is known here.
    pub author: Option<UserId>,
    /// What it replies to. Without that it stands for itself.
    pub parent: Option<CommentId>,
    /// Words or a reaction.
    pub kind: Kind,
    /// What was written.
    pub content: String,
    /// The moment of the video, in milliseconds.
    pub at_ms: Option<u32>,
    /// When it was written.
    pub created_at: Option<Millis>,
}

/// Which of these there are, deleted ones too.
pub async fn known_comments(db: &mut Connection, ids: &[&str]) -> Result<HashSet<String>, DbError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let sql = format!("SELECT id FROM comments WHERE id IN ({})", places(ids.len()));
    let rows = db.all(&sql, listed(None, ids)).await?;
    rows.into_iter().map(|mut row| super::column(&mut row, "id")).collect()
}

/// Adds those of a video's comments that are not there, in this order; how many that were. They have the video's next versions,
/// under the lock that orders all changes of them.
pub async fn comments(db: &mut Connection, video: &VideoId, new: &[NewComment]) -> Result<usize, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let sql = "SELECT comments_version FROM videos WHERE id = :video AND deleted_at IS NULL FOR UPDATE";
        let version: Option<u64> = transaction.exec_first(sql, params! { "video" => video.as_str() }).await?;
        let Some(mut version) = version else {
            transaction.rollback().await?;
            return Ok(0);
        };
        let mut threads = threads(&mut transaction, video, new).await?;
        let (mut texts, mut reactions) = (0_usize, 0_usize);
        for comment in new {
            if threads.contains_key(comment.id.as_str()) {
                continue;
            }
            version += 1;
            let thread = comment.parent.as_ref().and_then(|parent| threads.get(parent.as_str()).cloned().flatten());
            insert(&mut transaction, video, comment, thread.as_deref(), version).await?;
            let own = (comment.kind == Kind::Text).then(|| thread.unwrap_or_else(|| comment.id.to_string()));
            threads.insert(comment.id.to_string(), own);
            match comment.kind {
                Kind::Text => texts += 1,
                Kind::Emoji => reactions += 1,
            }
        }
        let sql = "UPDATE videos SET comments_version = :version, comment_count = comment_count + :texts, \
                   reaction_count = reaction_count + :reactions WHERE id = :video";
        let counted = params! {
            "version" => version, "texts" => texts, "reactions" => reactions, "video" => video.as_str(),
        };
        transaction.exec_drop(sql, counted).await?;
        transaction.commit().await?;
        Ok(texts + reactions)
    })
    .await
}

/// Which of these comments, and of what they reply to, are there; and the thread of each, where it can be replied to.
async fn threads(
    transaction: &mut Transaction<'_>,
    video: &VideoId,
    new: &[NewComment],
) -> Result<HashMap<String, Option<String>>, mysql_async::Error> {
    let ids: HashSet<&str> = new
        .iter()
        .flat_map(|comment| std::iter::once(&comment.id).chain(&comment.parent))
        .map(CommentId::as_str)
        .collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT id, IF(video_id = ? AND type = 'text', thread_id, NULL) FROM comments WHERE id IN ({})",
        places(ids.len())
    );
    let found: Vec<(String, Option<String>)> = transaction.exec(sql, listed(Some(video.as_str()), &ids)).await?;
    Ok(found.into_iter().collect())
}

async fn insert(
    transaction: &mut Transaction<'_>,
    video: &VideoId,
    comment: &NewComment,
    thread: Option<&str>,
    version: u64,
) -> Result<(), mysql_async::Error> {
    let sql = "INSERT INTO comments (id, video_id, author_id, parent_id, type, content, at_ms, number, version, created_at) \
               VALUES (:id, :video, (SELECT u.id FROM users u WHERE u.id = :author AND u.deleted_at IS NULL), :parent, \
               :type, :content, :at, :version, :version, COALESCE(FROM_UNIXTIME(:created / 1000), UTC_TIMESTAMP(3)))";
    let params = params! {
        "id" => comment.id.as_str(), "video" => video.as_str(),
        "author" => comment.author.as_ref().map(UserId::as_str), "parent" => thread, "type" => comment.kind.as_str(),
        "content" => comment.content.as_str(), "at" => comment.at_ms, "version" => version,
        "created" => comment.created_at.map(|at| at.0),
    };
    transaction.exec_drop(sql, params).await
}
