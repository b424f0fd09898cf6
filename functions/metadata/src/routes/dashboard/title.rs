//! `POST /dashboard/caps/{id}/title`: another title, from the library.

use common::{
    db::videos,
    error::ApiError,
    http::{Answer, StatusCode, fields, is_form},
    identity, text,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::done;
use crate::app::App;

/// Characters of a title.
const CHARACTERS: usize = 255;

#[derive(ToSchema)]
#[expect(dead_code, reason = "only what its fields are called is told")]
struct TitleForm {
    /// One line.
    #[schema(min_length = 1, max_length = 255)]
    name: String,
    /// Path of the library's page to which a form leads back.
    back: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Titled<'a> {
    id: &'a str,
    title: &'a str,
}

/// Give a video another title
#[utoipa::path(
    post,
    path = "/dashboard/caps/{id}/title",
    tag = "Pages",
    params(("id" = String, Path, description = "The video's")),
    request_body(content((TitleForm = "application/json"), (TitleForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Titled<'_>), (status = 303, description = "A form leads back to the library")),
)]
pub(in crate::routes) async fn change(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let form = fields(request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let title = match title(form.get("name").unwrap_or_default()) {
        Ok(title) => title,
        Err(error) if is_form(request) && error.status == StatusCode::BAD_REQUEST => {
            return done(app, request, &form, ("problem", "title"), &());
        }
        Err(error) => return Err(error),
    };
    if !videos::rename(&mut db, &video.id, &video.owner, title).await? {
        return Err(ApiError::video_not_found());
    }
    done(app, request, &form, ("renamed", id), &Titled { id, title })
}

fn title(typed: &str) -> Result<&str, ApiError> {
    let title = text::line(typed, CHARACTERS).map_err(|problem| {
        ApiError::bad_request(format!("That title {problem}. It has at most {CHARACTERS} characters."))
    })?;
    if title.is_empty() { Err(ApiError::bad_request("A title has at least one character.")) } else { Ok(title) }
}
