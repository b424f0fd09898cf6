//! Multipart uploads.

use std::{collections::BTreeMap, ops::Range, time::SystemTime};

use futures_util::{StreamExt, pin_mut};
use s3s::{
    S3Request, S3Result,
    crypto::{Checksum as _, Md5},
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
        CompleteMultipartUploadOutput, CompletedPart, CopyPartResult, CreateMultipartUploadInput,
        CreateMultipartUploadOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput,
        ListPartsOutput, MultipartUpload, UploadPartCopyInput, UploadPartCopyOutput, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};

use super::{
    attributes::Attributes,
    blob::{self, Segment},
    objects::Conditions,
    operations::{Operations, check_write, e_tag, internal, timestamp},
    receive::{Incoming, MAX_BODY, hex},
    store::{Index, Object, Part, Upload},
};

/// Bytes that every part but the last must have (Amazon S3 multipart upload limits), and that an object must exceed for
/// ranges of it to be copied (`UploadPartCopy`).
const MIN_PART: u64 = 5 * 1024 * 1024;
/// The highest part number.
const MAX_PARTS: u16 = 10_000;

impl Operations {
    pub(super) fn create_multipart_upload(
        &self,
        request: &S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<CreateMultipartUploadOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        let upload = Upload {
            key: input.key.clone(),
            initiated: SystemTime::now(),
            attributes: Attributes::from(input),
            parts: BTreeMap::new(),
        };
        let id = self.store.create_upload(&mut self.store.index(), upload).map_err(internal)?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket.clone()),
            key: Some(input.key.clone()),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        })
    }

    pub(super) async fn upload_part(&self, mut request: S3Request<UploadPartInput>) -> S3Result<UploadPartOutput> {
        let incoming = Incoming::from(&mut request);
        let input = &request.input;
        let number = part_number(input.part_number)?;
        self.check_upload(&input.bucket, &input.key, &input.upload_id)?;
        let received = incoming.receive(&self.store).await?;
        let md5 = received.md5.clone();
        self.keep_part(&input.key, &input.upload_id, number, received.segments, received.md5)?;
        Ok(UploadPartOutput { e_tag: e_tag(&md5), ..UploadPartOutput::default() })
    }

    /// The bytes are read for their MD5 only; the part shares them with the source.
    pub(super) async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<UploadPartCopyOutput> {
        let input = &request.input;
        let number = part_number(input.part_number)?;
        self.check_upload(&input.bucket, &input.key, &input.upload_id)?;
        let source = self.source(&input.copy_source)?;
        Conditions {
            if_match: input.copy_source_if_match.as_ref(),
            if_none_match: input.copy_source_if_none_match.as_ref(),
            if_modified_since: input.copy_source_if_modified_since.as_ref(),
            if_unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
        }
        .check_copy(&source)?;
        let range = copy_range(input.copy_source_range.as_deref(), source.size)?;
        let segments = blob::slice(&source.segments, &range);
        let md5 = md5(segments.clone()).await?;
        self.keep_part(&input.key, &input.upload_id, number, segments, md5.clone())?;
        let result = CopyPartResult {
            e_tag: e_tag(&md5),
            last_modified: Some(timestamp(SystemTime::now())),
            ..CopyPartResult::default()
        };
        Ok(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
    }

    fn keep_part(&self, key: &str, id: &str, number: u16, segments: Vec<Segment>, md5: String) -> S3Result<()> {
        let size = segments.iter().map(|segment| segment.size).sum();
        let part = Part { size, e_tag: md5, modified: SystemTime::now(), segments };
        let mut index = self.store.index();
        // It may have been completed or aborted while the body came in.
        upload(&index, key, id)?;
        self.store.put_part(&mut index, id, number, part).map_err(internal)
    }

    /// Checks everything before anything changes, so that a refused upload can still be completed.
    pub(super) fn complete_multipart_upload(
        &self,
        request: &S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        let mut index = self.store.index();
        let upload = upload(&index, &input.key, &input.upload_id)?;
        let listed = input.multipart_upload.as_ref().and_then(|upload| upload.parts.as_deref()).unwrap_or_default();
        let parts = listed_parts(upload, listed)?;
        check_write(&index, &input.key, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let object = Object {
            key: input.key.clone(),
            size: parts.iter().map(|part| part.size).sum(),
            e_tag: combined_e_tag(&parts),
            modified: SystemTime::now(),
            attributes: upload.attributes.clone(),
            segments: parts.iter().flat_map(|part| part.segments.iter().cloned()).collect(),
        };
        let object = self.keep(&mut index, object, request, "ObjectCreated:CompleteMultipartUpload")?;
        self.store.delete_upload(&mut index, &input.upload_id).map_err(internal)?;
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket.clone()),
            key: Some(input.key.clone()),
            e_tag: e_tag(&object.e_tag),
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            ..CompleteMultipartUploadOutput::default()
        })
    }

    pub(super) fn abort_multipart_upload(
        &self,
        request: &S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<AbortMultipartUploadOutput> {
        let input = &request.input;
        self.check_upload(&input.bucket, &input.key, &input.upload_id)?;
        self.store.delete_upload(&mut self.store.index(), &input.upload_id).map_err(internal)?;
        Ok(AbortMultipartUploadOutput::default())
    }

    pub(super) fn list_multipart_uploads(
        &self,
        request: &S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<ListMultipartUploadsOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        if input.delimiter.as_ref().is_some_and(|delimiter| !delimiter.is_empty()) {
            return Err(s3_error!(NotImplemented, "Uploads are listed without a delimiter"));
        }
        let limit = usize::try_from(input.max_uploads.unwrap_or(1000).clamp(1, 1000)).unwrap_or(1000);
        let prefix = input.prefix.as_deref().unwrap_or_default();
        let key_marker = input.key_marker.as_deref().unwrap_or_default();
        let id_marker = input.upload_id_marker.as_deref().filter(|_| !key_marker.is_empty());
        let index = self.store.index();
        let mut uploads: Vec<_> = index
            .uploads
            .iter()
            .map(|(id, upload)| (upload.key.as_str(), id.as_str(), upload.initiated))
            .filter(|(key, id, _)| {
                // Without an upload's id, the marker stands for all uploads of its key.
                let after = *key > key_marker || (*key == key_marker && id_marker.is_some_and(|marker| *id > marker));
                key.starts_with(prefix) && (key_marker.is_empty() || after)
            })
            .collect();
        uploads.sort_unstable();
        let is_truncated = uploads.len() > limit;
        uploads.truncate(limit);
        let last = uploads.last().filter(|_| is_truncated);
        let listed = uploads.iter().map(|(key, id, initiated)| MultipartUpload {
            key: Some((*key).to_owned()),
            upload_id: Some((*id).to_owned()),
            initiated: Some(timestamp(*initiated)),
            ..MultipartUpload::default()
        });
        Ok(ListMultipartUploadsOutput {
            bucket: Some(input.bucket.clone()),
            prefix: input.prefix.clone(),
            key_marker: input.key_marker.clone(),
            upload_id_marker: input.upload_id_marker.clone(),
            max_uploads: i32::try_from(limit).ok(),
            is_truncated: Some(is_truncated),
            next_key_marker: last.map(|(key, ..)| (*key).to_owned()),
            next_upload_id_marker: last.map(|(_, id, _)| (*id).to_owned()),
            uploads: Some(listed.collect()),
            ..ListMultipartUploadsOutput::default()
        })
    }

    pub(super) fn list_parts(&self, request: &S3Request<ListPartsInput>) -> S3Result<ListPartsOutput> {
        let input = &request.input;
        self.check_bucket(&input.bucket)?;
        let index = self.store.index();
        let upload = upload(&index, &input.key, &input.upload_id)?;
        let limit = usize::try_from(input.max_parts.unwrap_or(1000).clamp(0, 1000)).unwrap_or(1000);
        let after = input.part_number_marker.unwrap_or_default();
        let mut parts: Vec<_> = upload.parts.iter().filter(|(number, _)| i32::from(**number) > after).collect();
        let is_truncated = parts.len() > limit;
        parts.truncate(limit);
        let next = parts.last().filter(|_| is_truncated).map(|(number, _)| i32::from(**number));
        let listed = parts.into_iter().map(|(number, part)| s3s::dto::Part {
            part_number: Some(i32::from(*number)),
            e_tag: e_tag(&part.e_tag),
            size: i64::try_from(part.size).ok(),
            last_modified: Some(timestamp(part.modified)),
            ..s3s::dto::Part::default()
        });
        Ok(ListPartsOutput {
            bucket: Some(input.bucket.clone()),
            key: Some(input.key.clone()),
            upload_id: Some(input.upload_id.clone()),
            max_parts: i32::try_from(limit).ok(),
            part_number_marker: Some(after),
            next_part_number_marker: next,
            is_truncated: Some(is_truncated),
            parts: Some(listed.collect()),
            ..ListPartsOutput::default()
        })
    }

    fn check_upload(&self, bucket: &str, key: &str, id: &str) -> S3Result<()> {
        self.check_bucket(bucket)?;
        upload(&self.store.index(), key, id).map(|_| ())
    }
}

