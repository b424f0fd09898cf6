//! The browser that asks, who is signed in with it, and what its pages are answered with.

use lambda_http::Request;

use crate::{
    browser::Browser,
    config::SiteConfig,
    db::{Connection, Database, callers, sessions},
    error::ApiError,
    http::{Answer, Policy, StatusCode, cookie, gateway_host, html, nonce, secured, with_cookie},
    identity::Credential,
    telemetry,
};

/// A browser, with what its pages need.
#[derive(Debug)]
pub struct Visitor {
    /// The site's origin.
    pub origin: String,
    /// What this browser's forms carry.
    pub csrf_token: String,
    /// The cookie that a browser is given at its first visit.
    cookie: Option<String>,
}

/// Where a page's forms lead, its pictures come from and its scripts talk to, beside this site.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Where forms lead, as CSP sources.
    pub forms: &'a str,
    /// Where pictures come from and scripts store files, as CSP sources.
    pub media: &'a str,
}

impl Visitor {
    /// The browser that sends a request, known from now on if it was not.
    pub fn of(site: &SiteConfig, request: &Request) -> Result<Self, ApiError> {
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
    pub fn greeted(&self, answer: Answer) -> Answer {
        match &self.cookie {
            Some(cookie) => with_cookie(answer?, cookie),
            None => answer,
        }
    }

    /// A page with a policy of its own. `render` is given the nonce.
    pub fn show<E: std::error::Error + Send + Sync + 'static>(
        &self,
        status: StatusCode,
        beside: Beside<'_>,
        render: impl FnOnce(&str) -> Result<String, E>,
    ) -> Answer {
        let nonce = nonce()?;
        let page = render(&nonce).map_err(ApiError::internal)?;
        // The site may be reached at another address than its own; its forms come back to either.
        let forms = format!("'self' {} {}", self.origin, beside.forms);
        // Forms need their Origin, which no-referrer would hide.
        let policy = Policy {
            nonce: &nonce,
            media: beside.media,
            forms: &forms,
            connect: beside.media,
            referrer: "same-origin",
            frames: "'none'",
        };
        self.greeted(secured(html(status, page), &policy))
    }
}

/// Who is signed in, with the connection that told. Who has no session needs no database to be shown a page. One query; once a
/// day another one, which writes down that the session is used.
pub async fn signed_in(db: &Database, request: &Request) -> Result<Option<(sessions::Current, Connection)>, ApiError> {
    let Some(token) = cookie::session(request) else { return Ok(None) };
    let mut db = db.connect().await?;
    let Some(session) = sessions::current(&mut db, &token).await? else { return Ok(None) };
    telemetry::user(&session.user);
    if session.stale {
        callers::used(&mut db, &Credential::Session { token, proven: true }).await?;
    }
    Ok(Some((session, db)))
}

/// The login page, which leads on to a path of the site.
pub fn login_address(origin: &str, next: &str) -> Result<String, ApiError> {
    let query = serde_urlencoded::to_string([("next", next)]).map_err(ApiError::internal)?;
    Ok(format!("{origin}/login?{query}"))
}
