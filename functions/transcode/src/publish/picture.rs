//! Publishing a screenshot: its header is read, and S3 copies it to where nobody else writes.

use common::{
    db::videos,
    objects::{MAX_PICTURE_BYTES, Serving, keys},
};
use media::{
    Limits,
    picture::{BEGINNING, END, Format, inspect},
};

use super::CACHE_CONTROL;
use crate::work::{Outcome, Stop, Try};

impl Try<'_> {
    /// Looks at the picture and shows it. It is told to be what its bytes are, whatever it was uploaded as.
    pub(crate) async fn picture(&self) -> Result<Outcome, Stop> {
        let (limits, size) = (Limits::new(MAX_PICTURE_BYTES), self.source.head.size);
        media::decide::within_bytes(size, &limits)?;
        let beginning = self.recording.bytes(0..size.min(BEGINNING)).await?;
        let end = self.recording.bytes(size.saturating_sub(END)..size).await?;
        let picture = inspect(&beginning, &end, &limits)?;
        let content_type = match picture.format {
            Format::Png => "image/png",
            Format::Jpeg => "image/jpeg",
        };
        let serving = Serving { content_type, cache_control: CACHE_CONTROL };
        // The key is this attempt's own, so that nothing there can be newer.
        let key = keys::screenshot(&self.source.video, self.lease.attempt);
        if !self.ledger.holds(self.lease).await? {
            return Err(Stop::Superseded);
        }
        self.objects.copy(&self.source.key, &self.source.head, &key, serving).await?;
        Ok(Outcome::Shown(videos::Picture { width: picture.width, height: picture.height, size_bytes: size }))
    }
}
