//! `POST /api/v1/uploads` and `…/{id}/complete`: the `cap` command uploads a recording.

use std::collections::BTreeMap;

use common::{
    db::{
        agent_uploads::{self, Begin, Begun},
        videos::{self, Kind, Status, Video},
    },
    error::ApiError,
    http::{Answer, StatusCode, agent_json, gateway_host, idempotency_key, json},
    identity,
    ids::{UserId, VideoId},
    objects::{MAX_PUT_BYTES, keys},
    telemetry,
    time::Millis,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{
    create::{MAX_FPS, MAX_SECONDS, MAX_SIDE},
    target,
};
use crate::app::App;

/// The name under which the command uploads.
const SUBPATH: &str = "agent-upload.mp4";
/// Characters of a title; the column holds no more.
const TITLE_CHARACTERS: usize = 255;
/// What the command may say that it uploads. What it is, its content says.
const TYPES: [&str; 4] = ["video/mp4", "video/webm", "video/quicktime", "video/x-matroska"];

/// What is said of an upload. Written again, it is compared with what was said before under the same key.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AgentUpload)]
struct Said {
    #[schema(max_length = 255)]
    file_name: String,
    #[schema(pattern = "^video/(mp4|webm|quicktime|x-matroska)$")]
    content_type: String,
    /// Bytes, up to 5 GiB.
    #[schema(minimum = 1, maximum = 5368709120_u64)]
    content_length: u64,
    #[schema(minimum = 0)]
    duration_seconds: Option<f64>,
    width: Option<u32>,
    height: Option<u32>,
    #[schema(minimum = 0)]
    fps: Option<f64>,
    /// Without one, the file's name.
    #[schema(max_length = 255)]
    title: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CreatedAgentUpload)]
struct Created<'a> {
    id: &'a VideoId,
    share_url: String,
    raw_file_key: String,
    upload: Put<'a>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AgentPut)]
struct Put<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: String,
    headers: BTreeMap<&'static str, &'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CompletedAgentUpload)]
struct Completed<'a> {
    id: &'a VideoId,
    /// `started`, `already-processing` or `already-complete`.
    processing: &'static str,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CompleteAgentUpload)]
struct Complete {
    raw_file_key: String,
    content_length: u64,
}

impl Said {
    fn check(&self) -> Result<(), ApiError> {
        if !TYPES.contains(&self.content_type.as_str()) {
            return Err(ApiError::bad_request(format!("contentType must be one of {}.", TYPES.join(", "))));
        }
        if !(1..=MAX_PUT_BYTES).contains(&self.content_length) {
            return Err(ApiError::bad_request(format!(
                "contentLength must be 1 to {MAX_PUT_BYTES} bytes, which is 5 GiB. Upload a larger file in parts."
            )));
        }
        let measures = [("durationSeconds", self.duration_seconds), ("fps", self.fps)];
        if let Some((name, _)) = measures.iter().find(|(_, measure)| measure.is_some_and(|measure| measure < 0.0)) {
            return Err(ApiError::bad_request(format!("{name} must not be negative.")));
        }
        let given = |text: &str| text.chars().count() <= TITLE_CHARACTERS;
        if !given(&self.file_name) || !self.title.as_deref().is_none_or(given) {
            return Err(ApiError::bad_request(format!(
                "title and fileName have at most {TITLE_CHARACTERS} characters."
            )));
        }
        Ok(())
    }

    /// The title, or what the file is called without its ending.
    fn name(&self) -> String {
        let stem = self.file_name.rsplit_once('.').map_or(self.file_name.as_str(), |(stem, _)| stem);
        let named =
            [self.title.as_deref().unwrap_or_default(), stem].map(str::trim).into_iter().find(|n| !n.is_empty());
        named.map_or_else(|| format!("Cap Recording - {}", Millis::now().day()), str::to_owned)
    }

    /// The same as the row keeps it until the file itself tells. What is no honest measure is left out.
    fn measures(&self) -> videos::Announced {
        let within = |value: Option<f64>, most: f64| value.filter(|value| *value > 0.0 && *value <= most);
        let side = |side: Option<u32>| side.filter(|side| *side > 0 && f64::from(*side) <= MAX_SIDE);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range, as was just looked at")]
        videos::Announced {
            kind: Kind::Recording,
            duration_ms: within(self.duration_seconds, MAX_SECONDS).map(|seconds| (seconds * 1000.0) as u64),
            width: side(self.width),
            height: side(self.height),
            fps: within(self.fps, MAX_FPS),
            ..videos::Announced::default()
        }
    }

    fn hash(&self) -> Result<[u8; 32], ApiError> {
        Ok(Sha256::digest(serde_json::to_vec(self).map_err(ApiError::internal)?).into())
    }
}

