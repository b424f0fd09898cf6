//! The operations of S3 that the functions, the clients and the command line use. Others answer `NotImplemented`.

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, SystemTime},
};

use s3s::{
    S3, S3Error, S3Request, S3Response, S3Result,
    dto::{self, CopySource, ETag, ETagCondition, Timestamp},
    s3_error,
};
use tokio::sync::mpsc;

use super::{
    ObjectCreated, Peer,
    store::{Index, Object, Store},
};
use crate::template::CorsRule;

/// The service that `s3s` calls with requests whose signature is right.
pub(super) struct Operations {
    pub(super) bucket: String,
    pub(super) store: Arc<Store>,
    pub(super) cors: Vec<CorsRule>,
    pub(super) abort_incomplete_after: Option<Duration>,
    created: mpsc::UnboundedSender<ObjectCreated>,
}

impl Operations {
    pub(super) fn new(
        bucket: String,
        store: Arc<Store>,
        cors: Vec<CorsRule>,
        abort_incomplete_after: Option<Duration>,
        created: mpsc::UnboundedSender<ObjectCreated>,
    ) -> Self {
        Self { bucket, store, cors, abort_incomplete_after, created }
    }

    pub(super) fn check_bucket(&self, bucket: &str) -> S3Result<()> {
        if bucket == self.bucket { Ok(()) } else { Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")) }
    }

    pub(super) fn object(&self, bucket: &str, key: &str) -> S3Result<Arc<Object>> {
        self.check_bucket(bucket)?;
        let found = self.store.index().objects.get(key).map(Arc::clone);
        found.ok_or_else(|| s3_error!(NoSuchKey, "The specified key does not exist."))
    }

    /// The object that a copy reads.
    pub(super) fn source(&self, source: &CopySource) -> S3Result<Arc<Object>> {
        match source {
            CopySource::Bucket { bucket, key, .. } => self.object(bucket, key),
            CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => Err(s3_error!(NotImplemented)),
        }
    }

    /// Keeps an object if the conditions allow it, and tells of it.
    pub(super) fn keep<T>(
        &self,
        index: &mut Index,
        object: Object,
        request: &S3Request<T>,
        event: &'static str,
    ) -> S3Result<Arc<Object>> {
        let object = self.store.put(index, object).map_err(internal)?;
        let source_ip = request.extensions.get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0);
        // Told while the index is held, so that events of one key leave in the order of their sequencers. Nobody
        // listening is no reason to fail a request.
        let _ = self.created.send(ObjectCreated {
            bucket: self.bucket.clone(),
            key: object.key.clone(),
            size: object.size,
            e_tag: object.e_tag.clone(),
            event,
            sequencer: index.sequencer(object.modified),
            source_ip,
            at: object.modified,
        });
        Ok(object)
    }
}

/// Conditions of a write: `If-None-Match: *` and `If-Match` (S3 user guide, "Conditional writes": where there is no
/// object, an `If-Match` is answered with 404).
pub(super) fn check_write(
    index: &Index,
    key: &str,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
) -> S3Result<()> {
    let current = index.objects.get(key);
    let failed = match (if_match, if_none_match) {
        (Some(_), _) if current.is_none() => {
            return Err(s3_error!(NoSuchKey, "The specified key does not exist."));
        }
        (Some(ETagCondition::ETag(expected)), _) => current.is_some_and(|object| object.e_tag != expected.value()),
        (Some(ETagCondition::Any), _) => false,
        (None, Some(ETagCondition::Any)) => current.is_some(),
        (None, Some(ETagCondition::ETag(_))) => return Err(s3_error!(NotImplemented)),
        (None, None) => false,
    };
    if failed {
        Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold"))
    } else {
        Ok(())
    }
}

/// As headers tell it: whole seconds.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

pub(super) fn e_tag(value: &str) -> Option<ETag> {
    Some(ETag::Strong(value.to_owned()))
}

pub(super) fn internal(error: io::Error) -> S3Error {
    S3Error::internal_error(error)
}

/// Hands each operation to the method of the same name, in [`super::objects`], [`super::listing`] or
/// [`super::multipart`]. Those that wait for bodies or files own their request.
macro_rules! operations {
    (
        at_once { $($name:ident($input:ident) -> $output:ident;)* }
        waiting { $($waiting:ident($waiting_input:ident) -> $waiting_output:ident;)* }
    ) => {
        #[async_trait::async_trait]
        impl S3 for Operations {
            $(async fn $name(&self, request: S3Request<dto::$input>) -> S3Result<S3Response<dto::$output>> {
                Operations::$name(self, &request).map(S3Response::new)
            })*
            $(async fn $waiting(
                &self,
                request: S3Request<dto::$waiting_input>,
            ) -> S3Result<S3Response<dto::$waiting_output>> {
                Operations::$waiting(self, request).await.map(S3Response::new)
            })*
        }
    };
}

operations! {
    at_once {
        list_buckets(ListBucketsInput) -> ListBucketsOutput;
        head_bucket(HeadBucketInput) -> HeadBucketOutput;
        get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput;
        get_bucket_cors(GetBucketCorsInput) -> GetBucketCorsOutput;
        get_bucket_lifecycle_configuration(GetBucketLifecycleConfigurationInput) -> GetBucketLifecycleConfigurationOutput;
        create_bucket(CreateBucketInput) -> CreateBucketOutput;

        get_object(GetObjectInput) -> GetObjectOutput;
        head_object(HeadObjectInput) -> HeadObjectOutput;
        copy_object(CopyObjectInput) -> CopyObjectOutput;
        delete_object(DeleteObjectInput) -> DeleteObjectOutput;
        delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput;
        list_objects(ListObjectsInput) -> ListObjectsOutput;
        list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output;

        create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput;
        complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput;
        abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput;
        list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput;
        list_parts(ListPartsInput) -> ListPartsOutput;
    }
    waiting {
        put_object(PutObjectInput) -> PutObjectOutput;
        upload_part(UploadPartInput) -> UploadPartOutput;
        upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput;
    }
}
