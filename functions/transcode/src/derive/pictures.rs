//! Storyboard and preview.

use std::time::Instant;

use common::{
    db::videos::{self, Fenced},
    objects::{Serving, keys},
};
use media::{Container, ffmpeg::Input, loopback::View, mp4::Index, storyboard::Storyboard};

use crate::{
    publish::{POSTER, VIDEO},
    work::{Stop, Try},
};

const CUES: Serving = Serving { content_type: "text/vtt", cache_control: VIDEO.cache_control };
const PREVIEW: Serving = Serving { content_type: "image/gif", cache_control: VIDEO.cache_control };
/// How the cues name the storyboard's picture, which lies beside them.
const PICTURE: &str = "storyboard.jpg";

impl Try<'_> {
    /// Makes storyboard and preview of what plays, and says that they are there.
    pub(super) async fn pictures(&self, index: &Index, published: u64) -> Result<(), Stop> {
        let video = &self.source.video;
        let plan = Storyboard::of(index).ok_or(media::Reason::Unreadable)?;
        let (tools, loopback) = (&self.app.tools, &self.loopback);
        // Hours without keyframes can take longer to decode than is left: renditions are to have their turn as well.
        let now = Instant::now();
        let deadline = now + self.deadline.saturating_duration_since(now) / 3;
        let storyboard = tools.storyboard(loopback, &self.recording, index, &plan, deadline).await;
        let url = loopback.read(&self.recording, View::whole(&self.recording))?;
        let input = Input { url: &url, container: Container::Mp4 };
        let preview = tools.preview(loopback, input, index.duration, deadline).await;
        loopback.close(&url);
        self.unless_unread()?;
        self.put_in_place(&keys::storyboard(video, published), storyboard?, POSTER).await?;
        self.put_in_place(&keys::storyboard_cues(video, published), plan.vtt(PICTURE).into_bytes(), CUES).await?;
        match preview {
            Ok(preview) => self.put_in_place(&keys::preview(video, published), preview, PREVIEW).await?,
            // Noise that no size makes small enough.
            Err(error) if error.reason().is_some() => tracing::warn!(%video, %error, "no preview"),
            Err(error) => return Err(error.into()),
        }
        match videos::has_storyboard(&mut self.app.db.connect().await?, video, published).await? {
            Fenced::Written => Ok(()),
            Fenced::Refused => Err(Stop::Superseded),
        }
    }
}
