//! `/dashboard/settings/account`: an account, where it is signed in, and its keys.

use askama::Template;
use common::{
    agent::Scopes,
    db::{api_keys, sessions},
    error::ApiError,
    frame::{Person, to_login},
    http::{Answer, StatusCode, gateway_host, query, redirect},
    time::Millis,
};
use lambda_http::Request;

use crate::{
    app::App,
    device,
    pages::{self, AccountPage, KeyRow, NewKey, SessionRow},
};

/// Where the page is on the site.
const PATH: &str = "/dashboard/settings/account";

/// What the page has to say beside what it shows.
#[derive(Clone, Copy)]
struct Says<'a> {
    problem: Option<&'a str>,
    new_key: Option<(&'a str, &'a str)>,
}

/// The page's address.
pub(super) fn address(origin: &str) -> String {
    format!("{origin}{PATH}")
}

/// Lead to the library
#[utoipa::path(get, path = "/dashboard", tag = "Pages", security(()), responses((status = 302, description = "To the library")))]
pub(super) fn dashboard(app: &App, request: &Request) -> Answer {
    redirect(&format!("{}/dashboard/caps", app.site.origin(&gateway_host(request))))
}

/// Show an account, where it is signed in, and its keys
#[utoipa::path(
    get,
    path = "/dashboard/settings/account",
    tag = "Pages",
    security(("session" = []), ()),
    params(("problem" = Option<String>, Query, description = "What another page has refused: name or confirmation")),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(super) async fn show(app: &App, request: &Request) -> Answer {
    // What another function has refused. The words are here, so that no link puts any on the page.
    let problem = match query(request, "problem") {
        Some("name") => Some(words::account().name_refused),
        Some("confirmation") => Some(words::account().not_confirmed),
        _ => None,
    };
    page(app, request, StatusCode::OK, Says { problem, new_key: None }).await
}

/// The page with a key that is shown this once.
pub(super) async fn with_new_key(app: &App, request: &Request, name: &str, key: &str) -> Answer {
    page(app, request, StatusCode::CREATED, Says { new_key: Some((name, key)), problem: None }).await
}

/// The page with what went wrong.
pub(super) async fn problem(app: &App, request: &Request, error: &ApiError) -> Answer {
    let says = Says { problem: Some(&error.message), new_key: None };
    pages::refused(page(app, request, error.status, says).await, error)
}

async fn page(app: &App, request: &Request, status: StatusCode, says: Says<'_>) -> Answer {
    let Some(mut person) = Person::at(PATH, request, &app.site, &app.db, &app.objects).await? else {
        return to_login(&app.site, request, PATH);
    };
    let made = api_keys::list(&mut person.db, &person.session.user, None).await?;
    let open = sessions::list(&mut person.db, &person.session.user, None).await?;
    let key_rows: Vec<_> = made.into_iter().map(key_row).collect();
    let session_rows: Vec<_> = open.iter().map(|one| session_row(one, &person.session)).collect();
    person.show(status, |nonce| {
        let page = AccountPage {
            nonce,
            frame: &person.frame,
            email: &person.session.email,
            name: person.session.name.as_deref().unwrap_or_default(),
            image: person.frame.image.as_deref(),
            problem: says.problem,
            new_key: says.new_key.map(|(name, key)| NewKey { name, key }),
            keys: &key_rows,
            sessions: &session_rows,
        };
        page.render()
    })
}

fn key_row(key: api_keys::Listed) -> KeyRow {
    let name = if key.name.is_empty() { key.source } else { key.name };
    KeyRow {
        id: key.id.to_string(),
        name,
        created: key.created_at.day(),
        used: key.last_used_at.map(Millis::day),
        ends: key.expires_at.map(Millis::day),
        rights: (key.scopes != Scopes::all()).then(|| key.scopes.to_string()),
    }
}

fn session_row(session: &sessions::Listed, current: &sessions::Current) -> SessionRow {
    SessionRow {
        current: session.id == current.id,
        id: session.id.to_string(),
        device: device::describe(&session.device),
        created: session.created_at.day(),
        used: session.last_used_at.day(),
    }
}
