//! Who may watch what. Every route of this function asks here, and shows nothing of a video that is shut: neither its title
//! nor a picture of it.

use common::{
    db::{
        share_links::{self, Link, Shared},
        videos::Video,
    },
    error::ApiError,
    http::query,
    identity,
    ids::{ShareCode, UserId},
    password::PasswordHash,
    telemetry,
};
use lambda_http::Request;

use crate::{app::App, unlocked};

/// Something that may be watched.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The code by which it was asked for; addresses of its media have it too.
    pub(crate) code: ShareCode,
    pub(crate) video: Video,
    /// Who asks, if they are anybody.
    pub(crate) visitor: Option<UserId>,
    /// How many have watched it.
    pub(crate) viewers: u64,
}

impl Seen {
    /// True when whoever asks may save the file.
    pub(crate) fn may_download(&self) -> bool {
        self.video.downloads || self.visitor.as_ref() == Some(&self.video.owner)
    }
}

/// Why something may not be watched.
#[derive(Debug)]
pub(crate) enum Shut {
    /// There is no such link, or not any longer.
    Missing,
    /// Only its owner may.
    Private,
    /// The link is over, or its owner keeps it shut.
    Ended,
    /// It wants a password.
    Locked(Link, PasswordHash),
}

impl From<Shut> for ApiError {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Missing => Self::video_not_found(),
            Shut::Private => share_links::Shut::Private.into(),
            Shut::Ended => share_links::Shut::Ended.into(),
            Shut::Locked(_, password) => share_links::Shut::Locked(password).into(),
        }
    }
}

/// What is shared under a code, if whoever asks may watch it. It costs one query.
pub(crate) async fn look(app: &App, request: &Request, code: &str) -> Result<Result<Seen, Shut>, ApiError> {
    let Some(code) = ShareCode::parse(code) else { return Ok(Err(Shut::Missing)) };
    let credential = identity::reading(request).ok();
    let shared = share_links::find(&mut app.db.connect().await?, &code, credential.as_ref()).await?;
    Ok(match shared {
        Some(shared) => open(app, request, shared),
        None => Err(Shut::Missing),
    })
}

fn open(app: &App, request: &Request, shared: Shared) -> Result<Seen, Shut> {
    let shut = shared.shut();
    let Shared { link, video, visitor, viewers } = shared;
    // By the video's own id: a link's code opens it.
    telemetry::video(&video.id);
    if let Some(visitor) = &visitor {
        telemetry::user(visitor);
    }
    match shut {
        Some(share_links::Shut::Private) => Err(Shut::Private),
        Some(share_links::Shut::Ended) => Err(Shut::Ended),
        Some(share_links::Shut::Locked(password)) if !unlocked::has(&app.site, request, &link, &password) => {
            Err(Shut::Locked(link, password))
        }
        Some(share_links::Shut::Locked(_)) | None => Ok(Seen { code: link.code, video, visitor, viewers }),
    }
}

/// The video of the query's `videoId`, which is the code of one of its links.
pub(crate) async fn of_query(app: &App, request: &Request) -> Result<Seen, ApiError> {
    let code = query(request, "videoId").ok_or_else(|| ApiError::bad_request("videoId is missing from the query."))?;
    Ok(look(app, request, code).await??)
}
