//! The embedded S3, through the AWS SDK and through presigned URLs.

mod access;
mod append;
mod cors;
mod multipart;
mod objects;
mod permissions;
mod reading;
mod splice;
mod stream;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use aws_sdk_s3::config::SharedCredentialsProvider;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, RequestChecksumCalculation},
    error::{ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use common::{
    config::ObjectsConfig,
    objects::{Objects, Serving},
};
use local::{
    iam::Iam,
    s3::{ObjectCreated, S3Options, serve},
    template::{CorsRule, Statement},
};
use s3s::crypto::{Checksum as _, Md5};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::function;

const BUCKET: &str = "media";
const SERVING: Serving = Serving { content_type: "video/mp4", cache_control: "private" };

/// A running S3 of a test's own, and its folder.
struct Served {
    client: Client,
    address: SocketAddr,
    created: mpsc::UnboundedReceiver<ObjectCreated>,
    folder: TempDir,
    stop: DropGuard,
}

impl Served {
    async fn start() -> Self {
        Self::with(Vec::new()).await
    }

    async fn with(cors: Vec<CorsRule>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::on(folder, cors, None).await
    }

    /// With a function whose access key id is `key.Function`.
    async fn permitting(policy: Vec<Statement>) -> Self {
        let iam = Iam::new("key", &[function(policy)], None).expect("policies");
        Self::of(tempfile::tempdir().expect("a folder"), Vec::new(), None, iam).await
    }

    async fn on(folder: TempDir, cors: Vec<CorsRule>, abort_incomplete_after: Option<Duration>) -> Self {
        Self::of(folder, cors, abort_incomplete_after, Iam::new("key", &[], None).expect("no policies")).await
    }

    async fn of(folder: TempDir, cors: Vec<CorsRule>, abort_incomplete_after: Option<Duration>, iam: Iam) -> Self {
        let (sender, created) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let options = S3Options {
            root: folder.path().to_owned(),
            bucket: BUCKET.to_owned(),
            iam: Arc::new(iam),
            secret_key: "secret".to_owned(),
            port: 0,
            cors,
            abort_incomplete_after,
        };
        let address = serve(options, sender, stop.clone()).await.expect("S3");
        Self { client: client(address, "key", "secret"), address, created, folder, stop: stop.drop_guard() }
    }

    /// As after a stop of the program.
    async fn restart(self, abort_incomplete_after: Option<Duration>) -> Self {
        drop(self.stop);
        Self::on(self.folder, Vec::new(), abort_incomplete_after).await
    }

    fn blobs(&self) -> usize {
        let folder: PathBuf = self.folder.path().join(BUCKET).join("blobs");
        folder.read_dir().expect("a folder").count()
    }

    /// Readers let go of a file shortly after their client has its last byte.
    async fn wait_for_blobs(&self, count: usize) {
        let end = Instant::now() + Duration::from_secs(10);
        while self.blobs() != count {
            assert!(Instant::now() < end, "{} files instead of {count}", self.blobs());
            tokio::task::yield_now().await;
        }
    }

    async fn put(&self, key: &str, body: impl Into<ByteStream>) -> String {
        let put = self.client.put_object().bucket(BUCKET).key(key).body(body.into()).send().await.expect("kept");
        unquoted(put.e_tag())
    }

    async fn get(&self, key: &str) -> Vec<u8> {
        let got = self.client.get_object().bucket(BUCKET).key(key).send().await.expect("an object");
        got.body.collect().await.expect("a body").to_vec()
    }

    /// The bucket as the functions use it.
    fn objects(&self) -> Objects {
        let keys = SharedCredentialsProvider::new(Credentials::new("key", "secret", None, None, "test"));
        let sdk = aws_config::SdkConfig::builder()
            .region(Region::new("us-east-1"))
            .credentials_provider(keys)
            .endpoint_url(format!("http://{}", self.address));
        Objects::new(ObjectsConfig { bucket: BUCKET.to_owned(), path_style: true, foreign: None }, &sdk.build())
    }

    async fn assert_no_open_upload(&self) {
        let uploads = self.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a page");
        assert!(uploads.uploads().is_empty(), "left open: {:?}", uploads.uploads());
    }

    async fn missing(&self, key: &str) -> bool {
        let head = self.client.head_object().bucket(BUCKET).key(key).send().await;
        head.is_err_and(|error| error.into_service_error().is_not_found())
    }
}

fn config(address: SocketAddr, key: &str, secret: &str) -> aws_sdk_s3::config::Builder {
    aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, secret, None, None, "test"))
        .endpoint_url(format!("http://{address}"))
        .force_path_style(true)
}

fn client(address: SocketAddr, key: &str, secret: &str) -> Client {
    Client::from_conf(config(address, key, secret).build())
}

/// A client that sends no checksums of its own accord, as presigning ones must be.
fn plain_client(address: SocketAddr) -> Client {
    let config = config(address, "key", "secret");
    Client::from_conf(config.request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build())
}

fn for_an_hour() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(3600)).expect("an expiry")
}

fn unquoted(e_tag: Option<&str>) -> String {
    e_tag.expect("an ETag").trim_matches('"').to_owned()
}

/// Status and code of a refusal.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug>(
    result: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> (u16, String) {
    let error = result.expect_err("a refusal");
    let status = error.raw_response().map_or(0, |response| response.status().as_u16());
    (status, error.code().unwrap_or_default().to_owned())
}

/// Bytes that differ at every place, and by seed.
fn bytes(seed: u8, size: usize) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..size).map(|_| next()).collect()
}

fn md5(bytes: &[u8]) -> String {
    hex(&Md5::checksum(bytes))
}

/// ETag of an object that was made of these parts.
fn combined_e_tag(parts: &[&[u8]]) -> String {
    let digests: Vec<_> = parts.iter().flat_map(|part| Md5::checksum(part)).collect();
    format!("{}-{}", md5(&digests), parts.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn file_count(folder: &Path) -> usize {
    folder.read_dir().expect("a folder").count()
}
