//! What is shown in place of a video that may not be watched, and the password that opens it.

use askama::Template;
use common::{
    db::share_links::{self, Link},
    error::ApiError,
    http::{
        Answer, Policy, StatusCode, fields, gateway_host, html, is_form, json_response, nonce, query, secured,
        see_other, source, with_cookie,
    },
    identity,
    limits::Limit,
    password::PasswordHash,
};
use lambda_http::{
    Request,
    http::{HeaderValue, header::RETRY_AFTER},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    unlocked,
    viewing::{self, Shut},
};

/// Passwords for one link from one address.
const TRIES_FROM_SOURCE: Limit = Limit { name: "share-passwords-from", most: 10, seconds: 15 * 60 };
/// Passwords for one link, wherever they come from.
const TRIES_OF_LINK: Limit = Limit { name: "share-passwords-of", most: 100, seconds: 3600 };

#[derive(Template)]
#[template(path = "shut.html")]
struct ShutPage<'a> {
    nonce: &'a str,
    /// As scripts read it: `missing`, `private`, `ended` or `locked`.
    status: &'static str,
    title: &'static str,
    text: &'static str,
    /// True when a password is asked for.
    asks: bool,
    /// The link's code.
    code: &'a str,
    /// True when this page is in a frame, and another one asks or lets sign in.
    framed: bool,
    problem: Option<&'a str>,
}

/// A link is open for this browser from now on.
#[derive(Serialize, ToSchema)]
struct Unlocked {
    unlocked: bool,
}

#[derive(ToSchema)]
#[schema(as = UnlockForm)]
#[expect(dead_code, reason = "only what it is called is told")]
struct Form {
    #[schema(min_length = 1, max_length = 200)]
    password: String,
}

/// The page in place of a video.
pub(super) fn page(shut: &Shut, code: &str, problem: Option<&ApiError>) -> Answer {
    show(shut, code, problem, false)
}

/// The same in a frame of another site. It asks for nothing: what is typed there might be seen by that site's tricks, and
/// browsers keep no cookies of frames.
pub(super) fn frame(shut: &Shut, code: &str) -> Answer {
    show(shut, code, None, true)
}

fn show(shut: &Shut, code: &str, problem: Option<&ApiError>, framed: bool) -> Answer {
    let say = words::shut();
    let (http, status, title, text) = match shut {
        Shut::Missing => (StatusCode::NOT_FOUND, "missing", say.missing, say.missing_what_to_do),
        Shut::Private => (StatusCode::FORBIDDEN, "private", say.private, say.private_what_to_do),
        Shut::Ended => (StatusCode::GONE, "ended", say.ended, say.ended_what_to_do),
        Shut::Locked(..) => (StatusCode::FORBIDDEN, "locked", say.locked, say.locked_what_to_do),
    };
    let nonce = nonce()?;
    let message = problem.map(|problem| problem.message.as_str());
    let asks = matches!(shut, Shut::Locked(..)) && !framed;
    let page = ShutPage { nonce: &nonce, status, title, text, asks, code, framed, problem: message };
    let page = page.render().map_err(ApiError::internal)?;
    // With no referrer, browsers would send the form as if from nowhere.
    let (forms, referrer) = if asks { ("'self'", "same-origin") } else { ("'none'", "no-referrer") };
    let frames = if framed { "*" } else { "'none'" };
    let policy = Policy { nonce: &nonce, media: "", forms, connect: "", referrer, frames };
    let mut page = secured(html(problem.map_or(http, |problem| problem.status), page), &policy)?;
    if let Some(seconds) = problem.and_then(|problem| problem.retry_after) {
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(page)
}

/// Open a link with its password
///
/// For this browser: a cookie remembers it until the browser is closed, or the link gets another password.
#[utoipa::path(
    post,
    path = "/s/{code}",
    tag = "Watching",
    security(()),
    params(("code" = String, Path, description = "The last part of the link")),
    request_body(content((Form = "application/json"), (Form = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Unlocked), (status = 303, description = "A form leads to the video")),
)]
pub(super) async fn unlock(app: &App, request: &Request, code: &str) -> Answer {
    identity::of_program(&app.site, request)?;
    let fields = fields(request)?;
    let password = fields.required("password")?;
    let (link, hash) = match viewing::look(app, request, code).await? {
        Ok(_) => return opened(app, request, code),
        Err(Shut::Locked(link, hash)) => (link, hash),
        Err(shut) if is_form(request) => return page(&shut, code, None),
        Err(shut) => return Err(shut.into()),
    };
    let tried = async {
        app.limits.spend(TRIES_FROM_SOURCE, &format!("{} {code}", source(request))).await?;
        app.limits.spend(TRIES_OF_LINK, code).await?;
        if hash.fits(password).await? { Ok(()) } else { Err(ApiError::forbidden(words::shut().wrong_password)) }
    };
    match tried.await {
        Ok(()) => {
            let hash = renewed(app, &link, hash, password).await;
            with_cookie(opened(app, request, code)?, &unlocked::with(&app.site, request, &link, &hash))
        }
        Err(error) if is_form(request) && error.status.is_client_error() => {
            page(&Shut::Locked(link, hash), code, Some(&error))
        }
        Err(error) => Err(error),
    }
}

/// The link's hash from now on: one of the present kind where it was of an older one. That it could not be renewed keeps nobody
/// out. A cookie is of the hash, so whoever opened the link by the older one is asked once more.
async fn renewed(app: &App, link: &Link, hash: PasswordHash, password: &str) -> PasswordHash {
    if hash.is_current() {
        return hash;
    }
    let renewed = async {
        let newer = PasswordHash::of(password).await?;
        let kept = share_links::renew_password(&mut app.db.connect().await?, &link.code, &hash, &newer).await?;
        Ok::<_, ApiError>(kept.then_some(newer))
    };
    match renewed.await {
        Ok(newer) => newer.unwrap_or(hash),
        Err(error) => {
            tracing::warn!(?error, "a password's hash is of an older kind, and could not be renewed");
            hash
        }
    }
}

fn opened(app: &App, request: &Request, code: &str) -> Answer {
    if !is_form(request) {
        return json_response(StatusCode::OK, &Unlocked { unlocked: true });
    }
    // Where in the video the link leads to.
    let at = query(request, "t").filter(|at| at.len() <= 16 && at.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let at = at.map(|at| format!("?t={at}")).unwrap_or_default();
    see_other(&format!("{}{at}", app.site.share_url(&gateway_host(request), code)))
}
