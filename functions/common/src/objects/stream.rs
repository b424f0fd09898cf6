//! An upload whose beginning is known last: the index of a recording is written when all its media is.

use std::time::Duration;

use super::{
    Head, Moved, Objects, ObjectsError, Serving,
    parts::{Assembly, MAX_PARTS},
};

const MIB: usize = 1024 * 1024;
/// Bytes of a part. It cannot grow while an upload goes on: Cloudflare R2 wants all parts but the last of one size.
const PART: usize = 8 * MIB;
/// Parts that are on their way at once.
const UPLOADS: usize = 2;

/// Bytes that are kept free for the head when nothing better is known.
pub const HEAD_RESERVE: u64 = 2 * MIB as u64;
/// The most bytes that can be kept free for the head.
pub const MAX_HEAD_RESERVE: u64 = 6 * MIB as u64;

/// An upload whose first bytes come last. The beginning of the media is held back until the head is known, and goes up
/// with it as part 1; what follows goes up as it comes. In memory are part 1 and at most three others.
///
/// Parts of an upload that is neither finished nor aborted stay until the bucket's lifecycle rule removes them.
pub struct StreamedUpload {
    objects: Objects,
    key: String,
    serving: Serving,
    /// Bytes of the media so far.
    media: u64,
    /// Part 1: room for the head, and the first bytes of the media.
    first: Vec<u8>,
    /// Bytes of the room.
    room: usize,
    next: NextPart,
    /// Begun with the first part that is full.
    upload: Option<Assembly>,
}

/// The part that is being filled.
struct NextPart {
    number: i32,
    bytes: Vec<u8>,
}

impl Objects {
    /// Begins an object of which about `reserve` bytes in front will be known last: [`HEAD_RESERVE`] for most, up to
    /// [`MAX_HEAD_RESERVE`] for long recordings. Makes no call.
    #[must_use]
    pub fn stream(&self, key: &str, serving: Serving, reserve: u64) -> StreamedUpload {
        let room = usize::try_from(reserve.min(MAX_HEAD_RESERVE)).unwrap_or_default();
        let mut first = Vec::with_capacity(PART);
        first.resize(room, 0);
        StreamedUpload {
            objects: self.metered_within(),
            key: key.to_owned(),
            serving,
            media: 0,
            first,
            room,
            next: NextPart { number: 2, bytes: Vec::new() },
            upload: None,
        }
    }
}

impl StreamedUpload {
    /// Takes the next bytes of the media, and waits while two parts are on their way. More than 10,000 parts of 8 MiB,
    /// which is 78 GiB, are [`ObjectsError::TooLarge`]. After an error only [`abort`](Self::abort) makes sense.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ObjectsError> {
        let most = MAX_PARTS * PART as u64 - self.room as u64;
        self.media = self.media.saturating_add(bytes.len() as u64);
        if self.media > most {
            return Err(ObjectsError::TooLarge { most });
        }
        fill(&mut self.first, &mut bytes);
        while !bytes.is_empty() {
            fill(&mut self.next.bytes, &mut bytes);
            if self.next.bytes.len() < PART {
                break;
            }
            let upload = match &mut self.upload {
                Some(upload) => upload,
                none => none.insert(Assembly::begin(&self.objects, &self.key, self.serving, UPLOADS).await?),
            };
            self.next.send(upload).await?;
        }
        Ok(())
    }

    /// Bytes to which the head should be padded, so that all parts but the last have one size; `None` when the object
    /// will go up with one PUT. Known when all media is written.
    #[must_use]
    pub fn head_bytes(&self) -> Option<u64> {
        self.upload.as_ref().map(|_| self.room as u64)
    }

    /// Puts `head` in front and makes the object, in place of `current` as [`Objects::replace`] does.
    ///
    /// A head that is not of [`head_bytes`](Self::head_bytes) makes a first part of another size. R2 refuses that; AWS
    /// and MinIO take it when it is longer, and when it is shorter as long as 5 MiB are left: by 3 MiB at most.
    pub async fn finish(mut self, head: Vec<u8>, current: Option<&Head>) -> Result<Moved, ObjectsError> {
        let size = self.media.saturating_add(head.len() as u64);
        let mut first = std::mem::take(&mut self.first);
        // In its place, since a recording's first part and its index would both be there twice in another buffer.
        drop(first.splice(..self.room, head));
        match self.upload.take() {
            Some(mut upload) => {
                let outcome = self.next.finish(&mut upload, first, current, size).await;
                upload.settle(outcome).await?;
            }
            None => {
                first.extend(self.next.bytes);
                self.objects.put_in_place(&self.key, current, first.into(), size, self.serving).await?;
            }
        }
        Ok(Moved::new(size, self.objects.used(), Duration::ZERO))
    }

    /// Drops what has been uploaded, as far as that can be done now.
    pub async fn abort(self) {
        if let Some(upload) = self.upload {
            upload.abort().await;
        }
    }
}

impl NextPart {
    async fn send(&mut self, upload: &mut Assembly) -> Result<(), ObjectsError> {
        // Taken when there is room for it, so that what waits is what is being filled.
        upload.room().await?;
        let (number, bytes) = (self.number, std::mem::take(&mut self.bytes));
        self.number += 1;
        let size = bytes.len() as u64;
        upload.start(number, async move |target| target.put(number, bytes.into(), size).await).await
    }

    async fn finish(
        &mut self,
        upload: &mut Assembly,
        first: Vec<u8>,
        current: Option<&Head>,
        size: u64,
    ) -> Result<(), ObjectsError> {
        if !self.bytes.is_empty() {
            self.send(upload).await?;
        }
        let length = first.len() as u64;
        upload.start(1, async move |target| target.put(1, first.into(), length).await).await?;
        upload.complete(current, size).await
    }
}

/// Moves bytes to the end of a buffer until it is a part.
fn fill(buffer: &mut Vec<u8>, bytes: &mut &[u8]) {
    // All at once: what grows by and by is copied, and there twice meanwhile.
    buffer.reserve_exact(PART - buffer.len());
    let (now, later) = bytes.split_at(bytes.len().min(PART - buffer.len()));
    buffer.extend_from_slice(now);
    *bytes = later;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ObjectsConfig;

    #[tokio::test]
    async fn more_than_ten_thousand_parts_are_refused() {
        let config = ObjectsConfig { bucket: "media".to_owned(), path_style: true, foreign: None };
        let objects = Objects::new(config, &aws_config::SdkConfig::builder().build());
        let serving = Serving { content_type: "video/mp4", cache_control: "private" };
        let mut upload = objects.stream("key", serving, HEAD_RESERVE);
        let most = 10_000 * PART as u64 - HEAD_RESERVE;
        upload.media = most - 1;
        upload.write(b"1").await.expect("the last byte");
        assert!(matches!(upload.write(b"2").await, Err(ObjectsError::TooLarge { most: told }) if told == most));
    }
}
