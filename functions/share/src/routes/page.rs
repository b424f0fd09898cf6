//! `GET /s/{code}`: the page people are sent. `GET /embed/{code}`: its player in pages of other sites.

use askama::Template;
use common::{
    db::videos::{self, Kind, Status, Video},
    error::ApiError,
    http::{Answer, Policy, StatusCode, gateway_host, html, nonce, origin_of, secured},
    ids::{ShareCode, VideoId},
    language::Language,
    objects::keys,
    text::grouped,
    time::clock,
    visitor::Visitor,
};
use lambda_http::Request;

use super::{card::Card, live, media::client_thumbnail, shut, talk::Talk};
use crate::{
    app::App,
    viewing::{self, Seen},
};

/// What is shown in the player's place when there is nothing to play.
struct Notice {
    title: &'static str,
    text: String,
    /// True while the page should look again by itself.
    waiting: bool,
    /// How much of the upload is there, in percents, if its client tells.
    percent: Option<u8>,
    /// What the client thinks that it will look like.
    thumbnail: Option<String>,
}

#[derive(Template)]
#[template(path = "share.html")]
struct SharePage<'a> {
    nonce: &'a str,
    url: &'a str,
    title: &'a str,
    /// The video, when its owner watches.
    own: Option<&'a VideoId>,
    status: &'static str,
    /// Of a recording that is being made: `waiting`, or `playing` when there is something to play.
    live: Option<&'static str>,
    byline: &'a str,
    /// How many have watched it, in words.
    views: Option<String>,
    description: &'a str,
    /// What previews say below the title.
    summary: &'a str,
    player: Option<Player<'a>>,
    picture: Option<Picture<'a>>,
    notice: Option<Notice>,
    card: Card,
    /// True when whoever looks may save the file.
    downloads: bool,
    /// What is said of it, where something may be.
    talk: Option<Talk>,
    /// The code that it is watched by.
    code: &'a str,
    /// True in a page of another site.
    embedded: bool,
}

struct Player<'a> {
    /// The code under which its media is asked for.
    id: &'a str,
    poster: &'a str,
    width: u32,
    height: u32,
    /// True when there are renditions to choose from.
    adaptive: bool,
    /// True when there are pictures for the scrubber.
    storyboard: bool,
    /// In which language it has captions, if it has.
    captions: Option<&'a Language>,
    /// True while it is being recorded.
    live: bool,
}

/// A screenshot.
struct Picture<'a> {
    url: &'a str,
    width: u32,
    height: u32,
}

/// Show a video
///
/// Its player, or what it is waiting for. Never missing once the video is created: the desktop opens it the moment a
/// recording stops.
#[utoipa::path(
    method(get, head),
    path = "/s/{code}",
    tag = "Watching",
    security(()),
    params(("code" = String, Path, description = "The last part of the link")),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 403, description = "It is private, or wants a password", body = String, content_type = "text/html"),
        (status = 404, description = "No such link", body = String, content_type = "text/html"),
        (status = 410, description = "The link has ended", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn show(app: &App, request: &Request, code: &str) -> Answer {
    page(app, request, code, false).await
}

/// Show a video in a page of another site
#[utoipa::path(
    method(get, head),
    path = "/embed/{code}",
    tag = "Watching",
    security(()),
    params(
        ("code" = String, Path, description = "The last part of the link"),
        ("t" = Option<String>, Query, description = "Where to begin, as in 90 or 1m30s"),
        ("autoplay" = Option<String>, Query, description = "1 to begin at once"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/html"),
        (status = 403, description = "It is private, or wants a password", body = String, content_type = "text/html"),
        (status = 404, description = "No such link", body = String, content_type = "text/html"),
        (status = 410, description = "The link has ended", body = String, content_type = "text/html"),
    ),
)]
pub(super) async fn embed(app: &App, request: &Request, code: &str) -> Answer {
    page(app, request, code, true).await
}

