//! `/dashboard/caps/record`: records the screen and the camera in the browser.

use askama::Template;
use common::{
    frame::{self, Frame, Person},
    http::{Answer, StatusCode},
    time::Millis,
};
use lambda_http::Request;

use crate::app::App;

const HERE: &str = "/dashboard/caps/record";

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    /// What a recording is called when nothing else is said.
    title: String,
}

/// Record in the browser
///
/// Its script creates a video and stores segments while it records, by the routes that Cap Desktop uses.
#[utoipa::path(
    get,
    path = "/dashboard/caps/record",
    tag = "Pages",
    security(()),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let Some(person) = Person::at(HERE, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, HERE);
    };
    let title = words::record().called(Millis::now().day());
    person.show(StatusCode::OK, |nonce| RecordPage { nonce, frame: &person.frame, title }.render())
}
