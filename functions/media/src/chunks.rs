//! The pieces in which a long recording is encoded, each by an invocation of its own.

use std::time::Duration;

use crate::Reason;

/// Distance of keyframes in what is encoded. All chunks begin on a multiple of it, so that a cut adds no keyframe.
pub const KEYFRAME_DISTANCE: Duration = Duration::from_secs(2);

/// Least length of a chunk: below it, starting and looking for the place to start are a good part of the work.
const MIN_CHUNK: f64 = 10.0;
/// [`KEYFRAME_DISTANCE`] in seconds.
const GRID: f64 = 2.0;
/// A chunk that was planned freely takes at most this part of an invocation's time, since estimates are wrong.
const COMFORTABLE: f64 = 1.0 / 3.0;
/// No chunk takes more.
const BEARABLE: f64 = 2.0 / 3.0;
/// Frames a second when nobody knows.
const USUAL_FPS: f64 = 30.0;
/// More are not encoded.
const MAX_FPS: f64 = 60.0;
/// Chunks of a plan, whatever the deployment says.
const MOST_CHUNKS: u32 = 1000;

/// What is known when an encode is planned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Length of the recording.
    pub duration: Duration,
    /// Width of what is encoded, in pixels.
    pub width: u32,
    /// Height of what is encoded, in pixels.
    pub height: u32,
    /// Average frames a second; 30 are assumed when it is not a positive number.
    pub fps: f64,
}

impl Workload {
    /// Pixels that are encoded for a second of recording.
    fn pixels_per_second(&self) -> f64 {
        let fps = if self.fps.is_finite() && self.fps > 0.0 { self.fps.min(MAX_FPS) } else { USUAL_FPS };
        f64::from(self.width) * f64::from(self.height) * fps
    }
}

/// How fast this deployment encodes, decoding included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Pixels of output a second of wall time; the default is assumed when it is not a positive number.
    pub pixels_per_second: f64,
}

impl Default for Speed {
    /// For a deployment that has encoded nothing yet: a third of what two whole x86_64 cores reach with VP8 to H.264
    /// `veryfast` (160 million), for a function of 3008 MiB with 1.7 halves of a core and VP9, which is harder to decode.
    fn default() -> Self {
        Self { pixels_per_second: 50e6 }
    }
}

impl Speed {
    /// What encoding a part of this length takes. Beyond what a [`Duration`] holds, its largest.
    #[must_use]
    pub fn estimate(&self, workload: &Workload, length: Duration) -> Duration {
        Duration::try_from_secs_f64(length.as_secs_f64() * self.cost(workload)).unwrap_or(Duration::MAX)
    }

    /// Seconds of encoding for a second of recording.
    fn cost(&self, workload: &Workload) -> f64 {
        let known = self.pixels_per_second.is_finite() && self.pixels_per_second > 0.0;
        workload.pixels_per_second() / if known { self.pixels_per_second } else { Self::default().pixels_per_second }
    }
}

/// What a deployment can spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Of one invocation.
    pub timeout: Duration,
    /// Wall time that a chunk should take.
    pub target: Duration,
    /// Invocations that one recording may occupy.
    pub max_chunks: u32,
}

/// A part of a recording, in its own timeline: the frames that are shown at `start` or later and before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// A multiple of [`KEYFRAME_DISTANCE`].
    pub start: Duration,
    /// A multiple of [`KEYFRAME_DISTANCE`]; `None` for the last chunk, which takes whatever there is, since lengths lie.
    pub end: Option<Duration>,
}

/// Cuts a recording into chunks of about equal length. One chunk is no cut: the work is done within the target, and the
/// recording is best encoded at once.
///
/// # Errors
/// [`Reason::TooMuchWork`] when as many chunks as there may be are still too long for an invocation.
pub fn plan(workload: &Workload, speed: &Speed, budget: &Budget) -> Result<Vec<Chunk>, Reason> {
    let (seconds, cost) = (workload.duration.as_secs_f64(), speed.cost(workload));
    let timeout = budget.timeout.as_secs_f64();
    let wanted = budget.target.as_secs_f64().min(timeout * COMFORTABLE);
    let count = if seconds * cost <= wanted {
        1.0
    } else {
        // Each boundary is moved onto the grid, so that a chunk is up to its distance longer or shorter.
        let by_work = (seconds / (wanted / cost - GRID).max(GRID)).ceil();
        let by_length = (seconds / (MIN_CHUNK + GRID)).floor();
        by_work.min(by_length).clamp(1.0, f64::from(budget.max_chunks.clamp(1, MOST_CHUNKS)))
    };
    let longest = if count > 1.0 { seconds / count + GRID } else { seconds };
    if longest * cost > timeout * BEARABLE {
        let possible = (timeout * BEARABLE / cost - GRID).max(0.0);
        let possible = possible * f64::from(budget.max_chunks.clamp(1, MOST_CHUNKS));
        return Err(Reason::TooMuchWork { minutes: whole(possible / 60.0) });
    }
    let count = whole(count).max(1);
    let start = |number: u64| {
        let exact = workload.duration.as_millis() * u128::from(number) / u128::from(count);
        let distance = KEYFRAME_DISTANCE.as_millis();
        Duration::from_millis(u64::try_from(exact / distance * distance).unwrap_or(u64::MAX))
    };
    let chunk = |number| Chunk { start: start(number), end: (number + 1 < count).then(|| start(number + 1)) };
    Ok((0..count).map(chunk).collect())
}

/// The whole part of a number; 0 for what is none.
fn whole(number: f64) -> u64 {
    Duration::try_from_secs_f64(number).map_or(0, |duration| duration.as_secs())
}
