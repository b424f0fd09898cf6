//! Moving bytes between S3 and a function.

use std::ops::Range;

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
};

use super::{Head, Objects, ObjectsError};

/// Bytes of the largest object that counts as small. The playlist of twelve hours has less than one megabyte.
const MAX_SMALL: usize = 4 << 20;

/// How an object is to be served.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// `Cache-Control`.
    pub cache_control: &'static str,
}

/// How job objects are kept.
pub const JOB: Serving = Serving { content_type: "application/json", cache_control: "no-store" };

impl Objects {
    /// Stores a job object that says nothing beside its key.
    pub async fn ask(&self, job: &str) -> Result<(), ObjectsError> {
        self.put(job, b"{}".to_vec(), JOB).await
    }

    /// Bytes `offset` to `offset + length` of the version of the object that has this ETag. A short read is an error.
    pub async fn read_range(&self, key: &str, e_tag: &str, offset: u64, length: u64) -> Result<Vec<u8>, ObjectsError> {
        let mut bytes = Vec::new();
        self.read_into(key, e_tag, offset..offset.saturating_add(length), &mut bytes).await?;
        Ok(bytes)
    }

    /// As [`read_range`](Self::read_range), to the end of a buffer. Nothing is asked for where the range is empty.
    pub(super) async fn read_into(
        &self,
        key: &str,
        e_tag: &str,
        range: Range<u64>,
        buffer: &mut Vec<u8>,
    ) -> Result<(), ObjectsError> {
        if range.is_empty() {
            return Ok(());
        }
        let (wanted, mut got) = (range.end - range.start, 0);
        // A buffer that grows by doubling is up to twice as long in the end.
        buffer.reserve_exact(usize::try_from(wanted).unwrap_or(0));
        let get = self.call().get_object().bucket(&self.bucket).key(key).if_match(quoted(e_tag));
        let get = get.range(format!("bytes={}-{}", range.start, range.end - 1));
        let mut body = get.send().await.map_err(replaced_or(key, "GetObject"))?.body;
        while let Some(chunk) = body.try_next().await.map_err(body_error)? {
            got += chunk.len() as u64;
            self.usage.read(chunk.len() as u64);
            if got <= wanted {
                buffer.extend_from_slice(&chunk);
            }
        }
        if got == wanted { Ok(()) } else { Err(ObjectsError::Length { call: "GetObject", got, wanted }) }
    }

    /// A small object whole; `None` when there is none. One that turns out to be large is an error.
    pub async fn read_small(&self, key: &str) -> Result<Option<Vec<u8>>, ObjectsError> {
        let (client, bucket) = self.place(key);
        let mut body = match client.get_object().bucket(bucket).key(key).send().await {
            Ok(object) => object.body,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(ObjectsError::call("GetObject")(error)),
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = body.try_next().await.map_err(body_error)? {
            self.usage.read(chunk.len() as u64);
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_SMALL {
                return Err(ObjectsError::NotSmall { key: key.to_owned(), most: MAX_SMALL });
            }
        }
        Ok(Some(bytes))
    }

    /// Stores a small object whole.
    pub async fn put(&self, key: &str, bytes: Vec<u8>, serving: Serving) -> Result<(), ObjectsError> {
        self.usage.written(bytes.len() as u64);
        let (client, bucket) = self.place(key);
        let put = client.put_object().bucket(bucket).key(key).body(ByteStream::from(bytes));
        let put = put.content_type(serving.content_type).cache_control(serving.cache_control);
        put.send().await.map(drop).map_err(ObjectsError::call("PutObject"))
    }

    /// Stores a small object in place of `current`, the object that was at this key when the caller last looked, or of
    /// none. Readers see the old object or the new one, never a part of it. When another was stored meanwhile, nothing
    /// changes and the error is [`ObjectsError::Replaced`].
    pub async fn replace(
        &self,
        key: &str,
        current: Option<&Head>,
        bytes: Vec<u8>,
        serving: Serving,
    ) -> Result<(), ObjectsError> {
        let size = bytes.len() as u64;
        self.put_in_place(key, current, bytes.into(), size, serving).await
    }

    /// Stores an object with one call, under the same condition as [`replace`](Self::replace).
    pub(super) async fn put_in_place(
        &self,
        key: &str,
        current: Option<&Head>,
        body: ByteStream,
        size: u64,
        serving: Serving,
    ) -> Result<(), ObjectsError> {
        self.usage.written(size);
        let body = body.into_inner();
        let again = body.try_clone();
        let condition = Condition::of(current);
        let put = |body| {
            let put = self.call().put_object().bucket(&self.bucket).key(key).body(ByteStream::new(body));
            put.content_type(serving.content_type).cache_control(serving.cache_control)
        };
        let guarded = put(body).set_if_match(condition.if_match).set_if_none_match(condition.if_none_match);
        match (guarded.send().await, again) {
            (Err(error), Some(body)) if knows_no_conditions(&error) => {
                self.unchanged(key, current).await?;
                put(body).send().await.map(drop).map_err(ObjectsError::call("PutObject"))
            }
            (stored, _) => stored.map(drop).map_err(replaced_or(key, "PutObject")),
        }
    }

    /// For servers that write under no condition: looked at just before instead, which leaves a moment in between.
    pub(super) async fn unchanged(&self, key: &str, current: Option<&Head>) -> Result<(), ObjectsError> {
        let found = self.head(key).await?.map(|head| head.e_tag);
        if found.as_ref() == current.map(|head| &head.e_tag) {
            Ok(())
        } else {
            Err(ObjectsError::Replaced(key.to_owned()))
        }
    }
}

/// True when a server refuses a condition because it knows none, as Backblaze B2 does.
pub(super) fn knows_no_conditions<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error.code() == Some("NotImplemented")
}

/// What must be at a key for a write to take place (S3 user guide, "Conditional writes").
pub(super) struct Condition {
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
}

impl Condition {
    pub(super) fn of(current: Option<&Head>) -> Self {
        match current {
            Some(head) => Self { if_match: Some(quoted(&head.e_tag)), if_none_match: None },
            None => Self { if_match: None, if_none_match: Some("*".to_owned()) },
        }
    }
}

/// As headers have it.
pub(super) fn quoted(e_tag: &str) -> String {
    format!("\"{e_tag}\"")
}

/// Tells a condition that did not hold from a call that failed.
pub(super) fn replaced_or<E>(key: &str, call: &'static str) -> impl FnOnce(SdkError<E>) -> ObjectsError
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

pub(super) fn body_error(error: impl std::error::Error) -> ObjectsError {
    ObjectsError::Call { call: "body", reason: error.to_string() }
}
