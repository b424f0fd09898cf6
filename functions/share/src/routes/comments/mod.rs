//! `/api/videos/{id}/comments` and `…/reactions`: what viewers say of a video. `id` is the code of the link that they watch by.

mod said;
mod write;

use common::{
    db::comments::{self, Part},
    error::ApiError,
    http::{Answer, StatusCode, empty, json_response, query},
};
use lambda_http::{
    Request,
    http::{
        HeaderValue,
        header::{CACHE_CONTROL, ETAG, IF_NONE_MATCH},
    },
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    viewing::{self, Seen},
};

pub(super) use said::Said;
pub(super) use write::*;

/// Comments and reactions of one answer.
const PAGE: u32 = 200;

#[derive(Serialize, ToSchema)]
#[schema(as = VideoComments)]
struct Comments {
    /// Ask for what came after it.
    version: u64,
    comments: Vec<Said>,
    /// How many comments and replies there are in all.
    count: u32,
    /// True when there are more, before the last of these, or after it.
    more: bool,
}

/// List what is said of a video
///
/// The newest first. With `after`, what has changed since, deleted ones too; whoever sends the answer's `ETag` back is told in
/// a word that nothing has.
#[utoipa::path(
    get,
    path = "/api/videos/{id}/comments",
    tag = "Comments",
    security(()),
    params(
        ("id" = String, Path, description = "The last part of a link"),
        ("after" = Option<u64>, Query, description = "The version of the answer before"),
        ("before" = Option<u64>, Query, description = "The number of a comment: those that are older"),
    ),
    responses(
        (status = 200, body = Comments),
        (status = 304, description = "Nothing has changed"),
        (status = 403, description = "It is private, wants a password, or its owner wants no comments"),
    ),
)]
pub(super) async fn list(app: &App, request: &Request, code: &str) -> Answer {
    let seen = viewing::look(app, request, code).await??;
    wanted(&seen)?;
    let version = seen.video.talk.version;
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).map_err(ApiError::internal)?;
    let mut answer = if request.headers().get(IF_NONE_MATCH) == Some(&tag) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        let part = match (number(request, "after")?, number(request, "before")?) {
            (Some(after), _) => Part::After(after),
            (None, before) => Part::Before(before.unwrap_or(i64::MAX.unsigned_abs())),
        };
        let mut found = comments::list(&mut app.db.connect().await?, &seen.video.id, part, PAGE + 1).await?;
        let more = found.len() > PAGE as usize;
        found.truncate(PAGE as usize);
        let comments = found.into_iter().map(|comment| Said::of(comment, &seen)).collect();
        json_response(StatusCode::OK, &Comments { version, comments, count: seen.video.talk.comments, more })?
    };
    answer.headers_mut().insert(ETAG, tag);
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(answer)
}

/// 403 when the video's owner wants no comments.
fn wanted(seen: &Seen) -> Result<(), ApiError> {
    if seen.video.talk.on {
        Ok(())
    } else {
        Err(ApiError::content_disabled("The owner of this video has switched comments off."))
    }
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, ApiError> {
    let read = |text: &str| text.parse().ok().filter(|number| *number <= i64::MAX.unsigned_abs());
    query(request, name)
        .map(|text| read(text).ok_or_else(|| ApiError::bad_request(format!("{name} must be a whole number."))))
        .transpose()
}
