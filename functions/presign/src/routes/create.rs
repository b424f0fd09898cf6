//! A video begins.

use common::{
    db::{
        Connection,
        agent_uploads::{self, Begin, Begun},
        videos::{self, Announced, Kind, Source},
    },
    error::ApiError,
    http::{Answer, StatusCode, idempotency_key, json_response, query},
    identity,
    ids::{UserId, VideoId},
    telemetry,
    time::Millis,
};
use lambda_http::Request;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::app::App;

/// Characters of a title that are kept; the column holds no more.
const NAME_CHARACTERS: usize = 255;
/// What a client may say of a recording: a week, and more than any screen has.
pub(super) const MAX_SECONDS: f64 = 7.0 * 86_400.0;
pub(super) const MAX_SIDE: f64 = 65_535.0;
pub(super) const MAX_FPS: f64 = 1000.0;

/// A video that files can be uploaded to. Its link is `/s/{id}`.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedVideo)]
struct Created<'a> {
    id: &'a VideoId,
    user_id: &'a str,
    /// Always `n/a`.
    aws_region: &'static str,
    /// Always `n/a`.
    aws_bucket: &'static str,
}

/// Create a video
///
/// Or name an existing one of the caller's, to upload to it again. A GET that creates: this is what the clients send, and
/// only status 200 counts as success with them. With a session it must prove which page asks, as every write must.
#[utoipa::path(
    get,
    path = "/api/desktop/video/create",
    tag = "Uploads",
    params(
        (
            "recordingMode" = Option<String>, Query,
            description = "A file, or segments",
            pattern = "^(desktopMP4|desktopSegments|hls)$",
        ),
        ("videoId" = Option<String>, Query, description = "The caller's video to upload to again; an unknown one is ignored"),
        ("name" = Option<String>, Query, description = "The title; without one, the day"),
        ("isScreenshot" = Option<String>, Query, description = "Anything, when it will be a picture"),
        ("durationInSecs" = Option<String>, Query, description = "Seconds that it plays"),
        ("width" = Option<String>, Query, description = "Pixels"),
        ("height" = Option<String>, Query, description = "Pixels"),
        ("fps" = Option<String>, Query, description = "Frames a second"),
        ("orgId" = Option<String>, Query, description = "Ignored: everybody has one organisation"),
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own, under which a new video is made once", pattern = "^[A-Za-z0-9._-]{8,128}$"),
    ),
    responses((status = 200, body = Created<'_>), (status = 409, description = "The key was used for another video")),
)]
pub(super) async fn create(app: &App, request: &Request) -> Answer {
    // Though it is a GET, it changes something.
    let credential = identity::writing(&app.site, request)?;
    let source = source(request)?;
    let mut db = app.db.connect().await?;
    let mut announced = announced(request);
    // A screenshot comes as one file, whatever the app was recording before.
    if announced.kind == Kind::Recording {
        announced.source = source;
    }
    // An id that no video has is ignored and a new video made, as the clients' own server does.
    let (caller, id) = match query(request, "videoId") {
        Some(text) => {
            let access = identity::access(&mut db, &credential, text).await?;
            match access.video {
                Some(video) if video.owner != access.caller => return Err(ApiError::forbidden("forbidden")),
                video => (access.caller, video.map(|video| video.id)),
            }
        }
        None => (identity::caller(&mut db, &credential).await?, None),
    };
    let id = match id {
        Some(id) => {
            if announced.kind == Kind::Screenshot {
                videos::becomes_screenshot(&mut db, &id).await?;
            }
            videos::reopen(&mut db, &id).await?;
            id
        }
        None => begin(&mut db, request, &caller, &announced).await?,
    };
    let user_id = caller.as_str();
    telemetry::video(&id);
    json_response(StatusCode::OK, &Created { id: &id, user_id, aws_region: "n/a", aws_bucket: "n/a" })
}

/// A new video; under a key, the one that was made under it before. A browser whose answer was lost asks again.
async fn begin(
    db: &mut Connection,
    request: &Request,
    owner: &UserId,
    announced: &Announced,
) -> Result<VideoId, ApiError> {
    let (id, name) = (VideoId::random()?, name(request, announced.kind));
    let Some(key) = idempotency_key(request)? else {
        let made = videos::announce(db, &id, owner, &name, announced).await?;
        return if made { Ok(id) } else { Err(ApiError::unauthenticated()) };
    };
    let said = request.uri().query().unwrap_or_default();
    let (key, body) = (Sha256::digest(key).into(), Sha256::digest(said).into());
    let begin = Begin { owner, key: &key, body: &body, video: &id, name: &name, announced };
    match agent_uploads::begin(db, &begin).await? {
        Begun::Video(id) => Ok(id),
        Begun::Conflict => Err(super::key_used()),
        Begun::NoAccount => Err(ApiError::unauthenticated()),
    }
}

/// What will be uploaded. A recording that could be created and then not uploaded would be lost, so it is refused before it begins.
fn source(request: &Request) -> Result<Source, ApiError> {
    match query(request, "recordingMode") {
        None => Ok(Source::File),
        Some("desktopMP4") => Ok(Source::DesktopFile),
        Some("desktopSegments" | "hls") => Ok(Source::Segments),
        Some(_) => Err(ApiError::bad_request("This recordingMode is not known. Use desktopMP4 or desktopSegments.")),
    }
}

/// What the client says of it. The desktop does not escape the name, of which a piece may stand where a number should: what
/// is none, or no honest one, is left out.
fn announced(request: &Request) -> Announced {
    let number = |name, most: f64| {
        let number = query(request, name)?.parse::<f64>().ok()?;
        (number > 0.0 && number <= most).then_some(number)
    };
    let side = |name| number(name, MAX_SIDE).map(f64::round);
    let kind = if query(request, "isScreenshot").is_some() { Kind::Screenshot } else { Kind::Recording };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range, as was just looked at")]
    Announced {
        kind,
        duration_ms: number("durationInSecs", MAX_SECONDS).map(|seconds| (seconds * 1000.0) as u64),
        width: side("width").map(|side| side as u32),
        height: side("height").map(|side| side as u32),
        fps: number("fps", MAX_FPS),
        ..Announced::default()
    }
}

fn name(request: &Request, kind: Kind) -> String {
    match query(request, "name").map(str::trim) {
        Some(name) if !name.is_empty() => name.chars().take(NAME_CHARACTERS).collect(),
        _ => {
            let what = if kind == Kind::Screenshot { "Screenshot" } else { "Recording" };
            format!("Cap {what} - {}", Millis::now().day())
        }
    }
}
