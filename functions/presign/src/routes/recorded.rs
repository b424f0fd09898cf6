//! `POST /api/upload/recording-complete`

use common::{
    db::videos::{self, Source, Status, Video},
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    objects::keys::{self, live},
};
use lambda_http::Request;
use serde::Deserialize;
use serde_json::json as object;

use crate::app::App;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complete {
    video_id: String,
}

/// Has the segments of a recording made into one file. May be called as often as one likes: the job is known by the
/// manifest that it finds, and of an unchanged one nothing is made twice.
pub(super) async fn complete(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Complete = json(request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, &asked.video_id).await?.owned()?;
    if app.objects.head(&live::manifest(&video.id)).await?.is_none() {
        return without_manifest(&video);
    }
    videos::recorded(&mut db, &video.id).await?;
    app.objects.ask(&keys::assemble_job(&video.id)).await?;
    status(match video.status {
        Status::Uploading | Status::Failed => "queued",
        Status::Processing => "already-processing",
        Status::Ready => "already-complete",
    })
}

/// Segments of long ago are gone; and a file has none.
fn without_manifest(video: &Video) -> Answer {
    match video.source {
        Source::DesktopFile => status("already-complete"),
        Source::Segments if video.published_at.is_some() => status("already-complete"),
        Source::Segments => Err(ApiError::bad_request(
            "No segment of this recording has arrived: there is no segments/manifest.json. Upload it first.",
        )),
        Source::File => Err(ApiError::bad_request("Video is not a segmented recording")),
    }
}

fn status(status: &str) -> Answer {
    json_response(StatusCode::OK, &object!({ "success": true, "status": status }))
}
