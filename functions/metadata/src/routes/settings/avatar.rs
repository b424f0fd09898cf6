//! A person's picture. The browser stores it in S3 at an address where others may be stored later; once it has been looked
//! at, it is copied to where nobody else writes.

use std::collections::BTreeMap;

use common::{
    db::{
        Connection,
        users::{self, Replaced},
    },
    error::ApiError,
    http::{Answer, StatusCode, json, json_response},
    identity,
    ids::{PictureId, UserId},
    objects::{Beginning, ObjectsError, Serving, keys},
    picture::{PictureType, SIGNATURE},
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{done, image_url};
use crate::app::App;

/// Bytes of a picture.
const MOST: u64 = 5 << 20;
/// Its key is of no other picture, ever.
const CACHE_CONTROL: &str = "private, max-age=3600, immutable";

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AnnouncedPicture)]
struct Announced {
    #[schema(pattern = "^image/(jpeg|png|webp)$")]
    content_type: String,
    /// Bytes, up to 5 MiB.
    #[schema(minimum = 1, maximum = 5242880)]
    size: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShownPicture)]
struct Shown {
    /// Where it is, for an hour; null when there is none.
    image_url: Option<String>,
}

/// Where the picture is PUT, with these headers.
#[derive(Serialize, ToSchema)]
#[schema(as = PictureUpload)]
struct Upload {
    url: String,
    headers: BTreeMap<&'static str, String>,
}

/// Sign the upload of one's picture
#[utoipa::path(
    post,
    path = "/api/settings/user/avatar",
    tag = "Account",
    request_body = Announced,
    responses((status = 200, body = Upload)),
)]
pub(in crate::routes) async fn sign(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let Announced { content_type, size } = json(request)?;
    let kind = PictureType::named(&content_type).ok_or_else(|| {
        ApiError::bad_request("contentType must be image/jpeg, image/png or image/webp. Choose such a picture.")
    })?;
    if !(1..=MOST).contains(&size) {
        return Err(ApiError::bad_request(format!(
            "size must be 1 to {MOST} bytes, which is 5 MiB. Choose a smaller picture."
        )));
    }
    let caller = identity::caller(&mut app.db.connect().await?, &credential).await?;
    let key = keys::avatar_upload(&caller);
    let signed = app.objects.sign_put_exactly(&key, kind.content_type(), size).await?;
    json_response(StatusCode::OK, &Upload { url: signed.url, headers: signed.headers.into_iter().collect() })
}

/// Show the picture that was uploaded
#[utoipa::path(
    post,
    path = "/api/settings/user/avatar/complete",
    tag = "Account",
    responses((status = 200, body = Shown), (status = 400, description = "No picture was uploaded, or none that can be shown")),
)]
pub(in crate::routes) async fn complete(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let upload = keys::avatar_upload(&caller);
    let found = app.objects.beginning(&upload, SIGNATURE).await?;
    let found = found.ok_or_else(|| ApiError::bad_request("No picture has been uploaded. Upload one first."))?;
    let Some(kind) = kind(&found) else {
        app.objects.remove(&upload).await?;
        return Err(ApiError::bad_request(
            "What was uploaded is no JPEG, PNG or WebP picture of at most 5 MiB. Choose another one.",
        ));
    };
    let file = format!("{}.{}", PictureId::random()?, kind.ending());
    let serving = Serving { content_type: kind.content_type(), cache_control: CACHE_CONTROL };
    app.objects.copy(&upload, &found.head, &keys::avatar(&caller, &file), serving).await.map_err(replaced)?;
    show(app, &mut db, &caller, Some(&file)).await?;
    drop(db);
    remove(app, &upload).await;
    json_response(StatusCode::OK, &Shown { image_url: image_url(&app.objects, &caller, Some(&file)).await? })
}

/// Take one's picture away
#[utoipa::path(
    post,
    path = "/api/settings/user/avatar/remove",
    tag = "Account",
    responses((status = 200, body = Shown), (status = 303, description = "A form leads to the settings")),
)]
pub(in crate::routes) async fn take_away(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    show(app, &mut db, &caller, None).await?;
    done(app, request, &Shown { image_url: None })
}

/// The type of an upload, if name, bytes and size agree that it is a picture.
fn kind(found: &Beginning) -> Option<PictureType> {
    let kind = PictureType::of_bytes(&found.bytes)?;
    (PictureType::named(&found.content_type) == Some(kind) && found.head.size <= MOST).then_some(kind)
}

fn replaced(error: ObjectsError) -> ApiError {
    match error {
        ObjectsError::Replaced(_) => {
            ApiError::bad_request("Another picture was uploaded meanwhile. Complete the upload again.")
        }
        error => error.into(),
    }
}

/// Shows another picture from now on, or none, and removes the one before.
async fn show(app: &App, db: &mut Connection, user: &UserId, file: Option<&str>) -> Result<(), ApiError> {
    let (gone, outcome) = match users::set_avatar(db, user, file).await? {
        Replaced::Was(before) => (before, Ok(())),
        // The account was deleted meanwhile: nothing of it may stay behind.
        Replaced::NoAccount => (file.map(str::to_owned), Err(ApiError::unauthenticated())),
    };
    if let Some(gone) = gone {
        remove(app, &keys::avatar(user, &gone)).await;
    }
    outcome
}

/// What is left lies there unseen until the account goes.
async fn remove(app: &App, key: &str) {
    if let Err(error) = app.objects.remove(key).await {
        tracing::warn!(key, %error, "a picture that is no longer shown is left");
    }
}
