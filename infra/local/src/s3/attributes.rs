//! What is kept of an object beside its bytes.

use std::collections::HashMap;

use s3s::dto::{CopyObjectInput, CreateMultipartUploadInput, PutObjectInput};
use serde::{Deserialize, Serialize};

/// Headers that come back with the object.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Attributes {
    pub(super) content_type: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) cache_control: Option<String>,
    /// `x-amz-meta-…`, without the prefix.
    pub(super) metadata: Option<HashMap<String, String>>,
}

impl Attributes {
    /// S3's own type for objects that came without one.
    pub(super) fn content_type(&self) -> String {
        self.content_type.clone().unwrap_or_else(|| "binary/octet-stream".to_owned())
    }
}

/// The three inputs name these fields alike.
macro_rules! attributes_of {
    ($($input:ty),*) => {$(
        impl From<&$input> for Attributes {
            fn from(input: &$input) -> Self {
                Self {
                    content_type: input.content_type.clone().filter(|value| !value.is_empty()),
                    content_encoding: input.content_encoding.as_deref().and_then(stored_encoding),
                    content_disposition: input.content_disposition.clone(),
                    content_language: input.content_language.clone(),
                    cache_control: input.cache_control.clone(),
                    metadata: input.metadata.clone(),
                }
            }
        }
    )*};
}

attributes_of!(PutObjectInput, CreateMultipartUploadInput, CopyObjectInput);

/// `aws-chunked` is how the request was sent, not what the object is.
fn stored_encoding(value: &str) -> Option<String> {
    let kept: Vec<_> = value.split(',').map(str::trim).filter(|one| !one.is_empty() && *one != "aws-chunked").collect();
    (!kept.is_empty()).then(|| kept.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_of_the_transfer_is_not_kept() {
        assert_eq!(stored_encoding("aws-chunked"), None);
        assert_eq!(stored_encoding("aws-chunked,gzip").as_deref(), Some("gzip"));
        assert_eq!(stored_encoding("gzip").as_deref(), Some("gzip"));
    }
}
