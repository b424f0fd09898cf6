//! The two programs, and the four things that are asked of them.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{FfmpegError, Gaps, RunOutput, command, run};
use crate::mp4::{self, Index};
use crate::{AudioPlan, Container, Plan, Probe};

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

    /// Asks ffprobe about a file in the job's directory.
    pub async fn probe(
        &self,
        job: &Path,
        input: &Path,
        demuxer: &str,
        deadline: Instant,
    ) -> Result<Probe, FfmpegError> {
        let output = run(&self.ffprobe, &command::probe(input, demuxer), job, self.memory, deadline).await?;
        let useless =
            |_| FfmpegError::Useless { program: "ffprobe".into(), what: "its answer is not the JSON asked for" };
        Probe::parse(&output.stdout).map_err(useless)
    }

    /// Makes the MP4 that is played and gives its index, which knows at last how long and how large it is. What is at
    /// `output` after an error is to be thrown away.
    pub async fn publish(
        &self,
        job: &Path,
        input: &Path,
        plan: &Plan,
        output: &Path,
        deadline: Instant,
    ) -> Result<Index, FfmpegError> {
        let with = |gaps| command::publish(input, plan, gaps, output);
        let filled = self.ffmpeg(&with(Gaps::Fill), job, deadline).await;
        // An hour without sound is too much silence to hold; its recording is still worth having.
        if matches!((&filled, plan.audio), (Err(FfmpegError::OutOfMemory { .. }), AudioPlan::Encode { .. })) {
            self.ffmpeg(&with(Gaps::Keep), job, deadline).await?;
        } else {
            filled?;
        }
        // Headers without a single frame are a success for FFmpeg.
        let index = mp4::read_file(output).ok();
        index.filter(|index| index.video().is_some_and(|video| video.sample_count > Some(0))).ok_or_else(nothing)
    }

    /// Makes the poster of a published MP4 of this duration. A recorded screen may hold a single frame for all its
    /// length, so that there is none after a second: then the first frame is taken.
    pub async fn poster(
        &self,
        job: &Path,
        published: &Path,
        duration: Option<Duration>,
        output: &Path,
        deadline: Instant,
    ) -> Result<(), FfmpegError> {
        let demuxer = Container::Mp4.demuxer().unwrap_or("mov");
        let at = command::poster_at(duration);
        // What an earlier attempt left must not be taken for this one's.
        let _ = std::fs::remove_file(output);
        let taken = self.ffmpeg(&command::poster(published, demuxer, at, output), job, deadline).await;
        if at.is_zero() || matches!(taken, Err(FfmpegError::TimedOut(_))) || (taken.is_ok() && written(output).is_ok())
        {
            return taken.and_then(|_| written(output));
        }
        let first = command::poster(published, demuxer, Duration::ZERO, output);
        self.ffmpeg(&first, job, deadline).await?;
        written(output)
    }

    async fn ffmpeg(&self, args: &[OsString], job: &Path, deadline: Instant) -> Result<RunOutput, FfmpegError> {
        run(&self.ffmpeg, args, job, self.memory, deadline).await
    }
}

/// FFmpeg also succeeds when there was nothing to write.
fn written(output: &Path) -> Result<(), FfmpegError> {
    match std::fs::metadata(output) {
        Ok(metadata) if metadata.len() > 0 => Ok(()),
        _ => Err(nothing()),
    }
}

fn nothing() -> FfmpegError {
    FfmpegError::Useless { program: "ffmpeg".into(), what: "it wrote no picture" }
}
