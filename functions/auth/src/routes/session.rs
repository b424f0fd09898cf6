//! `/api/auth/{csrf,providers,session,signin,signout}`: what NextAuth's client asks.

use common::{
    db::sessions,
    error::ApiError,
    http::{
        Answer, StatusCode, cookie, fields, gateway_host, is_form, json_response, redirect, see_other, with_cookie,
    },
    identity,
    objects::keys,
};
use lambda_http::Request;
use serde_json::json;

use crate::{
    app::App,
    return_to,
    visitor::{Visitor, signed_in},
};

/// `GET /api/auth/csrf`: the token that this browser's forms carry, the same each time.
pub(super) fn csrf(app: &App, request: &Request) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    visitor.greeted(json_response(StatusCode::OK, &json!({ "csrfToken": visitor.csrf_token })))
}

/// `GET /api/auth/providers`: ways to sign in. There is one.
pub(super) fn providers(app: &App, request: &Request) -> Answer {
    let origin = app.site.origin(&gateway_host(request));
    let email = json!({
        "id": "email", "name": "Email", "type": "email",
        "signinUrl": format!("{origin}/api/auth/signin/email"),
        "callbackUrl": format!("{origin}/api/auth/callback/email"),
    });
    json_response(StatusCode::OK, &json!({ "email": email }))
}

/// `GET /api/auth/session`: who is signed in, or nothing. The cookie then lasts as long as the session does.
pub(super) async fn session(app: &App, request: &Request) -> Answer {
    let Some(token) = cookie::session(request) else { return json_response(StatusCode::OK, &json!({})) };
    let Some((session, _)) = signed_in(app, request).await? else {
        let nobody = json_response(StatusCode::OK, &json!({}))?;
        return with_cookie(nobody, &cookie::clear_session(&app.site));
    };
    let image = match &session.avatar {
        Some(avatar) => Some(app.objects.sign_get(&keys::avatar(&session.user, avatar)).await?),
        None => None,
    };
    let user = json!({ "id": session.user, "name": session.name, "email": session.email, "image": image });
    let answer = json_response(StatusCode::OK, &json!({ "user": user, "expires": session.expires_at }))?;
    with_cookie(answer, &cookie::set_session(&app.site, &token))
}

/// `GET /api/auth/signin`: where NextAuth's client sends a person who is to sign in.
pub(super) fn sign_in(app: &App, request: &Request) -> Answer {
    let origin = app.site.origin(&gateway_host(request));
    let next = return_to::own_path(&origin, common::http::query(request, "callbackUrl"));
    redirect(&login_address(&origin, next)?)
}

/// `POST /api/auth/signout`: ends this browser's session. Done twice, it is done.
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
        json_response(StatusCode::OK, &json!({ "url": url }))?
    };
    with_cookie(answer, &cookie::clear_session(&app.site))
}

/// The login page, which leads on to a path of the site.
pub(super) fn login_address(origin: &str, next: &str) -> Result<String, ApiError> {
    let query = serde_urlencoded::to_string([("next", next)]).map_err(ApiError::internal)?;
    Ok(format!("{origin}/login?{query}"))
}
