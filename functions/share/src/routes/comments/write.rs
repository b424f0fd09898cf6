//! Comments and reactions that are written, changed and deleted. The page sends forms when it has no script, and is shown again.

use common::{
    db::comments::{self, Added, By, Kind, New},
    error::ApiError,
    http::{Answer, Fields, StatusCode, fields, gateway_host, is_form, json, json_response, see_other},
    identity,
    ids::{CommentId, UserId},
    limits::Limit,
    talk,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Said, wanted};
use crate::{
    app::App,
    viewing::{self, Seen},
};

#[derive(ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommentForm)]
#[expect(dead_code, reason = "only what the fields are called is told")]
struct Form {
    #[schema(min_length = 1, max_length = 5000)]
    content: String,
    /// The moment of the video that it is about, in seconds.
    #[schema(minimum = 0)]
    timestamp: Option<f64>,
    /// What it replies to.
    parent_comment_id: Option<String>,
}

#[derive(ToSchema)]
#[schema(as = ReactionForm)]
#[expect(dead_code, reason = "only what the fields are called is told")]
struct Reaction {
    #[schema(pattern = "^(😂|😍|😮|🙌|👍|👎)$")]
    content: String,
    /// The moment of the video, in seconds.
    #[schema(minimum = 0)]
    timestamp: Option<f64>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = EditComment)]
struct Edit {
    #[schema(min_length = 1, max_length = 5000)]
    content: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeletedComment)]
struct Deleted<'a> {
    id: &'a CommentId,
    deleted: bool,
}

/// Comment on a video, or reply to a comment
#[utoipa::path(
    post,
    path = "/api/videos/{id}/comments",
    tag = "Comments",
    params(("id" = String, Path, description = "The last part of a link")),
    request_body(content((Form = "application/json"), (Form = "application/x-www-form-urlencoded"))),
    responses((status = 201, body = Said), (status = 303, description = "A form is answered with the page")),
)]
pub(in crate::routes) async fn create(app: &App, request: &Request, code: &str) -> Answer {
    for_form(app, request, code, add(app, request, code, Kind::Text).await)
}

/// React to a moment of a video
#[utoipa::path(
    post,
    path = "/api/videos/{id}/reactions",
    tag = "Comments",
    params(("id" = String, Path, description = "The last part of a link")),
    request_body(content((Reaction = "application/json"), (Reaction = "application/x-www-form-urlencoded"))),
    responses((status = 201, body = Said), (status = 303, description = "A form is answered with the page")),
)]
pub(in crate::routes) async fn react(app: &App, request: &Request, code: &str) -> Answer {
    for_form(app, request, code, add(app, request, code, Kind::Emoji).await)
}

/// Change one's own comment
#[utoipa::path(
    patch,
    path = "/api/videos/{id}/comments/{comment}",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The last part of a link"),
        ("comment" = String, Path, description = "The comment's id"),
    ),
    request_body = Edit,
    responses((status = 200, body = Said)),
)]
pub(in crate::routes) async fn edit(app: &App, request: &Request, code: &str, comment: &str) -> Answer {
    let Edit { content } = json(request)?;
    let (author, seen) = viewer(app, request, code).await?;
    let id = CommentId::parse(comment).ok_or_else(talk::no_comment)?;
    wanted(&seen)?;
    let content = talk::words(&content)?;
    app.limits.spend(talk::COMMENTS, author.as_str()).await?;
    let mut db = app.db.connect().await?;
    if !comments::edit(&mut db, &seen.video.id, &id, &author, &content).await? {
        return Err(talk::no_comment());
    }
    let changed = comments::find(&mut db, &seen.video.id, &id).await?.ok_or_else(talk::no_comment)?;
    json_response(StatusCode::OK, &Said::of(changed, &seen))
}

