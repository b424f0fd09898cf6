//! What is said in a video, as its owner writes it down: `/api/videos/{id}/captions`, and the agent API's transcript.

use common::{
    db::{
        Connection,
        captions::{self, About},
        videos::{Kind, Video},
    },
    error::ApiError,
    http::{Answer, StatusCode, agent_json, bytes, idempotency_key, json, json_response, query, text},
    identity::{self, Credential},
    language::Language,
};
use lambda_http::Request;
use media::captions::{Captions, CaptionsError, Edit, Line};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;

/// Captions that are there now.
#[derive(Serialize, ToSchema)]
#[schema(as = Captions)]
pub(super) struct Written {
    /// Which text of them it is. Whoever edits them says which one they have seen.
    version: String,
    language: String,
    /// How many there are.
    cues: usize,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = EditCaptions)]
struct Edits {
    /// The version that is edited.
    version: String,
    #[schema(max_items = 20000)]
    edits: Vec<EditCaption>,
}

#[derive(Deserialize, ToSchema)]
struct EditCaption {
    /// Which caption, counted from 0.
    index: usize,
    /// Its words without markup; none takes it away.
    text: String,
}

#[derive(Serialize, ToSchema)]
struct RemovedCaptions {
    removed: bool,
}

/// A caption.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only what it has is told")]
pub(super) struct TranscriptLine {
    index: usize,
    start_ms: u64,
    end_ms: u64,
    /// Who says it, if the file tells.
    speaker: Option<String>,
    text: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Transcript<'a> {
    id: &'a str,
    language: &'a str,
    version: &'a str,
    #[schema(value_type = Vec<TranscriptLine>)]
    cues: Vec<Line>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TranscriptionStatus {
    /// `COMPLETE` when there is a transcript; nothing is transcribed by this server.
    transcription_status: Option<&'static str>,
}

/// Give a video captions
///
/// WebVTT or SubRip, in UTF-8, of at most 2 MiB. They take the place of those that it had. What cannot be read is named by its line.
#[utoipa::path(
    put,
    path = "/api/videos/{id}/captions",
    tag = "Captions",
    params(
        ("id" = String, Path, description = "The video's"),
        ("language" = Option<String>, Query, description = "A BCP 47 tag such as en or pt-BR"),
    ),
    request_body(content = String, content_type = "text/vtt"),
    responses((status = 200, body = Written)),
)]
pub(super) async fn put(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    json_response(StatusCode::OK, &store(app, request, &credential, id).await?)
}

/// Change the words of captions
#[utoipa::path(
    patch,
    path = "/api/videos/{id}/captions",
    tag = "Captions",
    params(("id" = String, Path, description = "The video's")),
    request_body = Edits,
    responses((status = 200, body = Written), (status = 409, description = "They are others by now")),
)]
pub(super) async fn edit(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let Edits { version, edits } = json(request)?;
    let edits = edits.into_iter().map(|EditCaption { index, text }| Edit { index, text }).collect::<Vec<_>>();
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    json_response(StatusCode::OK, &reword(&mut db, &video, &version, &edits).await?)
}

/// Take captions away
#[utoipa::path(
    delete,
    path = "/api/videos/{id}/captions",
    tag = "Captions",
    params(("id" = String, Path, description = "The video's")),
    responses((status = 200, body = RemovedCaptions)),
)]
pub(super) async fn remove(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    json_response(StatusCode::OK, &RemovedCaptions { removed: captions::remove(&mut db, &video.id).await? })
}

