//! Moving bytes between S3 and a function.

use std::path::Path;

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    primitives::{ByteStream, Length},
    types::{CompletedMultipartUpload, CompletedPart},
};
use tokio::io::AsyncWriteExt;

use super::{Head, Objects, ObjectsError};

/// Bytes of a part in our own uploads. With S3's 10,000 parts it carries 156 GiB.
const PART_BYTES: u64 = 16 * 1024 * 1024;
/// Above this, a file is uploaded in parts: half as many bytes are lost to a broken connection.
const SINGLE_PUT_BYTES: u64 = 64 * 1024 * 1024;

/// How an object is to be served.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: &'static str,
}

impl Objects {
    /// Bytes `offset` to `offset + length` of the version of the object that has this ETag. A short read is an error.
    pub async fn read_range(&self, key: &str, e_tag: &str, offset: u64, length: u64) -> Result<Vec<u8>, ObjectsError> {
        let range = format!("bytes={offset}-{}", offset + length.saturating_sub(1));
        let get = self.client.get_object().bucket(&self.bucket).key(key).range(range).if_match(format!("\"{e_tag}\""));
        let object = get.send().await.map_err(ObjectsError::call("GetObject"))?;
        let bytes = object.body.collect().await.map_err(body_error)?.to_vec();
        if bytes.len() as u64 != length {
            return Err(ObjectsError::Length { call: "GetObject", got: bytes.len() as u64, wanted: length });
        }
        Ok(bytes)
    }

    /// Copies the version of the object that has this ETag into a new file, checking its length.
    pub async fn download(&self, key: &str, e_tag: &str, size: u64, path: &Path) -> Result<(), ObjectsError> {
        let get = self.client.get_object().bucket(&self.bucket).key(key).if_match(format!("\"{e_tag}\""));
        let mut body = get.send().await.map_err(ObjectsError::call("GetObject"))?.body;
        let mut file = tokio::fs::File::create(path).await?;
        let mut got = 0;
        while let Some(chunk) = body.try_next().await.map_err(body_error)? {
            got += chunk.len() as u64;
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        if got == size { Ok(()) } else { Err(ObjectsError::Length { call: "GetObject", got, wanted: size }) }
    }

    /// Stores a small object whole.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, serving: Serving) -> Result<(), ObjectsError> {
        let put = self.client.put_object().bucket(&self.bucket).key(key).body(ByteStream::from(bytes));
        let put = put.content_type(serving.content_type).cache_control(serving.cache_control);
        put.send().await.map(drop).map_err(ObjectsError::call("PutObject"))
    }

    /// Stores a file in place of `current`, the object that was at this key when the caller last looked, or of none.
    /// Readers see the old object or the new one, never a part of it. When another was stored meanwhile, nothing
    /// changes and the error is [`ObjectsError::Replaced`].
    pub async fn replace(
        &self,
        key: &str,
        current: Option<&Head>,
        path: &Path,
        serving: Serving,
    ) -> Result<(), ObjectsError> {
        let condition = Condition::of(current);
        let size = tokio::fs::metadata(path).await?.len();
        if size <= SINGLE_PUT_BYTES {
            let body = ByteStream::from_path(path).await.map_err(body_error)?;
            let put = self.client.put_object().bucket(&self.bucket).key(key).body(body);
            let put = put.content_type(serving.content_type).cache_control(serving.cache_control);
            let put = put.set_if_match(condition.if_match).set_if_none_match(condition.if_none_match);
            return put.send().await.map(drop).map_err(replaced_or(key, "PutObject"));
        }
        let begin = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let begin = begin.content_type(serving.content_type).cache_control(serving.cache_control);
        let begun = begin.send().await.map_err(ObjectsError::call("CreateMultipartUpload"))?;
        let upload_id = begun.upload_id.unwrap_or_default();
        match self.upload_parts(key, &upload_id, condition, path, size).await {
            Ok(()) => Ok(()),
            Err(error) => {
                // Best effort: the bucket's lifecycle rule removes what stays behind.
                let _ = self.abort_upload(key, &upload_id).await;
                Err(error)
            }
        }
    }

    async fn upload_parts(
        &self,
        key: &str,
        upload_id: &str,
        condition: Condition,
        path: &Path,
        size: u64,
    ) -> Result<(), ObjectsError> {
        let mut parts = Vec::new();
        let offsets =
            std::iter::successors(Some(0), |offset| Some(offset + PART_BYTES)).take_while(|offset| *offset < size);
        for (number, offset) in (1..).zip(offsets) {
            let length = PART_BYTES.min(size - offset);
            let body = ByteStream::read_from().path(path).offset(offset).length(Length::Exact(length)).build();
            let body = body.await.map_err(body_error)?;
            let put = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload_id).part_number(number);
            let stored = put.body(body).send().await.map_err(ObjectsError::call("UploadPart"))?;
            parts.push(CompletedPart::builder().part_number(number).set_e_tag(stored.e_tag).build());
        }
        let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket).key(key);
        let complete = complete.upload_id(upload_id).multipart_upload(upload);
        let complete = complete.set_if_match(condition.if_match).set_if_none_match(condition.if_none_match);
        complete.send().await.map(drop).map_err(replaced_or(key, "CompleteMultipartUpload"))
    }
}

/// What must be at a key for a write to take place (S3 user guide, "Conditional writes").
struct Condition {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl Condition {
    fn of(current: Option<&Head>) -> Self {
        match current {
            Some(head) => Self { if_match: Some(format!("\"{}\"", head.e_tag)), if_none_match: None },
            None => Self { if_match: None, if_none_match: Some("*".to_owned()) },
        }
    }
}

/// Tells a condition that did not hold from a call that failed.
fn replaced_or<E>(key: &str, call: &'static str) -> impl FnOnce(SdkError<E>) -> ObjectsError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let key = key.to_owned();
    move |error| match error.code() {
        // The object there is another, or gone, or being written by somebody else just now.
        Some("PreconditionFailed" | "NoSuchKey" | "ConditionalRequestConflict") => ObjectsError::Replaced(key),
        _ => ObjectsError::call(call)(error),
    }
}

fn body_error(error: impl std::error::Error) -> ObjectsError {
    ObjectsError::Call { call: "body", reason: error.to_string() }
}
