//! An upload's way from its event to ready or failed: lease, fence, work, and the row last.
//!
//! An error returned from here makes Lambda invoke again, twice, and then park the event in the dead-letter queue.

use std::time::{Duration, SystemTime};

use common::{
    db::{
        DbError,
        videos::{self, Fence, Fenced, Kind},
    },
    event::Created,
    ids::{UserId, VideoId},
    ledger::{Claim, Claimed, Lease, LedgerError, Piece},
    objects::{
        Head, Listed, ObjectsError,
        keys::{self, Work},
    },
    telemetry::{self, Metric},
    time::Millis,
};
use lambda_runtime::Context;

use crate::{
    account,
    app::App,
    assemble, derive,
    ended::{Ended, told},
    pieces::Task,
    work::{self, Job, Outcome, WorkError},
};

/// How often one upload is tried: the first invocation and Lambda's two repeats.
pub(crate) const MAX_TRIES: u64 = 3;
/// Kept back from the invocation's time, to record how it ended.
pub(crate) const TO_FINISH: Duration = Duration::from_secs(10);
/// How long a lease outlives its invocation: the clocks of two machines differ by less.
pub(crate) const MARGIN: Duration = Duration::from_secs(15);

/// Said when the budget is spent.
pub(crate) const GAVE_UP: &str =
    "The recording could not be prepared, although it was tried three times. Upload it again.";

/// Why an invocation is to be repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    #[error("there is no video {0} yet")]
    NoVideo(VideoId),
    #[error("the time was too short for anything of the deleted account {0}")]
    NothingRemoved(UserId),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Work(#[from] WorkError),
}

/// An upload that is there.
pub(crate) struct Source {
    pub(crate) video: VideoId,
    pub(crate) key: String,
    pub(crate) head: Head,
    /// When it arrived, as far as that is known: from then on its owner waits.
    pub(crate) arrived: Option<Millis>,
}

/// Does what a new object asks for, and says how that ended.
pub(crate) async fn run(app: &App, created: &Created, context: &Context) -> Result<(), JobError> {
    let work = keys::work(&created.key);
    let kind = match &work {
        Work::Publish { .. } => "publish",
        Work::Piece { .. } => "piece",
        Work::Derive { .. } => "derive",
        Work::Rendition { .. } => "rendition",
        Work::Account { .. } => "account",
        Work::Assemble { .. } => "assemble",
        Work::Foreign => "foreign",
    };
    let ended = done(app, created, context, work).await;
    if let Err(error) = &ended {
        telemetry::tell("reason", error.to_string());
    }
    told(kind, ended.as_ref().ok().copied());
    ended.map(drop)
}

async fn done(app: &App, created: &Created, context: &Context, work: Work) -> Result<Ended, JobError> {
    if let Some(video) = work.video() {
        telemetry::video(video);
    }
    match work {
        Work::Publish { video, source } => publish(app, created, context, video, source).await,
        Work::Piece { video, attempt, number } => piece(app, created, context, video, attempt, number).await,
        Work::Derive { video, published } => derive::run(app, context, video, published).await,
        Work::Rendition { video, attempt, number } => {
            derive::piece(app, created, context, video, attempt, number).await
        }
        Work::Account { user } => account::run(app, context, &user).await,
        Work::Assemble { video } => assemble::run(app, created, context, video).await,
        Work::Foreign => {
            tracing::warn!(key = created.key, "ignored: not a key of ours");
            Ok(Ended::Idle)
        }
    }
}

/// Does a piece of what an attempt has shared out.
async fn piece(
    app: &App,
    created: &Created,
    context: &Context,
    video: VideoId,
    attempt: u64,
    number: u32,
) -> Result<Ended, JobError> {
    let remaining = remaining(context);
    let piece = Piece { video: &video, attempt, number };
    let Some(lease) = app.ledger.begin_piece(&piece, remaining + MARGIN).await? else {
        tracing::info!(%video, attempt, number, "a piece of an attempt that is over");
        return Ok(Ended::Idle);
    };
    let Some(task) = app.objects.read_small(&created.key).await?.and_then(|job| serde_json::from_slice(&job).ok())
    else {
        tracing::warn!(key = created.key, "ignored: the job says nothing that this release understands");
        return Ok(Ended::Idle);
    };
    let source = Task::source(&task, &video);
    self::attempt(app, &source, &lease, &Job::Piece(&task, number), context).await
}

