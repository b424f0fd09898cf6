//! Running a program on hostile input: no environment, no standard input, no file that it could write, a deadline, bounded
//! memory and output.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use super::clean;
use crate::Reason;

/// Bytes of standard output that are kept; ffprobe's answer for 64 streams is a quarter of it.
const MAX_STDOUT: usize = 256 << 10;
/// Bytes of standard error that are kept, the last ones.
const MAX_STDERR: usize = 8 << 10;
/// What FFmpeg and x264 say when they get no more memory. Some of it comes with a success, and a result that lacks what
/// there was no room for. The first two are the same error by glibc and by musl; a thread that is not created had no room
/// for its stack. FFmpeg 5 says the last when a filter cannot give what it held back, and does not say why.
const NO_MEMORY: [&str; 6] = [
    "Cannot allocate memory",
    "Out of memory",
    "malloc of size",
    "pthread_create() failed",
    "Failed to compensate for timestamp delta",
    "Error marking filters as finished",
];

/// What FFmpeg says of a command line that it does not understand, or lacks a part for: no recording is to blame for that.
const OURS: [&str; 6] = [
    "Unrecognized option",
    "No such filter",
    "Unknown encoder",
    "Requested output format",
    "Error while parsing expression",
    "Error setting profile",
];

/// What a program that succeeded said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunOutput {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// The end of standard error, cleaned: FFmpeg also complains when it succeeds.
    pub stderr: String,
}

/// Why a run of ffmpeg or ffprobe gave nothing. Messages are cleaned and may be stored.
#[derive(Debug, thiserror::Error)]
pub enum FfmpegError {
    /// The program is not there.
    #[error("{0} was not found: install FFmpeg, or add its layer to the function")]
    NotFound(String),
    /// The program could not be started or waited for.
    #[error("{program} could not be run: {source}")]
    Io {
        /// Which program.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program ended with an error: it cannot make sense of the file, or has no space left.
    #[error("{program} failed with code {code}: {stderr}")]
    Failed {
        /// Which program.
        program: String,
        /// Its exit code.
        code: i32,
        /// The end of its complaints.
        stderr: String,
    },
    /// The program does not understand what is asked of it, or lacks a part for it.
    #[error("{program} does not understand its arguments: {stderr}")]
    Misunderstood {
        /// Which program.
        program: String,
        /// The end of its complaints.
        stderr: String,
    },
    /// The program asked for more memory than it is allowed.
    #[error("{program} needs more memory than it is allowed: {stderr}")]
    OutOfMemory {
        /// Which program.
        program: String,
        /// The end of its complaints.
        stderr: String,
    },
    /// The program was killed by a signal that is not ours, as when memory ran out.
    #[error("{program} was killed by signal {signal}: {stderr}")]
    Killed {
        /// Which program.
        program: String,
        /// Number of the signal.
        signal: i32,
        /// The end of its complaints.
        stderr: String,
    },
    /// The deadline came first, and the program was killed.
    #[error("{0} did not end in time and was stopped")]
    TimedOut(String),
    /// The program succeeded without a usable result.
    #[error("{program} gave no usable result: {what}")]
    Useless {
        /// Which program.
        program: String,
        /// What is wrong with the result.
        what: &'static str,
    },
}

impl FfmpegError {
    /// What to tell the owner when the recording is to blame; `None` when the machine is, so that another attempt may go
    /// well.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Failed { stderr, .. } => (!stderr.contains("No space left on device")).then_some(Reason::Unreadable),
            Self::OutOfMemory { .. } => Some(Reason::TooMuchMemory),
            Self::Useless { .. } => Some(Reason::Unreadable),
            Self::TimedOut(_) => Some(Reason::TookTooLong),
            Self::NotFound(_) | Self::Io { .. } | Self::Killed { .. } | Self::Misunderstood { .. } => None,
        }
    }
}

