//! Publishing without touching the media: a new index is stored, and S3 copies what comes behind it.

use common::objects::{Spliced, keys};
use media::{
    Container, Reason,
    ffmpeg::Input,
    loopback::View,
    mp4::{Head, Summary},
};

use super::VIDEO;
use crate::work::{Stop, Try};

impl Try<'_> {
    /// Puts the upload's media behind its new head. Gives facts, size in bytes, and the poster.
    pub(super) async fn faststart(&self, head: &Head) -> Result<(Summary, u64, Vec<u8>), Stop> {
        let summary = Summary::of_head(&head.bytes).ok_or(Reason::Unreadable)?;
        // The poster is taken from what players will get: the new index is tried before it is anybody's.
        let view = View::default().bytes(head.bytes.clone()).range(head.media.clone());
        let url = self.loopback.read(&self.recording, view)?;
        let input = Input { url: &url, container: Container::Mp4 };
        let poster = self.poster(input, Some(summary.duration())).await?;
        self.loopback.close(&url);

        let key = keys::processed(&self.source.video);
        let current = self.current(&key).await?;
        // What was read for the poster is not read again.
        let known = self.recording.held(head.media.clone());
        let made_of = Spliced {
            head: &head.bytes,
            source_key: &self.source.key,
            source: &self.source.head,
            media: head.media.clone(),
            known: &known,
        };
        let moved = self.objects.splice(&key, current.as_ref(), &made_of, VIDEO).await?;
        tracing::info!(video = %self.source.video, copying_ms = moved.copying.as_millis(), "copied in place");
        Ok((summary, moved.size, poster))
    }
}
