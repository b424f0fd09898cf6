//! What a person is called, and what they see of their account.

use common::{
    db::users,
    error::ApiError,
    http::{Answer, Fields, StatusCode, fields, json_response},
    identity,
    ids::UserId,
    text,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::{done, forms, image_url};
use crate::app::App;

/// Characters of a name.
const NAME_CHARACTERS: usize = 100;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Account<'a> {
    id: &'a UserId,
    name: Option<&'a str>,
    email: &'a str,
    image_url: Option<String>,
    organization: Option<Organization<'a>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AccountOrganization)]
struct Organization<'a> {
    id: &'a str,
    name: &'a str,
}

/// Show one's account
#[utoipa::path(get, path = "/api/settings/user", tag = "Account", responses((status = 200, body = Account<'_>)))]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let profile = users::profile(&mut db, &caller).await?.ok_or_else(ApiError::unauthenticated)?;
    let organization = profile.organization.as_ref();
    let account = Account {
        id: &caller,
        name: profile.name.as_deref(),
        email: &profile.email,
        image_url: image_url(&app.objects, &caller, profile.avatar.as_deref()).await?,
        organization: organization.map(|own| Organization { id: own.id.as_str(), name: &own.name }),
    };
    json_response(StatusCode::OK, &account)
}

/// Change one's name
///
/// `name`, or `firstName` and `lastName`.
#[utoipa::path(
    post,
    path = "/api/settings/user/name",
    tag = "Account",
    request_body(content((forms::Name = "application/json"), (forms::Name = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = bool, content_type = "application/json"), (status = 303, description = "A form leads to the settings")),
)]
pub(in crate::routes) async fn rename(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let name = name(&fields(request)?)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    if !users::rename(&mut db, &caller, name.as_deref()).await? {
        return Err(ApiError::unauthenticated());
    }
    done(app, request, &true)
}

/// The name as it was written, without spaces around it; `None` when there is none left.
fn name(fields: &Fields) -> Result<Option<String>, ApiError> {
    let typed = match fields.required("name") {
        Ok(name) => name.to_owned(),
        Err(_) => {
            let [first, last] = ["firstName", "lastName"].map(|part| fields.required(part));
            if first.is_err() && last.is_err() {
                return Err(ApiError::bad_request("name is missing, or firstName and lastName are."));
            }
            [first, last].map(|part| part.map(str::trim).unwrap_or_default()).join(" ")
        }
    };
    let name = text::line(&typed, NAME_CHARACTERS).map_err(|problem| {
        ApiError::bad_request(format!("That name {problem}. It is one line of at most {NAME_CHARACTERS} characters."))
    })?;
    Ok((!name.is_empty()).then(|| name.to_owned()))
}
