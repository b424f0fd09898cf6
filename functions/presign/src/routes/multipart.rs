//! `POST /api/upload/multipart/{initiate,presign-part,parts,complete,abort}`

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    objects::{Completion, Part, StoredPart},
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::target_of_parts;
use crate::app::App;

/// S3 numbers parts from 1 to 10,000.
const PART_NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;

fn result_mp4() -> String {
    "result.mp4".to_owned()
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InitiateParts)]
struct Initiate {
    video_id: String,
    /// Name of the file.
    #[serde(default = "result_mp4")]
    subpath: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PresignPart {
    video_id: String,
    upload_id: String,
    #[schema(minimum = 1, maximum = 10000)]
    part_number: i32,
    /// Name of the file.
    #[serde(default = "result_mp4")]
    subpath: String,
    /// MD5 of the part, in Base64.
    md5_sum: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CompleteParts)]
struct Complete {
    video_id: String,
    upload_id: String,
    parts: Vec<Part>,
    /// Name of the file.
    #[serde(default = "result_mp4")]
    subpath: String,
}

/// What names an upload in progress.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BegunParts)]
struct Begun {
    video_id: String,
    upload_id: String,
    /// Name of the file.
    #[serde(default = "result_mp4")]
    subpath: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InitiatedParts)]
struct Initiated {
    upload_id: String,
    /// Always `s3`.
    provider: &'static str,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedPart {
    /// Where the part is PUT, for an hour.
    presigned_url: String,
    /// Always `s3`.
    provider: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = StoredParts)]
struct Stored {
    parts: Vec<StoredPart>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CompletedParts)]
struct Completed {
    success: bool,
    /// Always null: what is uploaded is not public.
    location: Option<&'static str>,
    file_key: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AbortedParts)]
struct Aborted {
    success: bool,
    file_key: String,
    upload_id: String,
}

/// Begin an upload in parts
#[utoipa::path(
    post,
    path = "/api/upload/multipart/initiate",
    tag = "Uploads in parts",
    request_body = Initiate,
    responses((status = 200, body = Initiated)),
)]
pub(super) async fn initiate(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Initiate = json(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    let upload_id = app.objects.begin_upload(&upload.key, upload.content_type).await?;
    json_response(StatusCode::OK, &Initiated { upload_id, provider: "s3" })
}

/// Sign the upload of one part
///
/// A part may be stored again under its number; the last one counts.
#[utoipa::path(
    post,
    path = "/api/upload/multipart/presign-part",
    tag = "Uploads in parts",
    request_body = PresignPart,
    responses((status = 200, body = SignedPart)),
)]
pub(super) async fn presign_part(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: PresignPart = json(request)?;
    if !PART_NUMBERS.contains(&asked.part_number) {
        return Err(ApiError::bad_request("partNumber must be a whole number from 1 to 10000."));
    }
    require_upload_id(&asked.upload_id)?;
    let md5 = asked.md5_sum.as_deref();
    if md5.is_some_and(|md5| !BASE64_STANDARD.decode(md5).is_ok_and(|hash| hash.len() == 16)) {
        return Err(ApiError::bad_request("md5Sum must be the MD5 of the part in Base64, which is 24 characters."));
    }
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    let url = app.objects.sign_part(&upload.key, &asked.upload_id, asked.part_number, md5).await?;
    json_response(StatusCode::OK, &SignedPart { presigned_url: url, provider: "s3" })
}

/// List the parts that are stored
///
/// So that an upload that was interrupted goes on where it was.
#[utoipa::path(
    post,
    path = "/api/upload/multipart/parts",
    tag = "Uploads in parts",
    request_body = Begun,
    responses((status = 200, body = Stored)),
)]
pub(super) async fn parts(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Begun = json(request)?;
    require_upload_id(&asked.upload_id)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    let parts = app.objects.stored_parts(&upload.key, &asked.upload_id).await?.ok_or_else(unknown_upload)?;
    json_response(StatusCode::OK, &Stored { parts })
}

/// Make the file from its parts
///
/// A second call gets the first one's answer.
#[utoipa::path(
    post,
    path = "/api/upload/multipart/complete",
    tag = "Uploads in parts",
    request_body = Complete,
    responses((status = 200, body = Completed)),
)]
pub(super) async fn complete(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Complete = json(request)?;
    require_upload_id(&asked.upload_id)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    match app.objects.complete_upload(&upload.key, &asked.upload_id, &asked.parts).await? {
        Completion::Done => {
            app.objects.announce(&upload.key).await?;
            json_response(StatusCode::OK, &Completed { success: true, location: None, file_key: upload.key })
        }
        Completion::Refused(sentence) => Err(ApiError::bad_request(sentence)),
        Completion::Unknown => Err(unknown_upload()),
    }
}

/// Drop an upload and its parts
#[utoipa::path(
    post,
    path = "/api/upload/multipart/abort",
    tag = "Uploads in parts",
    request_body = Begun,
    responses((status = 200, body = Aborted)),
)]
pub(super) async fn abort(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Begun = json(request)?;
    require_upload_id(&asked.upload_id)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    if !app.objects.abort_upload(&upload.key, &asked.upload_id).await? {
        return Err(unknown_upload());
    }
    json_response(StatusCode::OK, &Aborted { success: true, file_key: upload.key, upload_id: asked.upload_id })
}

fn require_upload_id(upload_id: &str) -> Result<(), ApiError> {
    // S3's ids are some hundred characters; the bound keeps nonsense out of signed addresses.
    let plain = upload_id.len() <= 2048 && upload_id.bytes().all(|byte| byte.is_ascii_graphic());
    if upload_id.is_empty() || !plain {
        return Err(ApiError::bad_request("uploadId is not one that multipart/initiate answered."));
    }
    Ok(())
}

fn unknown_upload() -> ApiError {
    ApiError::not_found("There is no such upload for this video. Begin again with multipart/initiate.")
}