/// Runs `program`, given by its absolute path, with an empty environment. On Linux it gets `memory` bytes at most, may
/// write to no file and open few, and has processor time for what is left until the deadline. It is killed then, and when
/// the future is dropped. FFmpeg starts no processes, and stays in its caller's process group so that whoever ends the
/// function ends it as well.
pub async fn run(program: &Path, args: &[String], memory: u64, deadline: Instant) -> Result<RunOutput, FfmpegError> {
    let name = || program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let failed = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::NotFound => FfmpegError::NotFound(name()),
        _ => FfmpegError::Io { program: name(), source },
    };
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    confine(&child, memory, deadline.saturating_duration_since(Instant::now())).map_err(failed)?;
    let ended = tokio::time::timeout_at(deadline.into(), finish(&mut child)).await;
    let Ok(ended) = ended else {
        // Reaped as well, so that its memory and its files are free for the next attempt.
        child.kill().await.map_err(failed)?;
        return Err(FfmpegError::TimedOut(name()));
    };
    let (status, stdout, stderr) = ended.map_err(failed)?;
    let (no_memory, ours) = {
        let said = String::from_utf8_lossy(&stderr);
        let says = |complaints: &[&str]| complaints.iter().any(|complaint| said.contains(complaint));
        (says(&NO_MEMORY), says(&OURS))
    };
    let stderr = clean(&stderr);
    match (status.code(), status.signal()) {
        (Some(_), _) if no_memory => Err(FfmpegError::OutOfMemory { program: name(), stderr }),
        (Some(0), _) if stdout.len() > MAX_STDOUT => {
            Err(FfmpegError::Useless { program: name(), what: "it says too much" })
        }
        (Some(0), _) => Ok(RunOutput { stdout, stderr }),
        (Some(_), _) if ours => Err(FfmpegError::Misunderstood { program: name(), stderr }),
        (_, Some(signal)) => Err(FfmpegError::Killed { program: name(), signal, stderr }),
        (code, None) => Err(FfmpegError::Failed { program: name(), code: code.unwrap_or(-1), stderr }),
    }
}

/// Files and connections that a program may have open at once.
#[cfg(target_os = "linux")]
const OPEN_FILES: u64 = 64;

/// What a program asks for after this fails within it, so that it can say so; the rest of the machine does not suffer.
/// Set from outside just after the start, before a program has read a byte of the file: between fork and exec only
/// unsafe code runs.
#[cfg(target_os = "linux")]
fn confine(child: &Child, memory: u64, left: Duration) -> std::io::Result<()> {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};

    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let Some(pid) = pid else { return Ok(()) };
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    // The deadline comes first, unless this process is no longer there to see it.
    let seconds = (left.as_secs() + 30).saturating_mul(cores);
    for (resource, bound) in [
        (Resource::Data, memory),
        (Resource::Cpu, seconds),
        (Resource::Fsize, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Core, 0),
    ] {
        prlimit(Some(pid), resource, Rlimit { current: Some(bound), maximum: Some(bound) })?;
    }
    Ok(())
}

/// Only Linux, where the functions run, limits another process.
#[cfg(not(target_os = "linux"))]
fn confine(_: &Child, _: u64, _: Duration) -> std::io::Result<()> {
    Ok(())
}

async fn finish(child: &mut Child) -> std::io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr, status) = tokio::try_join!(first_bytes(stdout), last_bytes(stderr), child.wait())?;
    Ok((status, stdout, stderr))
}

/// One byte more than is allowed at most; the rest is read and dropped, so that the writer is not stuck.
async fn first_bytes(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return Ok(kept) };
    let mut buffer = [0; 4096];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(kept);
        }
        let room = (MAX_STDOUT + 1).saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(&buffer[..room]);
    }
}

async fn last_bytes(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let Some(mut from) = from else { return Ok(kept) };
    let mut buffer = [0; 4096];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            kept.drain(..kept.len().saturating_sub(MAX_STDERR));
            return Ok(kept);
        }
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * MAX_STDERR {
            kept.drain(..kept.len() - MAX_STDERR);
        }
    }
}
