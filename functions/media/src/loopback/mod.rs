//! What FFmpeg reads and writes: addresses on 127.0.0.1 that this process serves.
//!
//! FFmpeg gets no file to open and no network to reach. It reads a recording as ranges of an object, which are fetched
//! when it asks, and writes its results to where they are consumed as they come. Paths are secrets of one job, so that
//! nothing else on the machine can guess them.

mod sink;
mod source;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinHandle, JoinSet};

pub use sink::Sink;
pub use source::{ReadError, Source, View};

/// Bytes of a recording on their way to FFmpeg. What it has not read when it hangs up was fetched for nothing, and the
/// system would let megabytes pile up.
const SEND_BUFFER: u32 = 128 << 10;
/// Bytes that a connection holds in either direction, beside what the system does.
const CONNECTION_BUFFER: usize = 64 << 10;
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;
/// Until what a program sent before its end has arrived, on a machine with much else to do. Only a program that never
/// connected is waited for so long.
const ARRIVAL: Duration = Duration::from_secs(5);

type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A server for one job. Everything it serves ends when it is dropped.
#[derive(Debug)]
pub struct Loopback {
    /// What it is for, so that a list of processes tells what each FFmpeg works on.
    label: String,
    address: SocketAddr,
    routes: Arc<Routes>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Routes(Mutex<HashMap<String, Route>>);

#[derive(Clone, Debug)]
enum Route {
    Source(Arc<Source>, Arc<View>),
    Sink(sink::Writer),
}

impl Loopback {
    /// Listens on a free port of 127.0.0.1, within a runtime. `label` becomes part of all addresses: letters, digits and hyphens.
    pub fn start(label: &str) -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // Connections take it over from the listener.
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(BACKLOG)?;
        let (address, routes) = (listener.local_addr()?, Arc::new(Routes::default()));
        let server = tokio::spawn(accept(listener, Arc::clone(&routes)));
        Ok(Self { label: label.to_owned(), address, routes, server })
    }

    /// An address at which `view` of a source is read.
    pub fn read(&self, source: &Arc<Source>, view: View) -> io::Result<String> {
        self.add(Route::Source(Arc::clone(source), Arc::new(view)))
    }

    /// An address that is written to once, and what is written there.
    pub fn write(&self) -> io::Result<(String, Sink)> {
        let (writer, sink) = sink::pair();
        Ok((self.add(Route::Sink(writer))?, sink))
    }

    /// Serves an address no longer. A sink that nothing is being written to ends.
    pub fn close(&self, url: &str) {
        self.routes.remove(url);
    }

    /// Closes an address whose writer has ended well, once what it sent has had time to arrive: FFmpeg does not wait for
    /// an answer, and its end may be known before its connection is accepted.
    pub fn close_later(&self, url: &str) {
        let (routes, url) = (Arc::downgrade(&self.routes), url.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(ARRIVAL).await;
            if let Some(routes) = routes.upgrade() {
                routes.remove(&url);
            }
        });
    }

    fn add(&self, route: Route) -> io::Result<String> {
        let mut secret = [0; 16];
        getrandom::fill(&mut secret).map_err(io::Error::other)?;
        let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = format!("{}-{secret}", self.label);
        let url = format!("http://{}/{path}", self.address);
        self.routes.lock().insert(path, route);
        Ok(url)
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Routes {
    fn remove(&self, url: &str) {
        if let Some((_, path)) = url.rsplit_once('/') {
            self.lock().remove(path);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Route>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections are tasks of a set, so that none outlives the server.
async fn accept(listener: TcpListener, routes: Arc<Routes>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let routes = Arc::clone(&routes);
        connections.spawn(async move {
            let service = service_fn(|request| answer(&routes, request));
            // FFmpeg closes an output as soon as it has written it, without waiting for the answer.
            let mut server = hyper::server::conn::http1::Builder::new();
            let server = server.half_close(true).max_buf_size(CONNECTION_BUFFER);
            let connection = server.serve_connection(TokioIo::new(stream), service);
            // It also hangs up whenever it has read enough: an error here is of no interest.
            let _ = connection.await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(routes: &Routes, request: Request<Incoming>) -> Result<Response<Body>, hyper::http::Error> {
    let route = routes.lock().get(request.uri().path().trim_start_matches('/')).cloned();
    match (route, request.method()) {
        (Some(Route::Source(source, view)), &Method::GET) => source::respond(source, view, request.headers()),
        (Some(Route::Sink(writer)), &Method::POST | &Method::PUT) => {
            let status =
                if writer.take(request.into_body()).await { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
            empty(status)
        }
        _ => empty(StatusCode::NOT_FOUND),
    }
}

fn empty(status: StatusCode) -> Result<Response<Body>, hyper::http::Error> {
    Response::builder().status(status).body(http_body_util::Empty::new().map_err(|never| match never {}).boxed_unsync())
}
