//! Deleting one's account.

use common::{
    db::users::{self, Deletion},
    email::Email,
    error::ApiError,
    http::{Answer, StatusCode, cookie, fields, is_form, json_response, see_other, with_cookie},
    identity,
    objects::keys,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::{forms, page};
use crate::app::App;

#[derive(Serialize, ToSchema)]
#[schema(as = DeletedAccount)]
struct Deleted {
    deleted: bool,
}

/// Delete one's account
///
/// With everything in it. The body holds the account's own address, so that nobody does it by accident.
#[utoipa::path(
    post,
    path = "/api/settings/user/delete",
    tag = "Account",
    security(("session" = [])),
    request_body(content((forms::Confirmation = "application/json"), (forms::Confirmation = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Deleted), (status = 303, description = "A form leads to the login")),
)]
pub(in crate::routes) async fn delete(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let fields = fields(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::signed_in(&mut db, &credential).await?;
    let confirmation = fields.get("email").and_then(Email::parse);
    match users::delete(&mut db, &caller, confirmation.as_ref()).await? {
        Deletion::Deleted => tracing::info!(user = %caller, "an account is deleted"),
        Deletion::NotConfirmed => {
            return Err(ApiError::bad_request(
                "email must be the address of the account that is to be deleted. Nothing was deleted.",
            ));
        }
        Deletion::NoAccount => return Err(ApiError::unauthenticated()),
    }
    drop(db);
    // For everybody the account is gone; what of it is not removed by this job, the sweep removes.
    if let Err(error) = app.objects.ask(&keys::account_job(&caller)).await {
        tracing::warn!(user = %caller, %error, "objects of a deleted account are left to the sweep");
    }
    let answer = if is_form(request) {
        see_other(&page(app, request, "/login"))
    } else {
        json_response(StatusCode::OK, &Deleted { deleted: true })
    };
    with_cookie(answer?, &cookie::clear_session(&app.site))
}
