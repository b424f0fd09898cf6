//! All that a program may know of a recording, in one answer.

use common::{
    db::videos::Video,
    http::{Answer, StatusCode, agent_json, gateway_host},
    identity,
};
use lambda_http::Request;
use serde::Serialize;
use utoipa::ToSchema;

use super::summary::Summary;
use crate::app::App;

/// What there is, and of what there is nothing on this server: `unavailable`.
#[derive(Serialize, ToSchema)]
#[schema(as = CapContext)]
struct Context<'a> {
    cap: Summary<'a>,
    title: Title<'a>,
    summary: Absent,
    chapters: Absent,
    transcript: NoTranscript,
    comments: Absent,
    reactions: Absent,
    views: NoViews,
    metadata: Metadata,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CapTitle)]
struct Title<'a> {
    current: &'a str,
    ai: Option<&'a str>,
    manually_edited: bool,
}

#[derive(Serialize, ToSchema)]
struct Absent {
    status: &'static str,
    reason: Option<&'static str>,
    value: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct NoTranscript {
    status: &'static str,
    reason: Option<&'static str>,
    text: Option<&'static str>,
    cues: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct NoViews {
    status: &'static str,
    aggregate: Option<&'static str>,
    reason: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CapMetadata)]
struct Metadata {
    source: &'static str,
    width: Option<u32>,
    height: Option<u32>,
    fps: Option<f64>,
}

const UNAVAILABLE: &str = "unavailable";
const ABSENT: Absent = Absent { status: UNAVAILABLE, reason: Some("NOT_SUPPORTED"), value: None };

/// Show all that there is of a video
///
/// In one answer. Of what this server does not have, it says that it is unavailable.
#[utoipa::path(
    get,
    path = "/api/v1/caps/{id}/context",
    tag = "Videos",
    params(("id" = String, Path, description = "The video's")),
    responses((status = 200, body = Context<'_>)),
)]
pub(super) async fn show(app: &App, request: &Request, id: &str) -> Answer {
    let credential = identity::reading(request)?;
    let video = identity::access(&mut app.db.connect().await?, &credential, id).await?.owned()?;
    let cap = Summary::of(&video, &app.site, &gateway_host(request));
    agent_json(request, StatusCode::OK, &Context::of(&video, cap))
}

impl<'a> Context<'a> {
    fn of(video: &'a Video, cap: Summary<'a>) -> Self {
        let (status, reason) = (UNAVAILABLE, ABSENT.reason);
        Self {
            cap,
            // Whoever gave it one, no program is to give it another.
            title: Title { current: &video.name, ai: None, manually_edited: true },
            summary: ABSENT,
            chapters: ABSENT,
            transcript: NoTranscript { status, reason, text: None, cues: None },
            comments: ABSENT,
            reactions: ABSENT,
            views: NoViews { status, aggregate: None, reason },
            metadata: Metadata {
                source: video.source.as_str(),
                width: video.width,
                height: video.height,
                fps: video.fps,
            },
        }
    }
}