/// Show the transcript of a video
#[utoipa::path(
    get,
    path = "/api/v1/caps/{id}/transcript",
    tag = "Captions",
    params(
        ("id" = String, Path, description = "The video's"),
        ("format" = Option<String>, Query, description = "json unless it is said", pattern = "^(text|json|vtt)$"),
    ),
    responses(
        (status = 200, content((Transcript<'_> = "application/json"), (String = "text/plain"), (String = "text/vtt"))),
    ),
)]
pub(super) async fn transcript(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let (about, captions) = read(&mut db, &video).await?.ok_or_else(none)?;
    match query(request, "format") {
        Some("text") => Ok(text("text/plain; charset=utf-8", captions.text())),
        Some("vtt") => Ok(text("text/vtt; charset=utf-8", captions.vtt())),
        None | Some("json") => {
            let (id, language) = (video.id.as_str(), about.language.as_str());
            let transcript = Transcript { id, language, version: &about.version, cues: captions.lines() };
            agent_json(request, StatusCode::OK, &transcript)
        }
        Some(_) => Err(ApiError::bad_request("format must be text, json or vtt.")),
    }
}

/// Give a video a transcript
///
/// WebVTT or SubRip, as for its captions.
#[utoipa::path(
    put,
    path = "/api/v1/caps/{id}/transcript",
    tag = "Captions",
    params(
        ("id" = String, Path, description = "The video's"),
        ("language" = Option<String>, Query, description = "A BCP 47 tag such as en or pt-BR"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    request_body(content = String, content_type = "text/vtt"),
    responses((status = 200, body = Written)),
)]
pub(super) async fn put_transcript(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    agent_json(request, StatusCode::OK, &store(app, request, &credential, id).await?)
}

/// Tell whether a video has a transcript
#[utoipa::path(
    get,
    path = "/api/video/transcribe/status",
    tag = "Captions",
    params(("videoId" = String, Query, description = "The video's")),
    responses((status = 200, body = TranscriptionStatus)),
)]
pub(super) async fn status(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let id = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    let transcription_status = video.captions.map(|_| "COMPLETE");
    json_response(StatusCode::OK, &TranscriptionStatus { transcription_status })
}

async fn store(app: &App, request: &Request, credential: &Credential, id: &str) -> Result<Written, ApiError> {
    let captions = parsed(bytes(request))?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, credential, id).await?.owned()?;
    replace(&mut db, &video, query(request, "language"), &captions).await
}

/// What a file says, or why it cannot be taken.
pub(super) fn parsed(file: &[u8]) -> Result<Captions, ApiError> {
    Captions::parse(file).map_err(|error| unreadable(&error))
}

/// Captions in the place of those that a video has.
pub(super) async fn replace(
    db: &mut Connection,
    video: &Video,
    language: Option<&str>,
    captions: &Captions,
) -> Result<Written, ApiError> {
    if video.kind == Kind::Screenshot {
        return Err(ApiError::bad_request("This is a screenshot. Captions are for recordings."));
    }
    let language = match language {
        Some(tag) => Language::parse(tag)
            .ok_or_else(|| ApiError::bad_request("language must be a BCP 47 tag such as en or pt-BR."))?,
        None => Language::unknown(),
    };
    let cues = captions.cues().len();
    let version = captions::put(db, &video.id, &language, cues, &captions.vtt()).await?;
    let version = version.ok_or_else(ApiError::video_not_found)?;
    Ok(Written { version, language: language.as_str().to_owned(), cues })
}

/// Other words for some of the captions that somebody has seen.
pub(super) async fn reword(
    db: &mut Connection,
    video: &Video,
    version: &str,
    edits: &[Edit],
) -> Result<Written, ApiError> {
    let (about, captions) = read(db, video).await?.ok_or_else(none)?;
    if about.version != version {
        return Err(stale());
    }
    let edited = captions.edited(edits).map_err(|error| unreadable(&error))?;
    let cues = edited.cues().len();
    let version = captions::change(db, &video.id, &about, cues, &edited.vtt()).await?.ok_or_else(stale)?;
    Ok(Written { version, language: about.language.as_str().to_owned(), cues })
}

/// What a video's captions say, if it has any.
pub(super) async fn read(db: &mut Connection, video: &Video) -> Result<Option<(About, Captions)>, ApiError> {
    let Some(stored) = captions::find(db, &video.id).await? else { return Ok(None) };
    let captions = Captions::parse(stored.vtt.as_bytes()).map_err(ApiError::internal)?;
    Ok(Some((stored.about, captions)))
}

fn unreadable(error: &CaptionsError) -> ApiError {
    ApiError::bad_request(error.to_string())
}

fn stale() -> ApiError {
    let message = "These captions have changed since they were opened. Load them again and repeat the change.";
    ApiError::conflict("CONFLICT", message)
}

pub(super) fn none() -> ApiError {
    ApiError::not_found("This video has no captions. Its owner can upload some as WebVTT or SubRip.")
}
