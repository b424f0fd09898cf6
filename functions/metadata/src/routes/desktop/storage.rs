//! Where recordings are kept: in the server's own bucket, for everybody. The app's settings offer more, and are told so.

use common::{
    error::ApiError,
    http::{Answer, StatusCode, html, json, json_response},
    identity,
};
use lambda_http::{Body, Request, Response};
use serde::Deserialize;
use serde_json::json as object;

use crate::app::App;

#[derive(Deserialize)]
struct Active {
    provider: String,
}

/// `GET /api/desktop/s3/config/get`
pub(super) async fn config(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    let config = object!({
        "provider": "aws", "accessKeyId": "", "secretAccessKey": "", "endpoint": "https://s3.amazonaws.com",
        "bucketName": "", "region": "us-east-1",
    });
    let answer = object!({ "config": config, "source": "default", "managedByOrganization": null });
    json_response(StatusCode::OK, &answer)
}

/// `POST /api/desktop/s3/config` and `POST /api/desktop/s3/config/test`
pub(super) async fn own_bucket(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    Err(ApiError::bad_request(
        "This server keeps all recordings in its own storage. Buckets of one's own cannot be used.",
    ))
}

/// `DELETE /api/desktop/s3/config/delete` and `DELETE /api/desktop/storage/google-drive/disconnect`: neither is used
/// afterwards, as neither was before.
pub(super) async fn forget(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    json_response(StatusCode::OK, &object!({ "success": true }))
}

/// `GET /api/desktop/storage/integrations`
pub(super) async fn integrations(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    let drive = object!({
        "id": null, "connected": false, "active": false, "status": null, "displayName": null, "storageQuota": null,
    });
    let answer = object!({ "activeProvider": "s3", "managedByOrganization": null, "googleDrive": drive });
    json_response(StatusCode::OK, &answer)
}

/// `POST /api/desktop/storage/set-active`: S3 is active, and nothing else can be.
pub(super) async fn set_active(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let Active { provider } = json(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    match provider.as_str() {
        "s3" => json_response(StatusCode::OK, &object!({ "success": true })),
        "googleDrive" => Err(not_connected()),
        _ => Err(ApiError::bad_request("provider must be s3 or googleDrive.")),
    }
}

/// `POST /api/desktop/storage/google-drive/connect`
pub(super) async fn connect(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    Err(ApiError::bad_request("This server keeps all recordings in its own storage. Google Drive cannot be connected."))
}

/// `GET /api/desktop/storage/google-drive/callback`: a browser that comes back from Google. Nothing led it there.
pub(super) fn callback() -> Response<Body> {
    html(
        StatusCode::BAD_REQUEST,
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Google Drive cannot be connected</title>\n\
         <h1>Google Drive cannot be connected</h1>\n<p>This server keeps all recordings in its own storage. You can close \
         this page.</p>\n</html>\n",
    )
}

/// `POST /api/desktop/storage/google-drive/test`
pub(super) async fn test(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    Err(not_connected())
}

/// The app knows this word.
fn not_connected() -> ApiError {
    ApiError::not_found("not_connected")
}

/// Refuses whoever could not do this either if it could be done.
async fn known(app: &App, request: &Request) -> Result<(), ApiError> {
    let credential = identity::writing(&app.site, request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await.map(drop)
}
