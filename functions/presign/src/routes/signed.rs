//! `POST /api/upload/signed` and `POST /api/upload/signed/batch`. The first is asked for every second by every recording that
//! is going on: one query, and no call to S3.

use std::collections::BTreeMap;

use common::{
    db::videos::{Kind, Video},
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    objects::{MAX_PICTURE_BYTES, MAX_PUT_BYTES, keys::Upload},
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::target;
use crate::app::App;

/// Files that one batch may have.
const BATCH: std::ops::RangeInclusive<usize> = 1..=50;

/// What the client says of the recording itself (`durationInSecs`, `width`, …) is not read: the upload says it better.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignRequest {
    video_id: Option<String>,
    /// Name of the file: `result.mp4`, `screenshot/screen-capture.jpg`, `segments/manifest.json`, …
    subpath: Option<String>,
    /// What older clients send instead of both: `<user>/<video>/<subpath>`.
    file_key: Option<String>,
    /// `post` is meant when there is none.
    #[schema(pattern = "^(put|post)$")]
    method: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BatchRequest {
    video_id: String,
    /// Names of files.
    #[schema(min_items = 1, max_items = 50)]
    subpaths: Vec<String>,
}

/// One of the two, whichever was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Signed {
    PresignedPutData(Put),
    PresignedPostData(Post),
}

/// Where a file is PUT, for half an hour. Only the host is signed, so headers may be left out.
#[derive(Serialize, ToSchema)]
struct Put {
    /// Always `put`.
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    fields: BTreeMap<&'static str, &'static str>,
    headers: BTreeMap<&'static str, &'static str>,
}

/// A form (`multipart/form-data`) that stores a file, which is its last field.
#[derive(Serialize, ToSchema)]
struct Post {
    url: String,
    fields: BTreeMap<&'static str, String>,
}

/// Each file by its name, twice: its address alone, and all that is known of its upload.
#[derive(Serialize, ToSchema)]
struct Batch<'a> {
    urls: BTreeMap<&'a str, String>,
    uploads: BTreeMap<&'a str, Put>,
}

/// Sign the upload of a file
///
/// A whole file, with one PUT or by a form, stored straight in S3.
#[utoipa::path(post, path = "/api/upload/signed", tag = "Uploads", request_body = SignRequest, responses((status = 200, body = Signed)))]
pub(super) async fn sign(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: SignRequest = json(request)?;
    let (video, subpath) = asked.file()?;
    let by_form = match asked.method.as_deref() {
        Some("put") => false,
        None | Some("post") => true,
        Some(_) => return Err(ApiError::bad_request("method must be put or post.")),
    };
    let access = identity::access(&mut app.db.connect().await?, &credential, video).await?;
    let video = access.owned_or_forbidden()?;
    let upload = target(&video, subpath)?;
    if by_form {
        return json_response(StatusCode::OK, &Signed::PresignedPostData(post(app, &video, &upload).await?));
    }
    json_response(StatusCode::OK, &Signed::PresignedPutData(put(app, &upload).await?))
}

/// Sign the uploads of many files of one video
#[utoipa::path(
    post,
    path = "/api/upload/signed/batch",
    tag = "Uploads",
    request_body = BatchRequest,
    responses((status = 200, body = Batch<'_>)),
)]
pub(super) async fn batch(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let asked: BatchRequest = json(request)?;
    if !BATCH.contains(&asked.subpaths.len()) {
        return Err(ApiError::bad_request("subpaths must be 1 to 50 names of files."));
    }
    let access = identity::access(&mut app.db.connect().await?, &credential, &asked.video_id).await?;
    let video = access.owned_or_forbidden()?;
    let (mut urls, mut uploads) = (BTreeMap::new(), BTreeMap::new());
    for subpath in &asked.subpaths {
        let put = put(app, &target(&video, subpath)?).await?;
        urls.insert(subpath.as_str(), put.url.clone());
        uploads.insert(subpath.as_str(), put);
    }
    json_response(StatusCode::OK, &Batch { urls, uploads })
}

impl SignRequest {
    /// Id of the video and name of its file. Whose video it is, the database says.
    fn file(&self) -> Result<(&str, &str), ApiError> {
        if let (Some(video), Some(subpath)) = (&self.video_id, &self.subpath) {
            return Ok((video, subpath));
        }
        let named = self.file_key.as_deref().and_then(|key| key.split_once('/')?.1.split_once('/'));
        named.ok_or_else(|| ApiError::bad_request("videoId and subpath are missing. Send both."))
    }
}

async fn put(app: &App, upload: &Upload) -> Result<Put, ApiError> {
    let url = app.objects.sign_put(&upload.key).await?;
    let headers = BTreeMap::from([("Content-Type", upload.content_type)]);
    Ok(Put { kind: "put", url, fields: BTreeMap::new(), headers })
}

async fn post(app: &App, video: &Video, upload: &Upload) -> Result<Post, ApiError> {
    let most = match video.kind {
        Kind::Recording => MAX_PUT_BYTES,
        Kind::Screenshot => MAX_PICTURE_BYTES,
    };
    let form = app.objects.sign_post(&upload.key, upload.content_type, most).await?;
    Ok(Post { url: form.url, fields: form.fields.into_iter().collect() })
}
