//! Small objects that browsers store themselves: taken in, looked at, put where nobody else can write.

use aws_sdk_s3::{error::ProvideErrorMetadata, types::MetadataDirective};

use super::{
    Head, Objects, ObjectsError, PUT_SECONDS, Reading, Serving, address, lifetime,
    transfer::{body_error, quoted, replaced_or},
};

/// An address at which an object can be stored, by a request with these headers.
#[derive(Clone, Debug)]
pub struct SignedUpload {
    /// The address.
    pub url: String,
    /// What the request must carry beside what every client sends by itself.
    pub headers: Vec<(&'static str, String)>,
}

/// What an object is, as far as its beginning tells.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Size and ETag.
    pub head: Head,
    /// The type under which it was stored.
    pub content_type: String,
    /// Its first bytes.
    pub bytes: Vec<u8>,
}

impl Objects {
    /// As [`sign_put`](Self::sign_put), for exactly so many bytes of one type: S3 itself refuses anything else.
    pub async fn sign_put_exactly(
        &self,
        key: &str,
        content_type: &str,
        size: u64,
    ) -> Result<SignedUpload, ObjectsError> {
        let length = i64::try_from(size).unwrap_or(i64::MAX);
        let put = self.signer.put_object().bucket(&self.bucket).key(key);
        let put = put.content_type(content_type).content_length(length);
        let request = put.presigned(lifetime(PUT_SECONDS)?).await.map_err(ObjectsError::call("PutObject"))?;
        Ok(SignedUpload { url: address(&request), headers: vec![("Content-Type", content_type.to_owned())] })
    }

    /// As [`sign_get`](Self::sign_get), answered as this type, whatever the object was stored as.
    pub async fn sign_get_as(&self, key: &str, content_type: &str) -> Result<String, ObjectsError> {
        self.sign_reading(key, &Reading { content_type: Some(content_type), ..Reading::default() }).await
    }

    /// An object's first `most` bytes with what S3 knows of it; `None` when there is no such object.
    pub async fn beginning(&self, key: &str, most: u64) -> Result<Option<Beginning>, ObjectsError> {
        let get = self.call().get_object().bucket(&self.bucket).key(key).range(format!("bytes=0-{}", most - 1));
        let mut object = match get.send().await {
            Ok(object) => object,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            // It has not even a first byte.
            Err(error) if error.code() == Some("InvalidRange") => {
                let head = Head { size: 0, e_tag: String::new() };
                return Ok(Some(Beginning { head, content_type: String::new(), bytes: Vec::new() }));
            }
            Err(error) => return Err(ObjectsError::call("GetObject")(error)),
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = object.body.try_next().await.map_err(body_error)? {
            self.usage.read(chunk.len() as u64);
            bytes.extend_from_slice(&chunk);
        }
        // `bytes 0-11/4711` (RFC 9110 §14.4): the length of the answer is not the object's.
        let range = object.content_range.as_deref().and_then(|range| range.rsplit_once('/'));
        let size = range.and_then(|(_, size)| size.parse().ok()).unwrap_or(bytes.len() as u64);
        let head = Head { size, ..Head::new(None, object.e_tag) };
        Ok(Some(Beginning { head, content_type: object.content_type.unwrap_or_default(), bytes }))
    }

    /// Copies a version of an object to another key. The error is [`ObjectsError::Replaced`] when it is no longer the one
    /// that is there.
    pub async fn copy(&self, from: &str, version: &Head, to: &str, serving: Serving) -> Result<(), ObjectsError> {
        self.usage.copied(version.size);
        let copy = self.call().copy_object().bucket(&self.bucket).key(to);
        // Keys of ours need no escapes.
        let copy = copy.copy_source(format!("{}/{from}", self.bucket)).copy_source_if_match(quoted(&version.e_tag));
        let copy = copy.metadata_directive(MetadataDirective::Replace);
        let copy = copy.content_type(serving.content_type).cache_control(serving.cache_control);
        copy.send().await.map(drop).map_err(replaced_or(from, "CopyObject"))
    }
}
