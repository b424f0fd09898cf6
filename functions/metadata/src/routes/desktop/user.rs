//! Who is signed in, as the app shows it.

use common::{
    db::users::{self, Profile},
    error::ApiError,
    http::{Answer, StatusCode, binary, empty, json_response, redirect},
    identity,
    ids::UserId,
    objects::keys,
    picture::PictureType,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, routes::settings::image_url};

/// Bytes of a picture that an answer carries: Lambda's have six megabytes at most, in Base64.
const MOST: u64 = 4 << 20;
/// Seconds for which the app may keep it.
const KEPT_SECONDS: u32 = 300;

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
    let (caller, profile) = of(app, request).await?;
    let image_url = image_url(&app.objects, &caller, profile.avatar.as_deref()).await?;
    json_response(StatusCode::OK, &Shown { name: profile.name.as_deref(), email: &profile.email, image_url })
}

/// Get one's picture
///
/// One that a function's answer cannot carry is shown from where it lies.
#[utoipa::path(
    get,
    path = "/api/desktop/user/profile/image",
    tag = "Cap Desktop",
    responses(
        (status = 200, body = [u8], content_type = "image/*"),
        (status = 302, description = "To the picture"),
        (status = 404, description = "There is none; nothing else is said"),
    ),
)]
pub(super) async fn image(app: &App, request: &Request) -> Answer {
    let (caller, profile) = of(app, request).await?;
    let shown =
        profile.avatar.as_deref().and_then(|file| Some((keys::avatar(&caller, file), PictureType::of_file(file)?)));
    let Some((key, kind)) = shown else { return Ok(empty(StatusCode::NOT_FOUND)) };
    let Some(head) = app.objects.head(&key).await? else { return Ok(empty(StatusCode::NOT_FOUND)) };
    if head.size > MOST {
        return redirect(&app.objects.sign_get_as(&key, kind.content_type()).await?);
    }
    let bytes = app.objects.read_range(&key, &head.e_tag, 0, head.size).await?;
    binary(kind.content_type(), KEPT_SECONDS, bytes)
}

/// The caller, and their profile.
async fn of(app: &App, request: &Request) -> Result<(UserId, Profile), ApiError> {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let profile = users::profile(&mut db, &caller).await?.ok_or_else(ApiError::unauthenticated)?;
    Ok((caller, profile))
}
