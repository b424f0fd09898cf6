//! The browser that asks, and who is signed in with it.

use common::{
    browser::Browser,
    config::SiteConfig,
    db::{Connection, callers, sessions},
    error::ApiError,
    http::{Answer, cookie, gateway_host, with_cookie},
    identity::Credential,
};
use lambda_http::Request;

use crate::app::App;

/// A browser, with what its pages need.
pub(crate) struct Visitor {
    /// The site's origin.
    pub(crate) origin: String,
    /// What this browser's forms carry.
    pub(crate) csrf_token: String,
    /// The cookie that a browser is given at its first visit.
    cookie: Option<String>,
}

impl Visitor {
    /// The browser that sends a request, known from now on if it was not.
    pub(crate) fn of(site: &SiteConfig, request: &Request) -> Result<Self, ApiError> {
        let (browser, cookie) = match Browser::of(site, request) {
            Some(browser) => (browser, None),
            None => {
                let new = Browser::random()?;
                let cookie = new.cookie(site);
                (new, Some(cookie))
            }
        };
        let origin = site.origin(&gateway_host(request));
        Ok(Self { origin, csrf_token: browser.csrf_token(&site.secret), cookie })
    }

    /// The answer with the cookie of a first visit.
    pub(crate) fn greeted(&self, answer: Answer) -> Answer {
        match &self.cookie {
            Some(cookie) => with_cookie(answer?, cookie),
            None => answer,
        }
    }
}

/// Who is signed in, with the connection that told. Who has no session needs no database to be shown a page. One query; once a
/// day another one, which writes down that the session is used.
pub(crate) async fn signed_in(
    app: &App,
    request: &Request,
) -> Result<Option<(sessions::Current, Connection)>, ApiError> {
    let Some(token) = cookie::session(request) else { return Ok(None) };
    let mut db = app.db.connect().await?;
    let Some(session) = sessions::current(&mut db, &token).await? else { return Ok(None) };
    if session.stale {
        callers::used(&mut db, &Credential::Session { token, proven: true }).await?;
    }
    Ok(Some((session, db)))
}
