//! Something in front of a server that answers otherwise than it does.

use std::{net::Ipv4Addr, sync::Arc};

use reqwest::Method;
use tests::person::client;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// A request, and the answer as it goes on.
pub(super) struct Exchange {
    pub(super) method: String,
    /// Path and query.
    pub(super) path: String,
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Exchange {
    /// Takes a header away, and puts one with this value in its place, if there is one.
    pub(super) fn set(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    /// Writes something else into the answer.
    pub(super) fn replace(&mut self, before: &str, after: &str) {
        let text = String::from_utf8_lossy(&self.body).replace(before, after);
        self.body = text.into_bytes();
    }
}

/// Stands in front of `upstream` and lets `change` see to each answer; its origin.
pub(super) async fn before(upstream: &str, change: impl Fn(&mut Exchange) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let (upstream, change) = (upstream.to_owned(), Arc::new(change));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (upstream, change) = (upstream.clone(), Arc::clone(&change));
            tokio::spawn(async move { pass(connection, &upstream, &*change).await });
        }
    });
    origin
}

/// A server that answers everything with a page; its origin.
pub(super) async fn console() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut connection = BufReader::new(connection);
                let (request, ..) = read(&mut connection).await;
                let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
                let body = b"<!doctype html><title>Console</title>".to_vec();
                let (method, path) = request;
                answer(connection, &Exchange { method, path, status: 200, headers, body }).await;
            });
        }
    });
    origin
}

async fn pass(connection: TcpStream, upstream: &str, change: &(impl Fn(&mut Exchange) + Sync)) {
    let mut connection = BufReader::new(connection);
    let ((method, path), headers, body) = read(&mut connection).await;
    let verb = Method::from_bytes(method.as_bytes()).expect("a method");
    let mut request = client().request(verb, format!("{upstream}{path}")).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| !matches!(name.as_str(), "host" | "content-length")) {
        request = request.header(name, value);
    }
    let got = request.send().await.expect("the server behind");
    let status = got.status().as_u16();
    let headers = got.headers().iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()));
    let headers = headers.collect();
    let body = got.bytes().await.expect("a body").to_vec();
    let mut exchange = Exchange { method, path, status, headers, body };
    change(&mut exchange);
    answer(connection, &exchange).await;
}

/// Method and path, headers with names in lower case, body.
async fn read(connection: &mut BufReader<TcpStream>) -> ((String, String), Vec<(String, String)>, Vec<u8>) {
    let mut head = String::new();
    while connection.read_line(&mut head).await.expect("a line") > 2 {}
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let request = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().expect("a number"));
    let mut body = vec![0; length];
    connection.read_exact(&mut body).await.expect("a body");
    (request, headers, body)
}

async fn answer(mut connection: BufReader<TcpStream>, exchange: &Exchange) {
    let mut head = format!("HTTP/1.1 {} Answer\r\nconnection: close\r\n", exchange.status);
    let own = ["content-length", "transfer-encoding", "connection"];
    for (name, value) in exchange.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", exchange.body.len()));
    // Whoever asked may have gone.
    let _ = connection.write_all(head.as_bytes()).await;
    if exchange.method != "HEAD" {
        let _ = connection.write_all(&exchange.body).await;
    }
    let _ = connection.shutdown().await;
}
