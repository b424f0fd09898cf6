//! The pictures of a video. Addresses are signed and short-lived; the objects themselves are private.

use common::{
    db::videos::{Kind, Video},
    error::ApiError,
    http::{Answer, Method, StatusCode, json_response, redirect, text},
    objects::keys,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    relative,
    viewing::{self, Seen},
};

#[derive(Serialize, ToSchema)]
struct Thumbnail {
    /// Good for an hour.
    screen: String,
}

/// Tell where the poster is, or the screenshot
///
/// Until there is a poster, the desktop's own idea of it is shown, if that is there.
#[utoipa::path(
    get,
    path = "/api/thumbnail",
    tag = "Watching",
    security(()),
    params(("videoId" = String, Query, description = "The video's")),
    responses((status = 200, body = Thumbnail)),
)]
pub(super) async fn thumbnail(app: &App, request: &Request) -> Answer {
    let video = viewing::of_query(app, request).await?.video;
    json_response(StatusCode::OK, &Thumbnail { screen: picture(app, &video).await? })
}

/// Show the poster, or the screenshot
///
/// For previews of a link, which are kept longer than any address in S3 is good.
#[utoipa::path(
    get,
    path = "/api/video/og",
    tag = "Watching",
    security(()),
    params(("videoId" = String, Query, description = "The video's")),
    responses((status = 302, description = "To the picture in S3")),
)]
pub(super) async fn og(app: &App, request: &Request) -> Answer {
    redirect(&picture(app, &viewing::of_query(app, request).await?.video).await?)
}

/// Address of what a video looks like.
async fn picture(app: &App, video: &Video) -> Result<String, ApiError> {
    let url = match (video.kind, video.published) {
        (Kind::Screenshot, Some(published)) => {
            Some(app.objects.sign_get(&keys::screenshot(&video.id, published)).await?)
        }
        (Kind::Screenshot, None) => None,
        (Kind::Recording, published @ Some(_)) => {
            Some(app.objects.sign_version(&keys::poster(&video.id), published).await?)
        }
        (Kind::Recording, None) => client_thumbnail(app, video).await?,
    };
    url.ok_or_else(not_ready)
}

/// Address of the desktop's thumbnail of a recording. It was not looked at, so it is answered as the picture that it should
/// be.
pub(super) async fn client_thumbnail(app: &App, video: &Video) -> Result<Option<String>, ApiError> {
    let key = keys::client_thumbnail(&video.id);
    if app.objects.head(&key).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(app.objects.sign_get_as(&key, "image/jpeg").await?))
}

/// Show a few seconds that move
#[utoipa::path(
    method(get, head),
    path = "/api/video/preview",
    tag = "Watching",
    security(()),
    params(("videoId" = String, Query, description = "The video's")),
    responses((status = 302, description = "To the picture in S3")),
)]
pub(super) async fn preview(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?.video;
    let made = video.storyboard.ok_or_else(|| ApiError::not_found("This video has no preview yet."))?;
    let key = keys::preview(&video.id, made);
    let url = match *request.method() {
        Method::HEAD => app.objects.sign_head(&key, None).await?,
        _ => app.objects.sign_get(&key).await?,
    };
    redirect(&url)
}

/// List the pictures of a player's scrubber
///
/// As WebVTT: which part of which picture is for which time.
#[utoipa::path(
    method(get, head),
    path = "/api/video/storyboard",
    tag = "Watching",
    security(()),
    params(("videoId" = String, Query, description = "The video's")),
    responses((status = 200, body = String, content_type = "text/vtt")),
)]
pub(super) async fn storyboard(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?.video;
    let none = || ApiError::not_found("This video has no storyboard yet.");
    let made = video.storyboard.ok_or_else(none)?;
    let cues = app.objects.read_small(&keys::storyboard_cues(&video.id, made)).await?.ok_or_else(none)?;
    let picture = app.objects.sign_get(&keys::storyboard(&video.id, made)).await?;
    let cues = relative::cues(&cues, &picture).map_err(ApiError::internal)?;
    Ok(text("text/vtt; charset=utf-8", cues))
}

/// The recording of the query, if there is something of it to see.
pub(super) async fn published(app: &App, request: &Request) -> Result<Seen, ApiError> {
    let seen = viewing::of_query(app, request).await?;
    if seen.video.published_at.is_none() {
        return Err(not_ready());
    }
    match seen.video.kind {
        Kind::Recording => Ok(seen),
        Kind::Screenshot => Err(ApiError::not_found("This is a screenshot, which /api/thumbnail shows.")),
    }
}

fn not_ready() -> ApiError {
    ApiError::not_found("This video is not ready to be watched.")
}
