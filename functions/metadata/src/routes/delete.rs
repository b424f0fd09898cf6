//! Deleting a video: its row goes out of sight at once, its objects with it.

use common::{
    db::{videos, views},
    error::ApiError,
    http::{Answer, StatusCode, agent_json, idempotency_key, json_response, query},
    identity::{self, Credential},
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

#[derive(Serialize, ToSchema)]
#[schema(as = DeletedCap)]
struct Deleted<'a> {
    id: &'a str,
    deleted: bool,
}

/// Delete a video, or discard a recording
#[utoipa::path(
    delete,
    path = "/api/desktop/video/delete",
    tag = "Cap Desktop",
    params(("videoId" = String, Query, description = "The video's")),
    responses((status = 200, body = bool, content_type = "application/json")),
)]
pub(super) async fn by_query(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let id = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    delete(app, request, &credential, id).await?;
    json_response(StatusCode::OK, &true)
}

/// Delete a video
#[utoipa::path(
    delete,
    path = "/api/v1/caps/{id}",
    tag = "Videos",
    params(
        ("id" = String, Path, description = "The video's"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
        ("X-Cap-Confirmation" = Option<String>, Header, description = "user, when a person has confirmed it"),
    ),
    responses((status = 200, body = Deleted<'_>), (status = 428, description = "A token of the cap command needs a person to confirm it")),
)]
pub(super) async fn agent(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    delete(app, request, &credential, id).await?;
    agent_json(request, StatusCode::OK, &Deleted { id, deleted: true })
}

async fn delete(app: &App, request: &Request, credential: &Credential, id: &str) -> Result<(), ApiError> {
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, credential, id).await?.owned()?;
    credential.confirmed(request)?;
    if !videos::delete(&mut db, &video.id, &video.owner).await? {
        return Err(ApiError::video_not_found());
    }
    // Who watched it is nobody's business any longer; a row that comes late goes with the video's own.
    views::forget(&mut db, &video.id).await?;
    // For the caller the video is gone; whatever is left the sweep removes.
    if let Err(error) = app.objects.remove_video(&video.id).await {
        tracing::warn!(video = %video.id, %error, "objects of a deleted video are left to the sweep");
    }
    Ok(())
}
