//! Operations on the bucket and on single objects.

use std::{sync::Arc, time::SystemTime};

use axum::http::{HeaderMap, HeaderValue, Method, header};
use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Result,
    dto::{
        self, AbortIncompleteMultipartUpload, Bucket, CORSRule, CopyObjectInput, CopyObjectOutput, CopyObjectResult,
        CreateBucketInput, CreateBucketOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
        DeleteObjectsOutput, DeletedObject, ETagCondition, ExpirationStatus, GetBucketCorsInput, GetBucketCorsOutput,
        GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput, GetBucketLocationInput,
        GetBucketLocationOutput, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput,
        HeadObjectOutput, LifecycleRule, ListBucketsInput, ListBucketsOutput, MetadataDirective, PutObjectInput,
        PutObjectOutput, StreamingBlob, Timestamp,
    },
    s3_error,
};

use super::{
    access::Denied,
    attributes::Attributes,
    blob,
    operations::{Operations, check_write, e_tag, internal, timestamp},
    receive::{Incoming, MAX_BODY},
    store::Object,
};

impl Operations {
    pub(super) fn list_buckets(&self, _: &S3Request<ListBucketsInput>) -> S3Result<ListBucketsOutput> {
        let bucket = Bucket { name: Some(self.bucket.clone()), ..Bucket::default() };
        Ok(ListBucketsOutput { buckets: Some(vec![bucket]), ..ListBucketsOutput::default() })
    }

    pub(super) fn head_bucket(&self, request: &S3Request<HeadBucketInput>) -> S3Result<HeadBucketOutput> {
        self.check_bucket(&request.input.bucket)?;
        Ok(HeadBucketOutput::default())
    }

    pub(super) fn get_bucket_location(
        &self,
        request: &S3Request<GetBucketLocationInput>,
    ) -> S3Result<GetBucketLocationOutput> {
        self.check_bucket(&request.input.bucket)?;
        Ok(GetBucketLocationOutput::default())
    }

    pub(super) fn get_bucket_cors(&self, request: &S3Request<GetBucketCorsInput>) -> S3Result<GetBucketCorsOutput> {
        self.check_bucket(&request.input.bucket)?;
        let rules = self.cors.iter().map(|rule| CORSRule {
            allowed_headers: Some(rule.allowed_headers.clone()),
            allowed_methods: rule.allowed_methods.clone(),
            allowed_origins: rule.allowed_origins.clone(),
            expose_headers: Some(rule.exposed_headers.clone()),
            id: None,
            max_age_seconds: rule.max_age_seconds.and_then(|seconds| seconds.try_into().ok()),
        });
        Ok(GetBucketCorsOutput { cors_rules: Some(rules.collect()) })
    }

