//! Every five minutes: what stood still goes on or ends, and nothing of deleted videos and accounts stays.

use common::{
    db::{
        DbError, expired, users,
        videos::{self, Asked, Standing, Status, Underived},
    },
    ids::VideoId,
    ledger::LedgerError,
    live::{MAX_MANIFEST, Manifest},
    objects::{
        ObjectsError,
        keys::{self, live},
    },
    telemetry::{self, Metric},
    time::Millis,
};

use crate::{
    app::App,
    derive,
    ended::Ended,
    heartbeat,
    job::{GAVE_UP, MAX_TRIES, ask_to_derive, source_of},
};

/// Seconds without movement after which a video is looked at. Events take one or two.
const STILL_SECONDS: u32 = 120;
/// The same of an upload whose arrival is announced by nobody: as long as it takes not to look at every one that just began.
const UNANNOUNCED_SECONDS: u32 = 10;
/// Milliseconds after which an upload that never arrived is given up.
const ABANDONED_MILLIS: i64 = 24 * 3600 * 1000;
/// Seconds after which the client of a recording in progress counts as dead: it stores a manifest after every two seconds
/// that it records, and waits five minutes for the network up to three times. Should it be alive after all, its next
/// manifest is assembled again, with everything.
const SILENT_SECONDS: i64 = 15 * 60;
/// Rows of each kind that one sweep looks at; the rest waits for the next.
const BATCH: u32 = 100;
/// Rows that only have to go, of each kind.
const EXPIRED: u32 = 1000;

const NEVER_ARRIVED: &str = "The upload did not finish within a day. Upload the recording again.";
const VANISHED: &str = "The uploaded file is no longer there. Upload the recording again.";

/// A store did not answer; the next sweep tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SweepError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Objects(#[from] ObjectsError),
}

impl SweepError {
    /// What did not answer, in a word that names nothing else.
    pub(crate) fn part(&self) -> &'static str {
        match self {
            Self::Database(_) => "the database",
            Self::Ledger(_) => "the ledger",
            Self::Objects(_) => "S3",
        }
    }
}

/// Sweeps, and tells how that went. The next sweep is five minutes away; a repeat of this one or a dead letter would help
/// nobody.
pub(crate) async fn scheduled(app: &App) {
    let swept = run(app).await;
    if let Err(error) = &swept {
        tracing::error!(%error, "the sweep ended early");
    }
    heartbeat::after(app, &swept).await;
}

/// Looks once at everything that stands still.
async fn run(app: &App) -> Result<(), SweepError> {
    let mut db = app.db.connect().await?;
    let still = if app.objects.announces() { STILL_SECONDS } else { UNANNOUNCED_SECONDS };
    let standing = videos::standing(&mut db, still, BATCH).await?;
    let asked = videos::asked(&mut db, still, BATCH).await?;
    let underived = videos::underived(&mut db, STILL_SECONDS, BATCH).await?;
    let deleted = videos::tombstones(&mut db, STILL_SECONDS, BATCH).await?;
    drop(db);

    // What one video runs into must not keep the others waiting: it is looked at again in the next sweep, after them.
    let mut oldest = 0.0_f64;
    for video in &standing {
        match look_at(app, video).await {
            Ok(true) => oldest = oldest.max(video.updated_at.until(Millis::now())),
            Ok(false) => {}
            Err(error) => tracing::error!(video = %video.id, %error, "not swept"),
        }
        videos::touch(&mut app.db.connect().await?, &video.id).await?;
    }
    for video in &asked {
        if let Err(error) = look_out_for(app, video).await {
            tracing::error!(video = %video.id, %error, "not swept");
        }
        videos::touch(&mut app.db.connect().await?, &video.id).await?;
    }
    for video in &underived {
        if let Err(error) = derive_again(app, video).await {
            tracing::error!(video = %video.id, %error, "not swept");
        }
        videos::touch(&mut app.db.connect().await?, &video.id).await?;
    }
    for video in &deleted {
        let removed = app.objects.remove_video(&video.id).await;
        let mut db = app.db.connect().await?;
        match removed {
            Ok(()) if video.expired => videos::forget(&mut db, &video.id).await?,
            Ok(()) => videos::touch(&mut db, &video.id).await?,
            Err(error) => {
                tracing::error!(video = %video.id, %error, "objects of a deleted video are left");
                videos::touch(&mut db, &video.id).await?;
            }
        }
    }
    let emptied = videos::empty(&mut app.db.connect().await?, BATCH).await?;
    forget_accounts(app).await?;
    let expired = expired::remove(&mut app.db.connect().await?, EXPIRED).await?;
    let (standing, asked) = (standing.len(), asked.len());
    // Where none waits, too: that there was a sweep is to be seen.
    telemetry::measure(Metric::OldestJob, oldest);
    let (underived, deleted) = (underived.len(), deleted.len());
    tracing::info!(target: telemetry::END, standing, asked, underived, deleted, emptied, expired, "swept");
    Ok(())
}

