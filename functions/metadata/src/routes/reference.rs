//! `/api/openapi.json` and `/api/docs`: the routes of this server, for programs and for people.

use askama::Template;
use common::{
    error::ApiError,
    http::{Answer, Policy, StatusCode, html, nonce, secured, text},
};

use crate::reference::{DOCUMENT, Reference};

/// Get the description of all routes
///
/// As OpenAPI 3.1, of which clients can be made.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "Server",
    security(()),
    responses((status = 200, body = Object, content_type = "application/json")),
)]
pub(super) fn openapi() -> Answer {
    Ok(text("application/json", DOCUMENT))
}

/// Read the description of all routes
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "Server",
    security(()),
    responses((status = 200, body = String, content_type = "text/html")),
)]
pub(super) fn page() -> Answer {
    let nonce = nonce()?;
    let page = Reference::read(&nonce).map_err(ApiError::internal)?.render().map_err(ApiError::internal)?;
    let policy =
        Policy { nonce: &nonce, media: "", forms: "'none'", connect: "", referrer: "no-referrer", frames: "'none'" };
    secured(html(StatusCode::OK, page), &policy)
}