    /// What is done here of the template's rules.
    pub(super) fn get_bucket_lifecycle_configuration(
        &self,
        request: &S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> S3Result<GetBucketLifecycleConfigurationOutput> {
        self.check_bucket(&request.input.bucket)?;
        let age = self.abort_incomplete_after.ok_or_else(|| {
            let message = "The lifecycle configuration does not exist";
            S3Error::with_message(S3ErrorCode::NoSuchLifecycleConfiguration, message)
        })?;
        let days = i32::try_from(age.as_secs() / 86400).ok();
        let rule = LifecycleRule {
            abort_incomplete_multipart_upload: Some(AbortIncompleteMultipartUpload { days_after_initiation: days }),
            expiration: None,
            filter: None,
            id: None,
            noncurrent_version_expiration: None,
            noncurrent_version_transitions: None,
            prefix: None,
            status: ExpirationStatus::from_static(ExpirationStatus::ENABLED),
            transitions: None,
        };
        Ok(GetBucketLifecycleConfigurationOutput { rules: Some(vec![rule]), ..Default::default() })
    }

    pub(super) fn create_bucket(&self, request: &S3Request<CreateBucketInput>) -> S3Result<CreateBucketOutput> {
        self.check_bucket(&request.input.bucket).map_err(|_| s3_error!(AccessDenied, "This S3 has one bucket"))?;
        Err(s3_error!(BucketAlreadyOwnedByYou))
    }

    /// Also a form's POST, which `s3s` hands on as this.
    pub(super) async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<PutObjectOutput> {
        let incoming = Incoming::from(&mut request);
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        // Before the body, to spare it, and after it, where it counts.
        let allowed = |index: &_| check_write(index, &input.key, input.if_match.as_ref(), input.if_none_match.as_ref());
        allowed(&self.store.index())?;
        let received = incoming.receive(&self.store).await?;
        let object = Object {
            key: input.key.clone(),
            size: received.size,
            e_tag: received.md5,
            modified: SystemTime::now(),
            attributes: Attributes::from(input),
            segments: received.segments,
        };
        let mut index = self.store.index();
        allowed(&index)?;
        let event = if request.method == Method::POST { "ObjectCreated:Post" } else { "ObjectCreated:Put" };
        let object = self.keep(&mut index, object, &request, event)?;
        Ok(PutObjectOutput { e_tag: e_tag(&object.e_tag), ..PutObjectOutput::default() })
    }

    pub(super) fn get_object(&self, request: &S3Request<GetObjectInput>) -> S3Result<GetObjectOutput> {
        let input = &request.input;
        let object = self.object(&input.bucket, &input.key)?;
        Conditions {
            if_match: input.if_match.as_ref(),
            if_none_match: input.if_none_match.as_ref(),
            if_modified_since: input.if_modified_since.as_ref(),
            if_unmodified_since: input.if_unmodified_since.as_ref(),
        }
        .check_read(&object)?;
        let range = match input.range {
            Some(range) => range.check(object.size).map_err(|_| unsatisfiable(object.size))?,
            None => 0..object.size,
        };
        let content_range =
            input.range.map(|_| format!("bytes {}-{}/{}", range.start, range.end.saturating_sub(1), object.size));
        let Attributes { content_encoding, content_disposition, content_language, cache_control, metadata, .. } =
            object.attributes.clone();
        Ok(GetObjectOutput {
            body: Some(StreamingBlob::wrap(blob::read(blob::slice(&object.segments, &range)))),
            content_length: i64::try_from(range.end - range.start).ok(),
            content_range,
            accept_ranges: Some("bytes".to_owned()),
            last_modified: Some(timestamp(object.modified)),
            e_tag: e_tag(&object.e_tag),
            content_type: Some(object.attributes.content_type()),
            content_encoding,
            content_disposition,
            content_language,
            cache_control,
            metadata,
            ..GetObjectOutput::default()
        })
    }

    pub(super) fn head_object(&self, request: &S3Request<HeadObjectInput>) -> S3Result<HeadObjectOutput> {
        let input = &request.input;
        let object = self.object(&input.bucket, &input.key)?;
        Conditions {
            if_match: input.if_match.as_ref(),
            if_none_match: input.if_none_match.as_ref(),
            if_modified_since: input.if_modified_since.as_ref(),
            if_unmodified_since: input.if_unmodified_since.as_ref(),
        }
        .check_read(&object)?;
        let Attributes { content_encoding, content_disposition, content_language, cache_control, metadata, .. } =
            object.attributes.clone();
        Ok(HeadObjectOutput {
            content_length: i64::try_from(object.size).ok(),
            accept_ranges: Some("bytes".to_owned()),
            last_modified: Some(timestamp(object.modified)),
            e_tag: e_tag(&object.e_tag),
            content_type: Some(object.attributes.content_type()),
            content_encoding,
            content_disposition,
            content_language,
            cache_control,
            metadata,
            ..HeadObjectOutput::default()
        })
    }

    /// The copy has its source's ETag, also where that one was uploaded in parts: nothing is read.
    pub(super) fn copy_object(&self, request: &S3Request<CopyObjectInput>) -> S3Result<CopyObjectOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        let source = self.source(&input.copy_source)?;
        Conditions {
            if_match: input.copy_source_if_match.as_ref(),
            if_none_match: input.copy_source_if_none_match.as_ref(),
            if_modified_since: input.copy_source_if_modified_since.as_ref(),
            if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        }
        .check_copy(&source)?;
        if source.size > MAX_BODY {
            return Err(s3_error!(
                InvalidRequest,
                "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_BODY}"
            ));
        }
        let replace = input.metadata_directive.as_ref().is_some_and(|one| one.as_str() == MetadataDirective::REPLACE);
        if source.key == input.key && !replace {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata."
            ));
        }
        let object = Object {
            key: input.key.clone(),
            size: source.size,
            e_tag: source.e_tag.clone(),
            modified: SystemTime::now(),
            attributes: if replace { Attributes::from(input) } else { source.attributes.clone() },
            segments: source.segments.clone(),
        };
        let object = self.keep(&mut self.store.index(), object, request, "ObjectCreated:Copy")?;
        let result = CopyObjectResult {
            e_tag: e_tag(&object.e_tag),
            last_modified: Some(timestamp(object.modified)),
            ..CopyObjectResult::default()
        };
        Ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
    }

    pub(super) fn delete_object(&self, request: &S3Request<DeleteObjectInput>) -> S3Result<DeleteObjectOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        let mut index = self.store.index();
        // A condition on what is not there is answered with 404, as it is for a write.
        check_write(&index, &input.key, input.if_match.as_ref(), None)?;
        self.store.delete(&mut index, &input.key).map_err(internal)?;
        Ok(DeleteObjectOutput::default())
    }

    pub(super) fn delete_objects(&self, request: &S3Request<DeleteObjectsInput>) -> S3Result<DeleteObjectsOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        if input.delete.objects.is_empty() || input.delete.objects.len() > 1000 {
            return Err(s3_error!(MalformedXML, "Between 1 and 1000 keys can be deleted at once"));
        }
        let denied = request.extensions.get::<Denied>().map_or(&[][..], |denied| &denied.0);
        let mut index = self.store.index();
        let mut deleted = Vec::new();
        for object in input.delete.objects.iter().filter(|object| !denied.contains(&object.key)) {
            self.store.delete(&mut index, &object.key).map_err(internal)?;
            deleted.push(DeletedObject { key: Some(object.key.clone()), ..DeletedObject::default() });
        }
        let quiet = input.delete.quiet.unwrap_or_default();
        let errors = denied.iter().map(|key| dto::Error {
            key: Some(key.clone()),
            code: Some("AccessDenied".to_owned()),
            message: Some("Access Denied".to_owned()),
            version_id: None,
        });
        Ok(DeleteObjectsOutput {
            deleted: (!quiet).then_some(deleted),
            errors: (!denied.is_empty()).then(|| errors.collect()),
            ..DeleteObjectsOutput::default()
        })
    }
}

