//! `/dashboard/notifications` and `/dashboard/settings/notifications`.

use askama::Template;
use common::{
    db::notifications::{self, Digest, Event, Notification, Preferences},
    frame::{self, Frame, Person},
    http::{Answer, StatusCode, fields, gateway_host, is_form, json_response, query, see_other},
    identity,
};
use lambda_http::Request;
use utoipa::ToSchema;

use super::{Done, Wanted};
use crate::app::App;

/// Where the pages are.
const LIST: &str = "/dashboard/notifications";
const SETTINGS: &str = "/dashboard/settings/notifications";
/// Rows of the page.
const MOST: u32 = 60;
/// Characters of a comment that a row shows.
const EXCERPT: usize = 240;

#[derive(Template)]
#[template(path = "notifications.html")]
struct ListPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    rows: &'a [Row],
    unread: usize,
}

struct Row {
    event: Event,
    who: Option<String>,
    title: String,
    link: String,
    content: Option<String>,
    iso: String,
    day: String,
    read: bool,
}

#[derive(Template)]
#[template(path = "notification_settings.html")]
struct SettingsPage<'a> {
    nonce: &'a str,
    frame: &'a Frame,
    kept: Preferences,
    saved: bool,
}

/// What somebody wants to be told. What is not there is not wanted.
#[derive(ToSchema)]
#[schema(as = NotificationForm)]
#[expect(dead_code, reason = "only what the fields are called is told")]
struct Form {
    comments: Option<String>,
    replies: Option<String>,
    reactions: Option<String>,
    views: Option<String>,
    anonymous: Option<String>,
    /// `immediately`, `daily` or `never`.
    digest: Option<String>,
}

impl From<Notification> for Row {
    fn from(one: Notification) -> Self {
        let link = match (&one.comment, one.event) {
            (Some((id, _)), Event::Comment | Event::Reply) => format!("/s/{}?comment={id}#c-{id}", one.video),
            _ => format!("/s/{}", one.video),
        };
        Self {
            event: one.event,
            who: one.actor_name,
            title: one.title,
            link,
            content: one.comment.map(|(_, content)| excerpt(&content)),
            iso: one.created_at.to_string(),
            day: one.created_at.day(),
            read: one.read_at.is_some(),
        }
    }
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Show what one was told
#[utoipa::path(
    get,
    path = "/dashboard/notifications",
    tag = "Pages",
    security(()),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(in crate::routes) async fn show(app: &App, request: &Request) -> Answer {
    let Some(mut person) = Person::at(LIST, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, LIST);
    };
    let found = notifications::list(&mut person.db, &person.session.user, MOST).await?;
    let rows: Vec<Row> = found.into_iter().map(Row::from).collect();
    let unread = rows.iter().filter(|row| !row.read).count();
    person.show(StatusCode::OK, |nonce| ListPage { nonce, frame: &person.frame, rows: &rows, unread }.render())
}

/// Mark all that one was told as read
#[utoipa::path(
    post,
    path = "/dashboard/notifications",
    tag = "Pages",
    responses((status = 200, body = Done), (status = 303, description = "A form is answered with the page")),
)]
pub(in crate::routes) async fn read(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    // A body that is none is somebody's mistake.
    fields(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let read = notifications::read_all(&mut db, &caller).await?;
    if is_form(request) {
        return see_other(&format!("{}{LIST}", app.site.origin(&gateway_host(request))));
    }
    json_response(StatusCode::OK, &Done { read })
}

/// Show what one wants to be told
#[utoipa::path(
    get,
    path = "/dashboard/settings/notifications",
    tag = "Pages",
    security(()),
    responses((status = 200, body = String, content_type = "text/html"), (status = 302, description = "To the login")),
)]
pub(in crate::routes) async fn settings(app: &App, request: &Request) -> Answer {
    let Some(mut person) = Person::at(SETTINGS, request, &app.site, &app.db, &app.objects).await? else {
        return frame::to_login(&app.site, request, SETTINGS);
    };
    let kept = notifications::preferences(&mut person.db, &person.session.user).await?;
    let saved = query(request, "saved").is_some();
    person.show(StatusCode::OK, |nonce| SettingsPage { nonce, frame: &person.frame, kept, saved }.render())
}

/// Change what one wants to be told
#[utoipa::path(
    post,
    path = "/dashboard/settings/notifications",
    tag = "Pages",
    request_body(content((Form = "application/x-www-form-urlencoded"), (Form = "application/json"))),
    responses((status = 200, body = Wanted), (status = 303, description = "A form is answered with the page")),
)]
pub(in crate::routes) async fn change(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    let fields = fields(request)?;
    let paused = |name: &str| fields.get(name).is_none();
    let wanted = Preferences {
        pause_comments: paused("comments"),
        pause_replies: paused("replies"),
        pause_views: paused("views"),
        pause_reactions: paused("reactions"),
        pause_anon_views: paused("anonymous"),
        digest: fields.get("digest").and_then(Digest::parse).unwrap_or_default(),
    };
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    notifications::set_preferences(&mut db, &caller, &wanted).await?;
    if is_form(request) {
        return see_other(&format!("{}{SETTINGS}?saved=1", app.site.origin(&gateway_host(request))));
    }
    json_response(StatusCode::OK, &Wanted::from(wanted))
}
