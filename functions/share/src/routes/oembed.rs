//! `GET /api/oembed` (oembed.com): what sites need to show a share link's player or picture in their own pages.

use common::{
    db::videos::{Kind, Video},
    error::ApiError,
    http::{Answer, StatusCode, gateway_host, json_response, query},
    ids::ShareCode,
};
use lambda_http::{
    Request,
    http::{HeaderValue, header::ACCESS_CONTROL_ALLOW_ORIGIN},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::card::image;
use crate::{
    app::App,
    viewing::{self, Seen},
};

/// Pixels of a player whose video says nothing of its size yet.
const UNKNOWN: (u32, u32) = (1280, 720);

/// What a site shows.
#[derive(Serialize, ToSchema)]
struct Embedding {
    /// Always 1.0.
    version: &'static str,
    /// `video` has `html`, `photo` has `url`.
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    author_name: Option<String>,
    provider_name: &'static str,
    provider_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_width: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumbnail_height: Option<u32>,
    /// A frame with the player.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// The picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// Pixels.
    width: u32,
    /// Pixels.
    height: u32,
}

/// Describe a share link to a site that embeds it
#[utoipa::path(
    get,
    path = "/api/oembed",
    tag = "Watching",
    security(()),
    params(
        ("url" = String, Query, description = "The share link"),
        ("format" = Option<String>, Query, description = "json, which is the only one", pattern = "^json$"),
        ("maxwidth" = Option<u32>, Query, description = "Pixels", minimum = 1),
        ("maxheight" = Option<u32>, Query, description = "Pixels", minimum = 1),
    ),
    responses(
        (status = 200, body = Embedding),
        (status = 403, description = "It is private, or wants a password"),
        (status = 404, description = "No link of this site, or none with a video"),
        (status = 501, description = "XML was asked for"),
    ),
)]
pub(super) async fn show(app: &App, request: &Request) -> Answer {
    match query(request, "format") {
        None | Some("json") => {}
        Some("xml") => {
            let refused = ApiError::bad_request("This server describes links in JSON only. Ask for format=json.");
            return Err(ApiError { status: StatusCode::NOT_IMPLEMENTED, code: "NOT_IMPLEMENTED", ..refused });
        }
        Some(_) => return Err(ApiError::bad_request("format must be json.")),
    }
    let most = (pixels(request, "maxwidth")?, pixels(request, "maxheight")?);
    let link = query(request, "url").ok_or_else(|| ApiError::bad_request("url is missing from the query."))?;
    let origin = app.site.origin(&gateway_host(request));
    let code = code_of(link, &origin).ok_or_else(ApiError::video_not_found)?;
    let Seen { code, video, .. } = viewing::look(app, request, code.as_str()).await??;
    let mut answer = json_response(StatusCode::OK, &embedding(video, &origin, &code, most)?)?;
    // Scripts of the sites that embed it may read it.
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(answer)
}

fn pixels(request: &Request, name: &str) -> Result<u32, ApiError> {
    let Some(value) = query(request, name) else { return Ok(u32::MAX) };
    let wrong = || ApiError::bad_request(format!("{name} must be a number of pixels, from 1."));
    value.parse().ok().filter(|pixels| *pixels > 0).ok_or_else(wrong)
}

/// The code in a share link, or in the address of a player, of this site.
fn code_of(link: &str, origin: &str) -> Option<ShareCode> {
    let path = link.strip_prefix(origin)?;
    let rest = path.strip_prefix("/s/").or_else(|| path.strip_prefix("/embed/"))?;
    ShareCode::parse(rest.split(['?', '#', '/']).next()?)
}

fn embedding(video: Video, origin: &str, code: &ShareCode, most: (u32, u32)) -> Result<Embedding, ApiError> {
    let (width, height) = fitted(video.width.zip(video.height).unwrap_or(UNKNOWN), most);
    let picture = video.published_at.is_some().then(|| image(origin, code));
    let (kind, html, url) = match (video.kind, &picture) {
        (Kind::Screenshot, Some(picture)) => ("photo", None, Some(picture.clone())),
        (Kind::Screenshot, None) => return Err(ApiError::not_found("This screenshot is not here yet.")),
        (Kind::Recording, _) => {
            let frame = format!(
                "<iframe src=\"{origin}/embed/{}\" width=\"{width}\" height=\"{height}\" frameborder=\"0\" \
                 allow=\"autoplay; fullscreen; picture-in-picture\"></iframe>",
                code.as_str()
            );
            ("video", Some(frame), None)
        }
    };
    Ok(Embedding {
        version: "1.0",
        kind,
        title: video.name,
        author_name: video.owner_name,
        provider_name: "Capstan",
        provider_url: origin.to_owned(),
        thumbnail_width: picture.is_some().then_some(width),
        thumbnail_height: picture.is_some().then_some(height),
        thumbnail_url: picture,
        html,
        url,
        width,
        height,
    })
}

/// A size of the same shape that is within another.
fn fitted((width, height): (u32, u32), (most_wide, most_high): (u32, u32)) -> (u32, u32) {
    let scale = (f64::from(most_wide) / f64::from(width)).min(f64::from(most_high) / f64::from(height)).min(1.0);
    // A part of what fits 32 bits does as well.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and the size itself")]
    let scaled = |side: u32| ((f64::from(side) * scale) as u32).max(1);
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_this_site_have_codes() {
        let code = |link: &str| code_of(link, "https://cap.test").map(|code| code.as_str().to_owned());
        let found = Some("0123456789abcde".to_owned());
        for link in ["/s/0123456789abcde", "/s/0123456789abcde?t=3", "/embed/0123456789abcde#x", "/s/0123456789abcde/"]
        {
            assert_eq!(code(&format!("https://cap.test{link}")), found, "{link}");
        }
        for link in
            ["https://cap.test.evil/s/0123456789abcde", "http://cap.test/s/0123456789abcde", "https://cap.test/s/"]
        {
            assert_eq!(code(link), None, "{link}");
        }
    }

    #[test]
    fn players_keep_their_shape() {
        assert_eq!(fitted((1920, 1080), (u32::MAX, u32::MAX)), (1920, 1080));
        assert_eq!(fitted((1920, 1080), (640, u32::MAX)), (640, 360));
        assert_eq!(fitted((1920, 1080), (640, 90)), (160, 90));
        assert_eq!(fitted((1920, 1), (10, 10)), (10, 1));
    }
}
