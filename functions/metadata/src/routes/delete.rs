//! Deleting a video: its row goes out of sight at once, its objects with it.

use common::{
    db::videos,
    error::ApiError,
    http::{Answer, StatusCode, agent_json, idempotency_key, json_response, query},
    identity::{self, Credential},
};
use lambda_http::Request;
use serde_json::json;

use crate::app::App;

/// `DELETE /api/desktop/video/delete?videoId=…` and `DELETE /api/video/delete?videoId=…`
pub(super) async fn by_query(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let id = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    delete(app, request, &credential, id).await?;
    json_response(StatusCode::OK, &true)
}

/// `DELETE /api/v1/caps/{id}`
pub(super) async fn agent(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    delete(app, request, &credential, id).await?;
    agent_json(request, StatusCode::OK, &json!({ "id": id, "deleted": true }))
}

async fn delete(app: &App, request: &Request, credential: &Credential, id: &str) -> Result<(), ApiError> {
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, credential, id).await?.owned()?;
    credential.confirmed(request)?;
    if !videos::delete(&mut db, &video.id, &video.owner).await? {
        return Err(ApiError::video_not_found());
    }
    // For the caller the video is gone; whatever is left the sweep removes.
    if let Err(error) = app.objects.remove_video(&video.id).await {
        tracing::warn!(video = %video.id, %error, "objects of a deleted video are left to the sweep");
    }
    Ok(())
}
