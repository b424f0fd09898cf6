//! `/dashboard/caps`: pages of one's videos.

pub(super) mod bin;
pub(super) mod captions;
mod card;
pub(super) mod library;
pub(super) mod record;
pub(super) mod title;
pub(super) mod video;
mod views;

use askama::Template;
use common::{
    db::videos::{Kind, Video},
    error::ApiError,
    frame::{Frame, Person},
    http::{Answer, Fields, StatusCode, gateway_host, is_form, json_response, see_other},
    objects::{Objects, keys},
};
use lambda_http::Request;
use serde::Serialize;

use crate::app::App;

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
}

/// There is no such video, or it is somebody else's.
fn missing(person: &Person) -> Answer {
    person.show(StatusCode::NOT_FOUND, |nonce| MissingPage { nonce, frame: &person.frame }.render())
}

/// Address of what a published video looks like, for an hour.
async fn poster(objects: &Objects, video: &Video) -> Result<Option<String>, ApiError> {
    let key = match (video.kind, video.published) {
        (_, None) => return Ok(None),
        (Kind::Screenshot, Some(published)) => keys::screenshot(&video.id, published),
        (Kind::Recording, Some(_)) => keys::poster(&video.id),
    };
    Ok(Some(objects.sign_version(&key, video.published).await?))
}

/// `value` for a script. A form leads back to the page of the library that it was on, which says what was done by `word`
/// and `of`.
fn done<T: Serialize>(app: &App, request: &Request, form: &Fields, (word, of): (&str, &str), value: &T) -> Answer {
    if !is_form(request) {
        return json_response(StatusCode::OK, value);
    }
    let origin = app.site.origin(&gateway_host(request));
    let back = form.get("back").filter(|back| is_within(back)).unwrap_or(library::HERE);
    let joint = if back.contains('?') { '&' } else { '?' };
    see_other(&format!("{origin}{back}{joint}{word}={of}"))
}

/// True of the library's own pages.
fn is_within(back: &str) -> bool {
    let path = back.split_once('?').map_or(back, |(path, _)| path);
    back.bytes().all(|byte| byte.is_ascii_graphic()) && [library::HERE, bin::HERE].contains(&path)
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn forms_lead_back_to_the_library_alone() {
        for own in ["/dashboard/caps", "/dashboard/caps?q=a%20b&page=2", "/dashboard/caps/deleted"] {
            assert!(is_within(own), "{own}");
        }
        for other in ["", "//evil.test", "https://evil.test", "/dashboard/capsule", "/dashboard/caps\r\nx: y", "/login"]
        {
            assert!(!is_within(other), "{other}");
        }
    }
}
