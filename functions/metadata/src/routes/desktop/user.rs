//! Who is signed in, as the app shows it.

use common::{
    db::users::{self, Profile},
    error::ApiError,
    http::{Answer, StatusCode, json_response, redirect},
    identity,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, routes::settings::image_url};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DesktopProfile)]
struct Shown<'a> {
    name: Option<&'a str>,
    email: &'a str,
    image_url: Option<String>,
}

/// Show who is signed in
#[utoipa::path(get, path = "/api/desktop/user/profile", tag = "Cap Desktop", responses((status = 200, body = Shown<'_>)))]
pub(super) async fn profile(app: &App, request: &Request) -> Answer {
    let (profile, image_url) = of(app, request).await?;
    json_response(StatusCode::OK, &Shown { name: profile.name.as_deref(), email: &profile.email, image_url })
}

/// Lead to one's picture
///
/// A function's answer carries 6 MB, in Base64, which is less
/// than a picture may have; and media passes through no function.
#[utoipa::path(
    get,
    path = "/api/desktop/user/profile/image",
    tag = "Cap Desktop",
    responses((status = 302, description = "To the picture"), (status = 404, description = "There is none")),
)]
pub(super) async fn image(app: &App, request: &Request) -> Answer {
    let (_, image_url) = of(app, request).await?;
    redirect(&image_url.ok_or_else(|| ApiError::not_found("You have no picture. Choose one in the settings."))?)
}

/// The caller's profile, and the address of their picture.
async fn of(app: &App, request: &Request) -> Result<(Profile, Option<String>), ApiError> {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let profile = users::profile(&mut db, &caller).await?.ok_or_else(ApiError::unauthenticated)?;
    let image_url = image_url(&app.objects, &caller, profile.avatar.as_deref()).await?;
    Ok((profile, image_url))
}
