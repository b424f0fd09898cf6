//! What a client is told when a request cannot be answered.
//!
//! Libraries return `thiserror` enums; handlers return [`ApiError`]. A 5xx is logged here, once, with the request id,
//! and its details are never sent.

use lambda_http::http::StatusCode;

use crate::{
    db::{DbError, share_links::Shut},
    ledger::LedgerError,
    objects::ObjectsError,
};

/// A refusal: status, a stable code for programs, a message for people.
#[derive(Debug)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Stable, upper-case, as in the agent API: `NOT_FOUND`, `INVALID_REQUEST`, …
    pub code: &'static str,
    /// What was wrong, with what, what to do.
    pub message: String,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// Logged, never sent.
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), retry_after: None, cause: None }
    }

    /// 400: the request cannot mean anything.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    /// 401, in the words that the desktop expects.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AUTH_REQUIRED", "User not authenticated")
    }

    /// 401 for a token of the `cap` command that has ended.
    #[must_use]
    pub fn token_expired() -> Self {
        let message = "This token has ended. Sign in again with cap auth login.";
        Self::new(StatusCode::UNAUTHORIZED, "TOKEN_EXPIRED", message)
    }

    /// 403: known who you are, not yours to do.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 403 for what a password opens.
    #[must_use]
    pub fn password_required() -> Self {
        let message = "This video wants a password. Open its page and give it there.";
        Self::new(StatusCode::FORBIDDEN, "PASSWORD_REQUIRED", message)
    }

    /// 403 for what the owner of a video has switched off.
    pub fn content_disabled(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "CONTENT_DISABLED", message)
    }

    /// 404: not there, or not there for you.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    /// 404 for a video, in the words of the contract.
    #[must_use]
    pub fn video_not_found() -> Self {
        Self::not_found("Video not found")
    }

    /// 409: not yet; trying again makes sense.
    pub fn not_ready(message: impl Into<String>) -> Self {
        Self { retry_after: Some(2), ..Self::new(StatusCode::CONFLICT, "NOT_READY", message) }
    }

    /// 409: it does not fit what is there.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 428: a person has to say that they want this.
    #[must_use]
    pub fn approval_required() -> Self {
        Self::new(
            StatusCode::PRECONDITION_REQUIRED,
            "APPROVAL_REQUIRED",
            "This cannot be undone, so a person must confirm it: send X-Cap-Confirmation: user once they have.",
        )
    }

    /// 429: as often as it may be.
    #[must_use]
    pub fn too_many_requests(retry_after: u32) -> Self {
        let wait = if retry_after < 90 {
            format!("{retry_after} seconds")
        } else {
            format!("{} minutes", retry_after.div_ceil(60))
        };
        Self {
            retry_after: Some(retry_after),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMITED",
                format!("That was tried too often. Try again in {wait}."),
            )
        }
    }

    /// 503: something we lean on does not answer; trying again makes sense.
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            retry_after: Some(5),
            cause: Some(Box::new(cause)),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "TEMPORARY_UNAVAILABLE",
                "The server cannot reach its storage right now. Try again in a few seconds.",
            )
        }
    }

    /// 500: a fault of ours.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            cause: Some(Box::new(cause)),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Internal server error")
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) => Self::unavailable(error),
            DbError::Query(_) | DbError::Random(_) => Self::internal(error),
        }
    }
}

impl From<Shut> for ApiError {
    fn from(shut: Shut) -> Self {
        match shut {
            Shut::Private => Self::forbidden("This video is private. Its owner can watch it, signed in."),
            Shut::Ended => Self::not_found("This link has ended. Ask whoever sent it for a new one."),
            Shut::Locked(_) => Self::password_required(),
        }
    }
}

impl From<ObjectsError> for ApiError {
    fn from(error: ObjectsError) -> Self {
        Self::unavailable(error)
    }
}

impl From<LedgerError> for ApiError {
    fn from(error: LedgerError) -> Self {
        Self::unavailable(error)
    }
}

impl From<getrandom::Error> for ApiError {
    fn from(error: getrandom::Error) -> Self {
        Self::internal(error)
    }
}
