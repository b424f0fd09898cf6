//! A derivation's way from its job to its end: lease, fence, work. Whatever happens, the video goes on playing.

use common::{
    db::{
        DbError,
        videos::{self, Fenced},
    },
    event::Created,
    ids::VideoId,
    ledger::{Claim, Claimed, Lease, Piece},
    objects::{ObjectsError, keys},
    telemetry,
};
use lambda_runtime::Context;

use super::{Ladder, Wanted};
use crate::{
    app::App,
    ended::Ended,
    job::{JobError, MARGIN, MAX_TRIES, Source, TO_FINISH, remaining},
    work::{self, Job, Outcome},
};

/// Derives from what attempt `published` has published, unless that is no longer what plays.
pub(crate) async fn run(app: &App, context: &Context, video: VideoId, published: u64) -> Result<Ended, JobError> {
    let known = videos::derivable(&mut app.db.connect().await?, &video).await?;
    let Some(known) = known.filter(|known| known.deleted || known.published == Some(published)) else {
        tracing::info!(%video, published, "nothing is derived: this is not what plays");
        return Ok(Ended::Idle);
    };
    if known.deleted {
        app.objects.remove_video(&video).await?;
        return Ok(Ended::Removed);
    }
    let key = keys::processed(&video);
    let Some(head) = app.objects.head(&key).await? else {
        tracing::warn!(%video, "nothing is derived: what plays is not there");
        return Ok(Ended::Idle);
    };
    let (ledger, lasts) = (app.ledger.deriving(), remaining(context) + MARGIN);
    let (holder, source) = (context.request_id.as_str(), published.to_string());
    let lease = match ledger.claim(&Claim { video: &video, source: &source, holder, lasts, floor: 0 }).await? {
        Claimed::Lease(lease) => lease,
        Claimed::Busy => {
            tracing::info!(%video, "already being derived");
            return Ok(Ended::Idle);
        }
        Claimed::Done => {
            tracing::info!(%video, "already derived");
            videos::derived(&mut app.db.connect().await?, &video, published).await?;
            return Ok(Ended::Idle);
        }
    };
    let wanted = Wanted { published, storyboard: !known.storyboard, renditions: !known.hls };
    let source = Source { video, key, head, arrived: None };
    attempt(app, &source, &lease, &Job::Derive(&wanted), published, context).await
}

/// Makes a piece of the renditions that an attempt has shared out.
pub(crate) async fn piece(
    app: &App,
    created: &Created,
    context: &Context,
    video: VideoId,
    attempt: u64,
    number: u32,
) -> Result<Ended, JobError> {
    let piece = Piece { video: &video, attempt, number };
    let Some(lease) = app.ledger.deriving().begin_piece(&piece, remaining(context) + MARGIN).await? else {
        tracing::info!(%video, attempt, number, "a piece of an attempt that is over");
        return Ok(Ended::Idle);
    };
    let job = app.objects.read_small(&created.key).await?;
    let Some(ladder) = job.and_then(|job| serde_json::from_slice::<Ladder>(&job).ok()) else {
        tracing::warn!(key = created.key, "ignored: the job says nothing that this release understands");
        return Ok(Ended::Idle);
    };
    let source = ladder.source(&video);
    self::attempt(app, &source, &lease, &Job::Rendition(&ladder, number), ladder.published, context).await
}

/// One try under a lease, which has been counted already: what kills every one of them is given up.
async fn attempt(
    app: &App,
    source: &Source,
    lease: &Lease,
    job: &Job<'_>,
    published: u64,
    context: &Context,
) -> Result<Ended, JobError> {
    let video = &source.video;
    telemetry::tell("attempt", lease.attempt);
    telemetry::tell("tries", lease.tries);
    if lease.tries > MAX_TRIES {
        give_up(app, source, lease, published, "it was tried three times").await?;
        return Ok(Ended::given_up());
    }
    let within = remaining(context).saturating_sub(TO_FINISH);
    match work::run(app, source, lease, job, &context.request_id, within).await {
        Ok(Outcome::Rejected(reason)) => {
            give_up(app, source, lease, published, &reason).await?;
            Ok(Ended::Rejected)
        }
        Ok(Outcome::Superseded) => superseded(app, source, lease).await,
        Ok(Outcome::Derived) => {
            tracing::info!(%video, published, "derived");
            end(app, source, lease, published).await
        }
        Ok(Outcome::Shared | Outcome::Published(_) | Outcome::Shown(_) | Outcome::Assembled(_)) => Ok(Ended::Shared),
        Err(error) => {
            tracing::error!(%video, published, tries = lease.tries, %error, "deriving failed");
            if lease.tries == MAX_TRIES {
                give_up(app, source, lease, published, "it was tried three times").await?;
                Ended::given_up();
            } else if matches!(job, Job::Derive(_)) {
                app.ledger.deriving().release(lease).await?;
            }
            Err(error.into())
        }
    }
}

/// The video plays without what could not be derived.
async fn give_up(app: &App, source: &Source, lease: &Lease, published: u64, why: &str) -> Result<Ended, JobError> {
    telemetry::tell("reason", why);
    tracing::warn!(video = %source.video, published, why, "given up: not everything could be derived");
    drop_unfinished::<JobError>(app, &source.video, published).await?;
    end(app, source, lease, published).await
}

/// Removes renditions that nobody will finish: nothing would ever name them.
pub(crate) async fn drop_unfinished<E>(app: &App, video: &VideoId, published: u64) -> Result<(), E>
where
    E: From<DbError> + From<ObjectsError>,
{
    let known = videos::derivable(&mut app.db.connect().await?, video).await?;
    if known.is_some_and(|known| !known.hls || known.published != Some(published)) {
        app.objects.remove_renditions(video, published).await?;
    }
    Ok(())
}

async fn end(app: &App, source: &Source, lease: &Lease, published: u64) -> Result<Ended, JobError> {
    // Of what played before, nobody is shown anything any longer.
    app.objects.remove_older_derived(&source.video, published).await?;
    if videos::derived(&mut app.db.connect().await?, &source.video, published).await? == Fenced::Refused {
        return superseded(app, source, lease).await;
    }
    app.ledger.deriving().finish(lease).await?;
    Ok(Ended::Derived)
}

/// Something newer plays, or nothing does any more: then nothing of it may stay behind.
async fn superseded(app: &App, source: &Source, lease: &Lease) -> Result<Ended, JobError> {
    tracing::info!(video = %source.video, "stopped: what it was derived from no longer plays");
    let known = videos::derivable(&mut app.db.connect().await?, &source.video).await?;
    match known.filter(|known| !known.deleted) {
        None => app.objects.remove_video(&source.video).await?,
        Some(known) => {
            if let Some(published) = known.published {
                app.objects.remove_older_derived(&source.video, published).await?;
            }
        }
    }
    app.ledger.deriving().release(lease).await?;
    Ok(Ended::Superseded)
}
