//! What all loopback servers share.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Body,
    http::{Response, StatusCode, header::CONTENT_TYPE},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Listens on 127.0.0.1; port 0 takes a free one.
pub(crate) async fn listen(port: u16) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("Cannot listen on port {port} of 127.0.0.1"))?;
    let address = listener.local_addr().context("The listener has no address")?;
    Ok((listener, address))
}

/// Serves until `stop`; connections that are still open then are dropped with the runtime.
pub(crate) fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    tokio::spawn(async move {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::select! {
            () = stop.cancelled() => {}
            _ = async { axum::serve(listener, service).await } => {}
        }
    });
}

/// An answer with a JSON body.
pub(crate) fn json(status: StatusCode, body: &serde_json::Value) -> Response<Body> {
    response(status, "application/json", body.to_string())
}

/// An answer with a body of the given type.
pub(crate) fn response(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(content_type));
    response
}
