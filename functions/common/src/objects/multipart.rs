//! Multipart uploads that clients do part by part.

use std::collections::BTreeMap;

use aws_sdk_s3::{
    error::ProvideErrorMetadata,
    types::{CompletedMultipartUpload, CompletedPart},
};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Objects, ObjectsError, PART_SECONDS, address, lifetime};

/// A part as the client says it stored it. S3 allows 10,000 of them.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// From 1.
    pub part_number: i32,
    /// The part's ETag, with or without quotes.
    pub etag: String,
}

/// A part as S3 holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredPart {
    /// From 1.
    pub part_number: i32,
    /// Its ETag, without quotes.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// What came of completing an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The object is there, now or since an earlier call.
    Done,
    /// The parts do not fit what was uploaded; the sentence says which. The upload is still open.
    Refused(String),
    /// There is no such upload, and no object that it could have become.
    Unknown,
}

impl Objects {
    /// Begins an upload; its id.
    pub async fn begin_upload(&self, key: &str, content_type: &str) -> Result<String, ObjectsError> {
        let begin = self.call().create_multipart_upload().bucket(&self.bucket).key(key).content_type(content_type);
        let begun = begin.send().await.map_err(ObjectsError::call("CreateMultipartUpload"))?;
        begun.upload_id.ok_or_else(|| ObjectsError::Call {
            call: "CreateMultipartUpload",
            reason: "no upload id in the answer".to_owned(),
        })
    }

    /// Address at which part `number` (1 to 10,000) can be stored for an hour. With the MD5 of the part, in Base64, its
    /// request must carry that as `Content-MD5`, and S3 refuses bytes that are not those.
    pub async fn sign_part(
        &self,
        key: &str,
        upload_id: &str,
        number: i32,
        md5: Option<&str>,
    ) -> Result<String, ObjectsError> {
        let part = self.signer.upload_part().bucket(&self.bucket).key(key).upload_id(upload_id).part_number(number);
        let part = part.set_content_md5(md5.map(str::to_owned));
        let request = part.presigned(lifetime(PART_SECONDS)?).await.map_err(ObjectsError::call("UploadPart"))?;
        Ok(address(&request))
    }

    /// Makes the object from its parts. Checks them against what S3 holds before, so that a forgotten part is refused
    /// and not cut out of the recording, and repeats an earlier completion's answer.
    pub async fn complete_upload(
        &self,
        key: &str,
        upload_id: &str,
        parts: &[Part],
    ) -> Result<Completion, ObjectsError> {
        let Some(stored) = self.stored_parts(key, upload_id).await? else {
            return self.completed_before(key, parts).await;
        };
        let of_one_size = of_one_size(&stored);
        let stored = stored.into_iter().map(|part| (part.part_number, part.etag)).collect();
        if let Err(sentence) = compare(parts, &stored) {
            return Ok(Completion::Refused(sentence));
        }
        let listed = parts
            .iter()
            .map(|part| CompletedPart::builder().part_number(part.part_number).e_tag(quoted(&part.etag)).build());
        let upload = CompletedMultipartUpload::builder().set_parts(Some(listed.collect())).build();
        let complete = self.call().complete_multipart_upload().bucket(&self.bucket).key(key);
        match complete.upload_id(upload_id).multipart_upload(upload).send().await {
            Ok(_) => Ok(Completion::Done),
            Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
                // Another call completed it in between.
                Some("NoSuchUpload") => self.completed_before(key, parts).await,
                Some("EntityTooSmall") => Ok(Completion::Refused(
                    "A part other than the last is smaller than 5 MiB. Upload it again, larger.".to_owned(),
                )),
                Some("InvalidPart") if !of_one_size => Ok(Completion::Refused(
                    "This server's storage wants all parts but the last of one size. Upload the file again in such parts."
                        .to_owned(),
                )),
                Some("InvalidPart" | "InvalidPartOrder") => Ok(Completion::Refused(
                    "A part changed while the upload was being completed. Complete it again.".to_owned(),
                )),
                _ => Err(ObjectsError::call("CompleteMultipartUpload")(error)),
            },
        }
    }

    /// Drops an upload and its parts; false when there is no such upload.
    pub async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<bool, ObjectsError> {
        let (client, bucket) = self.place(key);
        let abort = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(upload_id);
        match abort.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_unknown_upload(&error) => Ok(false),
            Err(error) => Err(ObjectsError::call("AbortMultipartUpload")(error)),
        }
    }

    /// Drops all uploads in progress whose key has a prefix.
    pub(super) async fn abort_below(&self, prefix: &str) -> Result<(), ObjectsError> {
        let (client, bucket) = self.place(prefix);
        let list = client.list_multipart_uploads().bucket(bucket).prefix(prefix).send().await;
        let open = list.map_err(ObjectsError::call("ListMultipartUploads"))?.uploads.unwrap_or_default();
        for upload in open {
            if let (Some(key), Some(id)) = (upload.key, upload.upload_id) {
                self.abort_upload(&key, &id).await?;
            }
        }
        Ok(())
    }

    /// The parts that S3 holds, in their order; `None` when there is no such upload.
    pub async fn stored_parts(&self, key: &str, upload_id: &str) -> Result<Option<Vec<StoredPart>>, ObjectsError> {
        let mut stored = Vec::new();
        let list = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload_id);
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            self.usage.call();
            let page = match page {
                Ok(page) => page,
                Err(error) if is_unknown_upload(&error) => return Ok(None),
                Err(error) => return Err(ObjectsError::call("ListParts")(error)),
            };
            for part in page.parts.unwrap_or_default() {
                if let (Some(part_number), Some(e_tag)) = (part.part_number, part.e_tag) {
                    let size = part.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0);
                    stored.push(StoredPart { part_number, etag: bare(&e_tag).to_owned(), size });
                }
            }
        }
        Ok(Some(stored))
    }

    /// S3 forgets an upload when it becomes an object, whose ETag then tells of which parts it was made.
    async fn completed_before(&self, key: &str, parts: &[Part]) -> Result<Completion, ObjectsError> {
        let Some(e_tag) = combined_e_tag(parts) else { return Ok(Completion::Unknown) };
        let made_of_parts = self.head(key).await?.is_some_and(|head| head.e_tag == e_tag);
        Ok(if made_of_parts { Completion::Done } else { Completion::Unknown })
    }
}

