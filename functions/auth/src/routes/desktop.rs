//! `/api/desktop/session/request`: Cap Desktop signs in through the browser.
//!
//! The app opens a browser here and waits, on a loopback port or for its own scheme to be called, for as long as the person
//! takes to sign in. So there is time to ask: a page names the app, and only its button makes a key. Otherwise any page
//! could lead a signed-in browser here, and any program on the machine would be handed a key by whoever uses it.

use askama::Template;
use common::{
    db::{Connection, sessions},
    error::ApiError,
    http::{Answer, Fields, StatusCode, fields, query, redirect},
    identity,
    ids::{SessionToken, UserId},
    time::Millis,
    visitor::{Beside, Visitor, login_address, signed_in},
};
use lambda_http::{
    Request,
    http::{HeaderValue, header},
};

use super::{forms, keys};
use crate::{
    app::App,
    limits,
    pages::{self, DesktopPage, OpeningPage},
};

/// What the app's key and session are called in the lists.
const NAME: &str = "Cap Desktop";
/// The app's own scheme.
const SCHEME: &str = "cap-desktop://signin";
/// Seconds that a session lasts unless it is used.
const SESSION_SECONDS: i64 = 30 * 24 * 3600;

/// What the app asks for, and how it is to be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Wanted {
    session: bool,
    port: Option<u16>,
    by_scheme: bool,
}

impl Wanted {
    /// Reads `type`, `port` and `platform`. That the port is a number is what keeps the key on this machine: the host in front
    /// of it is always 127.0.0.1.
    fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, ApiError> {
        let session = match get("type") {
            None | Some("session") => true,
            Some("api_key") => false,
            Some(_) => return Err(ApiError::bad_request("type must be session or api_key.")),
        };
        let by_scheme = match get("platform") {
            None | Some("web") => false,
            Some("desktop") => true,
            Some(_) => return Err(ApiError::bad_request("platform must be web or desktop.")),
        };
        let port = match get("port") {
            None => None,
            Some(text) => match text.parse::<u16>() {
                Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Some(port),
                _ => return Err(ApiError::bad_request("port must be a whole number from 1 to 65535.")),
            },
        };
        Ok(Self { session, port, by_scheme })
    }

    /// The same as a query or as a form's fields.
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![("type", if self.session { "session" } else { "api_key" }.to_owned())];
        fields.extend(self.port.map(|port| ("port", port.to_string())));
        fields.push(("platform", if self.by_scheme { "desktop" } else { "web" }.to_owned()));
        fields
    }

    /// Where the app listens on this machine.
    fn loopback(&self) -> Option<String> {
        self.port.map(|port| format!("http://127.0.0.1:{port}"))
    }
}

/// Ask whether the app may sign in
///
/// The person may have to sign in first.
#[utoipa::path(
    get,
    path = "/api/desktop/session/request",
    tag = "Login",
    security(("session" = []), ()),
    params(
        ("type" = Option<String>, Query, description = "session is meant when there is none", pattern = "^(api_key|session)$"),
        ("port" = Option<u16>, Query, description = "The loopback port on which the app waits", minimum = 1),
        (
            "platform" = Option<String>, Query,
            description = "desktop when the app is opened by its own scheme first",
            pattern = "^(web|desktop)$",
        ),
    ),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(super) async fn ask(app: &App, request: &Request) -> Answer {
    let wanted = Wanted::read(|name| query(request, name))?;
    let visitor = Visitor::of(&app.site, request)?;
    let fields = wanted.fields();
    let Some((session, _)) = signed_in(&app.db, request).await? else {
        let query = serde_urlencoded::to_string(&fields).map_err(ApiError::internal)?;
        let here = format!("{}/api/desktop/session/request?{query}", visitor.origin);
        return redirect(&login_address(&visitor.origin, &here)?);
    };
    // Browsers hold a form to its policy where it is redirected, too.
    let forms = format!("{} cap-desktop:", wanted.loopback().unwrap_or_default());
    let (csrf_token, email, fields) = (&visitor.csrf_token, &session.email, &fields);
    let (loopback, session) = (wanted.port.is_some(), wanted.session);
    visitor.show(StatusCode::OK, Beside { forms: &forms, ..Beside::default() }, |nonce| {
        DesktopPage { nonce, csrf_token, email, fields, loopback, session }.render()
    })
}

