//! From an upload to what is played: read the index, decide, remux or encode, poster, store.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use common::{
    db::videos,
    ids::VideoId,
    ledger::{Lease, LedgerError},
    objects::{ObjectsError, Serving, keys},
};
use media::{
    Container, Decision, Facts, Limits, Plan, Reason, decide,
    ffmpeg::FfmpegError,
    mp4::{IndexReader, Step},
    sniff,
};
use tempfile::TempDir;

use crate::{app::App, job::Source};

/// Bytes of the largest upload. It and the result lie side by side in the function's 10 GiB of disk.
const MAX_BYTES: u64 = 4 << 30;

/// Private, since what is public today may not be tomorrow; as long as the signed addresses live.
const CACHE_CONTROL: &str = "private, max-age=3600";

/// How much longer than FFmpeg transfers may take.
const GRACE: Duration = Duration::from_secs(3);

/// How an attempt ended that nothing went wrong with.
pub(crate) enum Outcome {
    /// It plays.
    Published(videos::Facts),
    /// It never will, and this sentence says why.
    Rejected(String),
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
    #[error("the transfer to or from S3 did not end in time")]
    Stalled,
    #[error("the job's directory: {0}")]
    Disk(#[from] std::io::Error),
}

/// Ends a try early.
enum Stop {
    Rejected(Reason),
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

/// Publishes the upload, `within` at most.
pub(crate) async fn run(app: &App, source: &Source, lease: &Lease, within: Duration) -> Result<Outcome, PublishError> {
    let deadline = Instant::now() + within;
    // FFmpeg has ended by the deadline; what has not ended a little later is a transfer.
    let published = tokio::time::timeout_at((deadline + GRACE).into(), publish(app, source, lease, deadline)).await;
    match published.unwrap_or(Err(Stop::Error(PublishError::Stalled))) {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Rejected(reason)) => Ok(Outcome::Rejected(reason.sentence())),
        Err(Stop::Error(error)) => Err(error),
    }
}

async fn publish(app: &App, source: &Source, lease: &Lease, deadline: Instant) -> Result<Outcome, Stop> {
    let limits = Limits::new(MAX_BYTES);
    media::decide::within_bytes(source.head.size, &limits)?;
    let (container, planned) = read_index(app, source, &limits).await?;

    let job = workspace(&std::env::temp_dir(), &source.video)?;
    let files = Files::of(&job);
    app.objects.download(&source.key, &source.head.e_tag, source.head.size, &files.source).await?;
    let plan = match planned {
        Some(plan) => plan,
        None => {
            let demuxer = container.demuxer().ok_or(Reason::NotAVideo)?;
            let probe = app.tools.probe(job.path(), &files.source, demuxer, deadline).await?;
            chosen(decide(&Facts::of_probe(container, source.head.size, &probe), &limits))?
        }
    };
    tracing::info!(video = %source.video, ?plan, "decided");
    // The result's own index: what it says is what players will find.
    let index = app.tools.publish(job.path(), &files.source, &plan, &files.result, deadline).await?;
    app.tools.poster(job.path(), &files.result, index.duration, &files.poster, deadline).await?;

    if let Stored::Superseded = store(app, source, lease, &files).await? {
        return Ok(Outcome::Superseded);
    }
    let summary = index.summary();
    Ok(Outcome::Published(videos::Facts {
        duration_ms: summary.duration_ms,
        width: summary.width,
        height: summary.height,
        fps: summary.fps,
        size_bytes: tokio::fs::metadata(&files.result).await?.len(),
    }))
}

/// What the upload is, and for an MP4 what to do with it: known from a few ranges, before the file is fetched.
async fn read_index(app: &App, source: &Source, limits: &Limits) -> Result<(Container, Option<Plan>), Stop> {
    let mut reader = IndexReader::new(source.head.size);
    let mut container = None;
    while let Step::Read { offset, length } = reader.step() {
        let bytes = app.objects.read_range(&source.key, &source.head.e_tag, offset, length).await?;
        let container = *container.get_or_insert_with(|| sniff(&bytes));
        if container != Container::Mp4 {
            return container.rejection().map_or(Ok((container, None)), |reason| Err(reason.into()));
        }
        if let Err(error) = reader.feed(&bytes) {
            return undecided(error);
        }
    }
    match reader.finish() {
        Ok(index) => {
            // Fragments alone know whether such a file holds frames and how long it is; ffprobe reads them.
            if index.fragmented {
                return Ok((Container::Mp4, None));
            }
            let plan = chosen(decide(&Facts::of_index(source.head.size, &index), limits))?;
            Ok((Container::Mp4, Some(plan)))
        }
        Err(error) => undecided(error),
    }
}

/// Leaves a file to FFmpeg whose index our reader cannot make sense of.
fn undecided(error: media::mp4::IndexError) -> Result<(Container, Option<Plan>), Stop> {
    error.reason().map_or(Ok((Container::Mp4, None)), |reason| Err(reason.into()))
}

fn chosen(decision: Decision) -> Result<Plan, Stop> {
    match decision {
        Decision::Publish(plan) => Ok(plan),
        Decision::Reject(reason) => Err(reason.into()),
    }
}

/// Whether a result is in its place.
enum Stored {
    Yes,
    Superseded,
}

/// Puts the result in its place, and the poster.
async fn store(app: &App, source: &Source, lease: &Lease, files: &Files) -> Result<Stored, PublishError> {
    let video = Serving { content_type: "video/mp4", cache_control: CACHE_CONTROL };
    let poster = Serving { content_type: "image/jpeg", cache_control: CACHE_CONTROL };
    let outputs =
        [(keys::processed(&source.video), &files.result, video), (keys::poster(&source.video), &files.poster, poster)];
    for (key, file, serving) in outputs {
        // In this order: whoever claims later is seen by `holds`, and what they store after this look by the condition.
        // So an attempt that was paused cannot put its result over a newer one's.
        let current = app.objects.head(&key).await?;
        if !app.ledger.holds(lease).await? {
            return Ok(Stored::Superseded);
        }
        app.objects.replace(&key, current.as_ref(), file, serving).await?;
    }
    Ok(Stored::Yes)
}

/// An empty directory for a job, removed when it is dropped. What an invocation that was killed left behind goes first:
/// Lambda keeps the disk of an environment, and an environment runs one invocation at a time.
fn workspace(disk: &Path, video: &VideoId) -> std::io::Result<TempDir> {
    let all = disk.join("capstan-jobs");
    match std::fs::remove_dir_all(&all) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::fs::create_dir_all(&all)?;
    tempfile::Builder::new().prefix(video.as_str()).tempdir_in(all)
}

/// The files of a job, in a directory of their own.
struct Files {
    source: PathBuf,
    result: PathBuf,
    poster: PathBuf,
}

impl Files {
    fn of(job: &TempDir) -> Self {
        let file = |name| job.path().join(name);
        Self { source: file("source"), result: file("result.mp4"), poster: file("poster.jpg") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_invocation_left_is_removed() {
        let disk = TempDir::new().expect("a directory");
        let video = VideoId::parse("0123456789abcde").expect("an id");
        // As a killed invocation does: nothing of it is dropped.
        let left = workspace(disk.path(), &video).expect("a workspace").keep();
        std::fs::write(left.join("source"), b"gigabytes").expect("a file");
        let job = workspace(disk.path(), &video).expect("a workspace");
        assert!(!left.exists() && job.path().exists());
    }
}
