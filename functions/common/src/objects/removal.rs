//! Removing everything below a prefix, page by page.

use aws_sdk_s3::{
    Client,
    error::ProvideErrorMetadata,
    types::{Delete, ObjectIdentifier},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use md5::{Digest, Md5};

use super::{Objects, ObjectsError};

impl Objects {
    /// Listing from the start after each deletion needs no token and ends when nothing is left.
    pub(super) async fn remove_below(&self, prefix: &str) -> Result<(), ObjectsError> {
        loop {
            let found = self.list(prefix).await?;
            if found.is_empty() {
                return Ok(());
            }
            let keys: Vec<_> = found.into_iter().map(|object| object.key).collect();
            let (client, bucket) = self.place(prefix);
            if !remove_at_once(client, bucket, &keys).await? {
                for key in &keys {
                    self.remove(key).await?;
                }
            }
        }
    }
}

/// Removes objects with one call; false where the server knows no such call, as Google Cloud Storage does not.
async fn remove_at_once(client: &Client, bucket: &str, keys: &[String]) -> Result<bool, ObjectsError> {
    let identifiers = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
    let delete = identifiers
        .collect::<Result<Vec<_>, _>>()
        .and_then(|objects| Delete::builder().set_objects(Some(objects)).quiet(true).build())
        .map_err(|error| ObjectsError::Call { call: "DeleteObjects", reason: error.to_string() })?;
    // The SDK sends a newer kind of checksum, beside which other servers still want this one.
    let remove = client.delete_objects().bucket(bucket).delete(delete).customize().mutate_request(|request| {
        let md5 = request.body().bytes().map(|body| BASE64_STANDARD.encode(Md5::digest(body)));
        if let Some(md5) = md5 {
            request.headers_mut().insert("content-md5", md5);
        }
    });
    match remove.send().await {
        Ok(removed) => match removed.errors.unwrap_or_default().into_iter().next() {
            Some(failure) => {
                Err(ObjectsError::Call { call: "DeleteObjects", reason: failure.code.unwrap_or_default() })
            }
            None => Ok(true),
        },
        Err(error) if matches!(error.code(), Some("NotImplemented" | "InvalidArgument" | "MethodNotAllowed")) => {
            Ok(false)
        }
        Err(error) => Err(ObjectsError::call("DeleteObjects")(error)),
    }
}
