//! Comments and reactions by the agent API, and the contract's way to delete one's own.

use common::{
    agent::Scope,
    db::{
        Connection,
        comments::{self, Added, By, Comment, Kind, New},
        share_links,
        videos::Video,
    },
    error::ApiError,
    http::{Answer, StatusCode, agent_json, idempotency_key, json, json_response, query},
    identity::{self, Credential},
    ids::{CommentId, ShareCode, UserId, VideoId},
    talk,
    time::Millis,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommentOnCap)]
struct Write {
    /// Words, or of a reaction one of 😂 😍 😮 🙌 👍 👎.
    #[schema(min_length = 1, max_length = 5000)]
    content: String,
    /// The moment of the video.
    #[schema(minimum = 0)]
    timestamp_ms: Option<f64>,
}

/// A comment, a reply or a reaction.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CapComment)]
pub(super) struct Shown {
    id: CommentId,
    /// `text` or `emoji`.
    r#type: &'static str,
    content: String,
    timestamp_ms: Option<u32>,
    /// What it replies to.
    parent_comment_id: Option<CommentId>,
    /// Null when their account is gone.
    author: Option<Author>,
    created_at: Millis,
    updated_at: Millis,
}

/// Who wrote or did something.
#[derive(Serialize, ToSchema)]
#[schema(as = CapAuthor)]
pub(super) struct Author {
    pub(super) id: UserId,
    pub(super) name: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeletedCapComment)]
struct Deleted<'a> {
    id: &'a CommentId,
    deleted: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CommentGone)]
struct Gone {
    success: bool,
}

impl Shown {
    pub(super) fn of(comment: Comment) -> Self {
        Self {
            author: comment.author.map(|id| Author { id, name: comment.author_name }),
            id: comment.id,
            r#type: comment.kind.as_str(),
            content: comment.content,
            timestamp_ms: comment.at_ms,
            parent_comment_id: comment.parent,
            created_at: comment.created_at,
            updated_at: comment.edited_at.unwrap_or(comment.created_at),
        }
    }
}

/// Comment on a video
///
/// One's own, or one that whoever has its first link may watch. The same `Idempotency-Key` writes nothing a second time.
#[utoipa::path(
    post,
    path = "/api/v1/caps/{id}/comments",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The video's"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    request_body = Write,
    responses((status = 201, body = Shown), (status = 403, description = "Its owner wants no comments, or it is shut")),
)]
pub(super) async fn create(app: &App, request: &Request, id: &str) -> Answer {
    add(app, request, id, Kind::Text, None).await
}

/// Reply to a comment
///
/// A reply to a reply stands beside that one.
#[utoipa::path(
    post,
    path = "/api/v1/caps/{id}/comments/{comment}/replies",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The video's"),
        ("comment" = String, Path, description = "The comment's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    request_body = Write,
    responses((status = 201, body = Shown), (status = 403, description = "Its owner wants no comments, or it is shut")),
)]
pub(super) async fn reply(app: &App, request: &Request, id: &str, comment: &str) -> Answer {
    add(app, request, id, Kind::Text, Some(comment)).await
}

/// React to a moment of a video
#[utoipa::path(
    post,
    path = "/api/v1/caps/{id}/reactions",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The video's"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    request_body = Write,
    responses((status = 201, body = Shown), (status = 403, description = "Its owner wants no comments, or it is shut")),
)]
pub(super) async fn react(app: &App, request: &Request, id: &str) -> Answer {
    add(app, request, id, Kind::Emoji, None).await
}

/// Delete a comment
///
/// One's own, or any of one's own video. Replies stay.
#[utoipa::path(
    delete,
    path = "/api/v1/caps/{id}/comments/{comment}",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The video's"),
        ("comment" = String, Path, description = "The comment's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
        ("X-Cap-Confirmation" = Option<String>, Header, description = "user, when a person has confirmed it"),
    ),
    responses((status = 200, body = Deleted<'_>), (status = 428, description = "A token of the cap command needs a person to confirm it")),
)]
pub(super) async fn delete(app: &App, request: &Request, id: &str, comment: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?.needing(Scope::Comment);
    idempotency_key(request)?;
    let mut db = app.db.connect().await?;
    let access = identity::access(&mut db, &credential, id).await?;
    let video = access.video.ok_or_else(ApiError::video_not_found)?;
    let comment = CommentId::parse(comment).ok_or_else(talk::no_comment)?;
    credential.confirmed(request)?;
    let by = if access.caller == video.owner { By::Owner } else { By::Author(&access.caller) };
    if !comments::delete(&mut db, &video.id, &comment, by).await? {
        return Err(talk::no_comment());
    }
    agent_json(request, StatusCode::OK, &Deleted { id: &comment, deleted: true })
}

