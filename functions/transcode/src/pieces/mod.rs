//! A long encode, shared out: each chunk of the picture is a piece, so is the whole sound, and each is done by an
//! invocation of its own. Whoever does the last one puts them together.

use std::time::Duration;

use common::{
    ids::VideoId,
    objects::{Head, keys},
    time::Millis,
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
    publish::{Found, MAX_BYTES, POSTER, facts},
    work::{Outcome, Stop, Try},
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
mod share;

pub(crate) use share::SharedOut;

/// A piece is to take so much of an invocation's time: two minutes of Lambda's fifteen.
const TARGET: f64 = 2.0 / 15.0;
/// Invocations that one recording may occupy at once. A tenth of what Lambda gives an account.
const MAX_CHUNKS: u32 = 100;

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
    /// When the upload arrived.
    #[serde(default)]
    arrived: Option<i64>,
}

/// Where chunks begin, in milliseconds.
pub(crate) fn starts(chunks: &[Chunk]) -> Vec<u64> {
    chunks.iter().map(|chunk| u64::try_from(chunk.start.as_millis()).unwrap_or(u64::MAX)).collect()
}

/// The chunk with this number of those that begin so.
pub(crate) fn chunk(starts: &[u64], number: u32) -> Option<Chunk> {
    let number = usize::try_from(number).ok()?;
    let start = starts.get(number).map(|start| Duration::from_millis(*start))?;
    Some(Chunk { start, end: starts.get(number + 1).map(|end| Duration::from_millis(*end)) })
}

impl Task {
    /// The chunk with this number; `None` is the sound.
    fn chunk(&self, number: u32) -> Option<Chunk> {
        chunk(&self.starts, number)
    }

    pub(crate) fn source(&self, video: &VideoId) -> crate::job::Source {
        let head = Head { size: self.size, e_tag: self.e_tag.clone() };
        crate::job::Source { video: video.clone(), key: self.key.clone(), head, arrived: self.arrived.map(Millis) }
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
        let chunks = chunks::plan(&workload, &self.speed().await?, &self.budget())?;
        if chunks.len() < 2 {
            return Ok(None);
        }
        let starts = starts(&chunks);
        let head = &self.source.head;
        let mut task = Task {
            key: self.source.key.clone(),
            e_tag: head.e_tag.clone(),
            size: head.size,
            set: String::new(),
            plan: found.plan,
            zero: probe.start,
            starts,
            arrived: self.source.arrived.map(|arrived| arrived.0),
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

    /// What this invocation and those like it can spend.
    pub(crate) fn budget(&self) -> Budget {
        let timeout = self.deadline.saturating_duration_since(std::time::Instant::now());
        Budget { timeout, target: timeout.mul_f64(TARGET), max_chunks: MAX_CHUNKS }
    }

    /// How fast this deployment encodes.
    pub(crate) async fn speed(&self) -> Result<Speed, Stop> {
        let speed = self.ledger.speed(self.app.tools.memory).await?;
        Ok(speed.map_or_else(Speed::default, |pixels_per_second| Speed { pixels_per_second }))
    }
}

impl SharedOut for Task {
    fn pieces(&self) -> usize {
        self.starts.len() + usize::from(self.plan.audio != AudioPlan::None)
    }

    fn made(&self, video: &VideoId, number: u32) -> String {
        keys::piece(video, &self.set, number)
    }

    fn job(&self, video: &VideoId, attempt: u64, number: u32) -> String {
        keys::piece_job(video, attempt, number)
    }

    async fn make(&self, attempt: &Try<'_>, number: u32) -> Result<(), Stop> {
        attempt.encode(self, number).await
    }

    async fn complete(&self, attempt: &Try<'_>) -> Result<Outcome, Stop> {
        let (summary, size_bytes, poster) = attempt.put_together(self).await?;
        attempt.put_in_place(&keys::poster(&attempt.source.video), poster, POSTER).await?;
        Ok(Outcome::Published(facts(summary, size_bytes)))
    }
}
