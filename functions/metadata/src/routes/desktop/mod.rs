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
use lambda_http::Request;
use serde_json::json;

use crate::app::App;

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

        ("GET", ["api", "currency"] | ["api", "desktop", "currency"]) => {
            json_response(StatusCode::OK, &json!({ "currency": "usd", "country": null }))
        }
        // The app's own news come from its makers.
        ("GET", ["api", "changelog"]) => json_response(StatusCode::OK, &json!([])),
        ("GET", ["api", "changelog", "status"]) => json_response(StatusCode::OK, &json!({ "hasUpdate": false })),
        // The app looks whether the server can be reached before it sends a part again.
        ("HEAD", [""]) => Ok(empty(StatusCode::OK)),
        ("GET", [""]) => redirect(&format!("{}/dashboard", app.site.origin(&gateway_host(request)))),
        _ => return None,
    })
}

/// Everybody has everything; otherwise the app itself refuses to upload screenshots and long recordings.
async fn plan(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    json_response(StatusCode::OK, &json!({ "upgraded": true, "stripeSubscriptionStatus": null }))
}

/// There is nothing to buy for whoever has everything.
async fn subscribe(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    identity::caller(&mut app.db.connect().await?, &credential).await?;
    json_response(StatusCode::BAD_REQUEST, &json!({ "error": true, "subscription": true }))
}
