//! `/api/auth/callback/email`: a login is finished, in the browser that asked for it.

use askama::Template;
use common::{
    browser::Browser,
    db::users::{self, Login, Outcome, Proof},
    email::Email,
    error::ApiError,
    http::{
        Answer, StatusCode, cookie, fields, is_form, json_response, query, redirect, see_other, source, user_agent,
        with_cookie,
    },
    ids::SessionToken,
    telemetry::{self, Metric},
    tokens,
    visitor::{Visitor, login_address},
};
use lambda_http::Request;
use sha2::{Digest, Sha256};

use super::{
    forms,
    login::{Next, code_form, code_hash, own_browser},
};
use crate::{
    app::App,
    limits,
    pages::{self, LinkPage, StalePage},
    return_to,
};

/// What a login is finished with.
struct Shown<'a> {
    email: Email,
    token: Token<'a>,
}

#[derive(Clone, Copy, PartialEq)]
enum Token<'a> {
    Code(&'a str),
    Link(&'a str),
}

impl<'a> Shown<'a> {
    /// What the person gave. Anything that is no link is taken for a code that was mistyped.
    fn read(email: Option<&str>, token: Option<&'a str>) -> Result<Self, ApiError> {
        match (email.and_then(Email::parse), token.and_then(Token::read)) {
            (Some(email), Some(token)) => Ok(Self { email, token }),
            _ => Err(ApiError::forbidden(words::code().wrong)),
        }
    }
}

impl<'a> Token<'a> {
    /// Digits of a code, and hexadecimal digits of a link.
    const LENGTHS: (usize, usize) = (6, 64);

    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        match (text.len(), text.bytes().all(|byte| byte.is_ascii_digit())) {
            (length, true) if length == Self::LENGTHS.0 => Some(Self::Code(text)),
            _ => tokens::is_hex(text, Self::LENGTHS.1).then_some(Self::Link(text)),
        }
    }
}

/// Open what a mail's link leads to
///
/// It shows a button and signs nobody in, since mail scanners open links too. A code in the link's place was typed in this
/// browser, and signs in.
#[utoipa::path(
    get,
    path = "/api/auth/callback/email",
    tag = "Login",
    security(()),
    params(
        ("email" = Option<String>, Query, description = "Where the mail was sent"),
        ("token" = Option<String>, Query, description = "The code, or what the link holds"),
        ("callbackUrl" = Option<String>, Query, description = "Where to go afterwards, on this site"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 302, description = "Signed in by a code"),
        (status = 403, description = "It does not sign in", body = String, content_type = "text/html"),
        (status = 429, description = "That was tried too often", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn open(app: &App, request: &Request) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    let next = return_to::own_path(&visitor.origin, query(request, "callbackUrl"));
    let (browser, shown) =
        (Browser::of(&app.site, request), Shown::read(query(request, "email"), query(request, "token")));
    let (Some(browser), Ok(shown)) = (browser, shown) else { return stale(&visitor, next, words::stale_link().why) };
    match shown.token {
        // A page elsewhere that leads here may spend nobody's tries.
        Token::Code(_) if is_led_here(request) => code_form(&visitor, StatusCode::OK, next, &shown.email, None),
        Token::Code(_) => match limits::counted(log_in(app, request, &browser, &shown).await, Metric::LoginsDone) {
            Ok(token) => {
                with_cookie(redirect(&format!("{}{next}", visitor.origin))?, &cookie::set_session(&app.site, &token))
            }
            Err(error) => refuse(&visitor, next, Some(shown.token), Some(&shown.email), error),
        },
        Token::Link(link) => {
            let hash: [u8; 32] = Sha256::digest(link).into();
            if !users::is_open(&mut app.db.connect().await?, &shown.email, &browser.hash(), &hash).await? {
                return stale(&visitor, next, words::stale_link().why);
            }
            let (csrf_token, email) = (&visitor.csrf_token, shown.email.as_str());
            pages::show(&visitor, StatusCode::OK, |nonce| {
                LinkPage { nonce, csrf_token, email, token: link, next }.render()
            })
        }
    }
}

/// Sign in
///
/// By the button behind a mail's link, or by its code.
#[utoipa::path(
    post,
    path = "/api/auth/callback/email",
    tag = "Login",
    security(()),
    request_body(content((forms::Login = "application/json"), (forms::Login = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Next), (status = 303, description = "A form leads on")),
)]
pub(super) async fn finish(app: &App, request: &Request) -> Answer {
    let fields = fields(request)?;
    let visitor = Visitor::of(&app.site, request)?;
    let next = return_to::own_path(&visitor.origin, fields.get("callbackUrl"));
    let page = is_form(request) && fields.get("json") != Some("true");
    let shown = Shown::read(fields.get("email"), fields.get("token"));
    let finished = match (own_browser(app, request, &fields), &shown) {
        (Ok(browser), Ok(shown)) => log_in(app, request, &browser, shown).await,
        (Err(error), _) => Err(error),
        (_, Err(_)) => Err(ApiError::forbidden(words::code().wrong)),
    };
    let token = match limits::counted(finished, Metric::LoginsDone) {
        Ok(token) => token,
        Err(error) if page => {
            let email = fields.get("email").and_then(Email::parse);
            return refuse(&visitor, next, shown.ok().map(|shown| shown.token), email.as_ref(), error);
        }
        Err(error) => return Err(error),
    };
    let url = format!("{}{next}", visitor.origin);
    let answer = if page { see_other(&url)? } else { json_response(StatusCode::OK, &Next { url })? };
    with_cookie(answer, &cookie::set_session(&app.site, &token))
}