/// Delete a comment
///
/// One's own, or any of one's own video. Replies stay.
#[utoipa::path(
    delete,
    path = "/api/videos/{id}/comments/{comment}",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The last part of a link"),
        ("comment" = String, Path, description = "The comment's id"),
    ),
    responses((status = 200, body = Deleted<'_>)),
)]
pub(in crate::routes) async fn delete(app: &App, request: &Request, code: &str, comment: &str) -> Answer {
    let (author, seen) = viewer(app, request, code).await?;
    let id = CommentId::parse(comment).ok_or_else(talk::no_comment)?;
    let by = if author == seen.video.owner { By::Owner } else { By::Author(&author) };
    if !comments::delete(&mut app.db.connect().await?, &seen.video.id, &id, by).await? {
        return Err(talk::no_comment());
    }
    if is_form(request) {
        return see_other(&format!("{}#comments", app.site.share_url(&gateway_host(request), code)));
    }
    json_response(StatusCode::OK, &Deleted { id: &id, deleted: true })
}

/// Delete a comment, as a form
///
/// For pages, since forms cannot send DELETE.
#[utoipa::path(
    post,
    path = "/api/videos/{id}/comments/{comment}/delete",
    tag = "Comments",
    params(
        ("id" = String, Path, description = "The last part of a link"),
        ("comment" = String, Path, description = "The comment's id"),
    ),
    responses((status = 200, body = Deleted<'_>), (status = 303, description = "A form is answered with the page")),
)]
pub(in crate::routes) async fn delete_form(app: &App, request: &Request, code: &str, comment: &str) -> Answer {
    delete(app, request, code, comment).await
}

/// Who writes, and what they watch: they must be signed in, and pass the door that everybody passes.
async fn viewer(app: &App, request: &Request, code: &str) -> Result<(UserId, Seen), ApiError> {
    let credential = identity::writing(&app.site, request)?;
    let author = identity::caller(&mut app.db.connect().await?, &credential).await?;
    Ok((author, viewing::look(app, request, code).await??))
}

async fn add(app: &App, request: &Request, code: &str, kind: Kind) -> Answer {
    let fields = fields(request)?;
    let (author, seen) = viewer(app, request, code).await?;
    wanted(&seen)?;
    let (content, limit): (String, Limit) = match (kind, fields.get("content").unwrap_or_default()) {
        (Kind::Text, content) => (talk::words(content)?, talk::COMMENTS),
        (Kind::Emoji, content) => (talk::reaction(content)?.to_owned(), talk::REACTIONS),
    };
    let at_ms = fields.get("timestamp").map(|text| talk::moment(text.parse().unwrap_or(f64::NAN))).transpose()?;
    let parent = parent(&fields)?.filter(|_| kind == Kind::Text);
    app.limits.spend(limit, author.as_str()).await?;
    let (video, owner) = (&seen.video.id, &seen.video.owner);
    let new = New { video, owner, author: &author, kind, content: &content, at_ms, parent: parent.as_ref(), key: None };
    let mut db = app.db.connect().await?;
    let id = match comments::add(&mut db, &new).await? {
        Added::Comment(id) => id,
        refused => return Err(talk::refused(&refused)),
    };
    if is_form(request) {
        let page = app.site.share_url(&gateway_host(request), code);
        return see_other(&if kind == Kind::Text { format!("{page}?comment={id}#c-{id}") } else { page });
    }
    let added = comments::find(&mut db, video, &id).await?.ok_or_else(talk::no_comment)?;
    json_response(StatusCode::CREATED, &Said::of(added, &seen))
}

fn parent(fields: &Fields) -> Result<Option<CommentId>, ApiError> {
    fields.get("parentCommentId").map(|id| CommentId::parse(id).ok_or_else(talk::no_comment)).transpose()
}

/// An answer, or for a form the page, which says what was wrong by the name of the problem.
fn for_form(app: &App, request: &Request, code: &str, answer: Answer) -> Answer {
    let Err(error) = &answer else { return answer };
    let problem = match (error.status, error.code) {
        (StatusCode::BAD_REQUEST, _) => "words",
        (StatusCode::TOO_MANY_REQUESTS, _) => "often",
        (_, "CONTENT_DISABLED") => "off",
        _ => return answer,
    };
    if !is_form(request) {
        return answer;
    }
    see_other(&format!("{}?problem={problem}#write", app.site.share_url(&gateway_host(request), code)))
}
