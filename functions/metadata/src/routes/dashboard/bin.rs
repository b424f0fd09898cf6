//! `/dashboard/caps/deleted`: the bin, what is thrown into it, taken back and deleted for good.

use askama::Template;
use common::{
    db::videos::{self, BIN_DAYS, Video},
    error::ApiError,
    frame::{self, Frame, Person},
    http::{Answer, StatusCode, fields},
    identity,
    ids::{UserId, VideoId},
    time::{Millis, clock},
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::done;
use crate::app::App;

/// Path of the page.
pub(super) const HERE: &str = "/dashboard/caps/deleted";
/// Videos that it shows.
const MOST: u32 = 200;
const DAY_MILLIS: i64 = 24 * 3600 * 1000;

#[derive(Template)]
#[template(path = "deleted.html")]
struct DeletedPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    rows: &'a [Row],
    bin_days: u32,
}

struct Row {
    video: Video,
    poster: Option<String>,
    length: Option<String>,
    /// Days that are left, as a person says it.
    left: String,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only what its fields are called is told")]
struct BinForm {
    /// Path of the library's page to which a form leads back.
    back: Option<String>,
}

/// Where a video is now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Binned<'a> {
    id: &'a str,
    /// True in the bin.
    binned: bool,
    /// True when it is deleted for good.
    deleted: bool,
}

/// Show what was deleted lately
///
/// Whatever is there can be taken back; after thirty days it is deleted for good.
#[utoipa::path(
    get,
    path = "/dashboard/caps/deleted",
    tag = "Pages",
    security(("session" = []), ()),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let Some(mut person) = Person::at(HERE, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, HERE);
    };
    let mut rows = Vec::new();
    for binned in videos::binned(&mut person.db, &person.session.user, None, MOST).await? {
        rows.push(Row {
            poster: super::poster(&app.objects, &binned.video).await?,
            length: binned.video.duration_ms.filter(|_| binned.video.published_at.is_some()).map(clock),
            left: left(binned.at),
            video: binned.video,
        });
    }
    let page = DeletedPage { nonce: "", frame: &person.frame, rows: &rows, bin_days: BIN_DAYS };
    person.show(StatusCode::OK, |nonce| DeletedPage { nonce, ..page }.render())
}

fn left(at: Millis) -> String {
    let end = at.0 + i64::from(BIN_DAYS) * DAY_MILLIS;
    match (end - Millis::now().0).div_euclid(DAY_MILLIS) {
        ..=0 => words::bin().last_day.to_owned(),
        1 => words::bin().one_day.to_owned(),
        days => words::bin().days(days),
    }
}

/// Throw a video away
///
/// It is gone for everybody at once, and its owner can take it back for thirty days.
#[utoipa::path(
    post,
    path = "/dashboard/caps/{id}/bin",
    tag = "Pages",
    params(("id" = String, Path, description = "The video's")),
    request_body(content((BinForm = "application/json"), (BinForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Binned<'_>), (status = 303, description = "A form leads back to the library")),
)]
pub(in crate::routes) async fn bin(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let form = fields(request)?;
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    found(videos::bin(&mut db, &video.id, &video.owner).await?)?;
    done(app, request, &form, ("binned", id), &Binned { id, binned: true, deleted: false })
}

/// Take a video back
#[utoipa::path(
    post,
    path = "/dashboard/caps/{id}/restore",
    tag = "Pages",
    params(("id" = String, Path, description = "The video's")),
    request_body(content((BinForm = "application/json"), (BinForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Binned<'_>), (status = 303, description = "A form leads back to the library")),
)]
pub(in crate::routes) async fn restore(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let form = fields(request)?;
    let mut db = app.db.connect().await?;
    let (owner, video) = in_bin(identity::caller(&mut db, &credential).await?, id)?;
    found(videos::restore(&mut db, &video, &owner).await?)?;
    done(app, request, &form, ("restored", id), &Binned { id, binned: false, deleted: false })
}

/// Delete for good what was thrown away
#[utoipa::path(
    post,
    path = "/dashboard/caps/{id}/purge",
    tag = "Pages",
    params(("id" = String, Path, description = "The video's")),
    request_body(content((BinForm = "application/json"), (BinForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Binned<'_>), (status = 303, description = "A form leads back to the library")),
)]
pub(in crate::routes) async fn purge(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let form = fields(request)?;
    let mut db = app.db.connect().await?;
    let (owner, video) = in_bin(identity::caller(&mut db, &credential).await?, id)?;
    found(videos::purge(&mut db, &video, &owner).await?)?;
    drop(db);
    // For its owner it is gone; whatever is left the sweep removes.
    if let Err(error) = app.objects.remove_video(&video).await {
        tracing::warn!(%video, %error, "objects of a deleted video are left to the sweep");
    }
    done(app, request, &form, ("purged", id), &Binned { id, binned: false, deleted: true })
}

/// What is in the bin, no route that looks for videos finds.
fn in_bin(owner: UserId, id: &str) -> Result<(UserId, VideoId), ApiError> {
    Ok((owner, VideoId::parse(id).ok_or_else(ApiError::video_not_found)?))
}

fn found(found: bool) -> Result<(), ApiError> {
    if found { Ok(()) } else { Err(ApiError::video_not_found()) }
}
