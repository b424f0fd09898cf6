//! What an upload is and what is to be done with it, known from a few ranges.

use std::time::Duration;

use media::{
    Container, Decision, Facts, Limits, Plan, Probe, decide,
    ffmpeg::Input,
    loopback::View,
    mp4::{Head, Index, IndexError, IndexReader, Step, faststart},
    sniff,
};

use crate::work::{Stop, Try};

/// What is known of an upload before any of its media is read.
pub(crate) struct Found {
    pub(crate) plan: Plan,
    /// Length, when the file tells.
    pub(crate) duration: Option<Duration>,
    /// The index of an MP4 that describes all of its samples.
    index: Option<Index>,
    /// What ffprobe says of anything else.
    pub(crate) probe: Option<Probe>,
}

impl Found {
    /// What goes in front of the media when that can stay as it is.
    pub(super) fn head(&self) -> Option<Head> {
        let (index, (tracks, level)) = (self.index.as_ref()?, self.plan.kept()?);
        match faststart(index, &tracks, level) {
            Ok(head) => Some(head),
            Err(why) => {
                tracing::info!(%why, "not copied in place");
                None
            }
        }
    }
}

impl Try<'_> {
    pub(super) async fn inspect(&self, limits: &Limits) -> Result<Found, Stop> {
        let (container, index) = self.read_index().await?;
        if let Some(index) = index {
            let plan = chosen(decide(&Facts::of_index(self.source.head.size, &index), limits))?;
            return Ok(Found { plan, duration: index.duration, index: Some(index), probe: None });
        }
        let probe = self.probe(container).await?;
        let plan = chosen(decide(&Facts::of_probe(container, self.source.head.size, &probe), limits))?;
        Ok(Found { plan, duration: probe.duration, index: None, probe: Some(probe) })
    }

    /// Asks ffprobe about the upload.
    pub(crate) async fn probe(&self, container: Container) -> Result<Probe, Stop> {
        let url = self.loopback.read(&self.recording, View::whole(&self.recording))?;
        let probe = self.app.tools.probe(Input { url: &url, container }, self.deadline).await;
        self.loopback.close(&url);
        self.unless_unread()?;
        Ok(probe?)
    }

    /// By its first bytes what the upload is, and the index of an MP4 whose index says everything. Fragments alone know
    /// how much a fragmented file holds, and FFmpeg is more lenient about oddly written ones: both are left to ffprobe.
    pub(crate) async fn read_index(&self) -> Result<(Container, Option<Index>), Stop> {
        let mut reader = IndexReader::new(self.source.head.size);
        let mut container = None;
        while let Step::Read { offset, length } = reader.step() {
            let bytes = self.recording.bytes(offset..offset + length).await?;
            let container = *container.get_or_insert_with(|| sniff(&bytes));
            if container != Container::Mp4 {
                return container.rejection().map_or(Ok((container, None)), |reason| Err(reason.into()));
            }
            if let Err(error) = reader.feed(&bytes) {
                return undecided(error);
            }
        }
        match reader.finish() {
            Ok(index) => Ok((Container::Mp4, Some(index).filter(|index| !index.fragmented))),
            Err(error) => undecided(error),
        }
    }
}

fn undecided(error: IndexError) -> Result<(Container, Option<Index>), Stop> {
    error.reason().map_or(Ok((Container::Mp4, None)), |reason| Err(reason.into()))
}

fn chosen(decision: Decision) -> Result<Plan, Stop> {
    match decision {
        Decision::Publish(plan) => Ok(plan),
        Decision::Reject(reason) => Err(reason.into()),
    }
}
