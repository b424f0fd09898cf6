//! `GET /api/desktop/video/create`

use common::{
    db::videos::{self, Source},
    error::ApiError,
    http::{Answer, StatusCode, json_response, query},
    identity,
    ids::VideoId,
    time::Millis,
};
use lambda_http::Request;
use serde::Serialize;

use crate::app::App;

/// Characters of a title that are kept; the column holds no more.
const NAME_CHARACTERS: usize = 255;

#[derive(Serialize)]
struct Created<'a> {
    id: &'a VideoId,
    user_id: &'a str,
    aws_region: &'static str,
    aws_bucket: &'static str,
}

/// Creates a video, or names the caller's existing one to upload to it again. Only status 200 counts as success with
/// the clients.
pub(super) async fn create(app: &App, request: &Request) -> Answer {
    // Though it is a GET, it changes something.
    let credential = identity::writing(&app.site, request)?;
    let source = source(request)?;
    let mut db = app.db.connect().await?;
    // An id that no video has is ignored and a new video made, as the clients' own server does.
    let (caller, id) = match query(request, "videoId") {
        Some(text) => {
            let access = identity::access(&mut db, &credential, text).await?;
            match access.video {
                Some(video) if video.owner != access.caller => return Err(ApiError::forbidden("forbidden")),
                video => (access.caller, video.map(|video| video.id)),
            }
        }
        None => (identity::caller(&mut db, &credential).await?, None),
    };
    let id = match id {
        Some(id) => {
            videos::reopen(&mut db, &id).await?;
            id
        }
        None => {
            let id = VideoId::random()?;
            videos::create_from(&mut db, &id, &caller, &name(request), source).await?;
            id
        }
    };
    let user_id = caller.as_str();
    json_response(StatusCode::OK, &Created { id: &id, user_id, aws_region: "n/a", aws_bucket: "n/a" })
}

/// What will be uploaded. A recording that could be created and then not uploaded would be lost, so it is refused before it begins.
fn source(request: &Request) -> Result<Source, ApiError> {
    if query(request, "isScreenshot").is_some() {
        return Err(ApiError::bad_request("This server does not take screenshots yet. Upload a recording instead."));
    }
    match query(request, "recordingMode") {
        None => Ok(Source::File),
        Some("desktopMP4") => Ok(Source::DesktopFile),
        Some("desktopSegments" | "hls") => Ok(Source::Segments),
        Some(_) => Err(ApiError::bad_request("This recordingMode is not known. Use desktopMP4 or desktopSegments.")),
    }
}

fn name(request: &Request) -> String {
    match query(request, "name").map(str::trim) {
        Some(name) if !name.is_empty() => name.chars().take(NAME_CHARACTERS).collect(),
        _ => format!("Cap Recording - {}", Millis::now().day()),
    }
}