async fn publish(
    app: &App,
    created: &Created,
    context: &Context,
    video: VideoId,
    key: String,
) -> Result<Ended, JobError> {
    let fence = videos::fence(&mut app.db.connect().await?, &video).await?;
    let fence = fence.ok_or_else(|| JobError::NoVideo(video.clone()))?;
    if fence.deleted {
        tracing::info!(%video, "an upload of a deleted video is removed");
        app.objects.remove_video(&video).await?;
        return Ok(Ended::Removed);
    }
    let Some(Listed { head, stored_at, .. }) = newest_upload(app, &video, &key).await? else {
        tracing::info!(%video, "the upload is gone, or one under another name is newer");
        return Ok(Ended::Idle);
    };
    if created.key == key && created.e_tag.as_ref().is_some_and(|e_tag| *e_tag != head.e_tag) {
        tracing::info!(%video, "a newer upload has replaced this one, with an event of its own");
        return Ok(Ended::Idle);
    }
    let job = match fence.kind {
        Kind::Recording => Job::Publish,
        Kind::Screenshot => Job::Picture,
    };
    // S3 dates what came in parts by its first one; its event tells the last.
    let arrived = if created.key == key { created.at } else { Millis(stored_at * 1000) };
    begin(app, context, &Source { video, key, head, arrived: Some(arrived) }, &fence, &job).await
}

/// One attempt to publish, unless another is under way or there is nothing to do.
pub(crate) async fn begin(
    app: &App,
    context: &Context,
    source: &Source,
    fence: &Fence,
    job: &Job<'_>,
) -> Result<Ended, JobError> {
    let upload = source_of(&source.key, &source.head);
    let (lasts, holder) = (remaining(context) + MARGIN, context.request_id.as_str());
    let claim = Claim { video: &source.video, source: &upload, holder, lasts, floor: fence.attempt };
    let Some(lease) = claimed(app, &claim).await? else { return Ok(Ended::Idle) };
    attempt(app, source, &lease, job, context).await
}

pub(crate) fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}

/// How the ledger names an upload: the same bytes under the same key are the same upload.
pub(crate) fn source_of(key: &str, head: &Head) -> String {
    format!("{key}#{}", head.e_tag)
}

