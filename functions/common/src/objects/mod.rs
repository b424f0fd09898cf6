//! Recordings in S3.

mod append;
mod cdn;
mod copy;
mod download;
pub mod keys;
mod listing;
mod multipart;
mod parts;
mod pictures;
mod place;
mod post;
mod removal;
mod server;
mod stream;
mod take;
mod transfer;
mod usage;

use std::{ops::Range, sync::Arc, time::Duration};

use aws_sdk_s3::{
    Client,
    config::SharedCredentialsProvider,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::head_object::HeadObjectError,
    presigning::{PresignedRequest, PresigningConfig},
};

use crate::{
    config::{CdnConfig, ConfigError},
    time::Millis,
};

pub use append::{AppendedUpload, Extent};
pub use cdn::public_key;
pub use copy::Spliced;
pub use download::{DOWNLOAD_SECONDS, disposition};
pub use multipart::{Completion, Part, StoredPart};
pub use pictures::{Beginning, SignedUpload};
pub use post::SignedForm;
pub use stream::{HEAD_RESERVE, MAX_HEAD_RESERVE, StreamedUpload};
pub use take::{ListedPage, Way};
pub use transfer::{JOB, Serving};
pub use usage::{Moved, Used};

use cdn::Cdn;
use place::Own;
use usage::Usage;

/// Seconds that a signed PUT of a whole object stays good.
const PUT_SECONDS: u64 = 1800;
/// Seconds that a signed PUT of a part, or a signed GET, stays good.
const PART_SECONDS: u64 = 3600;

/// Bytes of the largest object that is stored with one request (Amazon S3 quotas).
pub const MAX_PUT_BYTES: u64 = 5 << 30;
/// Bytes of the largest screenshot: five screens of the sharpest kind, hardly compressed.
pub const MAX_PICTURE_BYTES: u64 = 50 << 20;
/// Bytes of the largest recording that is published: 64 GiB.
pub const MAX_RECORDING_BYTES: u64 = 64 << 30;

/// S3 did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// A call failed after the SDK's own retries. Holds S3's code and message, no address.
    #[error("{call} failed: {reason}")]
    Call {
        /// Which call.
        call: &'static str,
        /// What S3 or the connection said.
        reason: String,
    },
    /// Fewer or more bytes came than were promised.
    #[error("{call} returned {got} bytes instead of {wanted}")]
    Length {
        /// Which call.
        call: &'static str,
        /// Bytes that came.
        got: u64,
        /// Bytes that should have come.
        wanted: u64,
    },
    /// Another object was stored in between under this key.
    #[error("{0} has been replaced in between")]
    Replaced(String),
    /// Bytes are asked for that the object does not have.
    #[error("bytes {} to {} are not in {key}, which has {size}", .range.start, .range.end)]
    OutOfRange {
        /// Key of the object.
        key: String,
        /// The bytes that are asked for.
        range: Range<u64>,
        /// Bytes that it has.
        size: u64,
    },
    /// An object is larger than what is read whole.
    #[error("{key} has more than the {most} bytes that are read whole")]
    NotSmall {
        /// Key of the object.
        key: String,
        /// Bytes that it may have.
        most: usize,
    },
    /// An upload has grown beyond what its parts can carry.
    #[error("an upload in parts carries {most} bytes at most")]
    TooLarge {
        /// Bytes that it could carry.
        most: u64,
    },
    /// A local file could not be read or written.
    #[error("local file: {0}")]
    File(#[from] std::io::Error),
}

impl ObjectsError {
    fn call<E>(call: &'static str) -> impl FnOnce(SdkError<E>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        move |error| {
            let reason = match error.as_service_error().and_then(|refusal| refusal.code()) {
                Some(code) => code.to_owned(),
                None => DisplayErrorContext(&error).to_string(),
            };
            Self::Call { call, reason }
        }
    }
}

/// What is known of an object without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Bytes.
    pub size: u64,
    /// ETag without quotes.
    pub e_tag: String,
}