fn upload<'a>(index: &'a Index, key: &str, id: &str) -> S3Result<&'a Upload> {
    index.uploads.get(id).filter(|upload| upload.key == key).ok_or_else(|| {
        s3_error!(
            NoSuchUpload,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted \
             or completed."
        )
    })
}

fn part_number(number: i32) -> S3Result<u16> {
    let number = u16::try_from(number).ok().filter(|number| (1..=MAX_PARTS).contains(number));
    number.ok_or_else(|| {
        s3_error!(InvalidArgument, "Part number must be an integer between 1 and {MAX_PARTS}, inclusive")
    })
}

/// The parts of the list, in its order, if the list is right.
fn listed_parts<'a>(upload: &'a Upload, listed: &[CompletedPart]) -> S3Result<Vec<&'a Part>> {
    let malformed =
        || s3_error!(MalformedXML, "Each part needs its PartNumber and ETag, and there must be one at least");
    if listed.is_empty() {
        return Err(malformed());
    }
    let listed = listed.iter().map(|part| Some((part.part_number?, part.e_tag.as_ref()?.value())));
    let listed: Vec<_> = listed.collect::<Option<_>>().ok_or_else(malformed)?;
    if !listed.is_sorted_by(|(before, _), (after, _)| before < after) {
        return Err(s3_error!(
            InvalidPartOrder,
            "The list of parts was not in ascending order. The parts list must be specified in order by part number."
        ));
    }
    let find = |(number, e_tag): &(i32, &str)| {
        let part = u16::try_from(*number).ok().and_then(|number| upload.parts.get(&number));
        part.filter(|part| part.e_tag == *e_tag)
    };
    let parts: Vec<_> = listed.iter().map(find).collect::<Option<_>>().ok_or_else(|| {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found. The part might not have been uploaded, or the \
             specified entity tag might not have matched the part's entity tag."
        )
    })?;
    match parts.split_last() {
        Some((_, before)) if before.iter().any(|part| part.size < MIN_PART) => {
            Err(s3_error!(EntityTooSmall, "Your proposed upload is smaller than the minimum allowed size"))
        }
        _ => Ok(parts),
    }
}