/// Create a video and sign the upload of its file
///
/// Asked again under the same `Idempotency-Key`, it answers the same video, with an address that is good for another half
/// an hour.
#[utoipa::path(
    post,
    path = "/api/v1/uploads",
    tag = "Uploads",
    params(("Idempotency-Key" = String, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$")),
    request_body = Said,
    responses(
        (status = 200, body = Created<'_>),
        (status = 409, description = "The key was used for another upload"),
    ),
)]
pub(super) async fn begin(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let key = idempotency_key(request)?.ok_or_else(|| {
        ApiError::bad_request("Idempotency-Key is missing: a value of your own, under which you may ask again.")
    })?;
    let said: Said = json(request)?;
    said.check()?;
    let mut db = app.db.connect().await?;
    let owner = identity::caller(&mut db, &credential).await?;
    let (key, body) = (Sha256::digest(key).into(), said.hash()?);
    let (video, name) = (VideoId::random()?, said.name());
    let begin =
        Begin { owner: &owner, key: &key, body: &body, video: &video, name: &name, announced: &said.measures() };
    let id = match agent_uploads::begin(&mut db, &begin).await? {
        Begun::Video(id) => id,
        Begun::Conflict => return Err(super::key_used()),
        Begun::NoAccount => return Err(ApiError::unauthenticated()),
    };
    telemetry::video(&id);
    let upload = keys::upload_of(&id, Kind::Recording, SUBPATH).ok_or_else(ApiError::video_not_found)?;
    let url = app.objects.sign_put(&upload.key).await?;
    let created = Created {
        id: &id,
        share_url: app.site.share_url(&gateway_host(request), id.as_str()),
        raw_file_key: raw_file_key(&owner, &id),
        upload: Put { kind: "put", url, headers: BTreeMap::from([("Content-Type", said.content_type.as_str())]) },
    };
    agent_json(request, StatusCode::OK, &created)
}

/// Say that a file is stored
///
/// What becomes of it has begun with that; this only says so.
#[utoipa::path(
    post,
    path = "/api/v1/uploads/{id}/complete",
    tag = "Uploads",
    params(
        ("id" = String, Path, description = "The video's"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    request_body = Complete,
    responses(
        (status = 200, body = Completed<'_>),
        (status = 409, description = "The file is not stored yet, or of another size"),
    ),
)]
pub(super) async fn complete(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    let asked: Complete = json(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    if asked.raw_file_key != raw_file_key(&video.owner, &video.id) {
        return Err(ApiError::bad_request("rawFileKey is not the one that was answered when this upload began."));
    }
    let upload = target(&video, SUBPATH)?.key;
    let stored = app.objects.head(&upload).await?.map(|head| head.size);
    let processing = standing(&video, stored, asked.content_length)?;
    if video.status == Status::Uploading {
        app.objects.announce(&upload).await?;
    }
    agent_json(request, StatusCode::OK, &Completed { id: &video.id, processing })
}

/// What a client is told of a video whose file has so many bytes, if there is one.
fn standing(video: &Video, stored: Option<u64>, wanted: u64) -> Result<&'static str, ApiError> {
    match (stored, video.status) {
        (Some(stored), _) if stored != wanted => {
            Err(ApiError::bad_request(format!("The stored file has {stored} bytes and not {wanted}. Upload it again.")))
        }
        (_, Status::Ready) => Ok("already-complete"),
        (None, _) => Err(ApiError::not_ready("No file has arrived for this upload yet. Upload it, then complete.")),
        (_, Status::Uploading) => Ok("started"),
        (_, Status::Processing) => Ok("already-processing"),
        (_, Status::Failed) => {
            Err(ApiError::conflict("CONFLICT", video.failure_reason.as_deref().unwrap_or("This upload has failed.")))
        }
    }
}

/// What the client shows again when it is done. It looks like a key of Cap's; no object has it.
fn raw_file_key(owner: &UserId, video: &VideoId) -> String {
    format!("{owner}/{video}/{SUBPATH}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(title: Option<&str>, file_name: &str) -> Said {
        Said {
            file_name: file_name.to_owned(),
            content_type: "video/mp4".to_owned(),
            content_length: 1,
            duration_seconds: None,
            width: None,
            height: None,
            fps: None,
            title: title.map(str::to_owned),
        }
    }

    #[test]
    fn a_recording_has_a_title_whatever_is_said() {
        assert_eq!(said(Some(" Demo "), "x.mp4").name(), "Demo");
        assert_eq!(said(None, "stand up.final.mp4").name(), "stand up.final");
        assert_eq!(said(Some("  "), "demo").name(), "demo");
        assert!(said(None, ".mp4").name().starts_with("Cap Recording - "));
    }

    #[test]
    fn what_is_said_otherwise_is_another_upload() {
        let hash = |said: Said| said.hash().expect("a hash");
        assert_eq!(hash(said(None, "a.mp4")), hash(said(None, "a.mp4")));
        for other in [said(Some(""), "a.mp4"), said(None, "b.mp4")] {
            assert_ne!(hash(said(None, "a.mp4")), hash(other));
        }
    }
}