/// True when a browser says that another site's page led it here.
fn is_led_here(request: &Request) -> bool {
    let from = request.headers().get("sec-fetch-site").and_then(|value| value.to_str().ok());
    matches!(from, Some("cross-site" | "same-site"))
}

/// Signs in, with a session of its own and never one that was there before.
async fn log_in(app: &App, request: &Request, browser: &Browser, shown: &Shown<'_>) -> Result<SessionToken, ApiError> {
    let proof = match shown.token {
        Token::Code(code) => {
            app.limits.spend(limits::CODES_FROM_SOURCE, &source(request)).await?;
            // What is tried where nobody asked for a mail can hit nothing, and is not to use up the owner's tries.
            if !users::is_asked(&mut app.db.connect().await?, &shown.email, &browser.hash()).await? {
                return Err(ApiError::forbidden(words::code().wrong));
            }
            app.limits.spend(limits::CODES_OF_MAILBOX, shown.email.as_str()).await?;
            Proof::Code(code_hash(app, browser, &shown.email, code))
        }
        Token::Link(link) => Proof::Link(Sha256::digest(link).into()),
    };
    let (token, before) = (SessionToken::random()?, cookie::session(request));
    let login = Login {
        email: &shown.email,
        browser: &browser.hash(),
        proof: &proof,
        may_join: app.signup.allows(&shown.email),
        token: &token,
        device: &user_agent(request),
        before: before.as_ref(),
    };
    let refusal = match users::log_in(&mut app.db.connect().await?, &login).await? {
        Outcome::SignedIn(user) => {
            telemetry::user(&user);
            tracing::info!("signed in");
            return Ok(token);
        }
        Outcome::NotAllowed => words::stale_link().no_account,
        Outcome::Refused if matches!(proof, Proof::Code(_)) => words::code().wrong,
        Outcome::Refused => words::stale_link().why,
    };
    tracing::warn!(refusal, "login refused");
    Err(ApiError::forbidden(refusal))
}

/// A refusal as a page: where a code was typed, another one can be.
fn refuse(visitor: &Visitor, next: &str, token: Option<Token<'_>>, email: Option<&Email>, error: ApiError) -> Answer {
    if error.status.is_server_error() {
        return Err(error);
    }
    let page = match (token, email) {
        (Some(Token::Link(_)), _) | (_, None) => stale(visitor, next, &error.message),
        (_, Some(email)) => code_form(visitor, error.status, next, email, Some(&error.message)),
    };
    pages::refused(page, &error)
}

/// The page for what does not sign in, with the way to a fresh mail.
fn stale(visitor: &Visitor, next: &str, problem: &str) -> Answer {
    let again = login_address(&visitor.origin, next)?;
    pages::show(visitor, StatusCode::FORBIDDEN, |nonce| StalePage { nonce, again: &again, problem }.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_links_are_told_apart() {
        let link = "0f".repeat(32);
        assert!(Token::read(" 123456 ") == Some(Token::Code("123456")));
        assert!(Token::read(&link) == Some(Token::Link(&link)));
        for neither in ["", "12345", "1234567", "12345a", "\u{661}\u{662}\u{663}", &link.to_uppercase(), &link[1..]] {
            assert!(Token::read(neither).is_none(), "{neither}");
        }
    }
}