/// The MD5 of the parts' MD5s, and their number.
fn combined_e_tag(parts: &[&Part]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        let digits = part.e_tag.as_bytes().chunks(2).filter_map(|digits| std::str::from_utf8(digits).ok());
        let bytes: Vec<_> = digits.filter_map(|digits| u8::from_str_radix(digits, 16).ok()).collect();
        md5.update(&bytes);
    }
    format!("{}-{}", hex(&md5.finalize()), parts.len())
}

/// Reads `bytes=first-last`, where both must be there and within the source (`UploadPartCopy`).
fn copy_range(text: Option<&str>, size: u64) -> S3Result<Range<u64>> {
    let range = match text {
        None => 0..size,
        Some(_) if size <= MIN_PART => {
            return Err(s3_error!(
                InvalidRequest,
                "The specified copy source is not supported as a byte-range copy source: it is not over 5 MiB"
            ));
        }
        Some(text) => {
            let ends = text.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
            let ends = ends.and_then(|(first, last)| Some((first.parse().ok()?, last.parse::<u64>().ok()?)));
            match ends {
                Some((first, last)) if first <= last && last < size => first..last + 1,
                Some(_) => {
                    return Err(s3_error!(
                        InvalidRange,
                        "Range specified is not valid for source object of size: {size}"
                    ));
                }
                None => {
                    let form = "The x-amz-copy-source-range value must be of the form bytes=first-last";
                    return Err(s3_error!(InvalidArgument, "{form}"));
                }
            }
        }
    };
    if range.end - range.start > MAX_BODY {
        return Err(s3_error!(
            InvalidRequest,
            "The specified copy source is larger than the maximum allowable size for a copy source: {MAX_BODY}"
        ));
    }
    Ok(range)
}

async fn md5(segments: Vec<Segment>) -> S3Result<String> {
    let mut md5 = Md5::new();
    let bytes = blob::read(segments);
    pin_mut!(bytes);
    while let Some(bytes) = bytes.next().await.transpose().map_err(internal)? {
        md5.update(&bytes);
    }
    Ok(hex(&md5.finalize()))
}
