//! Another provider's S3: a real one, behind a door that refuses what any of them refuses by its documentation, and that is
//! reached at one address by clients and at another by functions. What is refused, and by whom, docs/STORAGE.md says.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::{Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use local::{
    iam::Iam,
    s3::{self, S3Options},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::front;

const BUCKET: &str = "media";
const ACCESS_KEY: &str = "ANOTHER";
const SECRET_KEY: &str = "another secret";

/// The server. It ends when it is dropped.
pub struct Picky {
    door: Arc<Door>,
    inside: SocketAddr,
    public: SocketAddr,
    _data: tempfile::TempDir,
    _stop: DropGuard,
}

#[derive(Default)]
struct Door {
    behind: String,
    http: reqwest::Client,
    /// Sizes of the parts of each upload.
    parts: Mutex<HashMap<String, BTreeMap<u32, u64>>>,
    refused: Mutex<Vec<&'static str>>,
    /// Requests at the functions' address with a signature in the address, and at the clients' without.
    astray: Mutex<Vec<String>>,
}

impl Picky {
    /// Starts one with an empty bucket.
    pub async fn start() -> Self {
        let (data, stop) = (tempfile::TempDir::new().expect("a directory"), CancellationToken::new());
        let options = S3Options {
            root: data.path().to_owned(),
            bucket: BUCKET.to_owned(),
            iam: Arc::new(Iam::new(ACCESS_KEY, &[], None).expect("no policies")),
            secret_key: SECRET_KEY.to_owned(),
            port: 0,
            cors: Vec::new(),
            abort_incomplete_after: None,
        };
        // Nobody is told of what arrives.
        let (created, _) = tokio::sync::mpsc::unbounded_channel();
        let behind = s3::serve(options, created, stop.clone()).await.expect("S3");
        let door = Arc::new(Door { behind: behind.to_string(), ..Door::default() });
        let inside = serve(&door, false, stop.clone()).await;
        let public = serve(&door, true, stop.clone()).await;
        Self { door, inside, public, _data: data, _stop: stop.drop_guard() }
    }

    /// The template's parameters that lead there.
    #[must_use]
    pub fn parameters(&self) -> Vec<String> {
        vec![
            format!("S3Endpoint=http://{}", self.inside),
            format!("S3PublicEndpoint=http://{}", self.public),
            "S3Region=auto".to_owned(),
            format!("S3Bucket={BUCKET}"),
            format!("S3AccessKeyId={ACCESS_KEY}"),
            format!("S3SecretAccessKey={SECRET_KEY}"),
        ]
    }

    /// Where clients reach it.
    #[must_use]
    pub fn public(&self) -> String {
        format!("http://{}", self.public)
    }

    /// Keys of all objects.
    pub async fn keys(&self) -> Vec<String> {
        let client = crate::store::client(&format!("http://{}", self.door.behind), "auto", ACCESS_KEY, SECRET_KEY);
        let listed = client.list_objects_v2().bucket(BUCKET).send().await.expect("a listing");
        listed.contents.unwrap_or_default().into_iter().filter_map(|object| object.key).collect()
    }

    /// Why requests were refused, each reason once.
    #[must_use]
    pub fn refused(&self) -> Vec<&'static str> {
        let mut refused = self.door.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        refused.sort_unstable();
        refused.dedup();
        refused
    }

    /// Requests of clients where functions go, and of functions where clients go.
    #[must_use]
    pub fn astray(&self) -> Vec<String> {
        self.door.astray.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(door: &Arc<Door>, public: bool, stop: CancellationToken) -> SocketAddr {
    front::serve(Router::new().fallback(answer).with_state((Arc::clone(door), public)), stop).await
}

async fn answer(State((door, public)): State<(Arc<Door>, bool)>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let preflight = parts.method == Method::OPTIONS;
    if public != path.contains("X-Amz-Signature=") && !preflight {
        door.note(&door.astray, format!("{} {path}", parts.method));
    }
    if let Some((status, code, why)) = door.refusal(&parts.method, path, &parts.headers, &body) {
        door.note(&door.refused, why);
        let text = format!("<Error><Code>{code}</Code><Message>{why}</Message></Error>");
        return (status, [(header::CONTENT_TYPE, "application/xml")], text).into_response();
    }
    front::forward(&door.http, &door.behind, parts, body).await
}

impl Door {
    fn note<T>(&self, list: &Mutex<Vec<T>>, what: T) {
        list.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Status, code and message of a request that some provider refuses.
    fn refusal(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Option<(StatusCode, &'static str, &'static str)> {
        let query: HashMap<_, _> = path
            .split_once('?')
            .map_or("", |(_, query)| query)
            .split('&')
            .filter_map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                (!name.is_empty()).then_some((name, value))
            })
            .collect();
        let unknown = |why| Some((StatusCode::NOT_IMPLEMENTED, "NotImplemented", why));
        let writes = matches!(*method, Method::PUT | Method::POST | Method::DELETE);
        if writes && (headers.contains_key("if-match") || headers.contains_key("if-none-match")) {
            return unknown("a write under a condition");
        }
        let many = *method == Method::POST && query.contains_key("delete");
        if many && !headers.contains_key("content-md5") {
            return Some((StatusCode::BAD_REQUEST, "InvalidRequest", "DeleteObjects without Content-MD5"));
        }
        let checksum = |name: &str| name.starts_with("x-amz-checksum") || name.starts_with("x-amz-sdk-checksum");
        if !many && (headers.keys().any(|name| checksum(name.as_str())) || query.keys().any(|name| checksum(name))) {
            return unknown("a checksum");
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if *method == Method::POST && kind.starts_with("multipart/form-data") {
            return unknown("a form");
        }
        let upload = *query.get("uploadId")?;
        let mut uploads = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = uploads.entry(upload.to_owned()).or_default();
        if let (Method::PUT, Some(number)) = (method.clone(), query.get("partNumber")) {
            let range = headers.get("x-amz-copy-source-range").and_then(|range| range.to_str().ok());
            parts.insert(number.parse().ok()?, range.and_then(length).unwrap_or(body.len() as u64));
        }
        let sizes: Vec<_> = parts.values().collect();
        let unequal = sizes.split_last().is_some_and(|(last, others)| {
            others.windows(2).any(|pair| pair[0] != pair[1]) || others.first().is_some_and(|first| last > first)
        });
        (*method == Method::POST && unequal).then_some((
            StatusCode::BAD_REQUEST,
            "InvalidPart",
            "All non-trailing parts must have the same length.",
        ))
    }
}

/// Bytes of `bytes=0-99`.
fn length(range: &str) -> Option<u64> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some(to.parse::<u64>().ok()? + 1 - from.parse::<u64>().ok()?)
}
