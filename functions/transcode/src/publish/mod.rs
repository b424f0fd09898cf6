//! From an upload to what is played: look, decide, then let S3 copy, or FFmpeg copy or encode, what comes behind a new
//! index. Nothing is stored on disk.

mod faststart;
mod inspect;
mod picture;
mod recode;

use std::time::Duration;

use common::{
    db::videos,
    objects::{Serving, keys},
    telemetry::{self, Metric},
};
use media::{Limits, VideoPlan, ffmpeg::Input, mp4::Summary};

pub(crate) use inspect::Found;
pub(crate) use recode::INDEX_BYTES_A_SECOND;

use crate::work::{Outcome, Stop, Try};

/// Bytes of the largest upload: what an object of 10,000 parts of 8 MiB holds, less what its result may be larger.
pub(crate) const MAX_BYTES: u64 = common::objects::MAX_RECORDING_BYTES;

/// Private, since what is public today may not be tomorrow; as long as the signed addresses live.
const CACHE_CONTROL: &str = "private, max-age=3600";
pub(crate) const VIDEO: Serving = Serving { content_type: "video/mp4", cache_control: CACHE_CONTROL };
pub(crate) const POSTER: Serving = Serving { content_type: "image/jpeg", cache_control: CACHE_CONTROL };

/// What the row says of a published video.
pub(crate) fn facts(summary: Summary, size_bytes: u64) -> videos::Facts {
    let Summary { duration_ms, width, height, fps } = summary;
    videos::Facts { duration_ms, width, height, fps, size_bytes }
}

/// Its picture is published as it was recorded.
pub(crate) fn not_encoded(facts: &videos::Facts) {
    telemetry::measure(Metric::SecondsNotEncoded, Duration::from_millis(facts.duration_ms).as_secs_f64());
}

impl Try<'_> {
    pub(crate) async fn publish(&self) -> Result<Outcome, Stop> {
        let limits = Limits::new(MAX_BYTES);
        media::decide::within_bytes(self.source.head.size, &limits)?;
        let found = self.inspect(&limits).await?;
        tracing::info!(video = %self.source.video, plan = ?found.plan, "decided");
        let (summary, size_bytes, poster) = match found.head() {
            Some(head) => self.faststart(&head).await?,
            None => match self.shared_out(&found).await? {
                Some(task) => return self.share_out(&task).await,
                None => self.recode(&found).await?,
            },
        };
        self.put_in_place(&keys::poster(&self.source.video), poster, POSTER).await?;
        let facts = facts(summary, size_bytes);
        if !matches!(found.plan.video, VideoPlan::Encode { .. }) {
            not_encoded(&facts);
        }
        Ok(Outcome::Published(facts))
    }

    /// The poster of what is at an address.
    pub(crate) async fn poster(&self, input: Input<'_>, duration: Option<Duration>) -> Result<Vec<u8>, Stop> {
        let poster = self.app.tools.poster(&self.loopback, input, duration, self.deadline).await;
        self.unless_unread()?;
        Ok(poster?)
    }
}
