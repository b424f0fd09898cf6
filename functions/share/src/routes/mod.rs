//! Table of contents.

mod assets;
mod captions;
mod card;
mod comments;
mod download;
mod live;
mod media;
mod oembed;
mod page;
mod playlist;
mod shut;
mod talk;
mod views;

use std::sync::Arc;

use common::http::{Answer, no_route, path_segments};
use lambda_http::Request;
use utoipa::OpenApi;

use crate::app::App;

/// The function's routes, as openapi.json lists them.
#[derive(Clone, Copy, Debug, OpenApi)]
#[openapi(paths(
    page::show,
    page::embed,
    shut::unlock,
    oembed::show,
    assets::show,
    playlist::playlist,
    media::thumbnail,
    media::og,
    media::preview,
    media::storyboard,
    captions::show,
    download::show,
    comments::list,
    comments::create,
    comments::react,
    comments::edit,
    comments::delete,
    comments::delete_form,
    views::track,
    views::count,
))]
pub struct Api;

pub(crate) async fn answer(app: Arc<App>, request: Request) -> Answer {
    let path = path_segments(&request);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method().as_str(), path.as_slice()) {
        ("GET" | "HEAD", ["s", code]) => page::show(&app, &request, code).await,
        ("POST", ["s", code]) => shut::unlock(&app, &request, code).await,
        ("GET" | "HEAD", ["embed", code]) => page::embed(&app, &request, code).await,
        ("GET", ["api", "oembed"]) => oembed::show(&app, &request).await,
        ("GET" | "HEAD", ["static", file]) => assets::show(&request, file),
        ("GET" | "HEAD", ["api", "playlist"]) => playlist::playlist(&app, &request).await,
        ("GET", ["api", "thumbnail"]) => media::thumbnail(&app, &request).await,
        ("GET", ["api", "video", "og"]) => media::og(&app, &request).await,
        ("GET" | "HEAD", ["api", "video", "preview"]) => media::preview(&app, &request).await,
        ("GET" | "HEAD", ["api", "video", "storyboard"]) => media::storyboard(&app, &request).await,
        ("GET", ["api", "videos", code, "comments"]) => comments::list(&app, &request, code).await,
        ("POST", ["api", "videos", code, "comments"]) => comments::create(&app, &request, code).await,
        ("POST", ["api", "videos", code, "reactions"]) => comments::react(&app, &request, code).await,
        ("PATCH", ["api", "videos", code, "comments", id]) => comments::edit(&app, &request, code, id).await,
        ("DELETE", ["api", "videos", code, "comments", id]) => comments::delete(&app, &request, code, id).await,
        ("POST", ["api", "videos", code, "comments", id, "delete"]) => {
            comments::delete_form(&app, &request, code, id).await
        }
        ("POST", ["api", "analytics", "track"]) => views::track(&app, &request).await,
        ("GET", ["api", "analytics"]) => views::count(&app, &request).await,

        ("GET" | "HEAD", ["api", "videos", code, "captions"]) => captions::show(&app, &request, code).await,
        ("GET", ["api", "videos", code, "download"]) => download::show(&app, &request, code).await,

        _ => no_route(),
    }
}