impl Head {
    fn new(size: Option<i64>, e_tag: Option<String>) -> Self {
        Self {
            size: size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            e_tag: e_tag.unwrap_or_default().trim_matches('"').to_owned(),
        }
    }
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// When it was stored, in whole seconds since the epoch: S3 lists no finer.
    pub stored_at: i64,
    /// Its size and ETag.
    pub head: Head,
}

/// How an object is read by somebody else.
#[derive(Debug, Default)]
struct Reading<'a> {
    version: Option<u64>,
    /// The type and the disposition it is answered with, whatever it was stored as.
    content_type: Option<&'a str>,
    disposition: Option<String>,
}

impl Reading<'_> {
    /// As a query: what S3 knows of it (`GetObject`), and the version, which only tells addresses apart.
    fn query(&self) -> Vec<(&'static str, String)> {
        let parts = [
            ("v", self.version.map(|version| version.to_string())),
            ("response-content-type", self.content_type.map(str::to_owned)),
            ("response-content-disposition", self.disposition.clone()),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The media bucket.
#[derive(Clone, Debug)]
pub struct Objects {
    client: Client,
    /// Signs addresses for where clients reach the bucket, which may be elsewhere than where functions do.
    signer: Client,
    /// For what the client cannot sign.
    credentials: Option<SharedCredentialsProvider>,
    bucket: String,
    own: Option<Own>,
    /// Where viewers read, if not from S3 itself.
    cdn: Option<Arc<Cdn>>,
    usage: Arc<Usage>,
}

impl Objects {
    /// The same, with what is signed for reading at a distribution, if there is one. It stands before the deployment's own bucket.
    pub fn behind(self, cdn: Option<CdnConfig>) -> Result<Self, ConfigError> {
        let cdn = cdn.filter(|_| self.own.is_none());
        Ok(Self { cdn: cdn.map(Cdn::new).transpose()?.map(Arc::new), ..self })
    }

    /// The client, for one call.
    fn call(&self) -> &Client {
        self.usage.call();
        &self.client
    }

    /// Address at which the object can be stored by whoever holds it, for 30 minutes. Only the host is signed: clients
    /// differ in the headers they send.
    pub async fn sign_put(&self, key: &str) -> Result<String, ObjectsError> {
        let put = self.signer.put_object().bucket(&self.bucket).key(key);
        let request = put.presigned(lifetime(PUT_SECONDS)?).await.map_err(ObjectsError::call("PutObject"))?;
        Ok(address(&request))
    }

    /// Address at which the object can be read for an hour.
    pub async fn sign_get(&self, key: &str) -> Result<String, ObjectsError> {
        self.sign_reading(key, &Reading::default()).await
    }

    /// As [`sign_get`](Self::sign_get), of an object that is replaced under its key: a version has an address of its own, so
    /// that caches do not mix it with another.
    pub async fn sign_version(&self, key: &str, version: Option<u64>) -> Result<String, ObjectsError> {
        self.sign_reading(key, &Reading { version, ..Reading::default() }).await
    }

    async fn sign_reading(&self, key: &str, reading: &Reading<'_>) -> Result<String, ObjectsError> {
        if let Some(cdn) = &self.cdn {
            let until = Millis(Millis::now().0 + i64::try_from(PART_SECONDS * 1000).unwrap_or_default());
            return cdn.sign(key, &reading.query(), until);
        }
        let get = self.signer.get_object().bucket(&self.bucket).key(key);
        let get = get.set_response_content_type(reading.content_type.map(str::to_owned));
        let get = get.set_response_content_disposition(reading.disposition.clone());
        let request = get.presigned(lifetime(PART_SECONDS)?).await.map_err(ObjectsError::call("GetObject"))?;
        Ok(address(&request))
    }

    /// As [`sign_version`](Self::sign_version), for a HEAD request: to S3 the method is part of what is signed.
    pub async fn sign_head(&self, key: &str, version: Option<u64>) -> Result<String, ObjectsError> {
        if self.cdn.is_some() {
            return self.sign_version(key, version).await;
        }
        let head = self.signer.head_object().bucket(&self.bucket).key(key);
        let request = head.presigned(lifetime(PART_SECONDS)?).await.map_err(ObjectsError::call("HeadObject"))?;
        Ok(address(&request))
    }

    /// Size and ETag, or `None` when there is no such object.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, ObjectsError> {
        match self.call().head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(Some(Head::new(head.content_length, head.e_tag))),
            Err(SdkError::ServiceError(error)) if matches!(error.err(), HeadObjectError::NotFound(_)) => Ok(None),
            Err(error) => Err(ObjectsError::call("HeadObject")(error)),
        }
    }

    /// Objects whose keys have a prefix, newest first; at most a thousand.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Listed>, ObjectsError> {
        let (client, bucket) = self.place(prefix);
        let list = client.list_objects_v2().bucket(bucket).prefix(prefix).send().await;
        let found = list.map_err(ObjectsError::call("ListObjectsV2"))?.contents.unwrap_or_default();
        let mut listed: Vec<_> = found.into_iter().filter_map(listing::listed).collect();
        listed.sort_by_key(|object| std::cmp::Reverse(object.stored_at));
        Ok(listed)
    }

    /// True when every bucket answers.
    pub async fn ping(&self) -> Result<(), ObjectsError> {
        for (client, bucket) in self.places() {
            self.usage.call();
            client.head_bucket().bucket(bucket).send().await.map_err(ObjectsError::call("HeadBucket"))?;
        }
        Ok(())
    }

    /// Removes the pieces of a video, which are of no use once they are put together.
    pub async fn remove_pieces(&self, video: &crate::ids::VideoId) -> Result<(), ObjectsError> {
        self.abort_below(&keys::pieces(video)).await?;
        self.remove_below(&keys::pieces(video)).await
    }

    /// Removes what was derived from what an earlier attempt than `published` has published.
    pub async fn remove_older_derived(&self, video: &crate::ids::VideoId, published: u64) -> Result<(), ObjectsError> {
        for prefix in keys::derived_prefixes(video) {
            for older in self.folders(&prefix).await? {
                let attempt =
                    older.strip_prefix(&prefix).and_then(|rest| rest.trim_end_matches('/').parse::<u64>().ok());
                if attempt.is_some_and(|attempt| attempt < published) {
                    self.remove_below(&older).await?;
                }
            }
        }
        Ok(())
    }

    /// Removes what there is of a video's renditions that will not be whole.
    pub async fn remove_renditions(&self, video: &crate::ids::VideoId, published: u64) -> Result<(), ObjectsError> {
        let prefix = keys::stream(video, published, "");
        self.abort_below(&prefix).await?;
        self.remove_below(&prefix).await
    }

    /// The prefixes that go on from this one to the next slash; at most a thousand.
    async fn folders(&self, prefix: &str) -> Result<Vec<String>, ObjectsError> {
        let list = self.call().list_objects_v2().bucket(&self.bucket).prefix(prefix).delimiter("/").send().await;
        let found = list.map_err(ObjectsError::call("ListObjectsV2"))?.common_prefixes.unwrap_or_default();
        Ok(found.into_iter().filter_map(|found| found.prefix).collect())
    }

    /// Removes everything of a video: objects, page by page, and multipart uploads in progress.
    pub async fn remove_video(&self, video: &crate::ids::VideoId) -> Result<(), ObjectsError> {
        for prefix in keys::owned_prefixes(video) {
            self.abort_below(&prefix).await?;
            self.remove_below(&prefix).await?;
        }
        Ok(())
    }

    /// Removes what an account has beside its videos: pictures, and the job that asks for this.
    pub async fn remove_account(&self, user: &crate::ids::UserId) -> Result<(), ObjectsError> {
        for prefix in keys::account_prefixes(user) {
            self.abort_below(&prefix).await?;
            self.remove_below(&prefix).await?;
        }
        Ok(())
    }
}

fn lifetime(seconds: u64) -> Result<PresigningConfig, ObjectsError> {
    PresigningConfig::expires_in(Duration::from_secs(seconds))
        .map_err(|error| ObjectsError::Call { call: "presign", reason: error.to_string() })
}

fn address(request: &PresignedRequest) -> String {
    request.uri().to_owned()
}
