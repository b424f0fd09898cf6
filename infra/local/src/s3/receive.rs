//! Taking in a body: into a new blob, with everything checked that the client said about it.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD as STANDARD};
use bytes::Bytes;
use futures_util::StreamExt;
use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Result, TrailingHeaders,
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256},
    dto::{Checksum, PutObjectInput, StreamingBlob, UploadPartInput},
    s3_error,
};
use tokio::io::{AsyncWriteExt, BufWriter};

use super::{blob::Segment, store::Store};

/// The most that one request may bring, in bytes (Amazon S3 quotas: 5 GiB).
pub(super) const MAX_BODY: u64 = 5 * 1024 * 1024 * 1024;
const CRC32: &str = "x-amz-checksum-crc32";
const CRC32C: &str = "x-amz-checksum-crc32c";
const SHA1: &str = "x-amz-checksum-sha1";
const SHA256: &str = "x-amz-checksum-sha256";
const CRC64NVME: &str = "x-amz-checksum-crc64nvme";
/// Bytes that are written at once.
const CHUNK: usize = 1024 * 1024;

/// A request's body, with what the client said about it.
pub(super) struct Incoming {
    body: Option<StreamingBlob>,
    size: Option<u64>,
    /// Base64.
    md5: Option<String>,
    checksum: Checksum,
    /// Names of the checksums that follow the body, from `x-amz-trailer`.
    announced: Vec<String>,
    trailers: Option<TrailingHeaders>,
}

/// A body that is kept until its segment is dropped.
pub(super) struct Received {
    pub(super) segments: Vec<Segment>,
    pub(super) size: u64,
    /// In hexadecimal, which is the ETag of what one request brought.
    pub(super) md5: String,
}

/// The two inputs name these fields alike.
macro_rules! incoming_from {
    ($($input:ty),*) => {$(
        impl From<&mut S3Request<$input>> for Incoming {
            fn from(request: &mut S3Request<$input>) -> Self {
                let input = &mut request.input;
                let trailer = request.headers.get("x-amz-trailer").and_then(|value| value.to_str().ok());
                Self {
                    body: input.body.take(),
                    size: input.content_length.and_then(|size| u64::try_from(size).ok()),
                    md5: input.content_md5.take(),
                    checksum: Checksum {
                        checksum_crc32: input.checksum_crc32.take(),
                        checksum_crc32c: input.checksum_crc32c.take(),
                        checksum_crc64nvme: input.checksum_crc64nvme.take(),
                        checksum_sha1: input.checksum_sha1.take(),
                        checksum_sha256: input.checksum_sha256.take(),
                        checksum_type: None,
                    },
                    announced: trailer.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase()).collect(),
                    trailers: request.trailing_headers.take(),
                }
            }
        }
    )*};
}

incoming_from!(PutObjectInput, UploadPartInput);

impl Incoming {
    /// Takes the body in. Nothing is kept of one that is cut short or not what the client said.
    pub(super) async fn receive(mut self, store: &Store) -> S3Result<Received> {
        let size = self.size.ok_or_else(|| s3_error!(MissingContentLength))?;
        if size > MAX_BODY {
            return Err(s3_error!(EntityTooLarge, "Your proposed upload exceeds the maximum allowed size"));
        }
        let blob = store.new_blob().map_err(S3Error::internal_error)?;
        let file = tokio::fs::File::create_new(blob.path()).await.map_err(S3Error::internal_error)?;
        let mut file = BufWriter::with_capacity(CHUNK, file);
        let (mut md5, mut hasher, mut received) = (Md5::new(), self.hasher(), 0);
        let mut body = self.body.take();
        while let Some(bytes) = next(body.as_mut()).await? {
            md5.update(&bytes);
            hasher.update(&bytes);
            received += bytes.len() as u64;
            file.write_all(&bytes).await.map_err(S3Error::internal_error)?;
        }
        file.flush().await.map_err(S3Error::internal_error)?;
        if received != size {
            return Err(s3_error!(IncompleteBody));
        }
        let md5 = md5.finalize();
        self.check(&md5, &hasher.finalize())?;
        let segments = if size == 0 { Vec::new() } else { vec![Segment { blob: Arc::clone(&blob), offset: 0, size }] };
        Ok(Received { segments, size, md5: hex(&md5) })
    }

    /// Hashes by every algorithm that the client has given or announced a value of.
    fn hasher(&self) -> ChecksumHasher {
        let given = &self.checksum;
        let wanted =
            |value: &Option<String>, name: &str| value.is_some() || self.announced.iter().any(|one| one == name);
        ChecksumHasher {
            crc32: wanted(&given.checksum_crc32, CRC32).then(Crc32::new),
            crc32c: wanted(&given.checksum_crc32c, CRC32C).then(Crc32c::new),
            sha1: wanted(&given.checksum_sha1, SHA1).then(Sha1::new),
            sha256: wanted(&given.checksum_sha256, SHA256).then(Sha256::new),
            crc64nvme: wanted(&given.checksum_crc64nvme, CRC64NVME).then(Crc64Nvme::new),
        }
    }

    /// Compares with what the client said, before the body or after it.
    fn check(&self, md5: &[u8], computed: &Checksum) -> S3Result<()> {
        if let Some(given) = &self.md5 {
            let given = STANDARD.decode(given).map_err(|_| s3_error!(InvalidDigest))?;
            if given.len() != md5.len() {
                return Err(s3_error!(InvalidDigest, "The Content-MD5 you specified is not valid."));
            }
            if given != md5 {
                return Err(s3_error!(BadDigest, "The Content-MD5 you specified did not match what we received."));
            }
        }
        let trailers = self.trailers.as_ref().and_then(TrailingHeaders::take).unwrap_or_default();
        let given = &self.checksum;
        for (name, before, computed) in [
            (CRC32, &given.checksum_crc32, &computed.checksum_crc32),
            (CRC32C, &given.checksum_crc32c, &computed.checksum_crc32c),
            (SHA1, &given.checksum_sha1, &computed.checksum_sha1),
            (SHA256, &given.checksum_sha256, &computed.checksum_sha256),
            (CRC64NVME, &given.checksum_crc64nvme, &computed.checksum_crc64nvme),
        ] {
            let after = trailers.get(name).and_then(|value| value.to_str().ok());
            if computed.as_deref() != after.or(before.as_deref()) {
                return Err(s3_error!(BadDigest, "The {name} you specified did not match what we received."));
            }
        }
        Ok(())
    }
}

/// The next bytes; `None` at the end. A connection that breaks within a body is an incomplete body.
async fn next(body: Option<&mut StreamingBlob>) -> S3Result<Option<Bytes>> {
    let Some(body) = body else { return Ok(None) };
    body.next().await.transpose().map_err(|error| match error.downcast::<S3Error>() {
        Ok(error) => *error,
        Err(error) => S3Error::with_source(S3ErrorCode::IncompleteBody, error),
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
