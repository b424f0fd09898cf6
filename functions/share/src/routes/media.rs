//! The pictures of a video. Addresses are signed and short-lived; the objects themselves are private.

use common::{
    db::videos::{self, Video},
    error::ApiError,
    http::{Answer, Method, StatusCode, json_response, query, redirect, text},
    ids::VideoId,
    objects::keys,
};
use lambda_http::Request;
use serde_json::json;

use crate::{app::App, relative};

/// `GET /api/thumbnail?videoId`: where the poster is.
pub(super) async fn thumbnail(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?;
    let url = app.objects.sign_get(&keys::poster(&video.id)).await?;
    json_response(StatusCode::OK, &json!({ "screen": url }))
}

/// `GET|HEAD /api/video/preview?videoId`: sends an `<img>` to a few seconds that move.
pub(super) async fn preview(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?;
    let made = video.storyboard.ok_or_else(|| ApiError::not_found("This video has no preview yet."))?;
    let key = keys::preview(&video.id, made);
    let url = match *request.method() {
        Method::HEAD => app.objects.sign_head(&key).await?,
        _ => app.objects.sign_get(&key).await?,
    };
    redirect(&url)
}

/// `GET|HEAD /api/video/storyboard?videoId`: which part of which picture is for which time, for a player's scrubber.
pub(super) async fn storyboard(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?;
    let none = || ApiError::not_found("This video has no storyboard yet.");
    let made = video.storyboard.ok_or_else(none)?;
    let cues = app.objects.read_small(&keys::storyboard_cues(&video.id, made)).await?.ok_or_else(none)?;
    let picture = app.objects.sign_get(&keys::storyboard(&video.id, made)).await?;
    let cues = relative::cues(&cues, &picture).map_err(ApiError::internal)?;
    Ok(text("text/vtt; charset=utf-8", cues))
}

/// The video of the query, if there is something of it to see.
pub(super) async fn published(app: &App, request: &Request) -> Result<Video, ApiError> {
    let id = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    let id = VideoId::parse(id).ok_or_else(ApiError::video_not_found)?;
    let video = videos::find(&mut app.db.connect().await?, &id).await?.ok_or_else(ApiError::video_not_found)?;
    if video.published_at.is_none() {
        return Err(ApiError::not_found("This video is not ready to be watched."));
    }
    Ok(video)
}
