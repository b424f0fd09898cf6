//! S3, embedded: one bucket on a loopback port. `s3s` speaks the protocol and checks the signatures; objects are kept
//! here, see `store`.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result, bail};
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use s3s::{
    S3Result,
    auth::{S3Auth, SecretKey},
    s3_error,
    service::{S3Service, S3ServiceBuilder},
};
use tokio::{sync::mpsc, time};
use tokio_util::sync::CancellationToken;

use crate::{http, iam::Iam, log, template::CorsRule};

mod access;
mod attributes;
mod blob;
mod cors;
pub mod foreign;
mod listing;
mod multipart;
mod objects;
mod operations;
mod receive;
mod records;
mod store;

use access::Access;
use cors::Cors;
use operations::Operations;
use store::Store;

/// How often abandoned uploads are looked for.
const LIFECYCLE_PERIOD: Duration = Duration::from_secs(3600);

/// What to serve.
#[derive(Clone, Debug)]
pub struct S3Options {
    /// Folder of all data; made when it is not there. No other server may use it meanwhile.
    pub root: PathBuf,
    /// Name of the one bucket; made when it is not there.
    pub bucket: String,
    /// Whose signatures are accepted, and for what.
    pub iam: Arc<Iam>,
    /// The secret of all access keys.
    pub secret_key: String,
    /// Port on 127.0.0.1, 0 for a free one.
    pub port: u16,
    /// Who may use the bucket from a browser; the first rule that fits counts.
    pub cors: Vec<CorsRule>,
    /// Age at which an unfinished multipart upload is aborted.
    pub abort_incomplete_after: Option<Duration>,
}

/// An object that came to be, told after it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectCreated {
    /// The bucket.
    pub bucket: String,
    /// The key, as it is (not URL-encoded).
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// ETag without its quotes.
    pub e_tag: String,
    /// `ObjectCreated:Put`, `:Post`, `:Copy` or `:CompleteMultipartUpload`, as S3 event records name them.
    pub event: &'static str,
    /// Orders events of one key: 16 upper-case hexadecimal digits that only grow, also over restarts.
    pub sequencer: String,
    /// Who sent the request.
    pub source_ip: IpAddr,
    /// When the object was kept.
    pub at: SystemTime,
}

/// Serves the bucket until `stop`, and sends an [`ObjectCreated`] for every object. Requests without a valid signature
/// are refused.
///
/// # Errors
/// The folder cannot be read or written, or the port cannot be had.
pub async fn serve(
    options: S3Options,
    created: mpsc::UnboundedSender<ObjectCreated>,
    stop: CancellationToken,
) -> Result<SocketAddr> {
    if !s3s::path::check_bucket_name(&options.bucket) {
        bail!("{} cannot be a bucket's name", options.bucket);
    }
    let folder = options.root.join(&options.bucket);
    let opened = tokio::task::spawn_blocking(move || Store::open(&folder)).await.context("opening was interrupted")?;
    let store = Arc::new(opened.with_context(|| format!("cannot use {}", options.root.display()))?);
    if let Some(age) = options.abort_incomplete_after {
        abort_abandoned(&store, age);
        tokio::spawn(stop.clone().run_until_cancelled_owned(expire(Arc::clone(&store), age)));
    }

    let (bucket, cors) = (options.bucket.clone(), options.cors.clone());
    let operations = Operations::new(bucket, Arc::clone(&store), cors, options.abort_incomplete_after, created);
    let mut builder = S3ServiceBuilder::new(operations);
    builder.set_auth(Keys { iam: Arc::clone(&options.iam), secret_key: options.secret_key.into() });
    builder.set_access(Access { iam: options.iam, store });
    let cors = Cors::new(options.bucket, options.cors);
    let served = Served { service: builder.build(), cors, requests: Mutex::default() };
    let (listener, address) = http::listen(options.port).await?;
    // No bucket has a name with an underscore.
    let router = Router::new().route("/_local/requests", get(requests)).fallback(answer);
    http::serve(listener, router.with_state(Arc::new(served)), stop);
    Ok(address)
}

/// The keys whose signatures count.
struct Keys {
    iam: Arc<Iam>,
    secret_key: SecretKey,
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if self.iam.knows(access_key) {
            return Ok(self.secret_key.clone());
        }
        Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
    }
}

struct Served {
    service: S3Service,
    cors: Cors,
    /// How many have been answered, by method.
    requests: Mutex<BTreeMap<String, u64>>,
}

/// What tests count.
async fn requests(State(served): State<Arc<Served>>) -> Response {
    http::json(StatusCode::OK, &serde_json::json!(*served.requests.lock().unwrap_or_else(PoisonError::into_inner)))
}

/// Who sent a request, for its event.
#[derive(Clone, Copy)]
struct Peer(IpAddr);

async fn answer(
    State(served): State<Arc<Served>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
) -> Response {
    if let Some(preflight) = served.cors.preflight(&request) {
        return preflight;
    }
    let method = request.method().to_string();
    *served.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(method).or_default() += 1;
    let allowed = served.cors.headers(&request);
    request.extensions_mut().insert(Peer(peer.ip()));
    match served.service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => {
            let mut response = response.map(Body::new);
            response.headers_mut().extend(allowed);
            response
        }
        Err(_) => http::response(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "S3 could not answer"),
    }
}

async fn expire(store: Arc<Store>, age: Duration) {
    let mut period = time::interval(LIFECYCLE_PERIOD);
    // The first tick is immediate, and the start has looked already.
    period.tick().await;
    loop {
        period.tick().await;
        abort_abandoned(&store, age);
    }
}

fn abort_abandoned(store: &Store, age: Duration) {
    for (key, outcome) in store.abort_older_than(age) {
        match outcome {
            Ok(()) => log::line("s3", format!("aborted the unfinished upload of {key}")),
            Err(error) => log::line("s3", format!("cannot abort the unfinished upload of {key}: {error}")),
        }
    }
}
