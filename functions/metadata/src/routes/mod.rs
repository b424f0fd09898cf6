//! Table of contents.

mod analytics;
mod caps;
mod captions;
mod comments;
mod context;
mod dashboard;
mod delete;
mod desktop;
mod me;
mod notifications;
mod reference;
mod scrub;
mod settings;
mod sharing;
mod status;
mod summary;

use std::sync::Arc;

use common::http::{Answer, no_route, path_segments};
use lambda_http::Request;
use utoipa::OpenApi;

use self::settings::{account, avatar, profile, server};
pub(crate) use self::status::PATIENCE;
use crate::app::App;

/// The function's routes, as openapi.json lists them.
#[derive(Clone, Copy, Debug)]
pub struct Api;

impl OpenApi for Api {
    fn openapi() -> utoipa::openapi::OpenApi {
        Own::openapi().merge_from(desktop::Api::openapi())
    }
}

#[derive(OpenApi)]
#[openapi(paths(
    caps::list,
    caps::get,
    caps::status,
    caps::download,
    caps::rename,
    context::show,
    analytics::agent,
    analytics::dashboard,
    comments::create,
    comments::reply,
    comments::react,
    comments::delete,
    comments::by_query,
    notifications::list,
    notifications::agent_list,
    notifications::preferences,
    notifications::agent_preferences,
    notifications::change,
    notifications::read,
    notifications::pages::show,
    notifications::pages::read,
    notifications::pages::settings,
    notifications::pages::change,
    notifications::unsubscribe::ask,
    notifications::unsubscribe::stop,
    delete::agent,
    sharing::show,
    sharing::change,
    sharing::create,
    sharing::change_link,
    sharing::remove,
    captions::put,
    captions::edit,
    captions::remove,
    captions::transcript,
    captions::put_transcript,
    captions::status,
    delete::by_query,
    me::show,
    me::rename,
    me::sign_out_all,
    me::organizations,
    me::organization,
    profile::show,
    profile::rename,
    avatar::sign,
    avatar::complete,
    avatar::take_away,
    account::delete,
    status::status,
    status::report,
    dashboard::library::show,
    dashboard::library::cards,
    dashboard::title::change,
    dashboard::bin::show,
    dashboard::bin::bin,
    dashboard::bin::restore,
    dashboard::bin::purge,
    dashboard::record::show,
    dashboard::video::show,
    dashboard::video::change,
    dashboard::captions::show,
    dashboard::captions::change,
    server::show,
    reference::openapi,
    reference::page,
))]
struct Own;