async fn page(app: &App, request: &Request, code: &str, embedded: bool) -> Answer {
    let seen = match viewing::look(app, request, code).await? {
        Ok(seen) => seen,
        Err(shut) if embedded => return shut::frame(&shut, code),
        Err(shut) => return shut::page(&shut, code, None),
    };
    let downloads = seen.may_download();
    // Whoever is signed in may write; their browser is known already.
    let writer = seen.visitor.as_ref().filter(|_| !embedded).map(|_| Visitor::of(&app.site, request)).transpose()?;
    let plays = live::plays(app, &seen.video).await?;
    let talk = if embedded || (seen.video.published_at.is_none() && !plays) {
        None
    } else {
        let token = writer.as_ref().map(|writer| writer.csrf_token.clone());
        Talk::load(&mut app.db.connect().await?, request, &seen, token).await?
    };
    let owned = !embedded && seen.visitor.as_ref() == Some(&seen.video.owner);
    let Seen { code, video, viewers, .. } = seen;
    let nonce = nonce()?;
    // Signing is arithmetic, not a call. The address also tells where the browser will fetch media from.
    let seen = match (video.kind, video.published) {
        (Kind::Screenshot, Some(published)) => keys::screenshot(&video.id, published),
        _ => keys::poster(&video.id),
    };
    let seen = app.objects.sign_version(&seen, video.published).await?;
    let notice = match notice(&video, plays) {
        Some(notice) if notice.waiting && video.kind == Kind::Recording => {
            Some(Notice { thumbnail: client_thumbnail(app, &video).await?, ..notice })
        }
        notice => notice,
    };
    let host = gateway_host(request);
    let url = app.site.share_url(&host, code.as_str());
    let byline = byline(&video);
    let page = SharePage {
        nonce: &nonce,
        url: &url,
        title: &video.name,
        own: owned.then_some(&video.id),
        status: video.status.as_str(),
        live: live::is_live(&video).then_some(if plays { "playing" } else { "waiting" }),
        byline: &byline,
        views: video.published_at.map(|_| views(viewers)),
        description: &video.description,
        summary: if video.description.is_empty() { &byline } else { &video.description },
        player: player(&code, &video, &seen, plays),
        picture: picture(&video, &seen),
        notice,
        card: Card::of(&video, &app.site.origin(&host), &code)?,
        downloads: downloads && video.published_at.is_some() && video.kind == Kind::Recording,
        talk,
        code: code.as_str(),
        embedded,
    };
    let page = page.render().map_err(ApiError::internal)?;
    let writer = writer.as_ref().filter(|_| video.talk.on);
    let page = answer(StatusCode::OK, page, &nonce, origin_of(&seen), plays, embedded, writer);
    match writer {
        Some(writer) => writer.greeted(page),
        None => page,
    }
}

fn player<'a>(code: &'a ShareCode, video: &'a Video, poster: &'a str, live: bool) -> Option<Player<'a>> {
    if video.kind != Kind::Recording || (video.published_at.is_none() && !live) {
        return None;
    }
    let (width, height) = (video.width.unwrap_or(16), video.height.unwrap_or(9));
    let (adaptive, storyboard) = (video.hls.is_some(), video.storyboard.is_some());
    let captions = video.captions.as_ref().map(|captions| &captions.language).filter(|_| !live);
    Some(Player { id: code.as_str(), poster, width, height, adaptive, storyboard, captions, live })
}

fn picture<'a>(video: &Video, url: &'a str) -> Option<Picture<'a>> {
    video.published_at.filter(|_| video.kind == Kind::Screenshot)?;
    Some(Picture { url, width: video.width.unwrap_or(16), height: video.height.unwrap_or(9) })
}

/// Nothing is said about a newer upload while an older one plays.
fn notice(video: &Video, plays: bool) -> Option<Notice> {
    if video.published_at.is_some() || plays {
        return None;
    }
    let say = words::share();
    let of_kind = |recording: &'static str, screenshot: &'static str| match video.kind {
        Kind::Recording => recording,
        Kind::Screenshot => screenshot,
    };
    let (title, text, waiting) = match video.status {
        Status::Uploading if live::is_live(video) => (say.live, say.live_soon, true),
        Status::Uploading | Status::Ready => {
            (say.uploading, of_kind(say.recording_uploading, say.screenshot_uploading), true)
        }
        Status::Processing => (say.processing, of_kind(say.recording_processing, say.screenshot_processing), true),
        Status::Failed => {
            let reason = video.failure_reason.as_deref().unwrap_or(say.no_reason);
            (of_kind(say.recording_failed, say.screenshot_failed), reason, false)
        }
    };
    let progress = video.progress.filter(|_| video.status == Status::Uploading);
    let percent = progress.and_then(videos::Progress::percent);
    Some(Notice { title, text: text.to_owned(), waiting, percent, thumbnail: None })
}

fn byline(video: &Video) -> String {
    let day = video.created_at.day();
    let who = video.owner_name.as_deref().map(|name| format!("{name} · ")).unwrap_or_default();
    let length = video.duration_ms.map(|millis| format!(" · {}", clock(millis))).unwrap_or_default();
    format!("{who}{day}{length}")
}

/// How many have watched, in words.
fn views(viewers: u64) -> String {
    match viewers {
        0 => words::share().no_views.to_owned(),
        1 => words::share().one_view.to_owned(),
        many => words::share().views(grouped(many)),
    }
}

/// A page, which plays media from there; while it is recorded, the page's script puts that together itself. Whoever writes sends
/// forms, which need their Origin.
fn answer(
    status: StatusCode,
    body: String,
    nonce: &str,
    media: &str,
    live: bool,
    embedded: bool,
    writer: Option<&Visitor>,
) -> Answer {
    let frames = if embedded { "*" } else { "'none'" };
    let put_together = format!("{media} blob:");
    let (connect, media) = if live { (media, put_together.as_str()) } else { ("", media) };
    let own = writer.map(|writer| format!("'self' {}", writer.origin));
    let (forms, referrer) = own.as_deref().map_or(("'none'", "no-referrer"), |own| (own, "same-origin"));
    secured(html(status, body), &Policy { nonce, media, forms, connect, referrer, frames })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_counted_in_words() {
        assert_eq!([0, 1, 2, 12_345].map(views), ["No views yet", "1 view", "2 views", "12,345 views"]);
    }
}