/// Let the app sign in
///
/// The person said yes: a key, or a session, goes to the app on this machine.
#[utoipa::path(
    post,
    path = "/api/desktop/session/request",
    tag = "Login",
    security(("session" = [])),
    request_body(content((forms::DesktopSession = "application/json"), (forms::DesktopSession = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the app, with the key")),
)]
pub(super) async fn hand_over(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let fields: Fields = fields(request)?;
    let wanted = Wanted::read(|name| fields.get(name))?;
    let mut db = app.db.connect().await?;
    let caller = identity::signed_in(&mut db, &credential).await?;
    let secret = if wanted.session {
        make_session(app, &mut db, &caller).await?
    } else {
        let key = keys::make(app, &mut db, &caller, "desktop", NAME).await?;
        vec![("type", "api_key".to_owned()), ("api_key", key.expose().to_owned())]
    };
    let secret = [secret, vec![("user_id", caller.to_string())]].concat();
    let secret = serde_urlencoded::to_string(secret).map_err(ApiError::internal)?;
    let deep_link = format!("{SCHEME}?{secret}");
    match wanted.loopback().map(|loopback| format!("{loopback}/?{secret}")) {
        None => redirect(&deep_link),
        Some(loopback) if !wanted.by_scheme => redirect(&loopback),
        Some(loopback) => opening(app, request, &deep_link, &loopback),
    }
}

/// A session of the app's own, good for what a key is good for. Handing it this browser's would put that one's token into an
/// address, and ending one would end both.
async fn make_session(
    app: &App,
    db: &mut Connection,
    caller: &UserId,
) -> Result<Vec<(&'static str, String)>, ApiError> {
    app.limits.spend(limits::KEYS_OF_USER, caller.as_str()).await?;
    let token = SessionToken::random()?;
    if !sessions::create(db, caller, &token, NAME, true).await? {
        return Err(ApiError::unauthenticated());
    }
    let expires = Millis::now().seconds() + SESSION_SECONDS;
    Ok(vec![("type", "token".to_owned()), ("token", token.expose().to_owned()), ("expires", expires.to_string())])
}

fn opening(app: &App, request: &Request, deep_link: &str, loopback: &str) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    let page = pages::show(&visitor, StatusCode::OK, |nonce| OpeningPage { nonce, deep_link, loopback }.render());
    let mut page = page?;
    let headers = page.headers_mut();
    // The page holds the key.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache, must-revalidate"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &[(&'static str, &'static str)]) -> Result<Wanted, ApiError> {
        let query = query.to_vec();
        Wanted::read(move |name| query.iter().find(|(found, _)| *found == name).map(|(_, value)| *value))
    }

    #[test]
    fn what_the_app_sends_is_understood() {
        let wanted = read(&[("type", "api_key"), ("port", "53124"), ("platform", "web")]).expect("a wish");
        assert_eq!(wanted, Wanted { session: false, port: Some(53124), by_scheme: false });
        assert_eq!(wanted.loopback().as_deref(), Some("http://127.0.0.1:53124"));
        assert_eq!(read(&[]).expect("a wish"), Wanted { session: true, port: None, by_scheme: false });
    }

    #[test]
    fn a_port_is_a_number_and_nothing_else() {
        for port in
            ["0", "65536", "-1", "+80", "80.evil.test", "80@evil.test", "1e3", " 80", "0x50", "80/../x", "\u{661}"]
        {
            read(&[("port", port)]).expect_err(port);
        }
        for other in [("type", "admin"), ("platform", "http://evil.test")] {
            read(&[other]).expect_err(other.1);
        }
    }
}
