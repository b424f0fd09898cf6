//! `/unsubscribe`: the way out of mails, without a login. A mail program's own button sends the POST (RFC 8058); the link in the
//! mail leads to a page whose button does, since programs that look at mails open what is in them.

use askama::Template;
use common::{
    db::notifications,
    error::ApiError,
    http::{Answer, Policy, StatusCode, html, nonce, query, secured},
    ids::UserId,
    unsubscribe,
};
use lambda_http::Request;

use crate::app::App;

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Page<'a> {
    nonce: &'a str,
    /// True when it is done.
    done: bool,
}

/// Ask whether somebody wants no more mail
#[utoipa::path(
    get,
    path = "/unsubscribe",
    tag = "Pages",
    security(()),
    params(("user" = String, Query, description = "Whose mail it was in"), ("token" = String, Query, description = "What proves it")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 403, description = "This is not from a mail of this server"),
    ),
)]
pub(in crate::routes) fn ask(app: &App, request: &Request) -> Answer {
    holder(app, request)?;
    page(false)
}

/// Send somebody no more mail
///
/// Of what happens to their videos; logins are mailed as before.
#[utoipa::path(
    post,
    path = "/unsubscribe",
    tag = "Pages",
    security(()),
    params(("user" = String, Query, description = "Whose mail it was in"), ("token" = String, Query, description = "What proves it")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 403, description = "This is not from a mail of this server"),
    ),
)]
pub(in crate::routes) async fn stop(app: &App, request: &Request) -> Answer {
    let user = holder(app, request)?;
    notifications::stop_mail(&mut app.db.connect().await?, &user).await?;
    page(true)
}

fn holder(app: &App, request: &Request) -> Result<UserId, ApiError> {
    let asked = |name| query(request, name).unwrap_or_default();
    unsubscribe::holder(&app.site.secret, asked("user"), asked("token"))
        .ok_or_else(|| ApiError::forbidden("This address is not one from a mail of this server. Open the mail again."))
}

fn page(done: bool) -> Answer {
    let nonce = nonce()?;
    let page = Page { nonce: &nonce, done }.render().map_err(ApiError::internal)?;
    let policy =
        Policy { nonce: &nonce, media: "", forms: "'self'", connect: "", referrer: "no-referrer", frames: "'none'" };
    secured(html(StatusCode::OK, page), &policy)
}
