//! Listing objects.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::{
    S3Request, S3Result,
    dto::{
        CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
        ObjectStorageClass,
    },
    s3_error,
};

use super::{
    operations::{Operations, e_tag, timestamp},
    store::Object,
};

/// Entries of a page at most.
const MAX_KEYS: i32 = 1000;
/// What `encoding-type=url` leaves as it is.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// A page of a listing.
struct Page {
    objects: Vec<Arc<Object>>,
    prefixes: Vec<String>,
    /// Where the next page goes on; `None` on the last.
    next: Option<String>,
}

impl Operations {
    pub(super) fn list_objects_v2(&self, request: &S3Request<ListObjectsV2Input>) -> S3Result<ListObjectsV2Output> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        let max_keys = input.max_keys.unwrap_or(MAX_KEYS).min(MAX_KEYS);
        let limit = usize::try_from(max_keys).map_err(|_| s3_error!(InvalidArgument, "max-keys is negative"))?;
        let after = input.continuation_token.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let page = page(&self.store.index().objects, prefix, delimiter, after, limit);

        let url = input.encoding_type.as_ref().is_some_and(|kind| kind.as_str() == EncodingType::URL);
        let text = |key: &str| if url { utf8_percent_encode(key, &PLAIN).to_string() } else { key.to_owned() };
        let object = |object: &Arc<Object>| s3s::dto::Object {
            key: Some(text(&object.key)),
            size: i64::try_from(object.size).ok(),
            e_tag: e_tag(&object.e_tag),
            last_modified: Some(timestamp(object.modified)),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..s3s::dto::Object::default()
        };
        let prefix = |prefix: &String| CommonPrefix { prefix: Some(text(prefix)) };
        Ok(ListObjectsV2Output {
            name: Some(input.bucket.clone()),
            key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            contents: Some(page.objects.iter().map(object).collect()),
            common_prefixes: Some(page.prefixes.iter().map(prefix).collect()),
            continuation_token: input.continuation_token.clone(),
            next_continuation_token: page.next,
            prefix: input.prefix.as_deref().map(text),
            delimiter: input.delimiter.as_deref().map(text),
            start_after: input.start_after.as_deref().map(text),
            encoding_type: input.encoding_type.clone(),
            ..ListObjectsV2Output::default()
        })
    }

    pub(super) fn list_objects(&self, request: &S3Request<ListObjectsInput>) -> S3Result<ListObjectsOutput> {
        let marker = request.input.marker.clone();
        let page = self.list_objects_v2(&request.clone().map_input(ListObjectsV2Input::from))?;
        Ok(ListObjectsOutput {
            name: page.name,
            marker,
            next_marker: page.next_continuation_token,
            max_keys: page.max_keys,
            is_truncated: page.is_truncated,
            contents: page.contents,
            common_prefixes: page.common_prefixes,
            prefix: page.prefix,
            delimiter: page.delimiter,
            encoding_type: page.encoding_type,
            ..ListObjectsOutput::default()
        })
    }
}

/// The next entries after a key or a common prefix, in the order of their bytes.
fn page(
    objects: &BTreeMap<String, Arc<Object>>,
    prefix: &str,
    delimiter: Option<&str>,
    after: &str,
    limit: usize,
) -> Page {
    let mut page = Page { objects: Vec::new(), prefixes: Vec::new(), next: None };
    let start = if after < prefix { Bound::Included(prefix) } else { Bound::Excluded(after) };
    let mut last = after;
    for (key, object) in objects.range::<str, _>((start, Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(prefix) else { break };
        let folded = delimiter.and_then(|delimiter| rest.find(delimiter).map(|at| prefix.len() + at + delimiter.len()));
        let entry = folded.map_or(key.as_str(), |end| &key[..end]);
        // All keys below a common prefix are one entry, which the page before may have ended with.
        if folded.is_some() && entry == last {
            continue;
        }
        if page.objects.len() + page.prefixes.len() == limit {
            page.next = (limit > 0).then(|| last.to_owned());
            break;
        }
        match folded {
            Some(_) => page.prefixes.push(entry.to_owned()),
            None => page.objects.push(Arc::clone(object)),
        }
        last = entry;
    }
    page
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn all(keys: &[&str], prefix: &str, delimiter: Option<&str>, limit: usize) -> Vec<String> {
        let object = |key: &&str| {
            let key = (*key).to_owned();
            let modified = SystemTime::UNIX_EPOCH;
            let object = Object {
                key: key.clone(),
                size: 0,
                e_tag: String::new(),
                modified,
                attributes: super::super::attributes::Attributes::default(),
                segments: Vec::new(),
            };
            (key, Arc::new(object))
        };
        let objects = keys.iter().map(object).collect();
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page = page(&objects, prefix, delimiter, &after, limit);
            assert!(page.objects.len() + page.prefixes.len() <= limit);
            let mut entries: Vec<_> = page.objects.iter().map(|object| object.key.clone()).collect();
            entries.extend(page.prefixes);
            entries.sort();
            found.extend(entries);
            match page.next {
                Some(next) => after = next,
                None => return found,
            }
        }
    }

    #[test]
    fn pages_of_every_size_give_the_same_entries() {
        let keys = ["a", "a/1", "a/2", "a/3/x", "a0", "b/1", "b/2", "é/1"];
        for limit in 1..10 {
            assert_eq!(all(&keys, "", None, limit), keys, "{limit}");
            assert_eq!(all(&keys, "", Some("/"), limit), ["a", "a/", "a0", "b/", "é/"], "{limit}");
            assert_eq!(all(&keys, "a/", Some("/"), limit), ["a/1", "a/2", "a/3/"], "{limit}");
            assert_eq!(all(&keys, "a/", None, limit), ["a/1", "a/2", "a/3/x"], "{limit}");
            assert_eq!(all(&keys, "x", None, limit), [""; 0], "{limit}");
        }
    }
}
