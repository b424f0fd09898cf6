//! `/login`, `/verify-otp` and `POST /api/auth/signin/email`: a login is asked for.

use askama::Template;
use common::{
    browser::Browser,
    db::users::{self, Asked},
    email::Email,
    error::ApiError,
    http::{
        Answer, Fields, Method, StatusCode, fields, gateway_host, is_form, json_response, query, redirect, see_other,
        source,
    },
    outbox::Mail,
    telemetry::Metric,
    time::Millis,
    tokens,
    visitor::{Visitor, login_address, signed_in},
};
use lambda_http::Request;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::forms;
use crate::{
    app::App,
    limits,
    pages::{self, CodePage, LoginPage},
    return_to,
};

/// Milliseconds that a code and a link are good for. The database says the same.
pub(super) const GOOD_FOR: i64 = 10 * 60 * 1000;

/// Where a browser goes on.
#[derive(Serialize, ToSchema)]
pub(super) struct Next {
    pub(super) url: String,
}

/// Ask for an address
///
/// Whoever is signed in goes on at once.
#[utoipa::path(
    get,
    path = "/login",
    tag = "Pages",
    security(()),
    params(("next" = Option<String>, Query, description = "Where to go afterwards, on this site")),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "Signed in already")),
)]
pub(super) async fn page(app: &App, request: &Request) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    let next = return_to::own_path(&visitor.origin, query(request, "next"));
    if signed_in(&app.db, request).await?.is_some() {
        return redirect(&format!("{}{next}", visitor.origin));
    }
    form(&visitor, StatusCode::OK, next, "", None)
}

/// Lead to the login
///
/// Who signs in for the first time has an account from then on.
#[utoipa::path(
    get,
    path = "/signup",
    tag = "Pages",
    security(()),
    params(("next" = Option<String>, Query, description = "Where to go afterwards, on this site")),
    responses((status = 302, description = "To the login")),
)]
pub(super) fn sign_up(app: &App, request: &Request) -> Answer {
    let origin = app.site.origin(&gateway_host(request));
    redirect(&login_address(&origin, return_to::own_path(&origin, query(request, "next")))?)
}

/// Ask for the code
#[utoipa::path(
    get,
    path = "/verify-otp",
    tag = "Pages",
    security(()),
    params(
        ("email" = Option<String>, Query, description = "Where the code was sent"),
        ("next" = Option<String>, Query, description = "Where to go afterwards, on this site"),
    ),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login, without an address")),
)]
pub(super) fn code_page(app: &App, request: &Request) -> Answer {
    let visitor = Visitor::of(&app.site, request)?;
    let next = return_to::own_path(&visitor.origin, query(request, "next"));
    match query(request, "email").and_then(Email::parse) {
        Some(email) => code_form(&visitor, StatusCode::OK, next, &email, None),
        None => redirect(&login_address(&visitor.origin, next)?),
    }
}

/// Have a mail sent that signs in
///
/// The answer is the same, and the same is done for it, whether there is an account or not.
#[utoipa::path(
    post,
    path = "/api/auth/signin/email",
    tag = "Login",
    security(()),
    request_body(content((forms::SignIn = "application/json"), (forms::SignIn = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Next), (status = 303, description = "A form leads to where the code is asked for")),
)]
pub(super) async fn ask(app: &App, request: &Request) -> Answer {
    let fields = fields(request)?;
    let visitor = Visitor::of(&app.site, request)?;
    let next = return_to::own_path(&visitor.origin, fields.get("callbackUrl"));
    let page = is_form(request) && fields.get("json") != Some("true");
    match limits::counted(asked(app, request, &visitor, &fields, next).await, Metric::LoginsAsked) {
        Ok(url) if page => see_other(&url),
        Ok(url) => json_response(StatusCode::OK, &Next { url }),
        Err(error) if page && error.status.is_client_error() => {
            let typed = fields.get("email").unwrap_or_default();
            pages::refused(form(&visitor, error.status, next, typed, Some(&error.message)), &error)
        }
        Err(error) => Err(error),
    }
}

