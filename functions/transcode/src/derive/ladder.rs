//! Renditions of a published video: in pieces, each of them a chunk of the picture in all sizes; the last is the picture as it
//! is, and the sound.

use common::{
    ids::VideoId,
    objects::{Head, JOB, keys},
};
use media::{
    Kind,
    chunks::{self, Chunk, Workload},
    hls::Picture,
    ladder::{FrameRate, Rung, ladder},
    mp4::Index,
};
use serde::{Deserialize, Serialize};

use crate::{
    job::Source,
    pieces::{SharedOut, chunk, starts},
    work::{Outcome, Stop, Try},
};

/// What a plan is stored as, beside the renditions.
const PLAN: &str = "plan.json";

/// How renditions are made. Planned once for each published video: who tries again cuts where the first one did, and goes on
/// with what is there.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Ladder {
    /// The attempt that published the video.
    pub(super) published: u64,
    /// ETag and size of what it published.
    e_tag: String,
    size: u64,
    /// Of what was published: pixels across and down, as shown.
    width: u32,
    height: u32,
    /// Its frames a second on average.
    fps: f64,
    /// What is encoded, the largest first.
    pub(super) rungs: Vec<Rung>,
    pub(super) rate: FrameRate,
    /// Where each chunk of the picture begins, in milliseconds; the last one ends where the video does.
    starts: Vec<u64>,
    pub(super) sound: bool,
}

/// A file that a piece makes, of the stream with this name.
pub(super) struct Part {
    pub(super) stream: String,
    pub(super) file: String,
}

impl Ladder {
    /// More than one invocation is to work on it.
    pub(super) fn is_long(&self) -> bool {
        self.starts.len() > 1
    }

    /// The chunk that a piece is; `None` for the picture and sound as they are.
    pub(super) fn chunk(&self, number: u32) -> Option<Chunk> {
        chunk(&self.starts, number)
    }

    /// What a piece makes, in the order in which FFmpeg writes it.
    pub(super) fn parts(&self, number: u32) -> Vec<Part> {
        let part = |stream: String| Part { file: format!("{stream}-{number}.mp4"), stream };
        match self.chunk(number) {
            Some(_) => self.rungs.iter().map(|rung| part(rung.name().to_string())).collect(),
            None => {
                let sound = self.sound.then(|| part(SOUND.to_owned()));
                std::iter::once(part(self.own_name())).chain(sound).collect()
            }
        }
    }

    /// All pictures in the order in which players are to try them: first one that a usual connection bears, then what was
    /// recorded, then the rest.
    pub(super) fn pictures(&self) -> Vec<(String, Picture)> {
        let Self { width, height, fps, .. } = *self;
        let mut pictures: Vec<_> = self
            .rungs
            .iter()
            .map(|rung| {
                let Rung { width, height } = *rung;
                (rung.name().to_string(), Picture { width, height, fps: self.rate.per_second() })
            })
            .collect();
        pictures.insert(pictures.len().min(1), (self.own_name(), Picture { width, height, fps }));
        pictures
    }

    fn own_name(&self) -> String {
        Rung { width: self.width, height: self.height }.name().to_string()
    }

    /// What it is made of.
    pub(crate) fn source(&self, video: &VideoId) -> Source {
        let head = Head { size: self.size, e_tag: self.e_tag.clone() };
        Source { video: video.clone(), key: keys::processed(video), head, arrived: None }
    }
}

/// The name of the sound's playlist.
pub(super) const SOUND: &str = "audio";

impl SharedOut for Ladder {
    fn pieces(&self) -> usize {
        self.starts.len() + 1
    }

    fn made(&self, video: &VideoId, number: u32) -> String {
        keys::stream_piece(video, self.published, number)
    }

    fn job(&self, video: &VideoId, attempt: u64, number: u32) -> String {
        keys::rendition_job(video, attempt, number)
    }

    async fn make(&self, attempt: &Try<'_>, number: u32) -> Result<(), Stop> {
        attempt.make_streams(self, number).await
    }

    async fn complete(&self, attempt: &Try<'_>) -> Result<Outcome, Stop> {
        attempt.list_streams(self).await
    }
}

impl Try<'_> {
    /// How renditions are made of what is published; `None` when none smaller than itself is configured.
    pub(super) async fn ladder(&self, index: &Index, published: u64) -> Result<Option<Ladder>, Stop> {
        let summary = index.summary();
        let rungs = ladder(summary.width, summary.height, &self.app.renditions.heights);
        if rungs.is_empty() {
            return Ok(None);
        }
        let key = keys::stream(&self.source.video, published, PLAN);
        let planned = self.objects.read_small(&key).await?;
        let head = &self.source.head;
        if let Some(planned) = planned.and_then(|planned| serde_json::from_slice::<Ladder>(&planned).ok())
            && planned.e_tag == head.e_tag
        {
            return Ok(Some(planned));
        }
        let rate = FrameRate::of(summary.fps);
        // One row of all sizes' pixels is as much work as they are.
        let pixels = rungs.iter().map(|rung| rung.width.saturating_mul(rung.height)).fold(0, u32::saturating_add);
        let workload = Workload { duration: summary.duration(), width: pixels, height: 1, fps: rate.per_second() };
        let chunks = chunks::plan(&workload, &self.speed().await?, &self.budget())?;
        let ladder = Ladder {
            published,
            e_tag: head.e_tag.clone(),
            size: head.size,
            width: summary.width,
            height: summary.height,
            fps: summary.fps,
            rungs,
            rate,
            starts: starts(&chunks),
            sound: index.tracks.iter().any(|track| track.kind == Kind::Audio && track.sample_count != Some(0)),
        };
        let plan = serde_json::to_vec(&ladder).map_err(std::io::Error::other)?;
        self.objects.put(&key, plan, JOB).await?;
        tracing::info!(video = %self.source.video, rungs = ladder.rungs.len(), chunks = ladder.starts.len(), "renditions");
        Ok(Some(ladder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stream_has_a_file_in_each_of_its_pieces() {
        let ladder = Ladder {
            published: 1,
            e_tag: String::new(),
            size: 0,
            width: 1920,
            height: 1080,
            fps: 60.0,
            rungs: vec![Rung { width: 1280, height: 720 }, Rung { width: 852, height: 480 }],
            rate: FrameRate::of(60.0),
            starts: vec![0, 60_000],
            sound: true,
        };
        let files = |number| ladder.parts(number).into_iter().map(|part| part.file).collect::<Vec<_>>();
        assert_eq!(ladder.pieces(), 3);
        assert_eq!(files(1), ["720-1.mp4", "480-1.mp4"]);
        assert_eq!(files(2), ["1080-2.mp4", "audio-2.mp4"]);
        let names: Vec<String> = ladder.pictures().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["720", "1080", "480"]);
    }
}
