//! `POST /api/upload/multipart/{initiate,presign-part,parts,complete,abort}`

use base64::{Engine, prelude::BASE64_STANDARD};
use common::{
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    objects::{Completion, Part},
};
use lambda_http::Request;
use serde::Deserialize;
use serde_json::json as object;

use super::target_of_parts;
use crate::app::App;

/// S3 numbers parts from 1 to 10,000.
const PART_NUMBERS: std::ops::RangeInclusive<i32> = 1..=10_000;

fn result_mp4() -> String {
    "result.mp4".to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initiate {
    video_id: String,
    #[serde(default = "result_mp4")]
    subpath: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PresignPart {
    video_id: String,
    upload_id: String,
    part_number: i32,
    #[serde(default = "result_mp4")]
    subpath: String,
    /// MD5 of the part, in Base64.
    md5_sum: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complete {
    video_id: String,
    upload_id: String,
    parts: Vec<Part>,
    #[serde(default = "result_mp4")]
    subpath: String,
}

/// What names an upload in progress.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    video_id: String,
    upload_id: String,
    #[serde(default = "result_mp4")]
    subpath: String,
}

/// Begins an upload in parts.
pub(super) async fn initiate(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Initiate = json(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    let upload_id = app.objects.begin_upload(&upload.key, upload.content_type).await?;
    json_response(StatusCode::OK, &object!({ "uploadId": upload_id, "provider": "s3" }))
}

/// Signs the upload of one part. A part may be stored again under its number; the last one counts.
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
    json_response(StatusCode::OK, &object!({ "presignedUrl": url, "provider": "s3" }))
}

/// The parts that are there, so that an upload that was interrupted goes on where it was.
pub(super) async fn parts(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Begun = json(request)?;
    require_upload_id(&asked.upload_id)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    let parts = app.objects.stored_parts(&upload.key, &asked.upload_id).await?.ok_or_else(unknown_upload)?;
    json_response(StatusCode::OK, &object!({ "parts": parts }))
}

/// Makes the object from its parts. A second call gets the first one's answer.
pub(super) async fn complete(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Complete = json(request)?;
    require_upload_id(&asked.upload_id)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    match app.objects.complete_upload(&upload.key, &asked.upload_id, &asked.parts).await? {
        Completion::Done => {
            let answer = object!({ "success": true, "location": null, "fileKey": upload.key });
            json_response(StatusCode::OK, &answer)
        }
        Completion::Refused(sentence) => Err(ApiError::bad_request(sentence)),
        Completion::Unknown => Err(unknown_upload()),
    }
}

/// Drops an upload and its parts.
pub(super) async fn abort(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: Begun = json(request)?;
    require_upload_id(&asked.upload_id)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?.owned()?;
    let upload = target_of_parts(&video, &asked.subpath)?;
    if !app.objects.abort_upload(&upload.key, &asked.upload_id).await? {
        return Err(unknown_upload());
    }
    let answer = object!({ "success": true, "fileKey": upload.key, "uploadId": asked.upload_id });
    json_response(StatusCode::OK, &answer)
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
