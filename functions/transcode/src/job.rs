//! One upload's way from its event to ready or failed: lease, fence, work, and the row last.
//!
//! An error returned from here makes Lambda invoke again, twice, and then park the event in the dead-letter queue.

use std::time::{Duration, SystemTime};

use common::{
    db::{
        DbError,
        videos::{self, Fenced},
    },
    ids::VideoId,
    ledger::{Claim, Claimed, Lease, LedgerError},
    objects::{
        Head, ObjectsError,
        keys::{self, Work},
    },
};
use lambda_runtime::Context;

use crate::{
    app::App,
    event::Created,
    publish::{self, Outcome, PublishError},
};

/// How often one upload is tried: the first invocation and Lambda's two repeats.
pub(crate) const MAX_TRIES: u64 = 3;
/// Kept back from the invocation's time, to record how it ended.
const TO_FINISH: Duration = Duration::from_secs(10);
/// How long a lease outlives its invocation: the clocks of two machines differ by less.
const MARGIN: Duration = Duration::from_secs(15);

/// Said when the budget is spent.
pub(crate) const GAVE_UP: &str =
    "The recording could not be prepared, although it was tried three times. Upload it again.";

/// Why an invocation is to be repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error("there is no video {0} yet")]
    NoVideo(VideoId),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// An upload that is there.
pub(crate) struct Source {
    pub(crate) video: VideoId,
    pub(crate) key: String,
    pub(crate) head: Head,
}

/// Does what a new object asks for.
pub(crate) async fn run(app: &App, created: &Created, context: &Context) -> Result<(), JobError> {
    let Work::Publish { video, source: key } = keys::work(&created.key) else {
        tracing::warn!(key = created.key, "ignored: not a key of ours");
        return Ok(());
    };
    let fence = videos::fence(&mut app.db.connect().await?, &video).await?;
    let fence = fence.ok_or_else(|| JobError::NoVideo(video.clone()))?;
    if fence.deleted {
        tracing::info!(%video, "an upload of a deleted video is removed");
        return Ok(app.objects.remove_video(&video).await?);
    }
    let Some(head) = newest_upload(app, &video, &key).await? else {
        tracing::info!(%video, "the upload is gone, or one under another name is newer");
        return Ok(());
    };
    if created.key == key && created.e_tag.as_ref().is_some_and(|e_tag| *e_tag != head.e_tag) {
        tracing::info!(%video, "a newer upload has replaced this one, with an event of its own");
        return Ok(());
    }
    let upload = source_of(&key, &head);
    let remaining = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
    let holder = context.request_id.as_str();
    let claim = Claim { video: &video, source: &upload, holder, lasts: remaining + MARGIN, floor: fence.attempt };
    let Some(lease) = claimed(app, &claim).await? else { return Ok(()) };
    let source = Source { video, key, head };
    attempt(app, &source, &lease, remaining.saturating_sub(TO_FINISH)).await
}

/// How the ledger names an upload: the same bytes under the same key are the same upload.
pub(crate) fn source_of(key: &str, head: &Head) -> String {
    format!("{key}#{}", head.e_tag)
}

/// What is at `key`, unless there is nothing, or an upload of the same video that was stored in a later second.
async fn newest_upload(app: &App, video: &VideoId, key: &str) -> Result<Option<Head>, JobError> {
    let uploads = app.objects.list(&keys::raw_prefix(video)).await?;
    let newest = uploads.first().map(|upload| upload.stored_at);
    let upload = uploads.into_iter().find(|upload| upload.key == key);
    Ok(upload.filter(|upload| Some(upload.stored_at) == newest).map(|upload| upload.head))
}

/// The lease, unless somebody else has it or there is nothing to do.
async fn claimed(app: &App, claim: &Claim<'_>) -> Result<Option<Lease>, JobError> {
    match app.ledger.claim(claim).await? {
        Claimed::Lease(lease) => return Ok(Some(lease)),
        Claimed::Busy => tracing::info!(video = %claim.video, "already being published"),
        Claimed::Done => {
            // Looked at again, since the row may have been read just before it became ready.
            let fence = videos::fence(&mut app.db.connect().await?, claim.video).await?;
            if fence.is_some_and(|fence| fence.waiting && !fence.deleted) {
                return Ok(app.ledger.claim_anew(claim).await?);
            }
            tracing::info!(video = %claim.video, "already published");
        }
    }
    Ok(None)
}

/// One attempt under a lease. Claiming has already spent a try, so that whatever happens from here, an upload that
/// kills every attempt ends as failed.
async fn attempt(app: &App, source: &Source, lease: &Lease, within: Duration) -> Result<(), JobError> {
    let (video, attempt) = (&source.video, lease.attempt);
    if lease.tries > MAX_TRIES {
        return fail(app, source, lease, GAVE_UP, true).await;
    }
    tracing::info!(%video, attempt, tries = lease.tries, bytes = source.head.size, "publishing");
    match try_once(app, source, lease, within).await {
        Ok(()) => Ok(()),
        Err(error) => {
            tracing::error!(%video, attempt, %error, "attempt failed");
            if lease.tries == MAX_TRIES {
                fail(app, source, lease, GAVE_UP, true).await?;
            }
            app.ledger.release(lease).await?;
            Err(error)
        }
    }
}

async fn try_once(app: &App, source: &Source, lease: &Lease, within: Duration) -> Result<(), JobError> {
    let begun = videos::processing(&mut app.db.connect().await?, &source.video, lease.attempt).await?;
    if begun == Fenced::Refused {
        return superseded(app, source, lease).await;
    }
    match publish::run(app, source, lease, within).await? {
        Outcome::Published(facts) => {
            let written = videos::ready(&mut app.db.connect().await?, &source.video, lease.attempt, &facts).await?;
            if written == Fenced::Refused {
                return superseded(app, source, lease).await;
            }
            tracing::info!(video = %source.video, attempt = lease.attempt, duration_ms = facts.duration_ms, "ready");
            // It is ready whatever the ledger says; a lease that only runs out costs at most one needless look.
            if let Err(error) = app.ledger.finish(lease).await {
                tracing::warn!(video = %source.video, %error, "the lease was left to run out");
            }
            Ok(())
        }
        Outcome::Rejected(reason) => fail(app, source, lease, &reason, false).await,
        Outcome::Superseded => superseded(app, source, lease).await,
    }
}

async fn fail(app: &App, source: &Source, lease: &Lease, reason: &str, retryable: bool) -> Result<(), JobError> {
    tracing::warn!(video = %source.video, attempt = lease.attempt, reason, "failed");
    videos::failed(&mut app.db.connect().await?, &source.video, lease.attempt, reason, retryable).await?;
    Ok(app.ledger.finish(lease).await?)
}

/// A newer attempt goes on instead of this one, or the video was deleted while this one worked: then nothing of it may
/// stay behind.
async fn superseded(app: &App, source: &Source, lease: &Lease) -> Result<(), JobError> {
    tracing::info!(video = %source.video, attempt = lease.attempt, "stopped: superseded");
    let fence = videos::fence(&mut app.db.connect().await?, &source.video).await?;
    if fence.is_none_or(|fence| fence.deleted) {
        app.objects.remove_video(&source.video).await?;
    }
    Ok(app.ledger.release(lease).await?)
}
