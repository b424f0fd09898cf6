//! `/api/playlist`: what a player plays. The video as one file, playlists of its renditions, from which the player
//! chooses what its connection carries, or playlists of a recording that is still being made.

use std::collections::BTreeMap;

use common::{
    db::videos::Video,
    error::ApiError,
    http::{Answer, Method, query, redirect, text},
    objects::keys,
};
use lambda_http::Request;

use super::{captions, live, media::published};
use crate::{
    app::App,
    relative::{Playlist, is_rendition, only, rendition},
    viewing::Seen,
};

pub(super) const HLS: &str = "application/vnd.apple.mpegurl";

/// Play a video
///
/// `mp4` leads to the whole video. `master`, `rendition` and `audio` are HLS playlists of its renditions; `segments-master`,
/// `segments-video`, `segments-audio` and `segment` are of a recording that is still being made.
#[utoipa::path(
    method(get, head),
    path = "/api/playlist",
    tag = "Watching",
    security(()),
    params(
        ("videoId" = String, Query, description = "The video's"),
        (
            "videoType" = Option<String>, Query,
            description = "What of it, unless fileType says it",
            pattern = "^(mp4|video|master|rendition|audio|segments-(master|video|audio)|segment|raw-preview)$",
        ),
        ("rendition" = Option<String>, Query, description = "A height in pixels, or audio", pattern = "^([0-9]+|audio)$"),
        ("fileType" = Option<String>, Query, description = "transcription for its captions", pattern = "^transcription$"),
        ("track" = Option<String>, Query, description = "Of a segment", pattern = "^(video|audio)$"),
        ("index" = Option<u32>, Query, description = "Of a segment: its number", minimum = 1),
        ("requireComplete" = Option<String>, Query, description = "1 for nothing until the recording has ended"),
    ),
    responses(
        (status = 200, content((String = "application/vnd.apple.mpegurl"), (String = "text/vtt"))),
        (status = 302, description = "To the media in S3"),
    ),
)]
pub(super) async fn playlist(app: &App, request: &Request) -> Answer {
    if query(request, "fileType") == Some("transcription") {
        return captions::of_playlist(app, request).await;
    }
    match query(request, "videoType") {
        Some("mp4" | "video") => whole(app, request).await,
        Some("master") => master(app, request).await,
        Some("audio") => one(app, request, "audio").await,
        Some("rendition") => match query(request, "rendition").filter(|name| is_rendition(name)) {
            Some(name) => one(app, request, name).await,
            None => Err(ApiError::bad_request("rendition must be a height in pixels, such as 720, or audio.")),
        },
        Some("segments-master") => live::playlist(app, request, "master").await,
        Some("segments-video") => live::playlist(app, request, "video").await,
        Some("segments-audio") => live::playlist(app, request, "audio").await,
        Some("segment") => live::segment(app, request).await,
        Some("raw-preview") => Err(ApiError::not_found("This video is served as one MP4. Ask for videoType=mp4.")),
        _ => Err(ApiError::bad_request("videoType must be given; mp4 is what a player wants.")),
    }
}

/// Sends the player to the video.
async fn whole(app: &App, request: &Request) -> Answer {
    let video = published(app, request).await?.video;
    let key = keys::processed(&video.id);
    let url = match *request.method() {
        Method::HEAD => app.objects.sign_head(&key, video.published).await?,
        _ => app.objects.sign_version(&key, video.published).await?,
    };
    redirect(&url)
}

/// Which renditions there are, or the one that is asked for, with its sound. Their addresses are routes of this function, so
/// that only what is played is signed.
async fn master(app: &App, request: &Request) -> Answer {
    let Seen { code, video, .. } = published(app, request).await?;
    let mut stored = stored(app, &video, renditions(&video)?, "master").await?;
    if let Some(height) = query(request, "rendition") {
        stored = only(&stored, height).ok_or_else(no_such_rendition)?;
    }
    let playlist = Playlist::master(&stored).map_err(ApiError::internal)?;
    let address = |name: &str| {
        let rendition = rendition(name).unwrap_or_default();
        format!("/api/playlist?videoId={}&videoType=rendition&rendition={rendition}", code.as_str())
    };
    let addresses = playlist.names().into_iter().map(|name| (name, address(name))).collect();
    Ok(text(HLS, playlist.with(&addresses)))
}

/// One rendition: where its media is, and which bytes of it are for which time.
async fn one(app: &App, request: &Request, name: &str) -> Answer {
    let video = published(app, request).await?.video;
    let published = renditions(&video)?;
    let stored = stored(app, &video, published, name).await?;
    let playlist = Playlist::media(&stored).map_err(ApiError::internal)?;
    let mut addresses = BTreeMap::new();
    for file in playlist.names() {
        addresses.insert(file, app.objects.sign_get(&keys::stream(&video.id, published, file)).await?);
    }
    Ok(text(HLS, playlist.with(&addresses)))
}

/// The attempt under which the video's renditions lie.
fn renditions(video: &Video) -> Result<u64, ApiError> {
    let none = "This video has no renditions. Ask for videoType=mp4, which is the whole video.";
    video.hls.ok_or_else(|| ApiError::not_found(none))
}

/// A playlist as it is stored, with relative names.
async fn stored(app: &App, video: &Video, published: u64, name: &str) -> Result<Vec<u8>, ApiError> {
    let stored = app.objects.read_small(&keys::playlist(&video.id, published, name)).await?;
    stored.ok_or_else(no_such_rendition)
}

fn no_such_rendition() -> ApiError {
    ApiError::not_found("This video has no such rendition. videoType=master says which renditions it has.")
}
