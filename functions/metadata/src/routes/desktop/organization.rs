//! Where a person's videos belong, as the app shows it.

use common::{
    db::users,
    error::ApiError,
    http::{Answer, StatusCode, json_response},
    identity,
    ids::UserId,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DesktopOrganization)]
struct Organization<'a> {
    id: &'a str,
    name: &'a str,
    owner_id: &'a UserId,
    role: &'static str,
    can_edit_brand: bool,
    icon_url: Option<&'static str>,
    brand_colors: BrandColors,
}

/// There are none, and the app wants them said one by one.
#[derive(Default, Serialize, ToSchema)]
struct BrandColors {
    primary: Option<&'static str>,
    secondary: Option<&'static str>,
    accent: Option<&'static str>,
    background: Option<&'static str>,
}

/// Share links are on the site's own address.
#[derive(Serialize, ToSchema)]
struct CustomDomain {
    custom_domain: Option<&'static str>,
    domain_verified: Option<&'static str>,
}

/// List one's organisations
///
/// Everybody has one, their own.
#[utoipa::path(get, path = "/api/desktop/organizations", tag = "Cap Desktop", responses((status = 200, body = Vec<Organization<'_>>)))]
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let profile = users::profile(&mut db, &caller).await?.ok_or_else(ApiError::unauthenticated)?;
    let own = profile.organization.iter().map(|own| Organization {
        id: own.id.as_str(),
        name: &own.name,
        owner_id: &caller,
        role: "owner",
        can_edit_brand: false,
        icon_url: None,
        brand_colors: BrandColors::default(),
    });
    json_response(StatusCode::OK, &own.collect::<Vec<_>>())
}

/// Tell the domain of share links
#[utoipa::path(get, path = "/api/desktop/org-custom-domain", tag = "Cap Desktop", responses((status = 200, body = CustomDomain)))]
pub(super) async fn domain(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    json_response(StatusCode::OK, &CustomDomain { custom_domain: None, domain_verified: None })
}
