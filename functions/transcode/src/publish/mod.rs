//! From an upload to what is played: look, decide, then let S3 copy, or FFmpeg copy or encode, what comes behind a new
//! index. Nothing is stored on disk.

mod faststart;
mod inspect;
mod recode;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    db::videos,
    ledger::{Lease, LedgerError},
    objects::{Head, Objects, ObjectsError, Serving, keys},
};
use hyper::body::Bytes;
use media::{
    Limits, Reason,
    ffmpeg::{FfmpegError, Input},
    loopback::{Loopback, ReadError, Source as Recording},
    mp4::{AssemblyError, FragmentError, Summary},
};

pub(crate) use inspect::Found;
pub(crate) use recode::INDEX_BYTES_A_SECOND;

use crate::{app::App, job::Source, pieces::Task};

/// Bytes of the largest upload: what an object of 10,000 parts of 8 MiB holds, less what its result may be larger.
pub(crate) const MAX_BYTES: u64 = 64 << 30;

/// Private, since what is public today may not be tomorrow; as long as the signed addresses live.
const CACHE_CONTROL: &str = "private, max-age=3600";
pub(crate) const VIDEO: Serving = Serving { content_type: "video/mp4", cache_control: CACHE_CONTROL };
const POSTER: Serving = Serving { content_type: "image/jpeg", cache_control: CACHE_CONTROL };

/// How much longer than FFmpeg transfers may take.
const GRACE: Duration = Duration::from_secs(3);

/// How an attempt ended that nothing went wrong with.
pub(crate) enum Outcome {
    /// It plays.
    Published(videos::Facts),
    /// It never will, and this sentence says why.
    Rejected(String),
    /// Its pieces are being worked on elsewhere, under the same lease.
    Shared,
    /// A newer attempt has begun; nothing was stored.
    Superseded,
}

/// What went wrong that may not the next time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Ffmpeg(FfmpegError),
    #[error("what FFmpeg wrote cannot be assembled: {0}")]
    Fragment(#[from] FragmentError),
    #[error("what FFmpeg wrote cannot be assembled: {0}")]
    Assembly(#[from] AssemblyError),
    #[error("the upload cannot be read: {0}")]
    Read(#[from] ReadError),
    #[error("a piece of the recording is no longer there: {0}")]
    Lost(String),
    #[error("the transfer to or from S3 did not end in time")]
    Stalled,
    #[error("the loopback server: {0}")]
    Loopback(#[from] std::io::Error),
}

/// Ends a try early.
pub(crate) enum Stop {
    Rejected(Reason),
    Superseded,
    Error(PublishError),
}

impl<E: Into<PublishError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason)
    }
}

/// FFmpeg's verdict on a file is final; what happened to FFmpeg is not.
impl From<FfmpegError> for Stop {
    fn from(error: FfmpegError) -> Self {
        let Some(reason) = error.reason() else { return Self::Error(PublishError::Ffmpeg(error)) };
        tracing::warn!(%error, "FFmpeg could not publish the upload");
        Self::Rejected(reason)
    }
}

/// One try: what it works on and with.
pub(crate) struct Try<'a> {
    pub(crate) app: &'a App,
    pub(crate) source: &'a Source,
    pub(crate) lease: &'a Lease,
    /// The invocation's request id.
    pub(crate) holder: &'a str,
    /// Counts what this try moves.
    pub(crate) objects: Objects,
    pub(crate) loopback: Arc<Loopback>,
    pub(crate) recording: Arc<Recording>,
    pub(crate) deadline: Instant,
}

/// What is to be done with an upload.
pub(crate) enum Job<'a> {
    /// Publish it.
    Publish,
    /// Do a piece of the work.
    Piece(&'a Task, u32),
}

