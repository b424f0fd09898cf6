//! `/api/videos/{id}/sharing` and `…/links`: who may watch a video, as its owner says.

use common::{
    db::{
        Connection,
        share_links::{self, Change, Link, MOST},
        videos::{self, Video},
    },
    error::ApiError,
    http::{Answer, StatusCode, gateway_host, json, json_response},
    identity,
    ids::ShareCode,
    password::PasswordHash,
    time::Millis,
};
use lambda_http::Request;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::app::App;

#[derive(Serialize, ToSchema)]
struct Sharing {
    /// True when whoever has one of the links may watch; otherwise its owner alone.
    public: bool,
    /// True when whoever may watch may save the file as well; its owner always may.
    downloads: bool,
    /// True when whoever may watch may comment and react.
    comments: bool,
    /// The first one is the one that Cap Desktop and the cap command show.
    links: Vec<ShareLink>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShareLink {
    code: ShareCode,
    url: String,
    /// True when a password opens it.
    protected: bool,
    /// When it ends, if it does.
    expires_at: Option<Millis>,
    /// False while it is kept shut.
    on: bool,
    created_at: Millis,
}

/// What is left out stays as it is; one of them is needed.
#[derive(Deserialize, ToSchema)]
struct ChangeSharing {
    /// Whether whoever has one of the links may watch.
    public: Option<bool>,
    /// Whether they may save the file as well.
    downloads: Option<bool>,
    /// Without comments nobody sees those that there are, either.
    comments: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewLink {
    #[schema(min_length = 1, max_length = 200)]
    password: Option<String>,
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangeLink {
    /// Another password; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    password: Option<Option<String>>,
    /// Another end; null for none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<String>>,
    on: Option<bool>,
}

#[derive(Serialize, ToSchema)]
struct RemovedLink {
    code: ShareCode,
    removed: bool,
}

/// Tells null from what is left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Show who may watch a video
#[utoipa::path(
    get,
    path = "/api/videos/{id}/sharing",
    tag = "Sharing",
    params(("id" = String, Path, description = "The video's")),
    responses((status = 200, body = Sharing)),
)]
pub(super) async fn show(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    answer(app, request, &mut db, StatusCode::OK, &video).await
}

/// Make a video public or private, and switch downloads and comments on or off
///
/// Of a private one, every link is shut at once; addresses of its media that were given out before live for an hour.
#[utoipa::path(
    patch,
    path = "/api/videos/{id}/sharing",
    tag = "Sharing",
    params(("id" = String, Path, description = "The video's")),
    request_body = ChangeSharing,
    responses((status = 200, body = Sharing)),
)]
pub(super) async fn change(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let ChangeSharing { public, downloads, comments } = json(request)?;
    if public.is_none() && downloads.is_none() && comments.is_none() {
        return Err(ApiError::bad_request("public, downloads or comments is needed: true or false."));
    }
    let mut db = app.db.connect().await?;
    let mut video = identity::access(&mut db, &credential, id).await?.owned()?;
    if let Some(public) = public {
        videos::set_public(&mut db, &video.id, &video.owner, public).await?;
        video.public = public;
    }
    if let Some(downloads) = downloads {
        videos::set_downloads(&mut db, &video.id, &video.owner, downloads).await?;
        video.downloads = downloads;
    }
    if let Some(on) = comments {
        videos::set_comments(&mut db, &video.id, &video.owner, on).await?;
        video.talk.on = on;
    }
    answer(app, request, &mut db, StatusCode::OK, &video).await
}

