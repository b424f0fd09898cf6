//! A video as the agent API shows it.

use common::{
    config::SiteConfig,
    db::videos::{Kind, Status, Video},
    ids::{OrganizationId, VideoId},
    time::Millis,
};
use serde::Serialize;
use utoipa::ToSchema;

/// One video. Parts that this server does not have yet say so (`not_started`, counts of zero).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Cap)]
pub(super) struct Summary<'a> {
    id: &'a VideoId,
    share_url: String,
    title: &'a str,
    ai_title: Option<&'a str>,
    created_at: Millis,
    updated_at: Millis,
    duration_ms: Option<u64>,
    width: Option<u32>,
    height: Option<u32>,
    owner: Owner<'a>,
    organization_id: Option<&'a OrganizationId>,
    folder_id: Option<&'a str>,
    access: &'static str,
    sharing: Sharing,
    counts: Counts,
    status: VideoStatus<'a>,
    capabilities: Capabilities,
}

/// What the caller may do with it.
#[derive(Serialize, ToSchema)]
struct Capabilities {
    view: Capability,
    download: Capability,
    edit: Capability,
    delete: Capability,
    comment: Capability,
}

#[derive(Serialize, ToSchema)]
struct Capability {
    allowed: bool,
    reason: Option<&'static str>,
}

impl Capability {
    fn unless(reason: Option<&'static str>) -> Self {
        Self { allowed: reason.is_none(), reason }
    }
}

impl Capabilities {
    /// For the owner.
    fn of(video: &Video) -> Self {
        let playable = match (video.kind, video.published_at) {
            (Kind::Screenshot, _) => Some("NOT_SUPPORTED"),
            (Kind::Recording, None) => Some("NOT_READY"),
            (Kind::Recording, Some(_)) => None,
        };
        Self {
            view: Capability::unless(None),
            download: Capability::unless(playable),
            edit: Capability::unless(None),
            delete: Capability::unless(None),
            comment: Capability::unless(Some("CONTENT_DISABLED").filter(|_| !video.talk.on)),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct Owner<'a> {
    id: &'a str,
    name: Option<&'a str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CapSharing)]
struct Sharing {
    public: bool,
    protected: bool,
}

#[derive(Serialize, ToSchema)]
struct Counts {
    comments: u32,
    reactions: u32,
}

/// Where a video stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VideoStatus<'a> {
    id: &'a VideoId,
    /// `uploading`, `processing`, `ready` or `failed`.
    overall: &'static str,
    upload: Stage<'a>,
    transcript: Stage<'a>,
    ai: Stage<'a>,
    /// How far the upload is, while it is going on and its client tells.
    progress: Option<Told>,
    updated_at: Millis,
}

/// Bytes that are there, and that there will be, as the client counts them.
#[derive(Serialize, ToSchema)]
#[schema(as = CapProgress)]
struct Told {
    uploaded: u64,
    total: u64,
}

#[derive(Serialize, ToSchema)]
struct Stage<'a> {
    status: &'static str,
    reason: Option<&'a str>,
    retryable: bool,
}

const NOT_STARTED: Stage<'static> = Stage { status: "not_started", reason: None, retryable: false };

impl<'a> VideoStatus<'a> {
    pub(super) fn of(video: &'a Video) -> Self {
        let upload = Stage {
            status: if video.status == Status::Ready { "complete" } else { video.status.as_str() },
            reason: video.failure_reason.as_deref(),
            retryable: video.failure_retryable,
        };
        let told = video.progress.filter(|_| video.status == Status::Uploading);
        Self {
            id: &video.id,
            overall: video.status.as_str(),
            upload,
            transcript: if video.captions.is_some() {
                Stage { status: "complete", ..NOT_STARTED }
            } else {
                NOT_STARTED
            },
            ai: NOT_STARTED,
            progress: told.map(|told| Told { uploaded: told.uploaded, total: told.total }),
            updated_at: video.updated_at,
        }
    }
}

impl<'a> Summary<'a> {
    pub(super) fn of(video: &'a Video, site: &SiteConfig, gateway_host: &str) -> Self {
        Self {
            id: &video.id,
            share_url: site.share_url(gateway_host, video.id.as_str()),
            title: &video.name,
            ai_title: None,
            created_at: video.created_at,
            updated_at: video.updated_at,
            duration_ms: video.duration_ms,
            width: video.width,
            height: video.height,
            owner: Owner { id: video.owner.as_str(), name: video.owner_name.as_deref() },
            organization_id: video.organization.as_ref(),
            folder_id: None,
            access: "owned",
            sharing: Sharing { public: video.public, protected: video.protected },
            counts: Counts { comments: video.talk.comments, reactions: video.talk.reactions },
            status: VideoStatus::of(video),
            capabilities: Capabilities::of(video),
        }
    }
}