/// Works on the upload, `within` at most.
pub(crate) async fn run(
    app: &App,
    source: &Source,
    lease: &Lease,
    job: &Job<'_>,
    holder: &str,
    within: Duration,
) -> Result<Outcome, PublishError> {
    let (begun, deadline) = (Instant::now(), Instant::now() + within);
    let objects = app.objects.metered();
    let recording = recording(&objects, source);
    let loopback = Arc::new(Loopback::start(source.video.as_str())?);
    let attempt = Try { app, source, lease, holder, objects, loopback, recording, deadline };
    let work = async {
        match job {
            Job::Publish => attempt.publish().await,
            Job::Piece(task, number) => attempt.piece(task, *number).await,
        }
    };
    // FFmpeg has ended by the deadline; what has not ended a little later is a transfer.
    let ended = tokio::time::timeout_at((deadline + GRACE).into(), work).await;
    let used = attempt.objects.used();
    tracing::info!(
        video = %source.video,
        source_bytes = source.head.size,
        bytes_read = used.bytes_read,
        bytes_written = used.bytes_written,
        bytes_copied = used.bytes_copied,
        calls = used.calls,
        elapsed_ms = begun.elapsed().as_millis(),
        "moved"
    );
    match ended.unwrap_or(Err(Stop::Error(PublishError::Stalled))) {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Superseded) => Ok(Outcome::Superseded),
        Err(Stop::Rejected(reason)) => match attempt.recording.failure() {
            // What FFmpeg says of a recording that it could not read to the end is worth nothing.
            Some(error) => Err(error.into()),
            None => Ok(Outcome::Rejected(reason.sentence())),
        },
        Err(Stop::Error(error)) => Err(error),
    }
}

/// The upload, read by ranges of the version that the event was for.
fn recording(objects: &Objects, source: &Source) -> Arc<Recording> {
    let (objects, key, head) = (objects.clone(), source.key.clone(), source.head.clone());
    Recording::new(head.size, move |range| {
        let (objects, key, e_tag) = (objects.clone(), key.clone(), head.e_tag.clone());
        async move {
            let read = objects.read_range(&key, &e_tag, range.start, range.end - range.start).await;
            read.map(Bytes::from).map_err(|error| ReadError(error.to_string()))
        }
    })
}

/// What the row says of a published video.
pub(crate) fn facts(summary: Summary, size_bytes: u64) -> videos::Facts {
    let Summary { duration_ms, width, height, fps } = summary;
    videos::Facts { duration_ms, width, height, fps, size_bytes }
}

impl Try<'_> {
    async fn publish(&self) -> Result<Outcome, Stop> {
        let limits = Limits::new(MAX_BYTES);
        media::decide::within_bytes(self.source.head.size, &limits)?;
        let found = self.inspect(&limits).await?;
        tracing::info!(video = %self.source.video, plan = ?found.plan, "decided");
        let (summary, size_bytes, poster) = match found.head() {
            Some(head) => self.faststart(&head).await?,
            None => match self.shared_out(&found).await? {
                Some(task) => return self.share_out(&task).await,
                None => self.recode(&found).await?,
            },
        };
        self.put_in_place(&keys::poster(&self.source.video), poster).await?;
        Ok(Outcome::Published(facts(summary, size_bytes)))
    }

    /// What is at a key, looked up before the lease is: whoever claims later is seen by that look, and what they store
    /// after it by the condition under which this try stores. So an attempt that was paused cannot put its result over a
    /// newer one's.
    pub(crate) async fn current(&self, key: &str) -> Result<Option<Head>, Stop> {
        let current = self.objects.head(key).await?;
        if self.app.ledger.holds(self.lease).await? { Ok(current) } else { Err(Stop::Superseded) }
    }

    pub(crate) async fn put_in_place(&self, key: &str, poster: Vec<u8>) -> Result<(), Stop> {
        let current = self.current(key).await?;
        Ok(self.objects.replace(key, current.as_ref(), poster, POSTER).await?)
    }

    /// The poster of what is at an address.
    pub(crate) async fn poster(&self, input: Input<'_>, duration: Option<Duration>) -> Result<Vec<u8>, Stop> {
        let poster = self.app.tools.poster(&self.loopback, input, duration, self.deadline).await;
        self.unless_unread()?;
        Ok(poster?)
    }

    /// FFmpeg takes a range that could not be read for the end of the recording, and may call that a success.
    pub(crate) fn unless_unread(&self) -> Result<(), Stop> {
        self.recording.failure().map_or(Ok(()), |error| Err(error.into()))
    }
}
