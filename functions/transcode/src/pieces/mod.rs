//! A long encode, shared out: each chunk of the picture is a piece, so is the whole sound, and each is done by an
//! invocation of its own. Whoever does the last one puts them together.
//!
//! A piece is described by a job object, whose arrival invokes the function like an upload does. All work under the
//! lease of the attempt that shared the work out, which each of them prolongs.

use std::time::Duration;

use common::{
    ids::VideoId,
    ledger::Piece,
    objects::{Head, Serving, keys},
};
use media::{
    AudioPlan, Limits, Plan, VideoPlan,
    chunks::{self, Budget, Chunk, Speed, Workload},
    webm::LengthReader,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    job::source_of,
    publish::{Found, MAX_BYTES, Outcome, Stop, Try, facts},
};

/// Feeds a reader of [`media::webm`] what it asks for.
macro_rules! feed {
    ($self:expr, $reader:expr) => {{
        let mut fed = Ok(());
        while let media::mp4::Step::Read { offset, length } = $reader.step() {
            let bytes = $self.recording.bytes(offset..offset.saturating_add(length)).await?;
            fed = $reader.feed(&bytes);
            if fed.is_err() {
                break;
            }
        }
        fed
    }};
}

mod encode;
mod join;

/// A piece is to take so much of an invocation's time: two minutes of Lambda's fifteen.
const TARGET: f64 = 2.0 / 15.0;
/// Invocations that one recording may occupy at once. A tenth of what Lambda gives an account.
const MAX_CHUNKS: u32 = 100;
/// How long pieces may wait for their turn and then run, in multiples of an invocation's time. The sweep looks again
/// after that.
const PATIENCE: u32 = 2;

const JOB: Serving = Serving { content_type: "application/json", cache_control: "no-store" };

/// What a job object says.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Task {
    /// Key, ETag and size of the upload.
    key: String,
    e_tag: String,
    size: u64,
    /// Under which pieces that belong together lie.
    set: String,
    plan: Plan,
    /// When the recording begins by its own clock, in microseconds.
    zero: i64,
    /// Where each chunk begins, in milliseconds; the last one ends where the recording does.
    starts: Vec<u64>,
}

impl Task {
    /// Number of pieces, the sound included.
    fn pieces(&self) -> usize {
        self.starts.len() + usize::from(self.plan.audio != AudioPlan::None)
    }

    /// The chunk with this number; `None` is the sound.
    fn chunk(&self, number: u32) -> Option<Chunk> {
        let number = usize::try_from(number).ok()?;
        let start = self.starts.get(number).map(|start| Duration::from_millis(*start))?;
        Some(Chunk { start, end: self.starts.get(number + 1).map(|end| Duration::from_millis(*end)) })
    }

    pub(crate) fn source(&self, video: &VideoId) -> crate::job::Source {
        let head = Head { size: self.size, e_tag: self.e_tag.clone() };
        crate::job::Source { video: video.clone(), key: self.key.clone(), head }
    }
}