/// Make another link
///
/// With a password and an end of its own.
#[utoipa::path(
    post,
    path = "/api/videos/{id}/links",
    tag = "Sharing",
    params(("id" = String, Path, description = "The video's")),
    request_body = NewLink,
    responses((status = 201, body = Sharing), (status = 409, description = "The video has as many as it may have")),
)]
pub(super) async fn create(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: NewLink = json(request)?;
    let ends = asked.expires_at.as_deref().map(future).transpose()?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let password = hashed(asked.password.as_deref()).await?;
    if !share_links::create(&mut db, &video.id, &ShareCode::random()?, password.as_ref(), ends).await? {
        let message = format!("A video has at most {MOST} links. Remove one that is not used any longer.");
        return Err(ApiError::conflict("CONFLICT", message));
    }
    answer(app, request, &mut db, StatusCode::CREATED, &video).await
}

/// Change a link
///
/// Another password shuts it for everybody who has opened it with the one before.
#[utoipa::path(
    patch,
    path = "/api/videos/{id}/links/{code}",
    tag = "Sharing",
    params(
        ("id" = String, Path, description = "The video's"),
        ("code" = String, Path, description = "The last part of the link"),
    ),
    request_body = ChangeLink,
    responses((status = 200, body = Sharing)),
)]
pub(super) async fn change_link(app: &App, request: &Request, id: &str, code: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: ChangeLink = json(request)?;
    let expires_at = asked.expires_at.map(|at| at.as_deref().map(future).transpose()).transpose()?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let password = match &asked.password {
        Some(password) => Some(hashed(password.as_deref()).await?),
        None => None,
    };
    let code = ShareCode::parse(code).ok_or_else(no_link)?;
    let change = Change { password, expires_at, on: asked.on };
    if !share_links::change(&mut db, &video.id, &code, &change).await? {
        return Err(no_link());
    }
    answer(app, request, &mut db, StatusCode::OK, &video).await
}

/// Remove a link for good
///
/// The first one stays, since the clients show it; it can be kept shut.
#[utoipa::path(
    delete,
    path = "/api/videos/{id}/links/{code}",
    tag = "Sharing",
    params(
        ("id" = String, Path, description = "The video's"),
        ("code" = String, Path, description = "The last part of the link"),
    ),
    responses((status = 200, body = RemovedLink), (status = 409, description = "It is the video's first one")),
)]
pub(super) async fn remove(app: &App, request: &Request, id: &str, code: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let code = ShareCode::parse(code).ok_or_else(no_link)?;
    if code.as_str() == video.id.as_str() {
        return Err(ApiError::conflict("CONFLICT", "A video's first link cannot be removed. Switch it off instead."));
    }
    if !share_links::remove(&mut db, &video.id, &code).await? {
        return Err(no_link());
    }
    json_response(StatusCode::OK, &RemovedLink { code, removed: true })
}

async fn answer(app: &App, request: &Request, db: &mut Connection, status: StatusCode, video: &Video) -> Answer {
    let links = share_links::list(db, &video.id).await?;
    let host = gateway_host(request);
    let shown = |link: Link| ShareLink {
        url: app.site.share_url(&host, link.code.as_str()),
        code: link.code,
        protected: link.password.is_some(),
        expires_at: link.expires_at,
        on: link.on,
        created_at: link.created_at,
    };
    let Video { public, downloads, .. } = *video;
    let (comments, links) = (video.talk.on, links.into_iter().map(shown).collect());
    json_response(status, &Sharing { public, downloads, comments, links })
}

pub(super) async fn hashed(password: Option<&str>) -> Result<Option<PasswordHash>, ApiError> {
    match password {
        Some(password) => Ok(Some(PasswordHash::of(password).await?)),
        None => Ok(None),
    }
}

/// When a link ends: after now, and before what MySQL counts no further.
fn future(text: &str) -> Result<Millis, ApiError> {
    let at = Millis::parse(text).filter(|at| *at > Millis::now() && at.seconds() < i64::from(u32::MAX));
    at.ok_or_else(|| ApiError::bad_request("expiresAt must be an instant to come, such as 2040-01-31T12:00:00Z."))
}

fn no_link() -> ApiError {
    ApiError::not_found("This video has no link with this code. It may have been removed already.")
}
