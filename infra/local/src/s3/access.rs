//! What a request needs to be allowed (service authorization reference, "Actions, resources, and condition keys for Amazon
//! S3"), and whether its signer is.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::Query,
    http::{Method, header},
};
use s3s::{
    S3Error, S3Request, S3Result,
    access::{S3Access, S3AccessContext},
    auth::Credentials,
    dto::{CopySource, DeleteObjectsInput, PutObjectInput},
    path::S3Path,
    s3_error,
};

use super::store::Store;
use crate::{
    iam::{Iam, Request},
    log,
    template::bucket_arn,
};

/// Asks before each operation. Whose key it is, has been proved by then.
pub(super) struct Access {
    pub(super) iam: Arc<Iam>,
    pub(super) store: Arc<Store>,
}

/// Keys that a request to delete several may not delete; the others it may.
#[derive(Clone)]
pub(super) struct Denied(pub(super) Vec<String>);

enum Needs {
    /// An action on the object.
    Object(&'static str),
    /// An action on the bucket.
    Bucket(&'static str),
    /// What depends on the body.
    ToBeSeen,
}

fn needs(operation: &str) -> Option<Needs> {
    Some(match operation {
        "GetObject" | "HeadObject" => Needs::Object("s3:GetObject"),
        "PutObject"
        | "CopyObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "UploadPartCopy"
        | "CompleteMultipartUpload" => Needs::Object("s3:PutObject"),
        "DeleteObject" => Needs::Object("s3:DeleteObject"),
        "AbortMultipartUpload" => Needs::Object("s3:AbortMultipartUpload"),
        "ListParts" => Needs::Object("s3:ListMultipartUploadParts"),
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => Needs::Bucket("s3:ListBucket"),
        "ListMultipartUploads" => Needs::Bucket("s3:ListBucketMultipartUploads"),
        "GetBucketCors" => Needs::Bucket("s3:GetBucketCORS"),
        "GetBucketLifecycleConfiguration" => Needs::Bucket("s3:GetLifecycleConfiguration"),
        "GetBucketLocation" => Needs::Bucket("s3:GetBucketLocation"),
        "DeleteObjects" | "PostObject" => Needs::ToBeSeen,
        _ => return None,
    })
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let credentials = context.credentials().ok_or_else(|| s3_error!(AccessDenied, "Signature is required"))?;
        let Some(function) = self.iam.function(&credentials.access_key) else { return Ok(()) };
        let (bucket, key) = match context.s3_path() {
            S3Path::Root => ("", ""),
            S3Path::Bucket { bucket } => (&**bucket, ""),
            S3Path::Object { bucket, key } => (&**bucket, &**key),
        };
        let operation = context.s3_op().name();
        match needs(operation) {
            Some(Needs::Object(action)) => self.allow(function, &on_object(action, bucket, key))?,
            Some(Needs::Bucket(action)) => {
                let query = Query::<BTreeMap<String, String>>::try_from_uri(context.uri());
                let prefix = query.ok().and_then(|mut query| query.remove("prefix"));
                self.allow(function, &Request { prefix, ..Request::new(action, bucket_arn(bucket)) })?;
            }
            Some(Needs::ToBeSeen) => {}
            None => {
                let action = format!("s3:{operation}");
                self.iam.refuse(function, &action, &bucket_arn(bucket));
                return Err(denied(function, &action, &bucket_arn(bucket)));
            }
        }
        let header = |name: &str| context.headers().get(name).and_then(|value| value.to_str().ok());
        if operation == "DeleteObject" && header(header::IF_MATCH.as_str()).is_some_and(|tag| tag != "*") {
            // The answer tells what is there (S3 user guide, "Enforce conditional deletes").
            self.allow(function, &on_object("s3:GetObject", bucket, key))?;
        }
        if let Some(source) = header("x-amz-copy-source") {
            let source = CopySource::parse(source).map_err(|_| s3_error!(InvalidArgument, "Which copy source?"))?;
            let CopySource::Bucket { bucket, key, .. } = source else { return Err(s3_error!(NotImplemented)) };
            self.allow(function, &on_object("s3:GetObject", &bucket, &key))?;
            self.tell_missing(function, &bucket, &key)?;
        }
        if matches!(operation, "GetObject" | "HeadObject") {
            self.tell_missing(function, bucket, key)?;
        }
        Ok(())
    }

    /// Also for a form's POST, whose key is in the form.
    async fn put_object(&self, request: &mut S3Request<PutObjectInput>) -> S3Result<()> {
        match self.function(request.credentials.as_ref()) {
            Some(function) if request.method == Method::POST => {
                self.allow(function, &on_object("s3:PutObject", &request.input.bucket, &request.input.key))
            }
            _ => Ok(()),
        }
    }

    async fn delete_objects(&self, request: &mut S3Request<DeleteObjectsInput>) -> S3Result<()> {
        let Some(function) = self.function(request.credentials.as_ref()) else { return Ok(()) };
        let input = &request.input;
        let keys = input.delete.objects.iter().map(|object| &object.key);
        let may = |key: &str| self.iam.allows(function, &on_object("s3:DeleteObject", &input.bucket, key));
        let denied = keys.filter(|key| !may(key)).cloned().collect();
        request.extensions.insert(Denied(denied));
        Ok(())
    }
}

impl Access {
    fn function<'a>(&self, credentials: Option<&'a Credentials>) -> Option<&'a str> {
        credentials.and_then(|credentials| self.iam.function(&credentials.access_key))
    }

    fn allow(&self, function: &str, request: &Request) -> S3Result<()> {
        if self.iam.allows(function, request) {
            return Ok(());
        }
        Err(denied(function, &request.action, &request.resource))
    }

    /// That an object is missing is told only to who may list the bucket ("GetObject", "Permissions").
    fn tell_missing(&self, function: &str, bucket: &str, key: &str) -> S3Result<()> {
        let list = Request::new("s3:ListBucket", bucket_arn(bucket));
        if self.store.index().objects.contains_key(key) || self.iam.permits(function, &list) {
            return Ok(());
        }
        log::line("iam", format!("{function} may not s3:ListBucket, so it is not told that {key} is missing"));
        Err(denied(function, &list.action, &list.resource))
    }
}

fn on_object(action: &str, bucket: &str, key: &str) -> Request {
    Request::new(action, format!("{}/{key}", bucket_arn(bucket)))
}

fn denied(function: &str, action: &str, resource: &str) -> S3Error {
    s3_error!(AccessDenied, "{}", Iam::sentence(function, action, resource))
}