impl Try<'_> {
    /// How a recording that has to be encoded is to be shared out; `None` when one invocation does it well, or when
    /// nobody knows how long the recording is.
    pub(crate) async fn shared_out(&self, found: &Found) -> Result<Option<Task>, Stop> {
        let VideoPlan::Encode { width, height, .. } = found.plan.video else { return Ok(None) };
        let probe = match &found.probe {
            Some(probe) => probe,
            // An MP4's index was enough so far; it does not say when FFmpeg takes the recording to begin.
            None => &self.probe(found.plan.container).await?,
        };
        let Some(duration) = self.length(found, probe.start).await? else { return Ok(None) };
        media::decide::within_duration(duration, &Limits::new(MAX_BYTES))?;
        let fps = probe.tracks.get(found.plan.video_stream).and_then(|track| track.fps).unwrap_or(0.0);
        let workload = Workload { duration, width, height, fps };
        let speed = self.app.ledger.speed(self.app.tools.memory).await?;
        let speed = speed.map_or_else(Speed::default, |pixels_per_second| Speed { pixels_per_second });
        let timeout = self.deadline.saturating_duration_since(std::time::Instant::now());
        let budget = Budget { timeout, target: timeout.mul_f64(TARGET), max_chunks: MAX_CHUNKS };
        let chunks = chunks::plan(&workload, &speed, &budget)?;
        if chunks.len() < 2 {
            return Ok(None);
        }
        let starts = chunks.iter().map(|chunk| u64::try_from(chunk.start.as_millis()).unwrap_or(u64::MAX)).collect();
        let head = &self.source.head;
        let mut task = Task {
            key: self.source.key.clone(),
            e_tag: head.e_tag.clone(),
            size: head.size,
            set: String::new(),
            plan: found.plan,
            zero: probe.start,
            starts,
        };
        // What another attempt has made of the same upload by the same plan is as good.
        let told = format!("{}\n{:?}", source_of(&task.key, head), (task.plan, task.zero, &task.starts));
        task.set = Sha256::digest(told).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        tracing::info!(video = %self.source.video, ?duration, chunks = task.starts.len(), "shared out");
        Ok(Some(task))
    }

    /// How long the recording is. A browser's recorder does not say, but its last cluster tells.
    async fn length(&self, found: &Found, zero: i64) -> Result<Option<Duration>, Stop> {
        if found.duration.is_some() {
            return Ok(found.duration);
        }
        let Some(header) = self.webm_header(found.plan.container).await? else { return Ok(None) };
        let mut reader = LengthReader::new(&header, self.recording.size());
        let fed = feed!(self, reader);
        let length = fed.and_then(|()| reader.finish()).ok();
        Ok(length.map(|length| length.saturating_sub(Duration::from_micros(u64::try_from(zero).unwrap_or(0)))))
    }

    /// Writes a job for every piece that is not there yet, and leaves the lease to them. Puts the pieces together when all
    /// are there.
    pub(crate) async fn share_out(&self, task: &Task) -> Result<Outcome, Stop> {
        let video = &self.source.video;
        let patience = self.patience();
        if !self.app.ledger.hand_over(self.lease, patience).await? {
            return Err(Stop::Superseded);
        }
        let job = serde_json::to_vec(task).map_err(std::io::Error::other)?;
        let mut done = 0;
        for number in (0..).take(task.pieces()) {
            let piece = Piece { video, attempt: self.lease.attempt, number };
            if self.objects.head(&keys::piece(video, &task.set, number)).await?.is_some() {
                done = self.app.ledger.piece_done(&piece, patience).await?.ok_or(Stop::Superseded)?;
            } else {
                self.objects.put(&keys::piece_job(video, self.lease.attempt, number), job.clone(), JOB).await?;
            }
        }
        if done == task.pieces() { self.join(task).await } else { Ok(Outcome::Shared) }
    }

    /// Does one piece, and puts all together when it was the last.
    pub(crate) async fn piece(&self, task: &Task, number: u32) -> Result<Outcome, Stop> {
        let video = &self.source.video;
        if self.objects.head(&keys::piece(video, &task.set, number)).await?.is_none() {
            self.encode(task, number).await?;
        }
        let piece = Piece { video, attempt: self.lease.attempt, number };
        let done = self.app.ledger.piece_done(&piece, self.patience()).await?.ok_or(Stop::Superseded)?;
        tracing::info!(%video, number, done, of = task.pieces(), "piece done");
        if done == task.pieces() { self.join(task).await } else { Ok(Outcome::Shared) }
    }

    fn patience(&self) -> Duration {
        self.deadline.saturating_duration_since(std::time::Instant::now()).saturating_mul(PATIENCE)
    }

    async fn join(&self, task: &Task) -> Result<Outcome, Stop> {
        if !self.app.ledger.begin_join(self.lease, self.holder, self.patience()).await? {
            return Ok(Outcome::Shared);
        }
        let (summary, size_bytes, poster) = self.put_together(task).await?;
        self.put_in_place(&keys::poster(&self.source.video), poster).await?;
        Ok(Outcome::Published(facts(summary, size_bytes)))
    }
}
