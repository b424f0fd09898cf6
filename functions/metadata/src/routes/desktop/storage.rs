//! Where recordings are kept: in the server's own bucket, for everybody. The app's settings offer more, and are told so.

use common::{
    error::ApiError,
    http::{Answer, StatusCode, html, json, json_response},
    identity,
};
use lambda_http::{Body, Request, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

#[derive(Deserialize, ToSchema)]
#[schema(as = ActiveStorage)]
struct Active {
    #[schema(pattern = "^(s3|googleDrive)$")]
    provider: String,
}

/// A bucket of one's own, which nobody has.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OwnBucket {
    provider: &'static str,
    access_key_id: &'static str,
    secret_access_key: &'static str,
    endpoint: &'static str,
    bucket_name: &'static str,
    region: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Buckets {
    config: OwnBucket,
    /// Always `default`.
    source: &'static str,
    managed_by_organization: Option<&'static str>,
}

/// Google Drive, which nobody has connected.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Drive {
    id: Option<&'static str>,
    connected: bool,
    active: bool,
    status: Option<&'static str>,
    display_name: Option<&'static str>,
    storage_quota: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Integrations {
    /// Always `s3`.
    active_provider: &'static str,
    managed_by_organization: Option<&'static str>,
    google_drive: Drive,
}

#[derive(Serialize, ToSchema)]
struct Done {
    success: bool,
}

/// Show the bucket of one's own
///
/// There is none.
#[utoipa::path(get, path = "/api/desktop/s3/config/get", tag = "Cap Desktop", responses((status = 200, body = Buckets)))]
pub(super) async fn config(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    let config = OwnBucket {
        provider: "aws",
        access_key_id: "",
        secret_access_key: "",
        endpoint: "https://s3.amazonaws.com",
        bucket_name: "",
        region: "us-east-1",
    };
    json_response(StatusCode::OK, &Buckets { config, source: "default", managed_by_organization: None })
}

/// Use a bucket of one's own
///
/// That cannot be done.
#[utoipa::path(
    post,
    path = "/api/desktop/s3/config",
    tag = "Cap Desktop",
    responses((status = 400, description = "Always, with a sentence that says so")),
)]
pub(super) async fn own_bucket(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    Err(ApiError::bad_request(
        "This server keeps all recordings in its own storage. Buckets of one's own cannot be used.",
    ))
}

/// Use no storage of one's own
///
/// None is used afterwards, as none was before.
#[utoipa::path(delete, path = "/api/desktop/s3/config/delete", tag = "Cap Desktop", responses((status = 200, body = Done)))]
pub(super) async fn forget(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    json_response(StatusCode::OK, &Done { success: true })
}

/// Tell where recordings are kept
#[utoipa::path(get, path = "/api/desktop/storage/integrations", tag = "Cap Desktop", responses((status = 200, body = Integrations)))]
pub(super) async fn integrations(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    let google_drive = Drive::default();
    json_response(StatusCode::OK, &Integrations { active_provider: "s3", managed_by_organization: None, google_drive })
}

/// Choose where recordings are kept
///
/// S3 is active, and nothing else can be.
#[utoipa::path(
    post,
    path = "/api/desktop/storage/set-active",
    tag = "Cap Desktop",
    request_body = Active,
    responses((status = 200, body = Done), (status = 404, description = "Google Drive is not connected")),
)]
pub(super) async fn set_active(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let Active { provider } = json(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    match provider.as_str() {
        "s3" => json_response(StatusCode::OK, &Done { success: true }),
        "googleDrive" => Err(not_connected()),
        _ => Err(ApiError::bad_request("provider must be s3 or googleDrive.")),
    }
}

/// Connect Google Drive
///
/// That cannot be done.
#[utoipa::path(
    post,
    path = "/api/desktop/storage/google-drive/connect",
    tag = "Cap Desktop",
    responses((status = 400, description = "Always, with a sentence that says so")),
)]
pub(super) async fn connect(app: &App, request: &Request) -> Answer {
    known(app, request).await?;
    Err(ApiError::bad_request("This server keeps all recordings in its own storage. Google Drive cannot be connected."))
}

/// Come back from Google
///
/// Nothing led the browser there.
#[utoipa::path(
    get,
    path = "/api/desktop/storage/google-drive/callback",
    tag = "Cap Desktop",
    security(()),
    responses((status = 400, description = "Always", body = String, content_type = "text/html")),
)]
pub(super) fn callback() -> Response<Body> {
    html(
        StatusCode::BAD_REQUEST,
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Google Drive cannot be connected</title>\n\
         <h1>Google Drive cannot be connected</h1>\n<p>This server keeps all recordings in its own storage. You can close \
         this page.</p>\n</html>\n",
    )
}

/// Look at Google Drive
///
/// It is not connected.
#[utoipa::path(
    post,
    path = "/api/desktop/storage/google-drive/test",
    tag = "Cap Desktop",
    responses((status = 404, description = "Always")),
)]
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
