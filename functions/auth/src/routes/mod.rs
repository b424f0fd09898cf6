//! Table of contents.

mod account;
mod agent;
mod callback;
mod cli;
mod desktop;
mod forms;
mod keys;
mod login;
mod mobile;
mod session;
mod sessions;

use std::sync::Arc;

use common::{
    http::{Answer, no_route, path_segments},
    telemetry::Metric,
};
use lambda_http::Request;
use utoipa::OpenApi;

use crate::{app::App, limits::counted};

/// The function's routes, as openapi.json lists them.
#[derive(Clone, Copy, Debug, OpenApi)]
#[openapi(paths(
    login::page,
    login::sign_up,
    login::code_page,
    login::ask,
    account::dashboard,
    account::show,
    session::csrf,
    session::providers,
    session::session,
    session::sign_in,
    session::sign_out,
    callback::open,
    callback::finish,
    desktop::ask,
    desktop::hand_over,
    cli::ask,
    cli::decide,
    agent::token,
    agent::status,
    agent::revoke,
    mobile::config,
    mobile::ask,
    mobile::verify,
    mobile::revoke,
    keys::list,
    keys::create,
    keys::revoke,
    sessions::list,
    sessions::end_all,
    sessions::end,
))]
pub struct Api;

pub(crate) async fn answer(app: Arc<App>, request: Request) -> Answer {
    let path = path_segments(&request);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method().as_str(), path.as_slice()) {
        ("GET", ["login"]) => login::page(&app, &request).await,
        ("GET", ["signup"]) => login::sign_up(&app, &request),
        ("GET", ["verify-otp"]) => login::code_page(&app, &request),
        ("GET", ["dashboard"]) => account::dashboard(&app, &request),
        ("GET", ["dashboard", "settings", "account"]) => account::show(&app, &request).await,

        // NextAuth's addresses, which front ends of Cap know.
        ("GET", ["api", "auth", "csrf"]) => session::csrf(&app, &request),
        ("GET", ["api", "auth", "providers"]) => session::providers(&app, &request),
        ("GET", ["api", "auth", "session"]) => session::session(&app, &request).await,
        ("GET", ["api", "auth", "signin"]) => session::sign_in(&app, &request),
        ("POST", ["api", "auth", "signin", "email"]) => login::ask(&app, &request).await,
        ("GET", ["api", "auth", "callback", "email"]) => callback::open(&app, &request).await,
        ("POST", ["api", "auth", "callback", "email"]) => callback::finish(&app, &request).await,
        ("POST", ["api", "auth", "signout"]) => session::sign_out(&app, &request).await,

        ("GET", ["api", "desktop", "session", "request"]) => desktop::ask(&app, &request).await,
        ("POST", ["api", "desktop", "session", "request"]) => desktop::hand_over(&app, &request).await,

        ("GET", ["cli", "authorize"]) => cli::ask(&app, &request).await,
        ("POST", ["cli", "authorize"]) => cli::decide(&app, &request).await,
        ("POST", ["api", "v1", "auth", "token"]) => agent::token(&app, &request).await,
        ("GET", ["api", "v1", "auth", "status"]) => agent::status(&app, &request).await,
        ("POST", ["api", "v1", "auth", "revoke"]) => agent::revoke(&app, &request).await,

        ("GET", ["api", "mobile", "session", "config"]) => mobile::config(),
        ("POST", ["api", "mobile", "session", "email", "request"]) => {
            counted(mobile::ask(&app, &request).await, Metric::LoginsAsked)
        }
        ("POST", ["api", "mobile", "session", "email", "verify"]) => {
            counted(mobile::verify(&app, &request).await, Metric::LoginsDone)
        }
        ("POST", ["api", "mobile", "session", "revoke"]) => mobile::revoke(&app, &request).await,

        // What a form can only POST, a program may DELETE.
        ("GET", ["api", "settings", "keys"]) => keys::list(&app, &request).await,
        ("POST", ["api", "settings", "keys"]) => keys::create(&app, &request).await,
        ("DELETE", ["api", "settings", "keys", id]) | ("POST", ["api", "settings", "keys", id, "revoke"]) => {
            keys::revoke(&app, &request, id).await
        }
        ("GET", ["api", "settings", "sessions"]) => sessions::list(&app, &request).await,
        ("DELETE", ["api", "settings", "sessions"]) | ("POST", ["api", "settings", "sessions", "end"]) => {
            sessions::end_all(&app, &request).await
        }
        ("DELETE", ["api", "settings", "sessions", id]) | ("POST", ["api", "settings", "sessions", id, "end"]) => {
            sessions::end(&app, &request, id).await
        }

        _ => no_route(),
    }
}
