//! `/api/v1/caps`: the caller's videos.

use common::{
    db::videos::{self, Filter, Kind, Video},
    error::ApiError,
    http::{Answer, StatusCode, agent_json, gateway_host, idempotency_key, json, query},
    identity,
    ids::VideoId,
    objects::{DOWNLOAD_SECONDS, keys},
    text,
    time::Millis,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::summary::{Summary, VideoStatus};
use crate::app::App;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;
/// Characters of a title or a search text.
const TEXT_CHARACTERS: usize = 255;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CapList)]
struct Page<'a> {
    caps: Vec<Summary<'a>>,
    /// Where the list goes on; null at its end.
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Download<'a> {
    id: &'a VideoId,
    url: String,
    file_name: String,
    expires_at: Millis,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = RenameCap)]
struct Rename {
    #[schema(min_length = 1, max_length = 255)]
    title: String,
}

/// List one's videos
///
/// Newest first.
#[utoipa::path(
    get,
    path = "/api/v1/caps",
    tag = "Videos",
    params(
        ("cursor" = Option<String>, Query, description = "The nextCursor of the page before"),
        ("limit" = Option<u32>, Query, description = "Videos of a page", minimum = 1, maximum = 100),
        (
            "scope" = Option<String>, Query,
            description = "all and owned are the same; nothing is shared with anybody by name",
            pattern = "^(all|owned|shared)$",
        ),
        ("organizationId" = Option<String>, Query, description = "Only those of this organisation"),
        ("folderId" = Option<String>, Query, description = "Nothing lies in a folder"),
        ("search" = Option<String>, Query, description = "Part of a title"),
        ("updatedAfter" = Option<String>, Query, description = "An instant in ISO 8601", format = DateTime),
    ),
    responses((status = 200, body = Page<'_>)),
)]
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut filter = filter(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let limit = filter.limit as usize;
    // One more than asked for tells whether there is a next page.
    filter.limit += 1;
    let shared = match query(request, "scope") {
        None | Some("all" | "owned") => false,
        Some("shared") => true,
        Some(_) => return Err(ApiError::bad_request("scope must be all, owned or shared.")),
    };
    // Nothing is shared with anybody by name, and nothing lies in a folder.
    let nothing = shared || query(request, "folderId").is_some();
    let mut found = if nothing { Vec::new() } else { videos::list(&mut db, &caller, &filter).await? };
    if let Some(wanted) = query(request, "organizationId") {
        // All of somebody's videos are in the one organisation that they have.
        found.retain(|video| video.organization.as_ref().is_some_and(|own| own.as_str() == wanted));
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(cursor);
    let host = gateway_host(request);
    let caps = found.iter().map(|video| Summary::of(video, &app.site, &host)).collect();
    agent_json(request, StatusCode::OK, &Page { caps, next_cursor })
}

/// Show a video
#[utoipa::path(
    get,
    path = "/api/v1/caps/{id}",
    tag = "Videos",
    params(("id" = String, Path, description = "The video's")),
    responses((status = 200, body = Summary<'_>)),
)]
pub(super) async fn get(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    agent_json(request, StatusCode::OK, &Summary::of(&video, &app.site, &gateway_host(request)))
}

/// Tell where a video stands
#[utoipa::path(
    get,
    path = "/api/v1/caps/{id}/status",
    tag = "Videos",
    params(("id" = String, Path, description = "The video's")),
    responses((status = 200, body = VideoStatus<'_>)),
)]
pub(super) async fn status(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    agent_json(request, StatusCode::OK, &VideoStatus::of(&video))
}

/// Sign the download of a video
///
/// An address at which the MP4 is saved under its title.
#[utoipa::path(
    get,
    path = "/api/v1/caps/{id}/download",
    tag = "Videos",
    params(("id" = String, Path, description = "The video's")),
    responses(
        (status = 200, body = Download<'_>),
        (status = 400, description = "It is a screenshot, which its page shows"),
        (status = 409, description = "It is not ready to play yet"),
    ),
)]
pub(super) async fn download(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    if video.kind == Kind::Screenshot {
        return Err(ApiError::bad_request("This is a screenshot. Save the picture that its page shows."));
    }
    if video.published_at.is_none() {
        return Err(ApiError::not_ready("This recording cannot be downloaded yet: it is not ready to play."));
    }
    let file_name = format!("{}.mp4", text::file_name(&video.name));
    let key = keys::processed(&video.id);
    let url = app.objects.sign_download(&key, video.published, &file_name, "video/mp4").await?;
    let expires_at = Millis(Millis::now().0 + i64::try_from(DOWNLOAD_SECONDS * 1000).unwrap_or_default());
    agent_json(request, StatusCode::OK, &Download { id: &video.id, url, file_name, expires_at })
}

/// Rename a video
#[utoipa::path(
    patch,
    path = "/api/v1/caps/{id}",
    tag = "Videos",
    params(
        ("id" = String, Path, description = "The video's"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    request_body = Rename,
    responses((status = 200, body = Summary<'_>)),
)]
pub(super) async fn rename(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
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
    agent_json(request, StatusCode::OK, &Summary::of(&video, &app.site, &gateway_host(request)))
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
