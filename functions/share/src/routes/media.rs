//! Where a page's video and poster are. Addresses are signed and short-lived; the objects themselves are private.

use common::{
    db::videos::{self, Video},
    error::ApiError,
    http::{Answer, Method, StatusCode, json_response, query, redirect},
    ids::VideoId,
    objects::keys,
};
use lambda_http::Request;
use serde_json::json;

use crate::app::App;

/// `GET|HEAD /api/playlist?videoId&videoType`: sends the player to the video.
pub(super) async fn playlist(app: &App, request: &Request) -> Answer {
    match query(request, "videoType") {
        Some("mp4" | "video") => {}
        Some("audio" | "master" | "raw-preview" | "segments-master" | "segments-video" | "segments-audio") => {
            return Err(ApiError::not_found("This video is served as one MP4. Ask for videoType=mp4."));
        }
        _ => return Err(ApiError::bad_request("videoType must be given; mp4 is what a player wants.")),
    }
    let video = published(app, request).await?;
    let key = keys::processed(&video.id);
    let url = match *request.method() {
        Method::HEAD => app.objects.sign_head(&key).await?,
        _ => app.objects.sign_get(&key).await?,
    };
    redirect(&url)
}

/// `GET /api/thumbnail?videoId`: where the poster is.
pub(super) async fn thumbnail(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?;
    let url = app.objects.sign_get(&keys::poster(&video.id)).await?;
    json_response(StatusCode::OK, &json!({ "screen": url }))
}

/// The video of the query, if there is something of it to see.
async fn published(app: &App, request: &Request) -> Result<Video, ApiError> {
    let id = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    let id = VideoId::parse(id).ok_or_else(ApiError::video_not_found)?;
    let video = videos::find(&mut app.db.connect().await?, &id).await?.ok_or_else(ApiError::video_not_found)?;
    if video.published_at.is_none() {
        return Err(ApiError::not_found("This video is not ready to be watched."));
    }
    Ok(video)
}
