//! A video as the library shows it.

use common::{
    db::videos::{Kind, Progress, Source, Status, Video},
    error::ApiError,
    objects::Objects,
    time::clock,
};

/// What the template of a card shows.
pub(super) struct Card {
    pub(super) video: Video,
    /// Where its poster is.
    pub(super) poster: Option<String>,
    /// How long it plays.
    pub(super) length: Option<String>,
    pub(super) state: State,
}

/// Where its newest upload stands.
pub(super) struct State {
    /// For scripts and styles.
    pub(super) word: &'static str,
    /// For people; nothing is said of what plays.
    pub(super) text: Option<&'static str>,
    /// How much of it has arrived.
    pub(super) percent: Option<u8>,
    /// Why it failed.
    pub(super) reason: Option<String>,
    /// True when it changes by itself, so that the page looks again.
    pub(super) moves: bool,
}

impl Card {
    pub(super) async fn of(objects: &Objects, video: Video) -> Result<Self, ApiError> {
        let length = video.duration_ms.filter(|_| video.published_at.is_some()).map(clock);
        Ok(Self { poster: super::poster(objects, &video).await?, length, state: State::of(&video), video })
    }

    pub(super) fn is_screenshot(&self) -> bool {
        self.video.kind == Kind::Screenshot
    }

    pub(super) async fn all(objects: &Objects, videos: Vec<Video>) -> Result<Vec<Self>, ApiError> {
        let mut cards = Vec::with_capacity(videos.len());
        for video in videos {
            cards.push(Self::of(objects, video).await?);
        }
        Ok(cards)
    }
}

impl State {
    fn of(video: &Video) -> Self {
        let plays = video.published_at.is_some();
        let (word, text) = match (video.status, video.source) {
            (Status::Ready, _) => ("ready", None),
            (Status::Uploading, Source::Segments) => ("recording", Some(words::library().recording)),
            (Status::Uploading, _) => ("uploading", Some(words::library().uploading)),
            (Status::Processing, _) if plays => ("processing", Some(words::library().new_on_its_way)),
            (Status::Processing, _) => ("processing", Some(words::library().prepared)),
            (Status::Failed, _) if plays => ("failed", Some(words::library().new_failed)),
            (Status::Failed, _) => ("failed", Some(words::library().state_failed)),
        };
        let failed = video.status == Status::Failed;
        Self {
            word,
            text,
            percent: video.progress.filter(|_| word == "uploading").and_then(Progress::percent),
            reason: video.failure_reason.clone().filter(|_| failed),
            moves: matches!(video.status, Status::Uploading | Status::Processing),
        }
    }
}
