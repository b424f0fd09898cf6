//! The pages of this function.

use askama::Template;
use common::{
    error::ApiError,
    frame::Frame,
    http::{Answer, StatusCode},
    visitor::{Beside, Visitor},
};
use lambda_http::http::{HeaderValue, header::RETRY_AFTER};

/// Asks for an address.
#[derive(Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) csrf_token: &'a str,
    pub(crate) next: &'a str,
    pub(crate) email: &'a str,
    pub(crate) problem: Option<&'a str>,
}

/// Takes the code.
#[derive(Template)]
#[template(path = "code.html")]
pub(crate) struct CodePage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) csrf_token: &'a str,
    pub(crate) next: &'a str,
    pub(crate) email: &'a str,
    pub(crate) again: &'a str,
    pub(crate) problem: Option<&'a str>,
}

/// The button behind a mail's link.
#[derive(Template)]
#[template(path = "link.html")]
pub(crate) struct LinkPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) csrf_token: &'a str,
    pub(crate) email: &'a str,
    pub(crate) token: &'a str,
    pub(crate) next: &'a str,
}

/// A link that does not sign in.
#[derive(Template)]
#[template(path = "stale.html")]
pub(crate) struct StalePage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) again: &'a str,
    pub(crate) problem: &'a str,
}

/// Names the app that asks, before it gets a key.
#[derive(Template)]
#[template(path = "desktop.html")]
pub(crate) struct DesktopPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) csrf_token: &'a str,
    pub(crate) email: &'a str,
    pub(crate) fields: &'a [(&'static str, String)],
    pub(crate) loopback: bool,
    pub(crate) session: bool,
}

/// Opens the app by its own scheme, and by its loopback address when that does not answer.
#[derive(Template)]
#[template(path = "opening.html")]
pub(crate) struct OpeningPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) deep_link: &'a str,
    pub(crate) loopback: &'a str,
}

/// Names the command that asks and what it could do, before it gets a code.
#[derive(Template)]
#[template(path = "agent.html")]
pub(crate) struct AgentPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) csrf_token: &'a str,
    pub(crate) email: &'a str,
    pub(crate) fields: &'a [(&'static str, String)],
    pub(crate) rights: &'a [&'static str],
}

/// What the command asked for cannot be.
#[derive(Template)]
#[template(path = "agent_problem.html")]
pub(crate) struct AgentProblemPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) problem: &'a str,
}

/// The settings of an account.
#[derive(Template)]
#[template(path = "account.html")]
pub(crate) struct AccountPage<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) frame: &'a Frame,
    pub(crate) email: &'a str,
    pub(crate) name: &'a str,
    pub(crate) image: Option<&'a str>,
    pub(crate) problem: Option<&'a str>,
    pub(crate) new_key: Option<NewKey<'a>>,
    pub(crate) keys: &'a [KeyRow],
    pub(crate) sessions: &'a [SessionRow],
}

/// A key that is shown this once.
pub(crate) struct NewKey<'a> {
    pub(crate) name: &'a str,
    pub(crate) key: &'a str,
}

/// A key in the list.
pub(crate) struct KeyRow {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: String,
    pub(crate) used: Option<String>,
    pub(crate) ends: Option<String>,
    pub(crate) rights: Option<String>,
}

/// A session in the list.
pub(crate) struct SessionRow {
    pub(crate) id: String,
    pub(crate) device: String,
    pub(crate) created: String,
    pub(crate) used: String,
    pub(crate) current: bool,
}

/// A page with a policy of its own. `render` is given the nonce.
pub(crate) fn show(
    visitor: &Visitor,
    status: StatusCode,
    render: impl FnOnce(&str) -> askama::Result<String>,
) -> Answer {
    visitor.show(status, Beside::default(), render)
}

/// A page that refuses, with when to try again.
pub(crate) fn refused(page: Answer, error: &ApiError) -> Answer {
    let mut page = page?;
    if let Some(seconds) = error.retry_after {
        page.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(page)
}
