//! `/api/settings`: a person's own account. Pages send forms, which are answered by a page; programs send JSON.

pub(super) mod account;
pub(super) mod avatar;
pub(super) mod forms;
pub(super) mod profile;
pub(super) mod server;

use common::{
    error::ApiError,
    http::{Answer, StatusCode, gateway_host, is_form, json_response, see_other},
    objects::{Objects, keys},
    picture::PictureType,
};
use lambda_http::Request;
use serde::Serialize;

use crate::app::App;

/// The page of the account's settings.
const PAGE: &str = "/dashboard/settings/account";

/// The settings' page for a form, `value` for a program.
fn done<T: Serialize>(app: &App, request: &Request, value: &T) -> Answer {
    if is_form(request) { see_other(&page(app, request, PAGE)) } else { json_response(StatusCode::OK, value) }
}

/// An answer, or for a form the settings' page, which says what was wrong by the name of the `problem`.
pub(super) fn for_form(app: &App, request: &Request, problem: &str, answer: Answer) -> Answer {
    match answer {
        Err(error) if is_form(request) && error.status == StatusCode::BAD_REQUEST => {
            see_other(&page(app, request, &format!("{PAGE}?problem={problem}")))
        }
        answer => answer,
    }
}

/// Address of a page of this site.
fn page(app: &App, request: &Request, path: &str) -> String {
    format!("{}{path}", app.site.origin(&gateway_host(request)))
}

/// Address of a person's picture, good for an hour. It is answered as the type it was checked to be.
pub(super) async fn image_url(
    objects: &Objects,
    user: &common::ids::UserId,
    file: Option<&str>,
) -> Result<Option<String>, ApiError> {
    let Some((file, kind)) = file.and_then(|file| Some((file, PictureType::of_file(file)?))) else { return Ok(None) };
    Ok(Some(objects.sign_get_as(&keys::avatar(user, file), kind.content_type()).await?))
}