/// Removes the rows of deleted accounts, once no row of their videos is left.
async fn forget_accounts(app: &App) -> Result<(), SweepError> {
    for user in users::forgettable(&mut app.db.connect().await?, BATCH).await? {
        match app.objects.remove_account(&user).await {
            Ok(()) => users::forget(&mut app.db.connect().await?, &user).await?,
            Err(error) => tracing::error!(%user, %error, "pictures of a deleted account are left"),
        }
    }
    Ok(())
}

/// Lets a video go on or end; true when its upload is there and it still waits.
async fn look_at(app: &App, video: &Standing) -> Result<bool, SweepError> {
    let idle = Millis::now().0 - video.updated_at.0;
    if video.status == Status::Processing && idle < i64::from(STILL_SECONDS) * 1000 {
        return Ok(false);
    }
    let uploads = app.objects.list(&keys::raw_prefix(&video.id)).await?;
    let job = match uploads.iter().find_map(|upload| keys::publish_job(&upload.key)) {
        None if video.live => match recording(app, &video.id).await? {
            Recording::Going => return Ok(false),
            Recording::Over => Some(keys::assemble_job(&video.id)),
            Recording::None => None,
        },
        job => job,
    };
    let Some(job) = job else {
        match video.status {
            Status::Processing => fail(app, video, VANISHED).await?,
            _ if idle > ABANDONED_MILLIS => fail(app, video, NEVER_ARRIVED).await?,
            _ => {}
        }
        return Ok(false);
    };
    match app.ledger.standing(&video.id).await? {
        Some(lease) if lease.held => Ok(true),
        Some(lease) if lease.tries >= MAX_TRIES && video.status == Status::Processing => {
            Ended::given_up();
            fail(app, video, GAVE_UP).await?;
            Ok(false)
        }
        _ => {
            put_back(app, &video.id, &job).await?;
            Ok(true)
        }
    }
}

/// How it is with a recording that is uploaded while it is made.
enum Recording {
    /// Nothing of it has arrived.
    None,
    /// Its client may be at it.
    Going,
    /// Its client has said so, or fallen silent.
    Over,
}

async fn recording(app: &App, video: &VideoId) -> Result<Recording, SweepError> {
    let manifests = app.objects.list(&live::manifest(video)).await?;
    let Some(manifest) = manifests.first() else { return Ok(Recording::None) };
    let still = Millis::now().seconds() - manifest.stored_at;
    if still < i64::from(STILL_SECONDS) {
        return Ok(Recording::Going);
    }
    if still > SILENT_SECONDS || manifest.head.size > MAX_MANIFEST {
        return Ok(Recording::Over);
    }
    let text = app.objects.read_small(&manifest.key).await?.unwrap_or_default();
    let is_complete = Manifest::parse(&text).is_ok_and(|manifest| manifest.is_complete);
    Ok(if is_complete { Recording::Over } else { Recording::Going })
}

/// A video plays while its owner uploads it again: the new upload is known by its not being what was published.
async fn look_out_for(app: &App, video: &Asked) -> Result<(), SweepError> {
    if let Some(upload) = app.objects.list(&keys::raw_prefix(&video.id)).await?.first()
        && let Some(job) = keys::publish_job(&upload.key)
    {
        let known = app.ledger.standing(&video.id).await?.and_then(|standing| standing.source);
        if known.is_some_and(|known| known != source_of(&upload.key, &upload.head)) {
            return put_back(app, &video.id, &job).await;
        }
    }
    if Millis::now().0 - video.at.0 > ABANDONED_MILLIS {
        videos::arrived(&mut app.db.connect().await?, &video.id).await?;
    }
    Ok(())
}

/// A video plays, and something was to be derived from it that nobody works on.
async fn derive_again(app: &App, video: &Underived) -> Result<(), SweepError> {
    let own = |source: &Option<String>| source.as_deref() == Some(&video.published.to_string());
    match app.ledger.deriving().standing(&video.id).await? {
        Some(lease) if lease.held => Ok(()),
        Some(lease) if own(&lease.source) && lease.tries >= MAX_TRIES => {
            tracing::warn!(video = %video.id, "given up: not everything could be derived");
            derive::drop_unfinished::<SweepError>(app, &video.id, video.published).await?;
            videos::derived(&mut app.db.connect().await?, &video.id, video.published).await?;
            Ok(())
        }
        _ => Ok(ask_to_derive(app, &video.id, video.published).await?),
    }
}

async fn put_back(app: &App, video: &VideoId, job: &str) -> Result<(), SweepError> {
    tracing::info!(%video, "put back");
    Ok(app.objects.ask(job).await?)
}

async fn fail(app: &App, video: &Standing, reason: &str) -> Result<(), SweepError> {
    tracing::warn!(video = %video.id, reason, "failed");
    videos::failed(&mut app.db.connect().await?, &video.id, video.attempt, reason, true).await?;
    Ok(())
}
