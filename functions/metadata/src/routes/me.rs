//! `/api/v1/me` and `/api/v1/organizations`: whose key it is, as the agent API shows it.

use common::{
    db::{
        Connection, api_keys, sessions,
        users::{self, Organization, Profile},
    },
    error::ApiError,
    http::{Answer, StatusCode, agent_json, idempotency_key, json},
    identity::{self, Credential},
    ids::{OrganizationId, UserId},
    text,
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::settings::image_url;
use crate::app::App;

/// Characters of a name.
const NAME_CHARACTERS: usize = 100;

#[derive(Deserialize, ToSchema)]
#[schema(as = RenameMe)]
struct Rename {
    /// One line; an empty one is no name.
    #[schema(max_length = 100)]
    name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Me<'a> {
    id: &'a UserId,
    name: Option<&'a str>,
    email: &'a str,
    image_url: Option<String>,
    active_organization_id: Option<&'a OrganizationId>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Organization)]
struct Own<'a> {
    id: &'a OrganizationId,
    name: &'a str,
    owner_id: &'a UserId,
    role: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Organizations<'a> {
    organizations: Vec<Own<'a>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedOut {
    signed_out: bool,
}

impl<'a> Own<'a> {
    fn of(owner: &'a UserId, organization: &'a Organization) -> Self {
        Self { id: &organization.id, name: &organization.name, owner_id: owner, role: "owner" }
    }
}

/// Show whose key it is
#[utoipa::path(get, path = "/api/v1/me", tag = "Account", responses((status = 200, body = Me<'_>)))]
pub(super) async fn show(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let (caller, profile) = profile(&mut app.db.connect().await?, &credential).await?;
    answer(app, request, &caller, &profile).await
}

/// Change one's name
#[utoipa::path(
    patch,
    path = "/api/v1/me",
    tag = "Account",
    params(("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$")),
    request_body = Rename,
    responses((status = 200, body = Me<'_>)),
)]
pub(super) async fn rename(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    let Rename { name } = json(request)?;
    let name = text::line(&name, NAME_CHARACTERS).map_err(|problem| {
        ApiError::bad_request(format!("name {problem}. It is one line of at most {NAME_CHARACTERS} characters."))
    })?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    users::rename(&mut db, &caller, Some(name).filter(|name| !name.is_empty())).await?;
    let profile = users::profile(&mut db, &caller).await?.ok_or_else(ApiError::unauthenticated)?;
    drop(db);
    answer(app, request, &caller, &profile).await
}

/// Sign out everywhere
///
/// Every browser, key and token, the one that asks too.
#[utoipa::path(
    post,
    path = "/api/v1/me/sign-out-all",
    tag = "Account",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$"),
        ("X-Cap-Confirmation" = Option<String>, Header, description = "user, when a person has confirmed it"),
    ),
    responses((status = 200, body = SignedOut), (status = 428, description = "A token of the cap command needs a person to confirm it")),
)]
pub(super) async fn sign_out_all(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    credential.confirmed(request)?;
    sessions::end_all(&mut db, &caller).await?;
    api_keys::revoke_all(&mut db, &caller).await?;
    tracing::info!(user = %caller, "signed out everywhere");
    agent_json(request, StatusCode::OK, &SignedOut { signed_out: true })
}

/// List one's organisations
///
/// Everybody has one.
#[utoipa::path(get, path = "/api/v1/organizations", tag = "Account", responses((status = 200, body = Organizations<'_>)))]
pub(super) async fn organizations(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let (caller, profile) = profile(&mut app.db.connect().await?, &credential).await?;
    let organizations = profile.organization.iter().map(|own| Own::of(&caller, own)).collect();
    agent_json(request, StatusCode::OK, &Organizations { organizations })
}

/// Show an organisation
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{id}",
    tag = "Account",
    params(("id" = String, Path, description = "The organisation's")),
    responses((status = 200, body = Own<'_>)),
)]
pub(super) async fn organization(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let (caller, profile) = profile(&mut app.db.connect().await?, &credential).await?;
    let own = profile.organization.filter(|own| own.id.as_str() == id);
    let own = own.ok_or_else(|| ApiError::not_found("You have no organization with this id."))?;
    agent_json(request, StatusCode::OK, &Own::of(&caller, &own))
}

async fn profile(db: &mut Connection, credential: &Credential) -> Result<(UserId, Profile), ApiError> {
    let caller = identity::caller(db, credential).await?;
    let profile = users::profile(db, &caller).await?.ok_or_else(ApiError::unauthenticated)?;
    Ok((caller, profile))
}

async fn answer(app: &App, request: &Request, caller: &UserId, profile: &Profile) -> Answer {
    let me = Me {
        id: caller,
        name: profile.name.as_deref(),
        email: &profile.email,
        image_url: image_url(&app.objects, caller, profile.avatar.as_deref()).await?,
        active_organization_id: profile.organization.as_ref().map(|own| &own.id),
    };
    agent_json(request, StatusCode::OK, &me)
}
