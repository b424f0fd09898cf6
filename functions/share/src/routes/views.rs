//! `POST /api/analytics/track` and `GET /api/analytics`: that somebody watches, and how many have.

use common::{
    db::{DbError, notifications, videos::Video, views},
    error::ApiError,
    http::{Answer, StatusCode, json, json_response, query, source, user_agent},
    identity,
    limits::Limit,
    time::{Day, Millis},
    views::{Counted, Event, Range, Seen, Viewer},
};
use lambda_http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    bots::is_bot,
    viewing::{self, Seen as Shown},
};

/// What one address may tell: five words for a video watched to its end, for an office behind one address.
const FROM_SOURCE: Limit = Limit { name: "views-from", most: 600, seconds: 600 };

/// What is seen of somebody's watching. Other fields are ignored.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Watching {
    /// The last part of the link.
    video_id: String,
    /// A random word for whoever watches; it is kept as a hash, for a day.
    session_id: Option<String>,
    /// A random word for this play; without one, a viewer plays a video once a day.
    play_id: Option<String>,
    /// How far it is, in percents; without it, it begins.
    #[schema(maximum = 100)]
    progress: Option<u8>,
    /// The host of the page in which it is embedded.
    embedded_in: Option<String>,
    /// What the viewer's browser calls itself, where somebody else tells of it.
    user_agent: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Tracked {
    /// Always true, also of what does not count.
    success: bool,
}

#[derive(Serialize, ToSchema)]
struct Viewers {
    /// Viewers, each once a day.
    count: u64,
}

/// Tell that a video is watched
///
/// For pages of this site. What its owner sees does not count, nor what bots see, nor what is not published yet, nor what somebody
/// sees whose browser asks not to be tracked. The same may be told again.
#[utoipa::path(
    post,
    path = "/api/analytics/track",
    tag = "Watching",
    security(()),
    request_body(content((Watching = "application/json"), (Watching = "text/plain"))),
    responses((status = 200, body = Tracked), (status = 404, description = "No such link, or not any longer")),
)]
pub(super) async fn track(app: &App, request: &Request) -> Answer {
    identity::of_program(&app.site, request)?;
    let watching: Watching = json(request)?;
    app.limits.spend(FROM_SOURCE, &source(request)).await?;
    let shown = viewing::look(app, request, &watching.video_id).await??;
    if counts(request, &watching, &shown) {
        count_in(app, request, &watching, &shown).await?;
    }
    json_response(StatusCode::OK, &Tracked { success: true })
}

/// Whether it counts that this is seen.
fn counts(request: &Request, watching: &Watching, shown: &Shown) -> bool {
    let asks = |name| request.headers().get(name).is_some_and(|value| value == "1");
    let agent = watching.user_agent.clone().unwrap_or_else(|| user_agent(request));
    let owned = shown.visitor.as_ref() == Some(&shown.video.owner);
    shown.video.published_at.is_some() && !owned && !asks("dnt") && !asks("sec-gpc") && !is_bot(&agent)
}

async fn count_in(app: &App, request: &Request, watching: &Watching, shown: &Shown) -> Result<(), ApiError> {
    let viewer = Viewer::of(request, shown.visitor.clone(), watching.session_id.as_deref());
    let video = &shown.video.id;
    let play = watching.play_id.as_deref().unwrap_or_default();
    let seen = Seen { video, viewer: &viewer, play, percent: watching.progress.unwrap_or_default() };
    let Some(counted) = app.views.count(&seen).await? else { return Ok(()) };
    // It is counted; what cannot be written down now, the next view writes down with its own.
    let kept = async {
        let mut db = app.db.connect().await?;
        views::keep(&mut db, video, counted.day, &counted.counts).await?;
        if counted.new_viewer {
            notifications::first_view(&mut db, video, &shown.video.owner, shown.visitor.as_ref()).await?;
        }
        Ok::<_, DbError>(())
    };
    if let Err(error) = kept.await {
        tracing::warn!(%video, %error, "a view waits for the next one to be written down");
    }
    keep_for_others(app, watching, &shown.video, &counted, seen.percent).await;
    Ok(())
}

/// Keeps an event to be forwarded, where that is wanted. What cannot be kept is lost there, and counted here.
async fn keep_for_others(app: &App, watching: &Watching, video: &Video, counted: &Counted, percent: u8) {
    let Some(events) = &app.events else { return };
    let event = Event {
        event_id: format!("{}-{percent}", counted.play),
        timestamp: Millis::now(),
        event: if counted.new_play { "play" } else { "progress" },
        video_id: &video.id,
        owner_id: &video.owner,
        viewer: &counted.viewer,
        new_viewer: counted.new_viewer.into(),
        play: &counted.play,
        percent,
        embedded_in: watching.embedded_in.as_deref().filter(|host| is_host(host)).unwrap_or_default(),
    };
    match events.keep(&event).await {
        Ok(true) => {}
        Ok(false) => tracing::warn!("not forwarded: there are too many views in this minute"),
        Err(error) => tracing::warn!(%error, "not forwarded"),
    }
}

fn is_host(text: &str) -> bool {
    text.len() <= 253 && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
}

/// Count who has watched a video
#[utoipa::path(
    get,
    path = "/api/analytics",
    tag = "Watching",
    security(()),
    params(
        ("videoId" = String, Query, description = "The last part of the link"),
        ("range" = Option<String>, Query, description = "Whole days in UTC: 7d, 30d, up to 90d; 24h for today and yesterday; lifetime. Without it, 90d"),
    ),
    responses((status = 200, body = Viewers), (status = 403, description = "It is private, or wants a password")),
)]
pub(super) async fn count(app: &App, request: &Request) -> Answer {
    let range = Range::parse(query(request, "range").unwrap_or("90d"))
        .ok_or_else(|| ApiError::bad_request("range must be a number of days such as 30d, or 24h, or lifetime."))?;
    let video = viewing::of_query(app, request).await?.video;
    let count = views::viewers(&mut app.db.connect().await?, &video.id, range.from(Day::today())).await?;
    json_response(StatusCode::OK, &Viewers { count })
}
