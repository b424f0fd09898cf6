//! An upload of our own in parts: they are put or copied a few at a time, and then made an object or dropped.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeFrom},
    sync::Arc,
    time::Instant,
};

use aws_sdk_s3::{
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::task::JoinSet;

use super::{
    Head, Objects, ObjectsError,
    transfer::{Condition, Serving, knows_no_conditions, quoted, replaced_or},
};

/// Parts that an upload may have ("Amazon S3 multipart upload limits").
pub(super) const MAX_PARTS: u64 = 10_000;

/// What stays as it is in a copy's source: RFC 3986's unreserved characters, and what separates a key from its bucket.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// An upload in progress.
pub(super) struct Assembly {
    target: Arc<Target>,
    at_once: usize,
    moving: JoinSet<Result<(i32, Stored), ObjectsError>>,
    stored: BTreeMap<i32, Stored>,
}

/// A part that S3 has.
struct Stored {
    e_tag: String,
    at: Instant,
}

/// Where the parts go.
pub(super) struct Target {
    pub(super) objects: Objects,
    key: String,
    upload_id: String,
}

/// The version of an object that parts are copied from.
pub(super) struct Source {
    /// Its bucket.
    pub(super) bucket: String,
    /// Its key.
    pub(super) key: String,
    /// Its ETag, without quotes.
    pub(super) e_tag: String,
}

impl Assembly {
    /// Begins an upload of which `at_once` parts move at a time.
    pub(super) async fn begin(
        objects: &Objects,
        key: &str,
        serving: Serving,
        at_once: usize,
    ) -> Result<Self, ObjectsError> {
        let begin = objects.call().create_multipart_upload().bucket(&objects.bucket).key(key);
        let begin = begin.content_type(serving.content_type).cache_control(serving.cache_control);
        let begun = begin.send().await.map_err(ObjectsError::call("CreateMultipartUpload"))?;
        let upload_id = given(begun.upload_id, "CreateMultipartUpload")?;
        let target = Arc::new(Target { objects: objects.clone(), key: key.to_owned(), upload_id });
        Ok(Self { target, at_once, moving: JoinSet::new(), stored: BTreeMap::new() })
    }

    /// The bucket that the object will be in.
    pub(super) fn bucket(&self) -> &str {
        &self.target.objects.bucket
    }

    /// Waits until another part can be on its way. The error is that of an earlier part.
    pub(super) async fn room(&mut self) -> Result<(), ObjectsError> {
        self.wait_for(self.at_once.saturating_sub(1)).await
    }

    /// Sends a part on its way as soon as there is room: `make` stores it and returns its ETag.
    pub(super) async fn start<F>(
        &mut self,
        number: i32,
        make: impl FnOnce(Arc<Target>) -> F,
    ) -> Result<(), ObjectsError>
    where
        F: Future<Output = Result<String, ObjectsError>> + Send + 'static,
    {
        self.room().await?;
        let part = make(Arc::clone(&self.target));
        self.moving.spawn(async move {
            let e_tag = part.await?;
            Ok((number, Stored { e_tag, at: Instant::now() }))
        });
        Ok(())
    }

    /// Waits for all parts that are on their way.
    pub(super) async fn all(&mut self) -> Result<(), ObjectsError> {
        self.wait_for(0).await
    }

    /// When the last of these parts was there.
    pub(super) fn last_stored(&self, numbers: RangeFrom<i32>) -> Option<Instant> {
        self.stored.range(numbers).map(|(_, part)| part.at).max()
    }

    /// Makes the object, in place of `current` as [`Objects::replace`] does, and makes sure that it has `size` bytes.
    pub(super) async fn complete(&mut self, current: Option<&Head>, size: u64) -> Result<(), ObjectsError> {
        self.all().await?;
        let Target { objects, key, upload_id } = &*self.target;
        let part = |(number, part): (&i32, &Stored)| {
            CompletedPart::builder().part_number(*number).e_tag(part.e_tag.as_str()).build()
        };
        let parts = self.stored.iter().map(part).collect();
        let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let condition = Condition::of(current);
        let complete = objects.call().complete_multipart_upload().bucket(&objects.bucket).key(key);
        let complete = complete.upload_id(upload_id).multipart_upload(upload);
        let guarded = complete.clone().set_if_match(condition.if_match).set_if_none_match(condition.if_none_match);
        let made = match guarded.send().await {
            Err(error) if knows_no_conditions(&error) => {
                objects.unchanged(key, current).await?;
                complete.send().await
            }
            made => made,
        };
        let made = made.map_err(replaced_or(key, "CompleteMultipartUpload"))?;
        let made = Head::new(i64::try_from(size).ok(), made.e_tag);
        match objects.head(key).await? {
            Some(found) if found == made => Ok(()),
            // Of the object that was made here, and of no other that has taken its place since.
            Some(found) if found.e_tag == made.e_tag => {
                Err(ObjectsError::Length { call: "CompleteMultipartUpload", got: found.size, wanted: size })
            }
            _ => Err(ObjectsError::Replaced(key.clone())),
        }
    }

    /// Hands on how it went; drops the upload when it went wrong.
    pub(super) async fn settle<T>(self, outcome: Result<T, ObjectsError>) -> Result<T, ObjectsError> {
        if outcome.is_err() {
            self.abort().await;
        }
        outcome
    }

    /// Drops the upload. Best effort: the bucket's lifecycle rule removes what stays behind.
    pub(super) async fn abort(mut self) {
        // S3 may keep a part that arrives while its upload is being dropped (AbortMultipartUpload).
        while self.moving.join_next().await.is_some() {}
        let _ = self.target.objects.abort_upload(&self.target.key, &self.target.upload_id).await;
    }

    async fn wait_for(&mut self, still_moving: usize) -> Result<(), ObjectsError> {
        while self.moving.len() > still_moving
            && let Some(ended) = self.moving.join_next().await
        {
            let (number, part) =
                ended.map_err(|error| ObjectsError::Call { call: "part", reason: error.to_string() })??;
            self.stored.insert(number, part);
        }
        Ok(())
    }
}

impl Target {
    /// Uploads a part; its ETag.
    pub(super) async fn put(&self, number: i32, body: ByteStream, size: u64) -> Result<String, ObjectsError> {
        self.objects.usage.written(size);
        let put = self.objects.call().upload_part().bucket(&self.objects.bucket).key(&self.key);
        let put = put.upload_id(&self.upload_id).part_number(number).body(body);
        let stored = put.send().await.map_err(ObjectsError::call("UploadPart"))?;
        given(stored.e_tag, "UploadPart")
    }

    /// Lets S3 make a part of a range of another object; its ETag.
    pub(super) async fn copy(&self, number: i32, source: &Source, range: Range<u64>) -> Result<String, ObjectsError> {
        self.objects.usage.copied(range.end.saturating_sub(range.start));
        let copy = self.objects.call().upload_part_copy().bucket(&self.objects.bucket).key(&self.key);
        let copy = copy.upload_id(&self.upload_id).part_number(number);
        let address = format!("{}/{}", source.bucket, utf8_percent_encode(&source.key, &PLAIN));
        let copy = copy.copy_source(address).copy_source_if_match(quoted(&source.e_tag));
        let copy = copy.copy_source_range(format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let copied = copy.send().await.map_err(replaced_or(&source.key, "UploadPartCopy"))?;
        given(copied.copy_part_result.and_then(|result| result.e_tag), "UploadPartCopy")
    }
}

/// What an answer must hold, and has not when it is no answer of S3's.
fn given(value: Option<String>, call: &'static str) -> Result<String, ObjectsError> {
    let value = value.filter(|value| !value.is_empty());
    value.ok_or_else(|| ObjectsError::Call { call, reason: "the answer is incomplete".to_owned() })
}
