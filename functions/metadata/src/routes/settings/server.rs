//! `/dashboard/settings/server`: how the server does, for whoever runs it.

use askama::Template;
use common::{
    check::{Check, State},
    db::server::Videos,
    error::ApiError,
    frame::{self, Frame, Person},
    http::{Answer, StatusCode, gateway_host},
};
use lambda_http::Request;

use crate::{app::App, checks};

const HERE: &str = "/dashboard/settings/server";

#[derive(Template)]
#[template(path = "server.html")]
struct ServerPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    version: &'static str,
    checks: &'a [Check],
    wrong: usize,
    videos: Option<&'a Videos>,
}

/// Show how the server does, to whoever runs it
#[utoipa::path(
    get,
    path = "/dashboard/settings/server",
    tag = "Pages",
    security(()),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "To the login"),
        (status = 404, description = "For everybody else"),
    ),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let Some(mut person) = Person::at(HERE, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, HERE);
    };
    if !person.frame.operator {
        return Err(ApiError::not_found("Not Found"));
    }
    let found = checks::run(app, &mut person.db, &app.site.origin(&gateway_host(request))).await;
    let version = env!("CARGO_PKG_VERSION");
    person.show(StatusCode::OK, |nonce| {
        let (checks, wrong, videos) = (&found.checks, found.wrong(), found.videos.as_ref());
        ServerPage { nonce, frame: &person.frame, version, checks, wrong, videos }.render()
    })
}
