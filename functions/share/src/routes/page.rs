//! `GET /s/{code}`: the page people are sent.

use askama::Template;
use common::{
    db::videos::{self, Status, Video},
    error::ApiError,
    http::{Answer, Policy, StatusCode, gateway_host, html, nonce, origin_of, secured},
    ids::ShareCode,
    objects::keys,
};
use lambda_http::Request;

use super::live;
use crate::app::App;

/// What is shown in the player's place when there is nothing to play.
struct Notice {
    title: &'static str,
    text: String,
    /// True while the page should look again by itself.
    waiting: bool,
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage<'a> {
    nonce: &'a str,
    url: &'a str,
    title: &'a str,
    status: &'static str,
    /// Of a recording that is being made: `waiting`, or `playing` when there is something to play.
    live: Option<&'static str>,
    byline: String,
    player: Option<Player<'a>>,
    notice: Option<Notice>,
}

struct Player<'a> {
    id: &'a str,
    poster: &'a str,
    width: u32,
    height: u32,
    /// True when there are renditions to choose from.
    adaptive: bool,
    /// True while it is being recorded.
    live: bool,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage<'a> {
    nonce: &'a str,
}

/// Shows the player, or says what the video is waiting for. Never missing once the video is created: the desktop opens
/// it the moment a recording stops.
pub(super) async fn show(app: &App, request: &Request, code: &str) -> Answer {
    let nonce = nonce()?;
    let found = match ShareCode::parse(code) {
        Some(code) => videos::find_shared(&mut app.db.connect().await?, &code).await?,
        None => None,
    };
    let Some(video) = found else {
        let page = MissingPage { nonce: &nonce }.render().map_err(ApiError::internal)?;
        return answer(StatusCode::NOT_FOUND, page, &nonce, "", false);
    };
    // Signing is arithmetic, not a call. The address also tells where the browser will fetch media from.
    let poster = app.objects.sign_get(&keys::poster(&video.id)).await?;
    let url = app.site.share_url(&gateway_host(request), code);
    let plays = live::plays(app, &video).await?;
    let page = SharePage {
        nonce: &nonce,
        url: &url,
        title: &video.name,
        status: video.status.as_str(),
        live: live::is_live(&video).then_some(if plays { "playing" } else { "waiting" }),
        byline: byline(&video),
        player: player(&video, &poster, plays),
        notice: notice(&video, plays),
    };
    let page = page.render().map_err(ApiError::internal)?;
    answer(StatusCode::OK, page, &nonce, origin_of(&poster), plays)
}

fn player<'a>(video: &'a Video, poster: &'a str, live: bool) -> Option<Player<'a>> {
    if video.published_at.is_none() && !live {
        return None;
    }
    let (width, height) = (video.width.unwrap_or(16), video.height.unwrap_or(9));
    Some(Player { id: video.id.as_str(), poster, width, height, adaptive: video.hls.is_some(), live })
}

/// Nothing is said about a newer upload while an older one plays.
fn notice(video: &Video, plays: bool) -> Option<Notice> {
    if video.published_at.is_some() || plays {
        return None;
    }
    let (title, text, waiting) = match video.status {
        Status::Uploading if live::is_live(video) => {
            ("Recording now", "This page plays the recording as soon as its first seconds are here.".to_owned(), true)
        }
        Status::Uploading | Status::Ready => {
            ("Uploading", "The recording is on its way. This page plays it as soon as it is here.".to_owned(), true)
        }
        Status::Processing => (
            "Processing",
            "The recording has arrived and is being prepared. It plays here in a moment.".to_owned(),
            true,
        ),
        Status::Failed => {
            let reason = video.failure_reason.clone();
            ("This recording cannot be played", reason.unwrap_or_else(|| "It could not be prepared.".to_owned()), false)
        }
    };
    Some(Notice { title, text, waiting })
}

fn byline(video: &Video) -> String {
    let day = video.created_at.day();
    let who = video.owner_name.as_deref().map(|name| format!("{name} · ")).unwrap_or_default();
    let length = video.duration_ms.map(|millis| format!(" · {}", clock(millis))).unwrap_or_default();
    format!("{who}{day}{length}")
}

/// Milliseconds as `m:ss` or `h:mm:ss`, rounded to the second.
fn clock(millis: u64) -> String {
    let seconds = (millis + 500) / 1000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// A page, which plays media from there; while it is recorded, the page's script puts that together itself.
fn answer(status: StatusCode, body: String, nonce: &str, media: &str, live: bool) -> Answer {
    let put_together = format!("{media} blob:");
    let (connect, media) = if live { (media, put_together.as_str()) } else { ("", media) };
    let policy = Policy { nonce, media, forms: "'none'", connect, referrer: "no-referrer" };
    secured(html(status, body), &policy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_reads_like_a_player() {
        assert_eq!(clock(0), "0:00");
        assert_eq!(clock(61_499), "1:01");
        assert_eq!(clock(3_600_000 + 59_600), "1:01:00");
    }
}
