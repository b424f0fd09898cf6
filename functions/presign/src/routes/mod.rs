//! Table of contents.

mod create;
mod multipart;
mod recorded;
mod signed;

use std::sync::Arc;

use common::{
    error::ApiError,
    http::{Answer, no_route, path_segments},
    ids::VideoId,
    objects::keys,
};
use lambda_http::Request;

use crate::app::App;

pub(crate) async fn answer(app: Arc<App>, request: Request) -> Answer {
    let path = path_segments(&request);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method().as_str(), path.as_slice()) {
        // A GET that creates: this is what the desktop and the CLI send.
        ("GET", ["api", "desktop", "video", "create"]) => create::create(&app, &request).await,

        ("POST", ["api", "upload", "signed"]) => signed::sign(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "initiate"]) => multipart::initiate(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "presign-part"]) => multipart::presign_part(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "complete"]) => multipart::complete(&app, &request).await,
        ("POST", ["api", "upload", "multipart", "abort"]) => multipart::abort(&app, &request).await,
        ("POST", ["api", "upload", "recording-complete"]) => recorded::complete(&app, &request).await,

        _ => no_route(),
    }
}

/// Where the file `subpath` of a video goes.
fn target(video: &VideoId, subpath: &str) -> Result<keys::Upload, ApiError> {
    keys::upload(video, subpath).ok_or_else(|| {
        ApiError::bad_request(
            "This subpath is not one that can be uploaded. Use result.mp4, agent-upload.mp4, or raw-upload.mp4, .webm, .mov or .mkv.",
        )
    })
}
