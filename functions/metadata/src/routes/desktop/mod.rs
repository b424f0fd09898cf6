//! What Cap Desktop asks for beside its recordings.

mod feedback;
mod organization;
mod progress;
mod storage;
mod user;

use common::{
    http::{Answer, StatusCode, empty, gateway_host, json_response, redirect},
    identity,
};
use lambda_http::{Body, Request, Response};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use crate::app::App;

/// The desktop's routes, as openapi.json lists them.
#[derive(OpenApi)]
#[openapi(paths(
    plan,
    subscribe,
    currency,
    changelog,
    changelog_status,
    reachable,
    home,
    organization::list,
    organization::domain,
    user::profile,
    user::image,
    progress::note,
    feedback::feedback,
    feedback::logs,
    storage::config,
    storage::own_bucket,
    storage::forget,
    storage::integrations,
    storage::set_active,
    storage::connect,
    storage::callback,
    storage::test,
))]
pub(super) struct Api;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Plan {
    /// Always true.
    upgraded: bool,
    stripe_subscription_status: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct NothingToBuy {
    error: bool,
    subscription: bool,
}

#[derive(Serialize, ToSchema)]
struct Currency {
    currency: &'static str,
    country: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct News {
    has_update: bool,
}

/// The desktop's routes below `/api/desktop`, and those that it asks for elsewhere; `None` when it is none of them.
pub(super) async fn answer(app: &App, request: &Request, path: &[&str]) -> Option<Answer> {
    Some(match (request.method().as_str(), path) {
        ("GET", ["api", "desktop", "plan"]) => plan(app, request).await,
        ("POST", ["api", "desktop", "subscribe"]) => subscribe(app, request).await,
        ("GET", ["api", "desktop", "organizations"]) => organization::list(app, request).await,
        ("GET", ["api", "desktop", "org-custom-domain"]) => organization::domain(app, request).await,
        ("GET", ["api", "desktop", "user", "profile"]) => user::profile(app, request).await,
        ("GET", ["api", "desktop", "user", "profile", "image"]) => user::image(app, request).await,
        ("POST", ["api", "desktop", "video", "progress"]) => progress::note(app, request).await,
        ("POST", ["api", "desktop", "feedback"]) => feedback::feedback(app, request).await,
        ("POST", ["api", "desktop", "logs"]) => feedback::logs(app, request).await,

        ("GET", ["api", "desktop", "s3", "config", "get"]) => storage::config(app, request).await,
        ("POST", ["api", "desktop", "s3", "config"] | ["api", "desktop", "s3", "config", "test"]) => {
            storage::own_bucket(app, request).await
        }
        ("DELETE", ["api", "desktop", "s3", "config", "delete"]) => storage::forget(app, request).await,
        ("GET", ["api", "desktop", "storage", "integrations"]) => storage::integrations(app, request).await,
        ("POST", ["api", "desktop", "storage", "set-active"]) => storage::set_active(app, request).await,
        ("POST", ["api", "desktop", "storage", "google-drive", "connect"]) => storage::connect(app, request).await,
        ("GET", ["api", "desktop", "storage", "google-drive", "callback"]) => Ok(storage::callback()),
        ("POST", ["api", "desktop", "storage", "google-drive", "test"]) => storage::test(app, request).await,
        ("DELETE", ["api", "desktop", "storage", "google-drive", "disconnect"]) => storage::forget(app, request).await,

        ("GET", ["api", "currency"] | ["api", "desktop", "currency"]) => currency(),
        ("GET", ["api", "changelog"]) => changelog(),
        ("GET", ["api", "changelog", "status"]) => changelog_status(),
        ("HEAD", [""]) => Ok(reachable()),
        ("GET", [""]) => home(app, request),
        _ => return None,
    })
}

/// Tell what the app may do
///
/// Everybody has everything; otherwise the app itself refuses to upload screenshots and long recordings.
#[utoipa::path(get, path = "/api/desktop/plan", tag = "Cap Desktop", responses((status = 200, body = Plan)))]
async fn plan(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    json_response(StatusCode::OK, &Plan { upgraded: true, stripe_subscription_status: None })
}

/// Buy nothing
///
/// There is nothing to buy for whoever has everything.
#[utoipa::path(
    post,
    path = "/api/desktop/subscribe",
    tag = "Cap Desktop",
    responses((status = 400, description = "Always", body = NothingToBuy)),
)]
async fn subscribe(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    json_response(StatusCode::BAD_REQUEST, &NothingToBuy { error: true, subscription: true })
}

/// Tell the currency of prices
///
/// There are none.
#[utoipa::path(get, path = "/api/currency", tag = "Cap Desktop", security(()), responses((status = 200, body = Currency)))]
fn currency() -> Answer {
    json_response(StatusCode::OK, &Currency { currency: "usd", country: None })
}

/// List the app's news
///
/// They come from its makers, so here are none.
#[utoipa::path(get, path = "/api/changelog", tag = "Cap Desktop", security(()), responses((status = 200, body = Vec<String>)))]
fn changelog() -> Answer {
    json_response::<[&str; 0]>(StatusCode::OK, &[])
}

/// Tell whether there are news
#[utoipa::path(get, path = "/api/changelog/status", tag = "Cap Desktop", security(()), responses((status = 200, body = News)))]
fn changelog_status() -> Answer {
    json_response(StatusCode::OK, &News { has_update: false })
}

/// Be there
///
/// The app looks whether the server can be reached before it sends a part again.
#[utoipa::path(head, path = "/", tag = "Cap Desktop", security(()), responses((status = 200, description = "Nothing else")))]
fn reachable() -> Response<Body> {
    empty(StatusCode::OK)
}

/// Lead to the dashboard
#[utoipa::path(get, path = "/", tag = "Pages", security(()), responses((status = 302, description = "To the dashboard")))]
fn home(app: &App, request: &Request) -> Answer {
    redirect(&format!("{}/dashboard", app.site.origin(&gateway_host(request))))
}
