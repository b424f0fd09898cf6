//! What there is below a prefix, page by page.

use aws_sdk_s3::error::ProvideErrorMetadata;

use super::{Head, Listed, Objects, ObjectsError, transfer::quoted};

impl Objects {
    /// Objects whose keys have a prefix, the one that was stored first at the front; at most `most`, of however many there
    /// are.
    pub async fn oldest(&self, prefix: &str, most: usize) -> Result<Vec<Listed>, ObjectsError> {
        let (mut oldest, mut next) = (Vec::new(), None);
        loop {
            let (client, bucket) = self.place(prefix);
            let list = client.list_objects_v2().bucket(bucket).prefix(prefix).set_continuation_token(next);
            let page = list.send().await.map_err(ObjectsError::call("ListObjectsV2"))?;
            oldest.extend(page.contents.unwrap_or_default().into_iter().filter_map(listed));
            oldest.sort_by_key(|object| object.stored_at);
            oldest.truncate(most);
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(oldest);
            }
        }
    }

    /// Removes this version of an object. Nothing happens when it is no longer the one that is there.
    pub async fn remove_version(&self, key: &str, version: &Head) -> Result<(), ObjectsError> {
        let remove = self.call().delete_object().bucket(&self.bucket).key(key).if_match(quoted(&version.e_tag));
        match remove.send().await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.code(), Some("PreconditionFailed" | "NoSuchKey")) => Ok(()),
            Err(error) => Err(ObjectsError::call("DeleteObject")(error)),
        }
    }

    /// Removes an object. Nothing happens when there is none.
    pub async fn remove(&self, key: &str) -> Result<(), ObjectsError> {
        let (client, bucket) = self.place(key);
        let removed = client.delete_object().bucket(bucket).key(key).send().await;
        removed.map(drop).map_err(ObjectsError::call("DeleteObject"))
    }
}

pub(super) fn listed(object: aws_sdk_s3::types::Object) -> Option<Listed> {
    Some(Listed {
        key: object.key?,
        stored_at: object.last_modified.map_or(0, |at| at.secs()),
        head: Head::new(object.size, object.e_tag),
    })
}
