//! An object of another bucket, taken over.

use std::{ops::Range, sync::Arc};

use super::{
    Head, Listed, Objects, ObjectsError, Serving, listing,
    parts::{Assembly, MAX_PARTS, Source},
};

const MIB: u64 = 1024 * 1024;
/// Bytes of a part. With [`AT_ONCE`] of them this is what is in memory of an object that passes through here.
const PART: u64 = 8 * MIB;
/// Parts that are on their way at once.
const AT_ONCE: usize = 4;
/// How often a part's bytes are read, should the connection break in the middle of them.
const TRIES: u32 = 3;

/// How the bytes get from one bucket to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// S3 copies them to itself: whoever writes the one bucket may read the other.
    Copied,
    /// They are read there and written here.
    Carried,
}

/// Some objects below a prefix, in the order of their keys.
#[derive(Clone, Debug)]
pub struct ListedPage {
    /// At most a thousand of them.
    pub objects: Vec<Listed>,
    /// Where the next page begins, when there is one.
    pub next: Option<String>,
}

impl Objects {
    /// Takes an object of another bucket over, unless there is one under this key already: false then, and nothing is changed.
    /// [`ObjectsError::Replaced`] names the source when that was stored anew meanwhile.
    pub async fn take(
        &self,
        from: &Self,
        source_key: &str,
        source: &Head,
        key: &str,
        serving: Serving,
        way: Way,
    ) -> Result<bool, ObjectsError> {
        if self.head(key).await?.is_some() {
            return Ok(false);
        }
        let taken = if source.size <= PART {
            let bytes = from.read_whole(source_key, &source.e_tag, 0..source.size).await?;
            self.put_in_place(key, None, bytes.into(), source.size, serving).await
        } else {
            let mut upload = Assembly::begin(self, key, serving, AT_ONCE).await?;
            let moved = move_parts(&mut upload, from, source_key, source, way).await;
            let outcome = match moved {
                Ok(()) => upload.complete(None, source.size).await,
                Err(error) => Err(error),
            };
            upload.settle(outcome).await
        };
        match taken {
            Ok(()) => Ok(true),
            Err(ObjectsError::Replaced(replaced)) if replaced == key => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A page of the objects below a prefix.
    pub async fn page(&self, prefix: &str, from: Option<String>) -> Result<ListedPage, ObjectsError> {
        let list = self.call().list_objects_v2().bucket(&self.bucket).prefix(prefix).set_continuation_token(from);
        let page = list.send().await.map_err(ObjectsError::call("ListObjectsV2"))?;
        let objects = page.contents.unwrap_or_default().into_iter().filter_map(listing::listed).collect();
        Ok(ListedPage { objects, next: page.next_continuation_token })
    }

    /// Bytes of a version of an object, read again where a connection broke.
    async fn read_whole(&self, key: &str, e_tag: &str, range: Range<u64>) -> Result<Vec<u8>, ObjectsError> {
        let mut tries = 1;
        loop {
            match self.read_range(key, e_tag, range.start, range.end - range.start).await {
                Err(ObjectsError::Call { call: "body", .. } | ObjectsError::Length { .. }) if tries < TRIES => {
                    tries += 1;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Stores all parts. All but the last have one size, which Cloudflare R2 demands.
async fn move_parts(
    upload: &mut Assembly,
    from: &Objects,
    source_key: &str,
    source: &Head,
    way: Way,
) -> Result<(), ObjectsError> {
    let part = PART.max(source.size.div_ceil(MAX_PARTS).div_ceil(MIB) * MIB);
    let version = Source { bucket: from.bucket.clone(), key: source_key.to_owned(), e_tag: source.e_tag.clone() };
    let (version, size) = (Arc::new(version), source.size);
    let starts = std::iter::successors(Some(0), |start| Some(start + part)).take_while(|start| *start < size);
    for (number, start) in (1..).zip(starts) {
        let (range, version, from) = (start..size.min(start + part), Arc::clone(&version), from.clone());
        let moved = async move |target: Arc<super::parts::Target>| match way {
            Way::Copied => target.copy(number, &version, range).await,
            Way::Carried => {
                let length = range.end - range.start;
                let bytes = from.read_whole(&version.key, &version.e_tag, range).await?;
                target.put(number, bytes.into(), length).await
            }
        };
        upload.start(number, moved).await?;
    }
    Ok(())
}
