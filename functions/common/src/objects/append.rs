//! An object that is written from its beginning to its end, of a length that nobody knows before.

use super::{
    Head, Objects, ObjectsError, Serving,
    parts::{Assembly, MAX_PARTS},
};

const MIB: usize = 1024 * 1024;
/// Parts that are on their way at once: with the one being filled, this is what is in memory.
const UPLOADS: usize = 1;
/// Bytes of a part: as few as S3 takes ("Amazon S3 multipart upload limits"), since several such objects are written at once.
const SMALL_PART: usize = 5 * MIB;
/// For objects that may be as large as the largest upload.
const LARGE_PART: usize = 8 * MIB;

/// How much an object may come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// 48 GiB, in parts of 5 MiB.
    Small,
    /// 78 GiB, in parts of 8 MiB.
    Large,
}

/// An upload that goes on at its end. All parts but the last have one size, which Cloudflare R2 demands.
///
/// Parts of an upload that is neither finished nor aborted stay until the bucket's lifecycle rule removes them.
pub struct AppendedUpload {
    objects: Objects,
    key: String,
    serving: Serving,
    part: usize,
    /// The part that is being filled.
    filling: Vec<u8>,
    sent: i32,
    bytes: u64,
    /// Begun with the first part that is full.
    upload: Option<Assembly>,
}

impl Objects {
    /// Begins an object. Makes no call.
    #[must_use]
    pub fn append(&self, key: &str, serving: Serving, extent: Extent) -> AppendedUpload {
        AppendedUpload {
            objects: self.clone(),
            key: key.to_owned(),
            serving,
            part: match extent {
                Extent::Small => SMALL_PART,
                Extent::Large => LARGE_PART,
            },
            filling: Vec::new(),
            sent: 0,
            bytes: 0,
            upload: None,
        }
    }
}

impl AppendedUpload {
    /// Takes the next bytes, and waits while a part is on its way and the next one is full. More than 10,000 parts are
    /// [`ObjectsError::TooLarge`]. After an error only [`abort`](Self::abort) makes sense.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), ObjectsError> {
        let most = MAX_PARTS * self.part as u64;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        if self.bytes > most {
            return Err(ObjectsError::TooLarge { most });
        }
        while !bytes.is_empty() {
            // All at once: what grows by and by is copied, and there twice meanwhile.
            self.filling.reserve_exact(self.part - self.filling.len());
            let (now, later) = bytes.split_at(bytes.len().min(self.part - self.filling.len()));
            self.filling.extend_from_slice(now);
            bytes = later;
            // A part that is just full may be the last one, which is then put whole.
            if self.filling.len() == self.part && (self.upload.is_some() || !bytes.is_empty()) {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Makes the object, in place of `current` as [`Objects::replace`] does.
    pub async fn finish(mut self, current: Option<&Head>) -> Result<(), ObjectsError> {
        if self.upload.is_none() {
            let (bytes, size) = (std::mem::take(&mut self.filling), self.bytes);
            return self.objects.put_in_place(&self.key, current, bytes.into(), size, self.serving).await;
        }
        let sent = if self.filling.is_empty() { Ok(()) } else { self.send().await };
        let Some(mut upload) = self.upload.take() else { return sent };
        let outcome = match sent {
            Ok(()) => upload.complete(current, self.bytes).await,
            Err(error) => Err(error),
        };
        upload.settle(outcome).await
    }

    /// Drops what has been uploaded, as far as that can be done now.
    pub async fn abort(self) {
        if let Some(upload) = self.upload {
            upload.abort().await;
        }
    }

    async fn send(&mut self) -> Result<(), ObjectsError> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Assembly::begin(&self.objects, &self.key, self.serving, UPLOADS).await?),
        };
        upload.room().await?;
        self.sent += 1;
        let (number, bytes) = (self.sent, std::mem::take(&mut self.filling));
        let size = bytes.len() as u64;
        upload.start(number, async move |target| target.put(number, bytes.into(), size).await).await
    }
}
