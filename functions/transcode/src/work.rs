//! One try at a piece of work under a lease: what it works on and with, how it may end, and what is told of it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use common::{
    db::{DbError, videos},
    ledger::{Lease, Ledger, LedgerError},
    objects::{Head, Objects, ObjectsError, Serving},
    telemetry::{self, Metric},
};
use hyper::body::Bytes;
use media::{
    Reason,
    ffmpeg::FfmpegError,
    loopback::{Loopback, ReadError, Source as Recording},
    mp4::{AssemblyError, CmafError, FragmentError},
};

use crate::{
    app::App,
    derive::{Ladder, Wanted},
    job::Source,
    pieces::Task,
};

/// How much longer than FFmpeg transfers may take.
const GRACE: Duration = Duration::from_secs(3);

/// How an attempt ended that nothing went wrong with.
pub(crate) enum Outcome {
    /// It plays.
    Published(videos::Facts),
    /// It is a picture, and is shown.
    Shown(videos::Picture),
    /// It never will, and this sentence says why.
    Rejected(String),
    /// It has become one file, which is to be published as an upload at this key is.
    Assembled(String),
    /// Everything that is to be derived is there.
    Derived,
    /// Its pieces are being worked on elsewhere, under the same lease.
    Shared,
    /// A newer attempt has begun; nothing was stored.
    Superseded,
}

/// What went wrong that may not the next time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkError {
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
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("what FFmpeg wrote broke off")]
    BrokeOff,
}

/// Ends a try early.
pub(crate) enum Stop {
    Rejected(Reason),
    Superseded,
    Error(WorkError),
}

impl<E: Into<WorkError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Rejected(reason)
    }
}

/// Another try would meet the same times and tracks.
impl From<CmafError> for Stop {
    fn from(error: CmafError) -> Self {
        tracing::warn!(%error, "no rendition can be made of this");
        Self::Rejected(Reason::Unreadable)
    }
}

/// FFmpeg's verdict on a file is final; what happened to FFmpeg is not.
impl From<FfmpegError> for Stop {
    fn from(error: FfmpegError) -> Self {
        let Some(reason) = error.reason() else { return Self::Error(WorkError::Ffmpeg(error)) };
        tracing::warn!(%error, "FFmpeg could not publish the upload");
        Self::Rejected(reason)
    }
}

/// One try: what it works on and with.
pub(crate) struct Try<'a> {
    pub(crate) app: &'a App,
    pub(crate) source: &'a Source,
    pub(crate) lease: &'a Lease,
    /// Where the lease is.
    pub(crate) ledger: Ledger,
    /// The invocation's request id.
    pub(crate) holder: &'a str,
    /// Counts what this try moves.
    pub(crate) objects: Objects,
    pub(crate) loopback: Arc<Loopback>,
    pub(crate) recording: Arc<Recording>,
    pub(crate) deadline: Instant,
}

/// What is to be done.
pub(crate) enum Job<'a> {
    /// Publish an upload.
    Publish,
    /// Publish an upload of a screenshot.
    Picture,
    /// Publish what was uploaded while it was recorded.
    Assemble,
    /// Do a piece of publishing an upload.
    Piece(&'a Task, u32),
    /// Derive what is still wanted from a published video.
    Derive(&'a Wanted),
    /// Make a piece of its renditions.
    Rendition(&'a Ladder, u32),
}

impl Job<'_> {
    /// True when it is the whole of what an upload asks for.
    pub(crate) fn publishes(&self) -> bool {
        matches!(self, Self::Publish | Self::Picture | Self::Assemble)
    }

    fn ledger(&self, app: &App) -> Ledger {
        match self {
            Self::Publish | Self::Picture | Self::Assemble | Self::Piece(..) => app.ledger.clone(),
            Self::Derive(_) | Self::Rendition(..) => app.ledger.deriving(),
        }
    }
}

/// Works on an upload or a published video, `within` at most.
pub(crate) async fn run(
    app: &App,
    source: &Source,
    lease: &Lease,
    job: &Job<'_>,
    holder: &str,
    within: Duration,
) -> Result<Outcome, WorkError> {
    let (begun, deadline) = (Instant::now(), Instant::now() + within);
    let objects = app.objects.metered();
    let recording = recording(&objects, source);
    let loopback = Arc::new(Loopback::start(source.video.as_str())?);
    let ledger = job.ledger(app);
    let attempt = Try { app, source, lease, ledger, holder, objects, loopback, recording, deadline };
    let work = async {
        match job {
            Job::Publish => attempt.publish().await,
            Job::Picture => attempt.picture().await,
            Job::Assemble => attempt.assemble().await,
            Job::Piece(task, number) => attempt.piece(*task, *number).await,
            Job::Derive(wanted) => attempt.derive(wanted).await,
            Job::Rendition(ladder, number) => attempt.piece(*ladder, *number).await,
        }
    };
    // FFmpeg has ended by the deadline; what has not ended a little later is a transfer.
    let ended = tokio::time::timeout_at((deadline + GRACE).into(), work).await;
    let used = attempt.objects.used();
    for (name, value) in [
        ("source_bytes", source.head.size),
        ("bytes_read", used.bytes_read),
        ("bytes_written", used.bytes_written),
        ("bytes_copied", used.bytes_copied),
        ("calls", used.calls.into()),
        ("work_ms", u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX)),
    ] {
        telemetry::tell(name, value);
    }
    telemetry::count(Metric::BytesMoved, used.bytes_read.saturating_add(used.bytes_written));
    if used.bytes_copied > 0 {
        telemetry::count(Metric::BytesCopied, used.bytes_copied);
    }
    match ended.unwrap_or(Err(Stop::Error(WorkError::Stalled))) {
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

/// The object, read by ranges of the version that the job is for.
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

impl Try<'_> {
    /// What is at a key, looked up before the lease is: whoever claims later is seen by that look, and what they store
    /// after it by the condition under which this try stores. So an attempt that was paused cannot put its result over a
    /// newer one's.
    pub(crate) async fn current(&self, key: &str) -> Result<Option<Head>, Stop> {
        let current = self.objects.head(key).await?;
        if self.ledger.holds(self.lease).await? { Ok(current) } else { Err(Stop::Superseded) }
    }

    /// Stores a small object in place of what is at its key.
    pub(crate) async fn put_in_place(&self, key: &str, bytes: Vec<u8>, serving: Serving) -> Result<(), Stop> {
        let current = self.current(key).await?;
        Ok(self.objects.replace(key, current.as_ref(), bytes, serving).await?)
    }

    /// FFmpeg takes a range that could not be read for the end of the recording, and may call that a success.
    pub(crate) fn unless_unread(&self) -> Result<(), Stop> {
        self.recording.failure().map_or(Ok(()), |error| Err(error.into()))
    }
}
