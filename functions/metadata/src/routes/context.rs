//! All that a program may know of a recording, in one answer.

use common::{
    db::videos::Video,
    http::{Answer, StatusCode, agent_json, gateway_host},
    identity,
};
use lambda_http::Request;
use media::captions::{Captions, Line};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    captions,
    comments::{self, Shown},
    summary::Summary,
};
use crate::app::App;

/// What there is, and of what there is nothing on this server: `unavailable`.
#[derive(Serialize, ToSchema)]
#[schema(as = CapContext)]
struct Context<'a> {
    cap: Summary<'a>,
    title: Title<'a>,
    summary: Absent,
    chapters: Absent,
    transcript: ContextTranscript,
    comments: Said,
    reactions: Said,
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

/// What was said, the newest first.
#[derive(Serialize, ToSchema)]
#[schema(as = CapComments)]
struct Said {
    status: &'static str,
    reason: Option<&'static str>,
    value: Vec<Shown>,
}

#[derive(Serialize, ToSchema)]
struct ContextTranscript {
    /// `complete`, or `unavailable`.
    status: &'static str,
    reason: Option<&'static str>,
    /// The words alone.
    text: Option<String>,
    #[schema(value_type = Option<Vec<super::captions::TranscriptLine>>)]
    cues: Option<Vec<Line>>,
}

impl ContextTranscript {
    fn of(captions: Option<&Captions>) -> Self {
        match captions {
            Some(captions) => {
                Self { status: "complete", reason: None, text: Some(captions.text()), cues: Some(captions.lines()) }
            }
            None => Self { status: UNAVAILABLE, reason: Some("NOT_FOUND"), text: None, cues: None },
        }
    }
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
    let mut db = app.db.connect().await?;
    let video = identity::access(&mut db, &credential, id).await?.owned()?;
    let said = comments::all(&mut db, &video).await?;
    let captions = if video.captions.is_some() { captions::read(&mut db, &video).await? } else { None };
    let captions = captions.map(|(_, captions)| captions);
    let cap = Summary::of(&video, &app.site, &gateway_host(request));
    agent_json(request, StatusCode::OK, &Context::of(&video, cap, said, captions.as_ref()))
}

impl<'a> Context<'a> {
    fn of(
        video: &'a Video,
        cap: Summary<'a>,
        (comments, reactions): (Vec<Shown>, Vec<Shown>),
        captions: Option<&Captions>,
    ) -> Self {
        let disabled = Some("CONTENT_DISABLED").filter(|_| !video.talk.on);
        let said = |value| Said {
            status: if video.talk.on { "available" } else { UNAVAILABLE },
            reason: disabled,
            value: if video.talk.on { value } else { Vec::new() },
        };
        let (status, reason) = (UNAVAILABLE, ABSENT.reason);
        Self {
            cap,
            // Whoever gave it one, no program is to give it another.
            title: Title { current: &video.name, ai: None, manually_edited: true },
            summary: ABSENT,
            chapters: ABSENT,
            transcript: ContextTranscript::of(captions),
            comments: said(comments),
            reactions: said(reactions),
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