/// ETag of an object made of these parts: the MD5 of their MD5s, and their number. `None` when an ETag is no MD5.
fn combined_e_tag(parts: &[Part]) -> Option<String> {
    let mut md5 = Md5::new();
    for part in parts {
        let e_tag = bare(&part.etag).as_bytes();
        let digits = e_tag.chunks_exact(2).map(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        let bytes = digits.collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() == 16 && e_tag.len() == 32)?;
        md5.update(bytes);
    }
    let digest: String = md5.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{digest}-{}", parts.len()))
}

/// What Cloudflare R2 demands: all parts but the last have one size, and that is no smaller.
fn of_one_size(parts: &[StoredPart]) -> bool {
    parts.split_last().is_none_or(|(last, others)| {
        others.windows(2).all(|pair| pair[0].size == pair[1].size)
            && others.first().is_none_or(|first| last.size <= first.size)
    })
}

fn is_unknown_upload<E: ProvideErrorMetadata, R>(error: &aws_sdk_s3::error::SdkError<E, R>) -> bool {
    // A malformed id is InvalidArgument on some servers.
    error.code().is_some_and(|code| matches!(code, "NoSuchUpload" | "InvalidArgument" | "NoSuchKey"))
}

fn bare(e_tag: &str) -> &str {
    e_tag.trim_matches('"')
}

fn quoted(e_tag: &str) -> String {
    format!("\"{}\"", bare(e_tag))
}

/// Checks that the client's list is the whole upload in order.
fn compare(listed: &[Part], stored: &BTreeMap<i32, String>) -> Result<(), String> {
    if listed.is_empty() {
        return Err("No parts are listed. List every part that was uploaded.".to_owned());
    }
    if let Some(pair) = listed.windows(2).find(|pair| pair[0].part_number >= pair[1].part_number) {
        return Err(format!(
            "Part {} is listed after part {}. List each part once, in ascending order.",
            pair[1].part_number, pair[0].part_number
        ));
    }
    for part in listed {
        match stored.get(&part.part_number) {
            None => return Err(format!("Part {} was not uploaded. Upload it, then complete again.", part.part_number)),
            Some(e_tag) if !bare(e_tag).eq_ignore_ascii_case(bare(&part.etag)) => {
                return Err(format!(
                    "The ETag of part {} is not the one that was stored. Upload the part again.",
                    part.part_number
                ));
            }
            Some(_) => {}
        }
    }
    // Both are in order, and every listed one is stored: the first that differs is not listed.
    let listed = listed.iter().map(|part| Some(part.part_number)).chain(std::iter::repeat(None));
    match stored.keys().zip(listed).find_map(|(number, listed)| (listed != Some(*number)).then_some(number)) {
        Some(number) => Err(format!("Part {number} was uploaded but is not listed. List every part.")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(part_number: i32, etag: &str) -> Part {
        Part { part_number, etag: etag.to_owned() }
    }

    #[test]
    fn the_e_tag_of_parts_is_the_md5_of_their_md5s() {
        // Two empty parts: md5(md5("") + md5("")).
        let empty = part(1, "\"D41D8CD98F00B204E9800998ECF8427E\"");
        let e_tag = combined_e_tag(&[empty.clone(), part(2, "d41d8cd98f00b204e9800998ecf8427e")]);
        assert_eq!(e_tag.as_deref(), Some("5873dd45edd01f09c1ef2e7819369e8e-2"));
        assert_eq!(combined_e_tag(&[empty, part(2, "zz")]), None);
    }

    #[test]
    fn parts_must_be_all_in_order_and_unchanged() {
        let stored = BTreeMap::from([(1, "\"a\"".to_owned()), (2, "\"b\"".to_owned())]);
        let refusal = |parts: &[Part]| compare(parts, &stored).err();
        assert_eq!(refusal(&[part(1, "a"), part(2, "\"B\"")]), None);
        for (parts, word) in [
            (vec![], "No parts"),
            (vec![part(2, "b"), part(1, "a")], "Part 1 is listed after part 2"),
            (vec![part(1, "a"), part(1, "a")], "Part 1 is listed after part 1"),
            (vec![part(1, "a"), part(2, "b"), part(3, "c")], "Part 3 was not uploaded"),
            (vec![part(1, "a"), part(2, "x")], "ETag of part 2"),
            (vec![part(1, "a")], "Part 2 was uploaded but is not listed"),
        ] {
            let sentence = refusal(&parts).expect("refused");
            assert!(sentence.contains(word), "{sentence}");
        }
    }
}
