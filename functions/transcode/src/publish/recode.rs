//! Publishing through FFmpeg: it reads the upload by ranges, and what it writes goes to S3 while it is made. The index,
//! known last, is stored as the beginning of the first part.

use std::time::{Duration, Instant};

use common::objects::{HEAD_RESERVE, StreamedUpload, keys};
use media::{
    AudioPlan, Limits, Reason, VideoPlan,
    ffmpeg::{Gaps, Input},
    loopback::View,
    mp4::{Assembly, FragmentReader, Summary},
};

use super::{MAX_BYTES, VIDEO, inspect::Found};
use crate::work::{Stop, Try};

/// Bytes that the index of a second of recording takes: 30 frames of 12 and 50 packets of sound of 4, and more.
pub(crate) const INDEX_BYTES_A_SECOND: u64 = 800;

impl Try<'_> {
    /// Copies or encodes the upload as planned. Gives facts, size in bytes, and the poster.
    pub(super) async fn recode(&self, found: &Found) -> Result<(Summary, u64, Vec<u8>), Stop> {
        let url = self.loopback.read(&self.recording, View::whole(&self.recording))?;
        let input = Input { url: &url, container: found.plan.container };
        let poster = self.poster(input, found.duration).await?;
        let begun = Instant::now();
        let done = self.write(input, found, Gaps::Fill).await;
        // An hour without sound is too much silence to hold; its recording is still worth having.
        let done = match (done, found.plan.audio) {
            (Err(Stop::Rejected(Reason::TooMuchMemory)), AudioPlan::Encode { .. }) => {
                self.write(input, found, Gaps::Keep).await
            }
            (done, _) => done,
        };
        let (summary, size) = done?;
        if let VideoPlan::Encode { width, height, .. } = found.plan.video {
            let frames = summary.fps * summary.duration().as_secs_f64();
            self.measured(width, height, frames, begun.elapsed()).await;
        }
        Ok((summary, size, poster))
    }

    async fn write(&self, input: Input<'_>, found: &Found, gaps: Gaps) -> Result<(Summary, u64), Stop> {
        let key = keys::processed(&self.source.video);
        let index = |duration: Duration| duration.as_secs().saturating_mul(INDEX_BYTES_A_SECOND);
        let mut upload = self.objects.stream(&key, VIDEO, found.duration.map_or(HEAD_RESERVE, index));
        match self.fill(&mut upload, input, found, gaps).await {
            Ok(head) => {
                let summary = Summary::of_head(&head).filter(|summary| summary.width > 0).ok_or(Reason::Unreadable);
                match (summary, self.current(&key).await) {
                    (Ok(summary), Ok(current)) => Ok((summary, upload.finish(head, current.as_ref()).await?.size)),
                    (Err(reason), _) => {
                        upload.abort().await;
                        Err(reason.into())
                    }
                    (_, Err(stop)) => {
                        upload.abort().await;
                        Err(stop)
                    }
                }
            }
            Err(stop) => {
                upload.abort().await;
                Err(stop)
            }
        }
    }

    /// Stores the media as it is made. Gives what goes in front of it.
    async fn fill(
        &self,
        upload: &mut StreamedUpload,
        input: Input<'_>,
        found: &Found,
        gaps: Gaps,
    ) -> Result<Vec<u8>, Stop> {
        let limits = &Limits::new(MAX_BYTES);
        let mut output = self.app.tools.publish(&self.loopback, input, &found.plan, gaps, self.deadline)?;
        let (mut reader, mut assembly, mut stream) = (FragmentReader::new(), Assembly::new(), None);
        while let Some(bytes) = output.next().await? {
            let mut bytes = &bytes[..];
            loop {
                let Ok(fed) = reader.feed(&mut bytes) else { return Err(output.verdict().await.into()) };
                let Some(fragment) = fed else { break };
                if stream.is_none() {
                    stream = reader.init().map(|init| assembly.stream(init));
                }
                if let Some(stream) = stream {
                    assembly.add(stream, &fragment)?;
                    // Not every file says how long it is.
                    media::decide::within_duration(assembly.time(stream), limits)?;
                    upload.write(&fragment.media).await?;
                }
            }
        }
        self.unless_unread()?;
        reader.finish()?;
        Ok(assembly.head(upload.head_bytes())?)
    }
}