/// Delete one's own comment
#[utoipa::path(
    delete,
    path = "/api/video/comment/delete",
    tag = "Comments",
    params(("commentId" = String, Query, description = "The comment's")),
    responses((status = 200, body = Gone), (status = 404, description = "No such comment, or somebody else's")),
)]
pub(super) async fn by_query(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let id =
        query(request, "commentId").ok_or_else(|| ApiError::bad_request("commentId is missing from the query."))?;
    let mut db = app.db.connect().await?;
    let author = identity::caller(&mut db, &credential).await?;
    let id = CommentId::parse(id).ok_or_else(talk::no_comment)?;
    let video = comments::video_of(&mut db, &id).await?.ok_or_else(talk::no_comment)?;
    if !comments::delete(&mut db, &video, &id, By::Author(&author)).await? {
        return Err(talk::no_comment());
    }
    json_response(StatusCode::OK, &Gone { success: true })
}

async fn add(app: &App, request: &Request, id: &str, kind: Kind, parent: Option<&str>) -> Answer {
    let credential = identity::writing(&app.site, request)?.needing(Scope::Comment);
    let key = idempotency_key(request)?;
    let Write { content, timestamp_ms } = json(request)?;
    let mut db = app.db.connect().await?;
    let author = identity::caller(&mut db, &credential).await?;
    let video = watched(&mut db, &credential, id).await?;
    let (content, limit) = match kind {
        Kind::Text => (talk::words(&content)?, talk::COMMENTS),
        Kind::Emoji => (talk::reaction(&content)?.to_owned(), talk::REACTIONS),
    };
    let at_ms = timestamp_ms.map(|millis| talk::moment(millis / 1000.0)).transpose()?;
    let parent = parent.map(|id| CommentId::parse(id).ok_or_else(talk::no_comment)).transpose()?;
    app.limits.spend(limit, author.as_str()).await?;
    let (video, owner, parent) = (&video.id, &video.owner, parent.as_ref());
    let new = New { video, owner, author: &author, kind, content: &content, at_ms, parent, key };
    let added = match comments::add(&mut db, &new).await? {
        Added::Comment(id) => comments::find(&mut db, video, &id).await?.ok_or_else(talk::no_comment)?,
        refused => return Err(talk::refused(&refused)),
    };
    agent_json(request, StatusCode::CREATED, &Shown::of(added))
}

/// A video that whoever asks may watch by its first link. Passwords are given on its page, and in no program.
async fn watched(db: &mut Connection, credential: &Credential, id: &str) -> Result<Video, ApiError> {
    let code = VideoId::parse(id).and_then(|id| ShareCode::parse(id.as_str())).ok_or_else(ApiError::video_not_found)?;
    let shared = share_links::find(db, &code, Some(credential)).await?.ok_or_else(ApiError::video_not_found)?;
    match shared.shut() {
        Some(shut) => Err(shut.into()),
        None => Ok(shared.video),
    }
}

/// Comments, replies and reactions of a video for its owner, the newest first; at most 200.
pub(super) async fn all(db: &mut Connection, video: &Video) -> Result<(Vec<Shown>, Vec<Shown>), ApiError> {
    let found = comments::list(db, &video.id, comments::Part::Before(i64::MAX.unsigned_abs()), 200).await?;
    let (texts, emojis): (Vec<_>, Vec<_>) =
        found.into_iter().filter(|one| !one.deleted).partition(|one| one.kind == Kind::Text);
    Ok((texts.into_iter().map(Shown::of).collect(), emojis.into_iter().map(Shown::of).collect()))
}
