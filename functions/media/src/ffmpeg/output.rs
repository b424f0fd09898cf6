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
        let (args, tools, loopback) = (args(&url), tools.clone(), Arc::clone(loopback));
        let ffmpeg = tokio::spawn(async move {
            let ran = run(&tools.ffmpeg, &args, tools.memory, deadline).await;
            // It may have ended without writing anything.
            loopback.close(&url);
            ran
        });
        Ok(Self { ffmpeg: Running(ffmpeg), sink })
    }

    /// The next piece; `None` when FFmpeg has succeeded and this was all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FfmpegError> {
        if let Some(piece) = self.sink.next().await {
            return Ok(Some(piece));
        }
        let ran = (&mut self.ffmpeg.0).await.map_err(|error| io(std::io::Error::other(error)))?;
        match ran {
            Ok(_) if self.sink.is_whole() => Ok(None),
            Ok(_) => Err(FfmpegError::Useless { program: "ffmpeg".to_owned(), what: "its output broke off" }),
            Err(error) => Err(error),
        }
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
