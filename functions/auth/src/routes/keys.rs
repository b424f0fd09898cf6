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
use serde_json::json;

use super::account;
use crate::{app::App, limits};

/// Characters of a key's name.
const NAME_CHARACTERS: usize = 100;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a KeyId,
    name: &'a str,
    source: &'a str,
    scopes: Scopes,
    created_at: Millis,
    last_used_at: Option<Millis>,
    expires_at: Option<Millis>,
}

/// `GET /api/settings/keys`: a program sees itself alone.
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let holder = identity::holder(&mut db, &credential).await?;
    let only = holder.program.then(|| credential.listed_as());
    let keys = api_keys::list(&mut db, &holder.user, only.as_deref()).await?;
    let keys: Vec<_> = keys
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
    json_response(StatusCode::OK, &json!({ "keys": keys }))
}

/// `POST /api/settings/keys` with a `name`: the answer holds the key, which is shown nowhere else. A key cannot make keys:
/// whoever stole one would keep theirs when it is taken back.
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
    json_response(StatusCode::CREATED, &json!({ "key": key.expose(), "name": name }))
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

/// `DELETE /api/settings/keys/{id}`, or `POST …/revoke`: the key is dead at once. A program takes itself back and nothing
/// else: whoever stole one could otherwise lock its owner's other programs out.
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
    json_response(StatusCode::OK, &json!({ "id": id, "revoked": true }))
}