async fn asked(
    app: &App,
    request: &Request,
    visitor: &Visitor,
    fields: &Fields,
    next: &str,
) -> Result<String, ApiError> {
    let browser = own_browser(app, request, fields)?;
    let email = fields.required("email")?;
    let email = Email::parse(email).ok_or_else(|| ApiError::bad_request(words::login().not_an_address))?;
    let source = source(request);
    app.limits.spend(limits::MAILS_FROM_SOURCE, &source).await?;
    app.limits.spend(limits::MAILS_FROM_SOURCE_TO_MAILBOX, &format!("{source} {}", email.as_str())).await?;
    app.limits.spend(limits::MAILS_TO_MAILBOX, email.as_str()).await?;

    let (link, code) = (tokens::random_hex::<32>()?, random_code()?);
    let (origin, to) = (visitor.origin.clone(), email.as_str().to_owned());
    let mut db = app.db.connect().await?;
    let welcome = users::has_account(&mut db, &email).await? || app.signup.allows(&email);
    let hashes = (Sha256::digest(&link).into(), code_hash(app, &browser, &email, &code));
    let asked = Asked { email: &email, browser: &browser.hash(), link: &hashes.0, code: &hashes.1 };
    users::ask(&mut db, &asked).await?;
    let mail = if welcome {
        let link = callback_address(&origin, &email, &link, next)?;
        Mail::Login { to, origin, code, link, expires_at: Millis::now().0 + GOOD_FOR }
    } else {
        Mail::NoAccount { to, origin }
    };
    app.outbox.post(&mail).await?;
    let query = serde_urlencoded::to_string([("email", email.as_str()), ("next", next)]).map_err(ApiError::internal)?;
    Ok(format!("{}/verify-otp?{query}", visitor.origin))
}

/// The browser, if the fields carry its token: forms of other sites have none.
pub(super) fn own_browser(app: &App, request: &Request, fields: &Fields) -> Result<Browser, ApiError> {
    let token = fields.get("csrfToken").unwrap_or_default();
    Browser::of(&app.site, request).filter(|browser| browser.owns(&app.site.secret, token)).ok_or_else(|| {
        let page = *request.method() == Method::POST && is_form(request);
        ApiError::forbidden(if page {
            words::login().too_old
        } else {
            "The csrfToken is not this browser's. Get one from /api/auth/csrf, and send the cookie that came with it."
        })
    })
}

/// What is kept of a code: worth nothing without the server's secret, and in another browser or for another mailbox.
pub(super) fn code_hash(app: &App, browser: &Browser, email: &Email, code: &str) -> [u8; 32] {
    app.site.secret.mac("login code", &[&browser.hash(), email.as_str().as_bytes(), code.as_bytes()])
}

/// Six digits, each code as likely as any other, none with a zero in front that somebody might leave out.
pub(super) fn random_code() -> Result<String, ApiError> {
    const CODES: u32 = 900_000;
    loop {
        let number = getrandom::u32()?;
        // What is left of the last, incomplete round would come up more often.
        if number < u32::MAX - u32::MAX % CODES {
            return Ok((100_000 + number % CODES).to_string());
        }
    }
}

fn callback_address(origin: &str, email: &Email, token: &str, next: &str) -> Result<String, ApiError> {
    let query = [("callbackUrl", next), ("token", token), ("email", email.as_str())];
    let query = serde_urlencoded::to_string(query).map_err(ApiError::internal)?;
    Ok(format!("{origin}/api/auth/callback/email?{query}"))
}

fn form(visitor: &Visitor, status: StatusCode, next: &str, email: &str, problem: Option<&str>) -> Answer {
    let csrf_token = &visitor.csrf_token;
    pages::show(visitor, status, |nonce| LoginPage { nonce, csrf_token, next, email, problem }.render())
}

/// The page that takes a code.
pub(super) fn code_form(
    visitor: &Visitor,
    status: StatusCode,
    next: &str,
    email: &Email,
    problem: Option<&str>,
) -> Answer {
    let (csrf_token, email) = (&visitor.csrf_token, email.as_str());
    let again = login_address(&visitor.origin, next)?;
    pages::show(visitor, status, |nonce| CodePage { nonce, csrf_token, next, email, again: &again, problem }.render())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_six_digits() {
        for _ in 0..1000 {
            let code = random_code().expect("random");
            assert!(code.len() == 6 && code.parse::<u32>().is_ok_and(|code| code >= 100_000), "{code}");
        }
    }

    #[test]
    fn a_link_survives_any_address_and_path() {
        let email = Email::parse("a+b&c=d@example.test").expect("an address");
        let link = callback_address("https://cap.example.com", &email, "00ff", "/s/x?a=1&b=2").expect("a link");
        assert_eq!(
            link,
            "https://cap.example.com/api/auth/callback/email?\
             callbackUrl=%2Fs%2Fx%3Fa%3D1%26b%3D2&token=00ff&email=a%2Bb%26c%3Dd%40example.test"
        );
    }
}
