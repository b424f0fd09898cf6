//! `/api/videos/{code}/download`: the file itself, where its owner lets viewers have it.

use common::{
    db::videos::Kind,
    error::ApiError,
    http::{Answer, redirect},
    objects::keys,
    text,
};
use lambda_http::Request;

use crate::{app::App, viewing};

/// Save a video as a file
///
/// Its owner always may, others where the owner lets them. The file has the video's title.
#[utoipa::path(
    get,
    path = "/api/videos/{id}/download",
    tag = "Watching",
    security(()),
    params(("id" = String, Path, description = "The code of one of the video's links")),
    responses(
        (status = 302, description = "To the file in S3"),
        (status = 400, description = "It is a screenshot, which its page shows"),
        (status = 403, description = "Its owner does not let it be downloaded"),
        (status = 409, description = "It is not ready to play yet"),
    ),
)]
pub(super) async fn show(app: &App, request: &Request, code: &str) -> Answer {
    let seen = viewing::look(app, request, code).await??;
    if !seen.may_download() {
        return Err(ApiError::forbidden(
            "The owner of this video does not let it be downloaded. Ask them for the file.",
        ));
    }
    if seen.video.kind == Kind::Screenshot {
        return Err(ApiError::bad_request("This is a screenshot. Save the picture that its page shows."));
    }
    if seen.video.published_at.is_none() {
        return Err(ApiError::not_ready("This recording cannot be downloaded yet: it is not ready to play."));
    }
    let (video, name) = (&seen.video, format!("{}.mp4", text::file_name(&seen.video.name)));
    redirect(&app.objects.sign_download(&keys::processed(&video.id), video.published, &name, "video/mp4").await?)
}
