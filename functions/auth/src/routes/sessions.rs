//! `/api/settings/sessions`: the browsers in which somebody is signed in.

use common::{
    db::{api_keys, sessions},
    error::ApiError,
    http::{Answer, StatusCode, cookie, gateway_host, is_form, json_response, see_other, with_cookie},
    identity,
    ids::SessionId,
    time::Millis,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::account;
use crate::app::App;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
struct Listed<'a> {
    id: &'a SessionId,
    device: &'a str,
    created_at: Millis,
    last_used_at: Millis,
    expires_at: Millis,
    current: bool,
}

#[derive(Serialize, ToSchema)]
struct Sessions<'a> {
    sessions: Vec<Listed<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EndedSession)]
struct Ended {
    id: SessionId,
    ended: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EndedSessions)]
struct EndedAll {
    ended: bool,
}

/// List the browsers in which one is signed in
///
/// A program sees its own session, if it has one.
#[utoipa::path(get, path = "/api/settings/sessions", tag = "Account", responses((status = 200, body = Sessions<'_>)))]
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let holder = identity::holder(&mut db, &credential).await?;
    let current = credential.listed_as();
    let only = holder.program.then_some(current.as_str());
    let sessions = sessions::list(&mut db, &holder.user, only).await?;
    let sessions = sessions
        .iter()
        .map(|session| Listed {
            id: &session.id,
            device: &session.device,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            current: session.id.as_str() == current,
        })
        .collect();
    json_response(StatusCode::OK, &Sessions { sessions })
}

/// Sign a browser out
///
/// At once.
#[utoipa::path(
    delete,
    path = "/api/settings/sessions/{id}",
    tag = "Account",
    security(("session" = [])),
    params(("id" = String, Path, description = "The session's in the list")),
    responses((status = 200, body = Ended), (status = 303, description = "A form leads to the account")),
)]
pub(super) async fn end(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::signed_in(&mut db, &credential).await?;
    let none = || ApiError::not_found("You have no session with this id. It may have ended already.");
    let id = SessionId::parse(id).ok_or_else(none)?;
    let ended = sessions::end(&mut db, &caller, &id).await?;
    if is_form(request) {
        return see_other(&account::address(&app.site.origin(&gateway_host(request))));
    }
    if !ended {
        return Err(none());
    }
    json_response(StatusCode::OK, &Ended { id, ended: true })
}

/// Sign out everywhere
///
/// API keys go as well, since the desktop is signed in with one.
#[utoipa::path(
    delete,
    path = "/api/settings/sessions",
    tag = "Account",
    security(("session" = [])),
    responses((status = 200, body = EndedAll), (status = 303, description = "A form leads to the login")),
)]
pub(super) async fn end_all(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::signed_in(&mut db, &credential).await?;
    sessions::end_all(&mut db, &caller).await?;
    api_keys::revoke_all(&mut db, &caller).await?;
    tracing::info!(user = %caller, "signed out everywhere");
    let answer = if is_form(request) {
        see_other(&format!("{}/login", app.site.origin(&gateway_host(request))))?
    } else {
        json_response(StatusCode::OK, &EndedAll { ended: true })?
    };
    with_cookie(answer, &cookie::clear_session(&app.site))
}
