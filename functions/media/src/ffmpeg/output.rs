//! FFmpeg at work, and what it writes, taken as it comes.

use std::sync::Arc;
use std::time::Instant;

use hyper::body::Bytes;
use tokio::task::JoinHandle;

use super::tools::{Tools, io};
use super::{FfmpegError, RunOutput, run};
use crate::loopback::{Loopback, Sink};

/// A run of FFmpeg with one output. Dropping it kills FFmpeg.
#[derive(Debug)]
pub struct Output {
    ffmpeg: Running,
    sink: Sink,
}

#[derive(Debug)]
struct Running(JoinHandle<Result<RunOutput, FfmpegError>>);

impl Running {
    /// Starts FFmpeg, which writes to these addresses.
    fn begin(
        tools: &Tools,
        loopback: &Arc<Loopback>,
        deadline: Instant,
        args: Vec<String>,
        outputs: Vec<String>,
    ) -> Self {
        let (tools, loopback) = (tools.clone(), Arc::clone(loopback));
        Self(tokio::spawn(async move {
            let ran = run(&tools.ffmpeg, &args, tools.memory, deadline).await;
            // It may have ended without writing anything.
            outputs.iter().for_each(|url| if ran.is_ok() { loopback.close_later(url) } else { loopback.close(url) });
            ran
        }))
    }

    async fn ended(&mut self) -> Result<(), FfmpegError> {
        (&mut self.0).await.map_err(|error| io(std::io::Error::other(error)))?.map(drop)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Output {
    /// Starts FFmpeg with the arguments for an output at the given address.
    pub(super) fn begin(
        tools: &Tools,
        loopback: &Arc<Loopback>,
        deadline: Instant,
        args: impl FnOnce(&str) -> Vec<String>,
    ) -> Result<Self, FfmpegError> {
        let (url, sink) = loopback.write().map_err(io)?;
        let args = args(&url);
        Ok(Self { ffmpeg: Running::begin(tools, loopback, deadline, args, vec![url]), sink })
    }

    /// The next piece; `None` when FFmpeg has succeeded and this was all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FfmpegError> {
        if let Some(piece) = self.sink.next().await {
            return Ok(Some(piece));
        }
        self.ffmpeg.ended().await?;
        if self.sink.is_whole() { Ok(None) } else { Err(broke_off()) }
    }

    /// Why the output makes no sense: what FFmpeg says, once it has ended. It writes on when it has no more memory, and
    /// complains only then.
    pub async fn verdict(mut self) -> FfmpegError {
        loop {
            match self.next().await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    return FfmpegError::Useless { program: "ffmpeg".to_owned(), what: "its output is malformed" };
                }
                Err(error) => return error,
            }
        }
    }
}

fn broke_off() -> FfmpegError {
    FfmpegError::Useless { program: "ffmpeg".to_owned(), what: "its output broke off" }
}

/// A run of FFmpeg with several outputs. All of them have to be taken at once: FFmpeg waits for the slowest. Dropping it
/// kills FFmpeg.
#[derive(Debug)]
pub struct Outputs {
    ffmpeg: Running,
    sinks: Vec<Sink>,
}

impl Outputs {
    /// Starts FFmpeg with the arguments for outputs at `count` addresses.
    pub(super) fn begin(
        tools: &Tools,
        loopback: &Arc<Loopback>,
        deadline: Instant,
        count: usize,
        args: impl FnOnce(&[String]) -> Vec<String>,
    ) -> Result<Self, FfmpegError> {
        let outputs = (0..count).map(|_| loopback.write()).collect::<Result<Vec<_>, _>>().map_err(io)?;
        let (urls, sinks): (Vec<String>, Vec<Sink>) = outputs.into_iter().unzip();
        let args = args(&urls);
        Ok(Self { ffmpeg: Running::begin(tools, loopback, deadline, args, urls), sinks })
    }

    /// The outputs, in the order of their addresses. Given once.
    pub fn take(&mut self) -> Vec<Sink> {
        std::mem::take(&mut self.sinks)
    }

    /// Waits for FFmpeg's end, which comes once all outputs have been taken to theirs.
    pub async fn ended(mut self) -> Result<(), FfmpegError> {
        self.ffmpeg.ended().await
    }
}
