//! Table of contents.

mod create;
mod multipart;
mod recorded;
mod signed;
mod uploads;

use std::sync::Arc;

use common::{
    db::videos::{Kind, Video},
    error::ApiError,
    http::{Answer, no_route, path_segments},
    objects::keys,
};
use lambda_http::Request;
use utoipa::OpenApi;

use crate::app::App;

/// The function's routes, as openapi.json lists them.
#[derive(Clone, Copy, Debug, OpenApi)]
#[openapi(paths(
    create::create,
    signed::sign,
    signed::batch,
    multipart::initiate,
    multipart::presign_part,
    multipart::parts,
    multipart::complete,
    multipart::abort,
    recorded::complete,
    uploads::begin,
    uploads::complete,
))]
pub struct Api;

pub(crate) async fn answer(app: Arc<App>, request: Request) -> Answer {
    let path = path_segments(&request);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method().as_str(), path.as_slice()) {
        // A GET that creates: this is what the desktop and the CLI send.
        ("GET", ["api", "desktop", "video", "create"]) => create::create(&app, &request).await,

        ("POST", ["api", "upload", "signed"]) => signed::sign(&app, &request).await,
        ("POST", ["api", "upload", "signed", "batch"]) => signed::batch(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "initiate"]) => multipart::initiate(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "presign-part"]) => multipart::presign_part(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "parts"]) => multipart::parts(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "complete"]) => multipart::complete(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "abort"]) => multipart::abort(&app, &request).await,
        ("POST", ["api", "upload", "recording-complete"]) => recorded::complete(&app, &request).await,

        ("POST", ["api", "v1", "uploads"]) => uploads::begin(&app, &request).await,
        ("POST", ["api", "v1", "uploads", id, "complete"]) => uploads::complete(&app, &request, id).await,

        _ => no_route(),
    }
}

/// Where the file `subpath` of a video goes.
fn target(video: &Video, subpath: &str) -> Result<keys::Upload, ApiError> {
    keys::upload_of(&video.id, video.kind, subpath).ok_or_else(|| {
        ApiError::bad_request(match video.kind {
            Kind::Recording => {
                "This subpath is not one that can be uploaded. Use result.mp4, agent-upload.mp4, or raw-upload.mp4, .webm, \
                 .mov or .mkv."
            }
            Kind::Screenshot => {
                "This subpath is not one that can be uploaded. A screenshot is screenshot/screen-capture.png or .jpg."
            }
        })
    })
}

/// As [`target`], of a file that comes in parts.
fn target_of_parts(video: &Video, subpath: &str) -> Result<keys::Upload, ApiError> {
    let upload = target(video, subpath)?;
    if upload.is_published(&video.id) {
        return Ok(upload);
    }
    Err(ApiError::bad_request("This subpath is stored whole, not in parts. Use /api/upload/signed."))
}

/// Under one key, one video.
fn key_used() -> ApiError {
    let sentence = "This Idempotency-Key was used for another upload. Use a new one for a new upload.";
    ApiError::conflict("IDEMPOTENCY_CONFLICT", sentence)
}
