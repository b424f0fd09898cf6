//! `/api/v1/auth/{token,status,revoke}`: tokens of the `cap` command.

use common::{
    agent::{AgentCode, AgentToken, Challenge, Scope, Scopes},
    db::{
        agent_codes::{self, Redeemed, Shown},
        api_keys, sessions,
    },
    error::ApiError,
    http::{Answer, StatusCode, agent_json, json, source},
    identity::{self, Credential},
    time::Millis,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cli::loopback_port;
use crate::{app::App, limits};

/// What the token is called in the list of keys.
const NAME: &str = "The cap command";
const REFUSED: &str = "This code gets no token: it is used, older than five minutes, or was made for another program. Sign in again with cap auth login.";

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenRequest)]
struct Exchange {
    code: String,
    code_verifier: String,
    redirect_uri: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Token<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_at: Millis,
    scopes: Scopes,
}

#[derive(Serialize, ToSchema)]
struct Revoked {
    revoked: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenStatus)]
struct Status {
    authenticated: bool,
    /// `agent` or `legacy`.
    token_kind: &'static str,
    expires_at: Option<Millis>,
    scopes: Scopes,
}

/// Get a token for a code
///
/// The code that came to the loopback address, with what proves who asked for it.
#[utoipa::path(
    post,
    path = "/api/v1/auth/token",
    tag = "Login",
    security(()),
    request_body = Exchange,
    responses((status = 200, body = Token<'_>)),
)]
pub(super) async fn token(app: &App, request: &Request) -> Answer {
    identity::of_program(&app.site, request)?;
    let Exchange { code, code_verifier, redirect_uri } = json(request)?;
    let (code, challenge) = (AgentCode::parse(&code), Challenge::of(&code_verifier));
    let (Some(code), Some(challenge), Some(port)) = (code, challenge, loopback_port(&redirect_uri)) else {
        return Err(ApiError::bad_request(REFUSED));
    };
    app.limits.spend(limits::AGENT_CODES_FROM_SOURCE, &source(request)).await?;
    let token = AgentToken::random()?;
    let shown = Shown { code: &code, challenge: &challenge, port };
    match agent_codes::redeem(&mut app.db.connect().await?, &shown, &token, NAME).await? {
        Redeemed::Made(made) => {
            tracing::info!(user = %made.user, source = "cli", "an API key is made");
            let (expires_at, scopes) = (made.expires_at, made.scopes);
            let answer = Token { access_token: token.expose(), token_type: "Bearer", expires_at, scopes };
            agent_json(request, StatusCode::OK, &answer)
        }
        Redeemed::Refused => Err(ApiError::bad_request(REFUSED)),
        Redeemed::Reused => {
            tracing::warn!("a code of the cap command was shown twice; its token is taken back");
            Err(ApiError::bad_request(REFUSED))
        }
    }
}

/// Tell what a key or a token may do, and how long
#[utoipa::path(get, path = "/api/v1/auth/status", tag = "Login", responses((status = 200, body = Status)))]
pub(super) async fn status(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let holder = identity::holder(&mut app.db.connect().await?, &credential).await?;
    let token_kind = if matches!(credential, Credential::Agent { .. }) { "agent" } else { "legacy" };
    let status = Status { authenticated: true, token_kind, expires_at: holder.ends, scopes: holder.scopes };
    agent_json(request, StatusCode::OK, &status)
}

/// Take back what the request is made with
///
/// It is dead at once.
#[utoipa::path(
    post,
    path = "/api/v1/auth/revoke",
    tag = "Login",
    responses((status = 200, body = Revoked), (status = 400, description = "It is made with a browser's session, which signs out")),
)]
pub(super) async fn revoke(app: &App, request: &Request) -> Answer {
    // Whoever holds it may give it up, whatever else it allows.
    let credential = identity::writing(&app.site, request)?.needing(Scope::Read);
    let mut db = app.db.connect().await?;
    let holder = identity::holder(&mut db, &credential).await?;
    let user = holder.user;
    let revoked = match &credential {
        Credential::Agent { token, .. } => api_keys::revoke_token(&mut db, token).await?,
        Credential::Key(key) => api_keys::revoke_key(&mut db, key).await?,
        Credential::Session { token, .. } if holder.program => {
            sessions::end_token(&mut db, token).await?;
            true
        }
        Credential::Session { .. } => {
            return Err(ApiError::bad_request("A browser is not signed in with a key. Sign out at /api/auth/signout."));
        }
    };
    tracing::info!(%user, revoked, "an API key takes itself back");
    agent_json(request, StatusCode::OK, &Revoked { revoked: true })
}
