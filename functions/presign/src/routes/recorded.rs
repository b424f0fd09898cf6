//! `POST /api/upload/recording-complete`

use common::{
    db::videos::{self, Source, Status, Video},
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    objects::keys::{self, live},
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CompleteRecording)]
struct Complete {
    video_id: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CompletedRecording)]
struct Completed {
    success: bool,
    /// `queued`, `already-processing` or `already-complete`.
    status: &'static str,
}

/// Make one file of a recording's segments
///
/// May be called as often as one likes: the job is known by the manifest that it finds, and of an unchanged one nothing is
/// made twice.
#[utoipa::path(
    post,
    path = "/api/upload/recording-complete",
    tag = "Uploads",
    request_body = Complete,
    responses((status = 200, body = Completed)),
)]
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

fn status(status: &'static str) -> Answer {
    json_response(StatusCode::OK, &Completed { success: true, status })
}
