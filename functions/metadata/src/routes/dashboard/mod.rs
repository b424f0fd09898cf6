//! `/dashboard/caps`: pages of one's videos.

pub(super) mod captions;
pub(super) mod record;
pub(super) mod video;

use askama::Template;
use common::{
    frame::{Frame, Person},
    http::{Answer, StatusCode},
};

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
