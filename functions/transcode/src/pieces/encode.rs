//! One piece.

use std::time::{Duration, Instant};

use common::objects::{StreamedUpload, keys};
use media::{
    Container, Reason, VideoPlan,
    ffmpeg::{Gaps, Output, Timed},
    loopback::View,
    mp4::FragmentReader,
    webm::{Header, HeaderReader, Seek},
};

use super::Task;
use crate::{
    publish::VIDEO,
    work::{Stop, Try},
};

/// Encodes that are shorter say little about how fast this deployment is.
const TELLING: Duration = Duration::from_secs(3);

impl Try<'_> {
    /// The head of a WebM or Matroska file that has no index, so that FFmpeg cannot find a time in it.
    pub(super) async fn webm_header(&self, container: Container) -> Result<Option<Header>, Stop> {
        if container != Container::Matroska {
            return Ok(None);
        }
        let mut reader = HeaderReader::new(self.recording.size());
        let fed = feed!(self, reader);
        Ok(fed.and_then(|()| reader.finish()).ok().filter(|header| !header.cues))
    }

    /// What FFmpeg reads for a chunk from `start` on: of a file without index, the head and what follows the cluster in
    /// which decoding can begin.
    async fn from(&self, task: &Task, start: Duration) -> Result<(View, bool), Stop> {
        let Some(header) = self.webm_header(task.plan.container).await? else {
            let seekable = matches!(task.plan.container, Container::Mp4 | Container::Matroska);
            return Ok((View::whole(&self.recording), seekable));
        };
        let zero = Duration::from_micros(task.zero.unsigned_abs());
        let at = if task.zero < 0 { start.saturating_sub(zero) } else { start.saturating_add(zero) };
        let mut seek = Seek::new(&header, self.recording.size(), at);
        // What cannot be found is looked for from the beginning: slower, and as right.
        let offset = match feed!(self, seek) {
            Ok(()) => seek.finish().offset,
            Err(_) => header.first_cluster,
        };
        Ok((View::default().bytes(header.head).range(offset..self.recording.size()), false))
    }

    /// Makes piece `number` and stores it.
    pub(super) async fn encode(&self, task: &Task, number: u32) -> Result<(), Stop> {
        let chunk = task.chunk(number);
        let (view, seekable) = match chunk {
            Some(chunk) => self.from(task, chunk.start).await?,
            None => (View::whole(&self.recording), true),
        };
        let url = self.loopback.read(&self.recording, view)?;
        let timed = Timed { url: &url, zero: task.zero, seekable };
        let tools = &self.app.tools;
        let (begun, deadline) = (Instant::now(), self.deadline);
        let frames = match chunk {
            Some(chunk) => {
                let output = tools.chunk(&self.loopback, &timed, &task.plan, &chunk, deadline)?;
                self.store_piece(task, number, output).await?
            }
            None => {
                let sound = |gaps| tools.sound(&self.loopback, &timed, &task.plan, gaps, deadline);
                match self.store_piece(task, number, sound(Gaps::Fill)?).await {
                    // As when a recording is encoded at once.
                    Err(Stop::Rejected(Reason::TooMuchMemory)) => {
                        self.store_piece(task, number, sound(Gaps::Keep)?).await?
                    }
                    stored => stored?,
                }
            }
        };
        self.loopback.close(&url);
        if let (Some(_), VideoPlan::Encode { width, height, .. }) = (chunk, task.plan.video) {
            self.measured(width, height, f64::from(frames), begun.elapsed()).await;
        }
        Ok(())
    }

    /// Remembers how fast an encode was, so that the next plan fits this deployment better. Nothing depends on it.
    pub(crate) async fn measured(&self, width: u32, height: u32, frames: f64, took: Duration) {
        let pixels = f64::from(width) * f64::from(height) * frames;
        if took < TELLING || pixels <= 0.0 {
            return;
        }
        if let Err(error) = self.ledger.measured(self.app.tools.memory, pixels / took.as_secs_f64()).await {
            tracing::warn!(%error, "the speed was not remembered");
        }
    }

    /// Stores what FFmpeg writes, as it is. Gives the number of its frames.
    async fn store_piece(&self, task: &Task, number: u32, output: Output) -> Result<u32, Stop> {
        let key = keys::piece(&self.source.video, &task.set, number);
        let mut upload = self.objects.stream(&key, VIDEO, 0);
        match self.pass_on(&mut upload, output).await {
            Ok(frames) => {
                let current = self.objects.head(&key).await?;
                upload.finish(Vec::new(), current.as_ref()).await?;
                Ok(frames)
            }
            Err(stop) => {
                upload.abort().await;
                Err(stop)
            }
        }
    }

    async fn pass_on(&self, upload: &mut StreamedUpload, mut output: Output) -> Result<u32, Stop> {
        let (mut reader, mut frames) = (FragmentReader::new(), 0_u32);
        while let Some(piece) = output.next().await? {
            upload.write(&piece).await?;
            let mut bytes = &piece[..];
            loop {
                let Ok(fed) = reader.feed(&mut bytes) else { return Err(output.verdict().await.into()) };
                let Some(fragment) = fed else { break };
                let samples: usize = fragment.runs.iter().map(|run| run.samples.len()).sum();
                frames = frames.saturating_add(u32::try_from(samples).unwrap_or(u32::MAX));
            }
        }
        self.unless_unread()?;
        Ok(frames)
    }
}
