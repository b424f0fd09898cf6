//! `/api/v1/caps`: the caller's videos.

use common::{
    db::videos::{self, Filter, Video},
    error::ApiError,
    http::{Answer, StatusCode, gateway_host, json, json_response, query},
    identity,
    ids::VideoId,
    time::Millis,
};
use lambda_http::{Request, RequestExt};
use serde::{Deserialize, Serialize};

use super::summary::{Summary, VideoStatus};
use crate::app::App;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;
/// Characters of a title or a search text.
const TEXT_CHARACTERS: usize = 255;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    caps: Vec<Summary<'a>>,
    next_cursor: Option<String>,
    request_id: String,
}

#[derive(Deserialize)]
struct Rename {
    title: String,
}

/// `GET /api/v1/caps?cursor&limit&scope&search&updatedAfter`, newest first.
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut filter = filter(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let limit = filter.limit as usize;
    // One more than asked for tells whether there is a next page.
    filter.limit += 1;
    let mut found = match query(request, "scope") {
        None | Some("all" | "owned") => videos::list(&mut db, &caller, &filter).await?,
        Some("shared") => Vec::new(),
        Some(_) => return Err(ApiError::bad_request("scope must be all, owned or shared.")),
    };
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(cursor);
    let host = gateway_host(request);
    let caps = found.iter().map(|video| Summary::of(video, &app.site, &host)).collect();
    json_response(StatusCode::OK, &Page { caps, next_cursor, request_id: request_id(request) })
}

/// `GET /api/v1/caps/{id}`
pub(super) async fn get(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    json_response(StatusCode::OK, &Summary::of(&video, &app.site, &gateway_host(request)))
}

/// `GET /api/v1/caps/{id}/status`
pub(super) async fn status(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    json_response(StatusCode::OK, &VideoStatus::of(&video))
}

/// `PATCH /api/v1/caps/{id}` with `{"title": "…"}`
pub(super) async fn rename(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let Rename { title } = json(request)?;
    let characters = title.chars().count();
    if title.trim().is_empty() || characters > TEXT_CHARACTERS {
        return Err(ApiError::bad_request(format!(
            "title must be 1 to {TEXT_CHARACTERS} characters, not only spaces."
        )));
    }
    let mut db = app.db.connect().await?;
    let access = identity::access(&mut db, &credential, id).await?;
    let video = access.owned()?;
    if !videos::rename(&mut db, &video.id, &video.owner, &title).await? {
        return Err(ApiError::video_not_found());
    }
    let video = videos::find(&mut db, &video.id).await?.ok_or_else(ApiError::video_not_found)?;
    json_response(StatusCode::OK, &Summary::of(&video, &app.site, &gateway_host(request)))
}

fn filter(request: &Request) -> Result<Filter, ApiError> {
    let limit = match query(request, "limit") {
        None => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| ApiError::bad_request(format!("limit must be a whole number from 1 to {MAX_LIMIT}.")))?,
    };
    let after = match query(request, "cursor") {
        None => None,
        Some(text) => Some(parse_cursor(text).ok_or_else(|| {
            ApiError::bad_request("cursor is not one that this list answered. Leave it out to begin.")
        })?),
    };
    let updated_after =
        match query(request, "updatedAfter") {
            None => None,
            // MySQL knows no instant before 1970, and nothing was recorded then.
            Some(text) => Some(Millis::parse(text).map(|at| at.max(Millis(0))).ok_or_else(|| {
                ApiError::bad_request("updatedAfter must be an instant such as 2026-01-31T12:00:00Z.")
            })?),
        };
    let search = query(request, "search").map(|text| text.chars().take(TEXT_CHARACTERS).collect());
    Ok(Filter { after, search, updated_after, limit })
}

fn cursor(video: &Video) -> String {
    format!("{}.{}", video.created_at.0, video.id)
}

fn parse_cursor(text: &str) -> Option<(Millis, VideoId)> {
    let (at, id) = text.split_once('.')?;
    let at = at.parse().ok().filter(|at| (0..=i64::from(u32::MAX) * 1000).contains(at))?;
    Some((Millis(at), VideoId::parse(id)?))
}

fn request_id(request: &Request) -> String {
    request.lambda_context_ref().map(|context| context.request_id.clone()).unwrap_or_default()
}
