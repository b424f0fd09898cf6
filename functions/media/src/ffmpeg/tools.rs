//! The two programs, and what is asked of them.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{FfmpegError, Gaps, Input, Output, Outputs, RunOutput, Timed, chunk, command, ladder, run};
use crate::chunks::Chunk;
use crate::ladder::{FrameRate, Rung};
use crate::loopback::Loopback;
use crate::{Plan, Probe};

/// Bytes of the largest poster: 1280×720 in full quality are a tenth of it.
const MAX_POSTER: usize = 8 << 20;

/// Where ffmpeg and ffprobe are, and what they may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    /// Absolute path of ffmpeg.
    pub ffmpeg: PathBuf,
    /// Absolute path of ffprobe.
    pub ffprobe: PathBuf,
    /// Bytes of memory that each run may take.
    pub memory: u64,
}

impl Tools {
    /// Finds both in `PATH`; each run may take `memory` bytes. Done once, before anything runs, since the programs themselves get no environment.
    pub fn locate(memory: u64) -> Result<Self, FfmpegError> {
        Self::locate_in(&std::env::var_os("PATH").unwrap_or_default(), memory)
    }

    /// Finds both in a list of directories as `PATH` has it; relative ones are passed over.
    pub fn locate_in(path: &OsStr, memory: u64) -> Result<Self, FfmpegError> {
        let find = |name: &str| {
            std::env::split_paths(path)
                .filter(|directory| directory.is_absolute())
                .map(|directory| directory.join(name))
                .find(|candidate| candidate.is_file())
                .ok_or_else(|| FfmpegError::NotFound(name.to_owned()))
        };
        Ok(Self { ffmpeg: find("ffmpeg")?, ffprobe: find("ffprobe")?, memory })
    }

    /// Version of FFmpeg, as it tells it itself, which it does only where it runs.
    pub async fn version(&self, deadline: Instant) -> Result<String, FfmpegError> {
        let told = run(&self.ffmpeg, &["-version".to_owned()], self.memory, deadline).await?;
        let told = String::from_utf8_lossy(&told.stdout);
        let version = told.strip_prefix("ffmpeg version ").and_then(|rest| rest.split_whitespace().next());
        let strange = FfmpegError::Useless { program: "ffmpeg".into(), what: "it does not tell its version" };
        version.map(str::to_owned).ok_or(strange)
    }

    /// Asks ffprobe what a recording is.
    pub async fn probe(&self, input: Input<'_>, deadline: Instant) -> Result<Probe, FfmpegError> {
        let output = run(&self.ffprobe, &command::probe(input), self.memory, deadline).await?;
        let useless =
            |_| FfmpegError::Useless { program: "ffprobe".into(), what: "its answer is not the JSON asked for" };
        Probe::parse(&output.stdout).map_err(useless)
    }

    /// Begins to copy or to encode a recording as planned.
    pub fn publish(
        &self,
        loopback: &Arc<Loopback>,
        input: Input<'_>,
        plan: &Plan,
        gaps: Gaps,
        deadline: Instant,
    ) -> Result<Output, FfmpegError> {
        Output::begin(self, loopback, deadline, |output| command::publish(input, plan, gaps, output))
    }

    /// Begins to encode the picture of one chunk.
    pub fn chunk(
        &self,
        loopback: &Arc<Loopback>,
        source: &Timed<'_>,
        plan: &Plan,
        part: &Chunk,
        deadline: Instant,
    ) -> Result<Output, FfmpegError> {
        Output::begin(self, loopback, deadline, |output| chunk::chunk(source, plan, part, output))
    }

    /// Begins to bring the sound of a whole recording into the form that is joined with chunks.
    pub fn sound(
        &self,
        loopback: &Arc<Loopback>,
        source: &Timed<'_>,
        plan: &Plan,
        gaps: Gaps,
        deadline: Instant,
    ) -> Result<Output, FfmpegError> {
        Output::begin(self, loopback, deadline, |output| chunk::sound(source, plan, gaps, output))
    }

    /// Begins to encode a chunk of a published video at the sizes of `rungs`, each to an output of its own.
    pub fn renditions(
        &self,
        loopback: &Arc<Loopback>,
        url: &str,
        rungs: &[Rung],
        rate: FrameRate,
        part: &Chunk,
        deadline: Instant,
    ) -> Result<Outputs, FfmpegError> {
        Outputs::begin(self, loopback, deadline, rungs.len(), |outputs| {
            ladder::renditions(url, rungs, rate, part, outputs)
        })
    }

    /// Begins to copy picture and, where there is one, sound of a published video, each to an output of its own.
    pub fn copies(
        &self,
        loopback: &Arc<Loopback>,
        url: &str,
        sound: bool,
        deadline: Instant,
    ) -> Result<Outputs, FfmpegError> {
        Outputs::begin(self, loopback, deadline, 1 + usize::from(sound), |outputs| ladder::copies(url, outputs))
    }

    /// The poster of a recording of this duration, a JPEG. A recorded screen may hold a single frame for all its
    /// length, so that there is none after a second: then the first frame is taken.
    pub async fn poster(
        &self,
        loopback: &Loopback,
        input: Input<'_>,
        duration: Option<Duration>,
        deadline: Instant,
    ) -> Result<Vec<u8>, FfmpegError> {
        let at = command::poster_at(duration);
        match self.picture(loopback, input, at, deadline).await {
            Ok(Some(picture)) => Ok(picture),
            Err(FfmpegError::TimedOut(program)) => Err(FfmpegError::TimedOut(program)),
            Err(error) if at.is_zero() => Err(error),
            _ => self.picture(loopback, input, Duration::ZERO, deadline).await?.ok_or_else(nothing),
        }
    }

    /// The first frame at or after `at`, when there is one.
    async fn picture(
        &self,
        loopback: &Loopback,
        input: Input<'_>,
        at: Duration,
        deadline: Instant,
    ) -> Result<Option<Vec<u8>>, FfmpegError> {
        self.written(loopback, MAX_POSTER, deadline, |output| command::poster(input, at, output)).await
    }

    /// What one run writes, with the arguments for an output at the given address: one file of at most `limit` bytes, or
    /// nothing.
    pub(super) async fn written(
        &self,
        loopback: &Loopback,
        limit: usize,
        deadline: Instant,
        args: impl FnOnce(&str) -> Vec<String>,
    ) -> Result<Option<Vec<u8>>, FfmpegError> {
        let (url, sink) = loopback.write().map_err(io)?;
        let ran = async {
            let ran = self.ffmpeg(&args(&url), deadline).await;
            match &ran {
                Ok(_) => loopback.close_later(&url),
                Err(_) => loopback.close(&url),
            }
            ran
        };
        let (ran, written) = tokio::join!(ran, sink.collect(limit));
        ran.map(|_| written.filter(|written| !written.is_empty()))
    }

    async fn ffmpeg(&self, args: &[String], deadline: Instant) -> Result<RunOutput, FfmpegError> {
        run(&self.ffmpeg, args, self.memory, deadline).await
    }
}

pub(super) fn io(source: std::io::Error) -> FfmpegError {
    FfmpegError::Io { program: "ffmpeg".to_owned(), source }
}

/// FFmpeg also succeeds when there was nothing to write.
pub(super) fn nothing() -> FfmpegError {
    FfmpegError::Useless { program: "ffmpeg".into(), what: "it wrote no picture" }
}
