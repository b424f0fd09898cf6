//! `/api/mobile/session`: programs sign in by a code from a mail, without a browser.
//!
//! Clients send an address and a code and nothing else, so nothing binds the code to who asked for it. What bounds the risk
//! instead is in docs/SECURITY.md: one code a mailbox, one try a code, few codes an hour, and no link in the mail.

use common::{
    db::{
        api_keys,
        users::{self, MobileLogin},
    },
    email::Email,
    error::ApiError,
    http::{Answer, Fields, StatusCode, fields, gateway_host, json_response, source},
    identity::{self, Credential},
    ids::{ApiKey, UserId},
    outbox::Mail,
    telemetry,
    time::Millis,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    forms,
    login::{GOOD_FOR, random_code},
};
use crate::{app::App, limits};

/// What the key is called in the list.
const NAME: &str = "Signed in by code";
const WRONG_CODE: &str = "That code does not work, and does not any more: a code has one try. Ask for a new mail.";

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginConfig)]
struct Config {
    apple_auth_available: bool,
    google_auth_available: bool,
    workos_auth_available: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Success)]
struct Done {
    success: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoginKey)]
struct Key<'a> {
    /// Always `api_key`.
    r#type: &'static str,
    api_key: &'a str,
    user_id: UserId,
}

/// List ways to sign in beside a mail
///
/// There are none.
#[utoipa::path(get, path = "/api/mobile/session/config", tag = "Login", security(()), responses((status = 200, body = Config)))]
pub(super) fn config() -> Answer {
    let none = Config { apple_auth_available: false, google_auth_available: false, workos_auth_available: false };
    json_response(StatusCode::OK, &none)
}

/// Have a code sent
///
/// The answer is the same, and the same is done for it, whether there is an account or not.
#[utoipa::path(
    post,
    path = "/api/mobile/session/email/request",
    tag = "Login",
    security(()),
    request_body(content((forms::CodeRequest = "application/json"), (forms::CodeRequest = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Done)),
)]
pub(super) async fn ask(app: &App, request: &Request) -> Answer {
    identity::of_program(&app.site, request)?;
    let email = mailbox(&fields(request)?)?;
    let source = source(request);
    app.limits.spend(limits::MOBILE_MAILS_FROM_SOURCE, &source).await?;
    app.limits.spend(limits::MOBILE_MAILS_FROM_SOURCE_TO_MAILBOX, &format!("{source} {}", email.as_str())).await?;
    app.limits.spend(limits::MOBILE_MAILS_TO_MAILBOX, email.as_str()).await?;
    let code = random_code()?;
    let (origin, to) = (app.site.origin(&gateway_host(request)), email.as_str().to_owned());
    let mut db = app.db.connect().await?;
    let welcome = users::has_account(&mut db, &email).await? || app.signup.allows(&email);
    users::ask_mobile(&mut db, &email, &code_hash(app, &email, &code)).await?;
    let mail = if welcome {
        Mail::Code { to, origin, code, expires_at: Millis::now().0 + GOOD_FOR }
    } else {
        Mail::NoAccount { to, origin }
    };
    app.outbox.post(&mail).await?;
    json_response(StatusCode::OK, &Done { success: true })
}

/// Get a key for the code
///
/// A wrong code is the mailbox's last one.
#[utoipa::path(
    post,
    path = "/api/mobile/session/email/verify",
    tag = "Login",
    security(()),
    request_body(content((forms::CodeLogin = "application/json"), (forms::CodeLogin = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Key<'_>)),
)]
pub(super) async fn verify(app: &App, request: &Request) -> Answer {
    identity::of_program(&app.site, request)?;
    let fields = fields(request)?;
    let email = mailbox(&fields)?;
    let code = fields.required("code")?.trim();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ApiError::bad_request("code must be the six digits of the mail."));
    }
    app.limits.spend(limits::MOBILE_CODES_FROM_SOURCE, &source(request)).await?;
    let mut db = app.db.connect().await?;
    // What is tried where nobody asked for a mail can hit nothing, and is not to use up the owner's tries.
    if !users::is_mobile_asked(&mut db, &email).await? {
        return Err(ApiError::forbidden(WRONG_CODE));
    }
    app.limits.spend(limits::MOBILE_CODES_OF_MAILBOX, email.as_str()).await?;
    let (key, hash) = (ApiKey::random()?, code_hash(app, &email, code));
    let may_join = app.signup.allows(&email);
    let login = MobileLogin { email: &email, code: &hash, may_join, key: &key, name: NAME };
    let Some(user) = users::log_in_mobile(&mut db, &login).await? else {
        tracing::warn!("login by code refused");
        return Err(ApiError::forbidden(WRONG_CODE));
    };
    telemetry::user(&user);
    tracing::info!(source = "mobile", "an API key is made");
    json_response(StatusCode::OK, &Key { r#type: "api_key", api_key: key.expose(), user_id: user })
}

/// Take back the key that asks
///
/// It is dead at once.
#[utoipa::path(
    post,
    path = "/api/mobile/session/revoke",
    tag = "Login",
    responses((status = 200, body = Done), (status = 400, description = "It is made with a browser's session, which signs out")),
)]
pub(super) async fn revoke(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let user = identity::caller(&mut db, &credential).await?;
    let Credential::Key(key) = &credential else {
        return Err(ApiError::bad_request("A browser is not signed in with a key. Sign out at /api/auth/signout."));
    };
    let revoked = api_keys::revoke_key(&mut db, key).await?;
    tracing::info!(%user, revoked, "an API key takes itself back");
    json_response(StatusCode::OK, &Done { success: true })
}

fn mailbox(fields: &Fields) -> Result<Email, ApiError> {
    Email::parse(fields.required("email")?).ok_or_else(|| {
        ApiError::bad_request("email must be an address like ada@example.com, without accents or spaces.")
    })
}

/// What is kept of a code: worth nothing without the server's secret, and for another mailbox or in a browser.
fn code_hash(app: &App, email: &Email, code: &str) -> [u8; 32] {
    app.site.secret.mac("mobile code", &[email.as_str().as_bytes(), code.as_bytes()])
}