/// What is at `key`, unless there is nothing, or an upload of the same video that was stored in a later second.
async fn newest_upload(app: &App, video: &VideoId, key: &str) -> Result<Option<Listed>, JobError> {
    let uploads = app.objects.list(&keys::raw_prefix(video)).await?;
    let newest = uploads.first().map(|upload| upload.stored_at);
    let upload = uploads.into_iter().find(|upload| upload.key == key);
    Ok(upload.filter(|upload| Some(upload.stored_at) == newest))
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

/// One attempt under a lease, at an upload or at a piece of the work on it. Claiming has already spent a try, so that
/// whatever happens from here, what kills every attempt ends as failed.
async fn attempt(
    app: &App,
    source: &Source,
    lease: &Lease,
    job: &Job<'_>,
    context: &Context,
) -> Result<Ended, JobError> {
    let (video, attempt) = (&source.video, lease.attempt);
    telemetry::tell("attempt", attempt);
    telemetry::tell("tries", lease.tries);
    if lease.tries > MAX_TRIES {
        return fail(app, source, lease, GAVE_UP, true).await;
    }
    tracing::info!(%video, attempt, tries = lease.tries, bytes = source.head.size, "working");
    match try_once(app, source, lease, job, context).await {
        Ok(ended) => Ok(ended),
        Err(error) => {
            tracing::error!(%video, attempt, %error, "attempt failed");
            if lease.tries == MAX_TRIES {
                fail(app, source, lease, GAVE_UP, true).await?;
            }
            // The other pieces go on under theirs.
            if job.publishes() {
                app.ledger.release(lease).await?;
            }
            Err(error)
        }
    }
}

async fn try_once(
    app: &App,
    source: &Source,
    lease: &Lease,
    job: &Job<'_>,
    context: &Context,
) -> Result<Ended, JobError> {
    if job.publishes() {
        let begun = videos::processing(&mut app.db.connect().await?, &source.video, lease.attempt).await?;
        if begun == Fenced::Refused {
            return superseded(app, source, lease).await;
        }
    }
    let within = remaining(context).saturating_sub(TO_FINISH);
    match work::run(app, source, lease, job, &context.request_id, within).await? {
        Outcome::Published(facts) => {
            let written = videos::ready(&mut app.db.connect().await?, &source.video, lease.attempt, &facts).await?;
            if written == Fenced::Refused {
                return superseded(app, source, lease).await;
            }
            tracing::info!(video = %source.video, attempt = lease.attempt, duration_ms = facts.duration_ms, "ready");
            watchable(source);
            // It is ready whatever the stores say; a lease that only runs out costs at most one needless look.
            let ended = app.ledger.finish(lease).await.map_err(JobError::from);
            if let Err(error) = ended.and(remove_pieces(app, source, lease, job).await) {
                tracing::warn!(video = %source.video, %error, "ready, but something was left behind");
            }
            if let Err(error) = ask_to_derive(app, &source.video, lease.attempt).await {
                tracing::warn!(video = %source.video, %error, "ready; the sweep asks for what is derived from it");
            }
            Ok(Ended::Published)
        }
        Outcome::Shown(picture) => shown(app, source, lease, &picture).await,
        Outcome::Assembled(key) => assembled(app, source, lease, &key).await,
        Outcome::Shared | Outcome::Derived => Ok(Ended::Shared),
        Outcome::Rejected(reason) => {
            let ended = fail(app, source, lease, &reason, false).await?;
            // Nobody makes anything of it later, unlike of a recording.
            if matches!(job, Job::Picture) {
                app.objects.remove_version(&source.key, &source.head).await?;
            }
            Ok(ended)
        }
        Outcome::Superseded => superseded(app, source, lease).await,
    }
}

/// A screenshot is there: nothing is derived from it, and what an earlier attempt has shown goes.
async fn shown(app: &App, source: &Source, lease: &Lease, picture: &videos::Picture) -> Result<Ended, JobError> {
    let written = videos::shown(&mut app.db.connect().await?, &source.video, lease.attempt, picture).await?;
    if written == Fenced::Refused {
        return superseded(app, source, lease).await;
    }
    tracing::info!(video = %source.video, attempt = lease.attempt, "shown");
    watchable(source);
    let ended = app.ledger.finish(lease).await.map_err(JobError::from);
    let removed = app.objects.remove_older_derived(&source.video, lease.attempt).await.map_err(JobError::from);
    if let Err(error) = ended.and(removed) {
        tracing::warn!(video = %source.video, %error, "shown, but something was left behind");
    }
    Ok(Ended::Shown)
}

/// From its arrival until now its owner has waited.
fn watchable(source: &Source) {
    if let Some(arrived) = source.arrived {
        telemetry::measure(Metric::TimeToReady, arrived.until(Millis::now()));
    }
}

/// A recording is one file. The event of its being stored may have come while this attempt held the lease, so it is asked for
/// once more.
async fn assembled(app: &App, source: &Source, lease: &Lease, key: &str) -> Result<Ended, JobError> {
    tracing::info!(video = %source.video, attempt = lease.attempt, "assembled");
    app.ledger.finish(lease).await?;
    if let Some(job) = keys::publish_job(key) {
        app.objects.ask(&job).await?;
    }
    Ok(Ended::Assembled)
}

/// Asks for what is derived from a video that plays.
pub(crate) async fn ask_to_derive(app: &App, video: &VideoId, published: u64) -> Result<(), ObjectsError> {
    app.objects.ask(&keys::derive_job(video, published)).await
}

/// Pieces are of no use any longer, those of an attempt before neither.
async fn remove_pieces(app: &App, source: &Source, lease: &Lease, job: &Job<'_>) -> Result<(), JobError> {
    if matches!(job, Job::Piece(..)) || lease.attempt > 1 {
        app.objects.remove_pieces(&source.video).await?;
    }
    Ok(())
}

async fn fail(app: &App, source: &Source, lease: &Lease, reason: &str, retryable: bool) -> Result<Ended, JobError> {
    telemetry::tell("reason", reason);
    tracing::warn!(video = %source.video, attempt = lease.attempt, reason, "failed");
    videos::failed(&mut app.db.connect().await?, &source.video, lease.attempt, reason, retryable).await?;
    app.ledger.finish(lease).await?;
    Ok(if retryable { Ended::given_up() } else { Ended::Rejected })
}

/// A newer attempt goes on instead of this one, or the video was deleted while this one worked: then nothing of it may
/// stay behind.
async fn superseded(app: &App, source: &Source, lease: &Lease) -> Result<Ended, JobError> {
    tracing::info!(video = %source.video, attempt = lease.attempt, "stopped: superseded");
    let fence = videos::fence(&mut app.db.connect().await?, &source.video).await?;
    if fence.is_none_or(|fence| fence.deleted) {
        app.objects.remove_video(&source.video).await?;
    }
    app.ledger.release(lease).await?;
    Ok(Ended::Superseded)
}
