//! A comment as viewers see it. It names nobody by id.

use common::{db::comments::Comment, ids::CommentId, time::Millis};
use serde::Serialize;
use utoipa::ToSchema;

use crate::viewing::Seen;

/// A comment, a reply or a reaction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VideoComment)]
pub(in crate::routes) struct Said {
    pub(in crate::routes) id: CommentId,
    /// Its place in the order in which they were written.
    pub(in crate::routes) number: u64,
    /// `text` or `emoji`.
    r#type: &'static str,
    pub(in crate::routes) content: String,
    /// The moment of the video, in seconds.
    pub(in crate::routes) timestamp: Option<f64>,
    /// What it replies to.
    pub(in crate::routes) parent_comment_id: Option<CommentId>,
    /// What its author is called, if they said.
    pub(in crate::routes) author: Option<String>,
    /// True when the video's owner wrote it.
    pub(in crate::routes) by_owner: bool,
    /// True when whoever asks wrote it.
    pub(in crate::routes) mine: bool,
    /// True when whoever asks may delete it.
    pub(in crate::routes) deletable: bool,
    pub(in crate::routes) created_at: Millis,
    pub(in crate::routes) edited_at: Option<Millis>,
    /// True when it is gone; nothing else is told of it then.
    pub(in crate::routes) deleted: bool,
}

impl Said {
    /// As whoever watches sees it.
    pub(in crate::routes) fn of(comment: Comment, seen: &Seen) -> Self {
        let Comment { deleted, author, .. } = comment;
        let is = |who: Option<&common::ids::UserId>| !deleted && who.is_some() && author.as_ref() == who;
        let mine = is(seen.visitor.as_ref());
        Self {
            by_owner: is(Some(&seen.video.owner)),
            mine,
            deletable: mine || (!deleted && seen.visitor.as_ref() == Some(&seen.video.owner)),
            id: comment.id,
            number: comment.number,
            r#type: comment.kind.as_str(),
            content: comment.content,
            timestamp: comment.at_ms.filter(|_| !deleted).map(|millis| f64::from(millis) / 1000.0),
            parent_comment_id: comment.parent,
            author: comment.author_name.filter(|_| !deleted),
            created_at: comment.created_at,
            edited_at: comment.edited_at,
            deleted,
        }
    }
}
