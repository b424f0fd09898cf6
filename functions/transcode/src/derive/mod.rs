//! What is derived from a published video once it plays: storyboard, preview, renditions. It never moves a video back, and
//! what cannot be derived is left out.

mod job;
mod ladder;
mod pictures;
mod streams;

pub(crate) use job::{drop_unfinished, piece, run};
pub(crate) use ladder::Ladder;

use crate::{
    pieces::SharedOut as _,
    work::{Outcome, Stop, Try},
};

/// What is still to be derived.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The attempt that published what it is derived from.
    pub(crate) published: u64,
    pub(crate) storyboard: bool,
    pub(crate) renditions: bool,
}

impl Try<'_> {
    /// Derives what is wanted. Renditions that take long are shared out.
    pub(crate) async fn derive(&self, wanted: &Wanted) -> Result<Outcome, Stop> {
        let (_, index) = self.read_index().await?;
        let index = index.ok_or(media::Reason::Unreadable)?;
        if wanted.storyboard {
            match self.pictures(&index, wanted.published).await {
                // A picture that cannot be had is no reason to go without renditions.
                Err(Stop::Rejected(reason)) => tracing::warn!(video = %self.source.video, ?reason, "no storyboard"),
                done => done?,
            }
        }
        if !wanted.renditions {
            return Ok(Outcome::Derived);
        }
        let Some(ladder) = self.ladder(&index, wanted.published).await? else { return Ok(Outcome::Derived) };
        if ladder.is_long() {
            return self.share_out(&ladder).await;
        }
        for number in (0..).take(ladder.pieces()) {
            if self.objects.head(&ladder.made(&self.source.video, number)).await?.is_none() {
                ladder.make(self, number).await?;
            }
        }
        ladder.complete(self).await
    }
}
