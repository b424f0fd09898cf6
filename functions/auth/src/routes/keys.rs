//! `/api/settings/keys`: API keys are made, shown once, listed and taken back.

use common::{
    agent::Scopes,
    db::{Connection, api_keys},
    error::ApiError,
    http::{Answer, StatusCode, fields, gateway_host, is_form, json_response, see_other},
    identity,
    ids::{ApiKey, KeyId, UserId},
    text,
    time::Millis,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::{account, forms};
use crate::{app::App, limits};

/// Characters of a key's name.
const NAME_CHARACTERS: usize = 100;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApiKey)]
struct Listed<'a> {
    id: &'a KeyId,
    name: &'a str,
    source: &'a str,
    scopes: Scopes,
    created_at: Millis,
    last_used_at: Option<Millis>,
    expires_at: Option<Millis>,
}

#[derive(Serialize, ToSchema)]
struct Keys<'a> {
    keys: Vec<Listed<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NewApiKey)]
struct New<'a> {
    /// It is shown nowhere else.
    key: &'a str,
    name: &'a str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RevokedApiKey)]
struct Revoked {
    id: KeyId,
    revoked: bool,
}

/// List one's API keys
///
/// A program sees itself alone.
#[utoipa::path(get, path = "/api/settings/keys", tag = "Account", responses((status = 200, body = Keys<'_>)))]
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let holder = identity::holder(&mut db, &credential).await?;
    let only = holder.program.then(|| credential.listed_as());
    let keys = api_keys::list(&mut db, &holder.user, only.as_deref()).await?;
    let keys = keys
        .iter()
        .map(|key| Listed {
            id: &key.id,
            name: &key.name,
            source: &key.source,
            scopes: key.scopes,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            expires_at: key.expires_at,
        })
        .collect();
    json_response(StatusCode::OK, &Keys { keys })
}

/// Make an API key
///
/// The answer holds the key, which is shown nowhere else. A key cannot make keys: whoever stole one would keep theirs when
/// it is taken back.
#[utoipa::path(
    post,
    path = "/api/settings/keys",
    tag = "Account",
    security(("session" = [])),
    request_body(content((forms::Key = "application/json"), (forms::Key = "application/x-www-form-urlencoded"))),
    responses((status = 201, content((New<'_> = "application/json"), (String = "text/html")))),
)]
pub(super) async fn create(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let fields = fields(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::signed_in(&mut db, &credential).await?;
    let name = match text::line(fields.get("name").unwrap_or_default(), NAME_CHARACTERS) {
        Ok(name) if !name.is_empty() => name,
        _ => {
            let problem = format!(
                "A key needs a name of 1 to {NAME_CHARACTERS} characters on one line, by which you know it again."
            );
            let error = ApiError::bad_request(problem);
            return if is_form(request) { account::problem(app, request, &error).await } else { Err(error) };
        }
    };
    let key = match make(app, &mut db, &caller, "settings", name).await {
        Ok(key) => key,
        Err(error) if is_form(request) && error.status.is_client_error() => {
            return account::problem(app, request, &error).await;
        }
        Err(error) => return Err(error),
    };
    if is_form(request) {
        return account::with_new_key(app, request, name, key.expose()).await;
    }
    json_response(StatusCode::CREATED, &New { key: key.expose(), name })
}

/// Makes a key, unless somebody makes too many.
pub(super) async fn make(
    app: &App,
    db: &mut Connection,
    owner: &UserId,
    source: &str,
    name: &str,
) -> Result<ApiKey, ApiError> {
    app.limits.spend(limits::KEYS_OF_USER, owner.as_str()).await?;
    let key = ApiKey::random()?;
    if !api_keys::create(db, &key, owner, source, name).await? {
        return Err(ApiError::unauthenticated());
    }
    tracing::info!(user = %owner, source, "an API key is made");
    Ok(key)
}

/// Take an API key back
///
/// It is dead at once. A program takes itself back and nothing else: whoever stole one could otherwise lock its owner's
/// other programs out.
#[utoipa::path(
    delete,
    path = "/api/settings/keys/{id}",
    tag = "Account",
    params(("id" = String, Path, description = "The key's in the list")),
    responses((status = 200, body = Revoked), (status = 303, description = "A form leads to the account")),
)]
pub(super) async fn revoke(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let holder = identity::holder(&mut db, &credential).await?;
    if holder.program && credential.listed_as() != id {
        return Err(ApiError::forbidden(
            "A program can revoke its own API key and no other. Sign in with a browser and do it in the settings.",
        ));
    }
    let caller = holder.user;
    let none = || ApiError::not_found("You have no API key with this id. It may have been revoked already.");
    let id = KeyId::parse(id).ok_or_else(none)?;
    let revoked = api_keys::revoke(&mut db, &caller, &id).await?;
    tracing::info!(user = %caller, key = %id, revoked, "an API key is taken back");
    if is_form(request) {
        return see_other(&account::address(&app.site.origin(&gateway_host(request))));
    }
    if !revoked {
        return Err(none());
    }
    json_response(StatusCode::OK, &Revoked { id, revoked: true })
}
