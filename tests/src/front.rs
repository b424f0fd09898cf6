//! One address before several S3s, as a provider has it whose accounts know nothing of each other's buckets.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The address. It is no longer there when this is dropped.
pub struct Front {
    /// Host and port.
    pub address: String,
    _stop: DropGuard,
}

struct Behind {
    http: reqwest::Client,
    /// Host and port by bucket.
    buckets: BTreeMap<String, String>,
}

impl Front {
    /// Leads requests about each bucket to the S3 at its host and port.
    pub async fn before(buckets: &[(&str, &str)]) -> Self {
        let named = |(bucket, address): &(&str, &str)| ((*bucket).to_owned(), (*address).to_owned());
        let behind = Behind { http: reqwest::Client::new(), buckets: buckets.iter().map(named).collect() };
        let stop = CancellationToken::new();
        let router = Router::new().fallback(answer).with_state(Arc::new(behind));
        let address = serve(router, stop.clone()).await.to_string();
        Self { address, _stop: stop.drop_guard() }
    }
}

async fn answer(State(behind): State<Arc<Behind>>, request: Request) -> Response {
    let bucket = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    let Some(address) = behind.buckets.get(bucket).cloned() else { return StatusCode::NOT_FOUND.into_response() };
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    forward(&behind.http, &address, parts, body).await
}

/// Serves on a free port of this machine.
pub(crate) async fn serve(router: Router, stop: CancellationToken) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(stop.run_until_cancelled_owned(async move { axum::serve(listener, router).await }));
    address
}

/// Hands a request on as it is, its host included, which is part of what is signed.
pub(crate) async fn forward(http: &reqwest::Client, address: &str, parts: Parts, body: Bytes) -> Response {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let request = http.request(parts.method, format!("http://{address}{path}")).headers(parts.headers);
    let answered = request.body(body).send().await.expect("S3");
    let mut response = Response::builder().status(answered.status());
    for (name, value) in answered.headers() {
        if name != header::TRANSFER_ENCODING {
            response = response.header(name, value);
        }
    }
    let body = answered.bytes().await.expect("a body");
    response.body(Body::from(body)).expect("an answer")
}