pub(crate) async fn answer(app: Arc<App>, request: Request) -> Answer {
    let path = path_segments(&request);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method().as_str(), path.as_slice()) {
        ("GET", ["api", "v1", "caps"]) => caps::list(&app, &request).await,
        ("GET", ["api", "v1", "caps", id]) => caps::get(&app, &request, id).await,
        ("GET", ["api", "v1", "caps", id, "status"]) => caps::status(&app, &request, id).await,
        ("GET", ["api", "v1", "caps", id, "context"]) => context::show(&app, &request, id).await,
        ("GET", ["api", "v1", "caps", id, "download"]) => caps::download(&app, &request, id).await,
        ("PATCH", ["api", "v1", "caps", id]) => caps::rename(&app, &request, id).await,
        ("DELETE", ["api", "v1", "caps", id]) => delete::agent(&app, &request, id).await,

        ("POST", ["api", "v1", "caps", id, "comments"]) => comments::create(&app, &request, id).await,
        ("POST", ["api", "v1", "caps", id, "comments", comment, "replies"]) => {
            comments::reply(&app, &request, id, comment).await
        }
        ("POST", ["api", "v1", "caps", id, "reactions"]) => comments::react(&app, &request, id).await,
        ("DELETE", ["api", "v1", "caps", id, "comments", comment]) => {
            comments::delete(&app, &request, id, comment).await
        }
        ("DELETE", ["api", "video", "comment", "delete"]) => comments::by_query(&app, &request).await,

        ("GET", ["api", "notifications"]) => notifications::list(&app, &request).await,
        ("GET", ["api", "notifications", "preferences"]) => notifications::preferences(&app, &request).await,
        ("GET", ["api", "v1", "me", "notifications"]) => notifications::agent_list(&app, &request).await,
        ("POST", ["api", "v1", "me", "notifications", "read"]) => notifications::read(&app, &request).await,
        ("GET", ["api", "v1", "me", "notification-preferences"]) => {
            notifications::agent_preferences(&app, &request).await
        }
        ("PATCH", ["api", "v1", "me", "notification-preferences"]) => notifications::change(&app, &request).await,
        ("GET", ["dashboard", "notifications"]) => notifications::pages::show(&app, &request).await,
        ("POST", ["dashboard", "notifications"]) => notifications::pages::read(&app, &request).await,
        ("GET", ["dashboard", "settings", "notifications"]) => notifications::pages::settings(&app, &request).await,
        ("POST", ["dashboard", "settings", "notifications"]) => notifications::pages::change(&app, &request).await,
        ("GET", ["unsubscribe"]) => notifications::unsubscribe::ask(&app, &request),
        ("POST", ["unsubscribe"]) => notifications::unsubscribe::stop(&app, &request).await,

        ("GET", ["api", "videos", id, "sharing"]) => sharing::show(&app, &request, id).await,
        ("PATCH", ["api", "videos", id, "sharing"]) => sharing::change(&app, &request, id).await,
        ("POST", ["api", "videos", id, "links"]) => sharing::create(&app, &request, id).await,
        ("PATCH", ["api", "videos", id, "links", code]) => sharing::change_link(&app, &request, id, code).await,
        ("DELETE", ["api", "videos", id, "links", code]) => sharing::remove(&app, &request, id, code).await,

        ("GET", ["api", "v1", "analytics"]) => analytics::agent(&app, &request).await,
        ("GET", ["api", "dashboard", "analytics"]) => analytics::dashboard(&app, &request).await,
        ("PUT", ["api", "videos", id, "captions"]) => captions::put(&app, &request, id).await,
        ("PATCH", ["api", "videos", id, "captions"]) => captions::edit(&app, &request, id).await,
        ("DELETE", ["api", "videos", id, "captions"]) => captions::remove(&app, &request, id).await,
        ("GET", ["api", "v1", "caps", id, "transcript"]) => captions::transcript(&app, &request, id).await,
        ("PUT", ["api", "v1", "caps", id, "transcript"]) => captions::put_transcript(&app, &request, id).await,
        ("GET", ["api", "video", "transcribe", "status"]) => captions::status(&app, &request).await,

        ("GET", ["api", "v1", "me"]) => me::show(&app, &request).await,
        ("PATCH", ["api", "v1", "me"]) => me::rename(&app, &request).await,
        ("POST", ["api", "v1", "me", "sign-out-all"]) => me::sign_out_all(&app, &request).await,
        ("GET", ["api", "v1", "organizations"]) => me::organizations(&app, &request).await,
        ("GET", ["api", "v1", "organizations", id]) => me::organization(&app, &request, id).await,

        // Discarding a recording in the desktop, and deleting a video elsewhere: same thing, two addresses.
        ("DELETE", ["api", "desktop", "video", "delete"] | ["api", "video", "delete"]) => {
            delete::by_query(&app, &request).await
        }

        ("GET", ["api", "settings", "user"]) => profile::show(&app, &request).await,
        ("POST", ["api", "settings", "user", "name"]) => {
            settings::for_form(&app, &request, "name", profile::rename(&app, &request).await)
        }
        ("POST", ["api", "settings", "user", "avatar"]) => avatar::sign(&app, &request).await,
        ("POST", ["api", "settings", "user", "avatar", "complete"]) => avatar::complete(&app, &request).await,
        ("POST", ["api", "settings", "user", "avatar", "remove"]) => avatar::take_away(&app, &request).await,
        ("POST", ["api", "settings", "user", "delete"]) => {
            settings::for_form(&app, &request, "confirmation", account::delete(&app, &request).await)
        }

        ("GET", ["dashboard", "caps"]) => dashboard::library::show(&app, &request).await,
        ("GET", ["dashboard", "caps", "cards"]) => dashboard::library::cards(&app, &request).await,
        ("GET", ["dashboard", "caps", "deleted"]) => dashboard::bin::show(&app, &request).await,
        ("POST", ["dashboard", "caps", id, "title"]) => dashboard::title::change(&app, &request, id).await,
        ("POST", ["dashboard", "caps", id, "bin"]) => dashboard::bin::bin(&app, &request, id).await,
        ("POST", ["dashboard", "caps", id, "restore"]) => dashboard::bin::restore(&app, &request, id).await,
        ("POST", ["dashboard", "caps", id, "purge"]) => dashboard::bin::purge(&app, &request, id).await,
        ("GET", ["dashboard", "caps", "record"]) => dashboard::record::show(&app, &request).await,
        ("GET", ["dashboard", "caps", id]) => dashboard::video::show(&app, &request, id).await,
        ("POST", ["dashboard", "caps", id]) => dashboard::video::change(&app, &request, id).await,
        ("GET", ["dashboard", "caps", id, "captions"]) => dashboard::captions::show(&app, &request, id).await,
        ("POST", ["dashboard", "caps", id, "captions"]) => dashboard::captions::change(&app, &request, id).await,

        ("GET", ["api", "status"]) => status::status(&app).await,
        ("GET", ["api", "status", "report"]) => status::report(&app, &request).await,
        ("GET", ["api", "openapi.json"]) => reference::openapi(),
        ("GET", ["dashboard", "settings", "server"]) => server::show(&app, &request).await,
        ("GET", ["api", "docs"]) => reference::page(),

        // The others are the desktop's.
        (_, path) => match desktop::answer(&app, &request, path).await {
            Some(answer) => answer,
            None => no_route(),
        },
    }
}