/// Conditions of a read (RFC 9110 §13.2.2 for their order).
pub(super) struct Conditions<'a> {
    pub(super) if_match: Option<&'a ETagCondition>,
    pub(super) if_none_match: Option<&'a ETagCondition>,
    pub(super) if_modified_since: Option<&'a Timestamp>,
    pub(super) if_unmodified_since: Option<&'a Timestamp>,
}

impl Conditions<'_> {
    /// For a GET or HEAD: 412 or 304 where a condition does not hold.
    fn check_read(&self, object: &Arc<Object>) -> S3Result<()> {
        if !self.precondition_holds(object) {
            return Err(precondition_failed());
        }
        if self.is_new(object) { Ok(()) } else { Err(not_modified(object)) }
    }

    /// For the source of a copy: 412 where a condition does not hold.
    pub(super) fn check_copy(&self, object: &Arc<Object>) -> S3Result<()> {
        if self.precondition_holds(object) && self.is_new(object) { Ok(()) } else { Err(precondition_failed()) }
    }

    fn precondition_holds(&self, object: &Object) -> bool {
        match (self.if_match, self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, object),
            (None, Some(time)) => timestamp(object.modified) <= *time,
            (None, None) => true,
        }
    }

    fn is_new(&self, object: &Object) -> bool {
        match (self.if_none_match, self.if_modified_since) {
            (Some(condition), _) => !matches(condition, object),
            (None, Some(time)) => timestamp(object.modified) > *time,
            (None, None) => true,
        }
    }
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(e_tag) => e_tag.value() == object.e_tag,
    }
}

fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

/// With the headers that a 304 must repeat (RFC 9110 §15.4.5).
fn not_modified(object: &Object) -> S3Error {
    let mut headers = HeaderMap::new();
    let mut add = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    add(header::ETAG, format!("\"{}\"", object.e_tag));
    if let Some(cache_control) = &object.attributes.cache_control {
        add(header::CACHE_CONTROL, cache_control.clone());
    }
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    error.set_headers(headers);
    error
}

fn unsatisfiable(size: u64) -> S3Error {
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
        error.set_headers(HeaderMap::from_iter([(header::CONTENT_RANGE, value)]));
    }
    error
}
