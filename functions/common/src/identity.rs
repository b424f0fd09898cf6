//! Who asks.
//!
//! The desktop and the CLI send `Authorization: Bearer` with an API key of exactly 36 characters; any other length is
//! not a key. The scheme word is not checked, as the clients' own server does not.

use lambda_http::{Request, http::header::AUTHORIZATION};

use crate::{
    db::{Connection, api_keys, videos},
    error::ApiError,
    ids::{ApiKey, UserId, VideoId},
};

/// The caller, and the video they name.
#[derive(Debug)]
pub struct Access {
    /// Who asks.
    pub caller: UserId,
    /// The video, whoever owns it; `None` when there is no such video.
    pub video: Option<videos::Video>,
}

impl Access {
    /// The video, if the caller owns it; 403 for somebody else's where the contract wants it told from a missing one.
    pub fn owned_or_forbidden(self) -> Result<videos::Video, ApiError> {
        let video = self.video.ok_or_else(ApiError::video_not_found)?;
        if video.owner == self.caller { Ok(video) } else { Err(ApiError::forbidden("Forbidden")) }
    }

    /// The video, if the caller owns it; otherwise the same 404 as for one that does not exist.
    pub fn owned(self) -> Result<videos::Video, ApiError> {
        let caller = self.caller;
        self.video.filter(|video| video.owner == caller).ok_or_else(ApiError::video_not_found)
    }
}

/// The caller's API key.
fn api_key(request: &Request) -> Result<ApiKey, ApiError> {
    request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(' ').nth(1))
        .and_then(ApiKey::parse)
        .ok_or_else(ApiError::unauthenticated)
}

/// Refuses a request that carries no key at all, before anything is spent on it.
pub fn require_key(request: &Request) -> Result<(), ApiError> {
    api_key(request).map(drop)
}

/// Who asks.
pub async fn caller(db: &mut Connection, request: &Request) -> Result<UserId, ApiError> {
    let key = api_key(request)?;
    api_keys::owner(db, &key).await?.ok_or_else(ApiError::unauthenticated)
}

/// Who asks, and the video with the id `text`, in one round trip.
pub async fn access(db: &mut Connection, request: &Request, text: &str) -> Result<Access, ApiError> {
    let key = api_key(request)?;
    let Some(id) = VideoId::parse(text) else {
        let caller = api_keys::owner(db, &key).await?.ok_or_else(ApiError::unauthenticated)?;
        return Ok(Access { caller, video: None });
    };
    let (caller, video) = videos::find_with_identity(db, &key, &id).await?.ok_or_else(ApiError::unauthenticated)?;
    Ok(Access { caller, video })
}
