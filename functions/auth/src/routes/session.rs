//! `/api/auth/{csrf,providers,session,signin,signout}`: what NextAuth's client asks.

use common::{
    db::sessions,
    error::ApiError,
    http::{
        Answer, StatusCode, cookie, fields, gateway_host, is_form, json_response, redirect, see_other, with_cookie,
    },
    identity,
    ids::UserId,
    objects::keys,
    time::Millis,
    visitor::{Visitor, login_address, signed_in},
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::{forms, login::Next};
use crate::{app::App, return_to};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Csrf<'a> {
    csrf_token: &'a str,
}

#[derive(Serialize, ToSchema)]
struct Providers {
    email: Provider,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Provider {
    id: &'static str,
    name: &'static str,
    r#type: &'static str,
    signin_url: String,
    callback_url: String,
}

/// Empty when nobody is signed in.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = BrowserSession)]
struct Session<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<SignedIn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Millis>,
}

#[derive(Serialize, ToSchema)]
struct SignedIn<'a> {
    id: &'a UserId,
    name: Option<&'a str>,
    email: &'a str,
    /// Where the picture is, for an hour.
    image: Option<String>,
}

/// Get the token that this browser's forms carry
///
/// The same each time; the cookie that comes with it names the browser.
#[utoipa::path(get, path = "/api/auth/csrf", tag = "Login", security(()), responses((status = 200, body = Csrf<'_>)))]
pub(super) fn csrf(app: &App, request: &Request) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    visitor.greeted(json_response(StatusCode::OK, &Csrf { csrf_token: &visitor.csrf_token }))
}

/// List ways to sign in
///
/// There is one.
#[utoipa::path(get, path = "/api/auth/providers", tag = "Login", security(()), responses((status = 200, body = Providers)))]
pub(super) fn providers(app: &App, request: &Request) -> Answer {
    let origin = app.site.origin(&gateway_host(request));
    let email = Provider {
        id: "email",
        name: "Email",
        r#type: "email",
        signin_url: format!("{origin}/api/auth/signin/email"),
        callback_url: format!("{origin}/api/auth/callback/email"),
    };
    json_response(StatusCode::OK, &Providers { email })
}

/// Show who is signed in
///
/// Or nothing. The cookie then lasts as long as the session does.
#[utoipa::path(get, path = "/api/auth/session", tag = "Login", security(()), responses((status = 200, body = Session<'_>)))]
pub(super) async fn session(app: &App, request: &Request) -> Answer {
    let Some(token) = cookie::session(request) else { return json_response(StatusCode::OK, &Session::default()) };
    let Some((session, _)) = signed_in(&app.db, request).await? else {
        let nobody = json_response(StatusCode::OK, &Session::default())?;
        return with_cookie(nobody, &cookie::clear_session(&app.site));
    };
    let image = match &session.avatar {
        Some(avatar) => Some(app.objects.sign_get(&keys::avatar(&session.user, avatar)).await?),
        None => None,
    };
    let user = SignedIn { id: &session.user, name: session.name.as_deref(), email: &session.email, image };
    let answer = json_response(StatusCode::OK, &Session { user: Some(user), expires: Some(session.expires_at) })?;
    with_cookie(answer, &cookie::set_session(&app.site, &token))
}

/// Lead to the login
///
/// Where NextAuth's client sends a person who is to sign in.
#[utoipa::path(
    get,
    path = "/api/auth/signin",
    tag = "Login",
    security(()),
    params(("callbackUrl" = Option<String>, Query, description = "Where to go afterwards, on this site")),
    responses((status = 302, description = "To the login")),
)]
pub(super) fn sign_in(app: &App, request: &Request) -> Answer {
    let origin = app.site.origin(&gateway_host(request));
    let next = return_to::own_path(&origin, common::http::query(request, "callbackUrl"));
    redirect(&login_address(&origin, next)?)
}

/// Sign this browser out
///
/// Done twice, it is done.
#[utoipa::path(
    post,
    path = "/api/auth/signout",
    tag = "Login",
    security((), ("session" = [])),
    request_body(content((forms::SignOut = "application/json"), (forms::SignOut = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Next), (status = 303, description = "A form leads on")),
)]
pub(super) async fn sign_out(app: &App, request: &Request) -> Answer {
    let fields = fields(request)?;
    let token = fields.get("csrfToken");
    if !token.is_some_and(|token| identity::owns(&app.site, request, token)) && !identity::is_own(&app.site, request) {
        return Err(ApiError::forbidden("The csrfToken is not this browser's. Get one from /api/auth/csrf."));
    }
    if let Some(session) = cookie::session(request) {
        sessions::end_token(&mut app.db.connect().await?, &session).await?;
    }
    let origin = app.site.origin(&gateway_host(request));
    let url = match fields.get("callbackUrl") {
        Some(wanted) => format!("{origin}{}", return_to::own_path(&origin, Some(wanted))),
        None => format!("{origin}/login"),
    };
    let answer = if is_form(request) && fields.get("json") != Some("true") {
        see_other(&url)?
    } else {
        json_response(StatusCode::OK, &Next { url })?
    };
    with_cookie(answer, &cookie::clear_session(&app.site))
}
