//! What somebody is told, and what they want to be told: for pages and clients, and by the agent API.

pub(super) mod pages;
pub(super) mod unsubscribe;

use common::{
    db::notifications::{self, Digest, Event, Notification, Preferences},
    error::ApiError,
    http::{Answer, StatusCode, agent_json, idempotency_key, json, json_response},
    identity,
    ids::{CommentId, NotificationId, VideoId},
    time::Millis,
};
use lambda_http::{Body, Request};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::comments::Author;
use crate::app::App;

/// Notifications of one answer.
const MOST: u32 = 100;

#[derive(Serialize, ToSchema)]
#[schema(as = Notifications)]
struct List {
    /// The newest first.
    notifications: Vec<Shown>,
    count: Count,
}

/// How much of each kind was not read.
#[derive(Default, Serialize, ToSchema)]
#[schema(as = NotificationCount)]
struct Count {
    view: u64,
    comment: u64,
    reply: u64,
    reaction: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Notification)]
struct Shown {
    id: NotificationId,
    /// `comment`, `reply`, `reaction`, `view` or `anon_view`.
    r#type: &'static str,
    video_id: VideoId,
    video_title: String,
    /// Null for somebody who is not signed in.
    author: Option<Author>,
    comment: Option<About>,
    created_at: Millis,
    read_at: Option<Millis>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = NotificationComment)]
struct About {
    id: CommentId,
    content: String,
}

/// What somebody does not want to be told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = NotificationPreferences)]
struct Wanted {
    pause_comments: bool,
    pause_replies: bool,
    pause_views: bool,
    pause_reactions: bool,
    pause_anon_views: bool,
    /// How often by mail: `immediately`, `daily` or `never`.
    digest: &'static str,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChangeNotificationPreferences)]
struct Change {
    pause_comments: Option<bool>,
    pause_replies: Option<bool>,
    pause_views: Option<bool>,
    pause_reactions: Option<bool>,
    pause_anon_views: Option<bool>,
    #[schema(pattern = "^(immediately|daily|never)$")]
    digest: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReadNotifications)]
struct Read {
    /// Which; all when left out.
    notification_ids: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ReadNotificationCount)]
struct Done {
    read: u64,
}

impl From<Notification> for Shown {
    fn from(one: Notification) -> Self {
        Self {
            id: one.id,
            r#type: one.event.as_str(),
            video_id: one.video,
            video_title: one.title,
            author: one.actor.map(|id| Author { id, name: one.actor_name }),
            comment: one.comment.map(|(id, content)| About { id, content }),
            created_at: one.created_at,
            read_at: one.read_at,
        }
    }
}

impl From<Preferences> for Wanted {
    fn from(kept: Preferences) -> Self {
        Self {
            pause_comments: kept.pause_comments,
            pause_replies: kept.pause_replies,
            pause_views: kept.pause_views,
            pause_reactions: kept.pause_reactions,
            pause_anon_views: kept.pause_anon_views,
            digest: kept.digest.as_str(),
        }
    }
}

/// List what one was told
#[utoipa::path(get, path = "/api/notifications", tag = "Notifications", responses((status = 200, body = List)))]
pub(super) async fn list(app: &App, request: &Request) -> Answer {
    json_response(StatusCode::OK, &found(app, request).await?)
}

/// List what one was told
#[utoipa::path(get, path = "/api/v1/me/notifications", tag = "Notifications", responses((status = 200, body = List)))]
pub(super) async fn agent_list(app: &App, request: &Request) -> Answer {
    agent_json(request, StatusCode::OK, &found(app, request).await?)
}

/// Show what one wants to be told
#[utoipa::path(
    get,
    path = "/api/notifications/preferences",
    tag = "Notifications",
    responses((status = 200, body = Wanted)),
)]
pub(super) async fn preferences(app: &App, request: &Request) -> Answer {
    json_response(StatusCode::OK, &kept(app, request).await?)
}

/// Show what one wants to be told
#[utoipa::path(
    get,
    path = "/api/v1/me/notification-preferences",
    tag = "Notifications",
    responses((status = 200, body = Wanted)),
)]
pub(super) async fn agent_preferences(app: &App, request: &Request) -> Answer {
    agent_json(request, StatusCode::OK, &kept(app, request).await?)
}

/// Change what one wants to be told
///
/// What is paused is not told at all, by mail or otherwise.
#[utoipa::path(
    patch,
    path = "/api/v1/me/notification-preferences",
    tag = "Notifications",
    params(("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$")),
    request_body = Change,
    responses((status = 200, body = Wanted)),
)]
pub(super) async fn change(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    let asked: Change = json(request)?;
    let wrong = || ApiError::bad_request("digest must be immediately, daily or never.");
    let digest = asked.digest.as_deref().map(|digest| Digest::parse(digest).ok_or_else(wrong)).transpose()?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let kept = notifications::preferences(&mut db, &caller).await?;
    let wanted = Preferences {
        pause_comments: asked.pause_comments.unwrap_or(kept.pause_comments),
        pause_replies: asked.pause_replies.unwrap_or(kept.pause_replies),
        pause_views: asked.pause_views.unwrap_or(kept.pause_views),
        pause_reactions: asked.pause_reactions.unwrap_or(kept.pause_reactions),
        pause_anon_views: asked.pause_anon_views.unwrap_or(kept.pause_anon_views),
        digest: digest.unwrap_or(kept.digest),
    };
    notifications::set_preferences(&mut db, &caller, &wanted).await?;
    agent_json(request, StatusCode::OK, &Wanted::from(wanted))
}

/// Mark what one was told as read
///
/// All of it, unless the body says which.
#[utoipa::path(
    post,
    path = "/api/v1/me/notifications/read",
    tag = "Notifications",
    params(("Idempotency-Key" = Option<String>, Header, description = "A value of one's own", pattern = "^[A-Za-z0-9._-]{8,128}$")),
    request_body = Read,
    responses((status = 200, body = Done)),
)]
pub(super) async fn read(app: &App, request: &Request) -> Answer {
    let credential = identity::writing(&app.site, request)?;
    idempotency_key(request)?;
    let asked = match request.body() {
        Body::Empty => Read::default(),
        _ => json(request)?,
    };
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let read = match asked.notification_ids {
        None => notifications::read_all(&mut db, &caller).await?,
        Some(ids) if ids.len() > MOST as usize => {
            return Err(ApiError::bad_request(format!("notificationIds holds more than {MOST} ids.")));
        }
        Some(ids) => {
            let ids: Vec<_> = ids.iter().filter_map(|id| NotificationId::parse(id)).collect();
            notifications::read(&mut db, &caller, &ids).await?
        }
    };
    agent_json(request, StatusCode::OK, &Done { read })
}

async fn found(app: &App, request: &Request) -> Result<List, ApiError> {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let notifications = notifications::list(&mut db, &caller, MOST).await?;
    let mut count = Count::default();
    for (event, times) in notifications::unread(&mut db, &caller).await? {
        *match event {
            Event::Comment => &mut count.comment,
            Event::Reply => &mut count.reply,
            Event::Reaction => &mut count.reaction,
            Event::View | Event::AnonymousView => &mut count.view,
        } += times;
    }
    Ok(List { notifications: notifications.into_iter().map(Shown::from).collect(), count })
}

async fn kept(app: &App, request: &Request) -> Result<Wanted, ApiError> {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    Ok(notifications::preferences(&mut db, &caller).await?.into())
}
