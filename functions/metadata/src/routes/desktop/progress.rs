//! `POST /api/desktop/video/progress`: how far the client says that an upload is.

use common::{
    db::videos::{self, Progress},
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    time::Millis,
};
use lambda_http::Request;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UploadProgress)]
struct Told {
    video_id: String,
    /// Bytes.
    uploaded: u64,
    /// Bytes.
    total: u64,
    #[schema(format = DateTime)]
    updated_at: String,
}

/// Tell how far an upload is
///
/// The share page shows it. Whether the upload is there, the object says.
#[utoipa::path(
    post,
    path = "/api/desktop/video/progress",
    tag = "Cap Desktop",
    request_body = Told,
    responses((status = 200, body = bool, content_type = "application/json")),
)]
pub(super) async fn note(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let told: Told = json(request)?;
    let told_at = Millis::parse_micros(&told.updated_at)
        .ok_or_else(|| ApiError::bad_request("updatedAt must be an instant such as 2026-01-31T12:00:00Z."))?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, &told.video_id).await?.owned()?;
    videos::progress(&mut db, &video.id, Progress::new(told.uploaded, told.total), told_at).await?;
    json_response(StatusCode::OK, &true)
}
