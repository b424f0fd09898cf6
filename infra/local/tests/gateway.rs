//! The HTTP API, from a socket to a function and back.

mod support;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use local::{
    custom_resource, gateway,
    mail::Mailbox,
    template::{CustomResource, Method, Route},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use support::{Cloud, start, until};

async fn serve(cloud: &Cloud) -> (SocketAddr, DropGuard) {
    let stop = CancellationToken::new();
    let route = |method: &str, path: &str, millis| Route {
        method: Method::Only(method.to_owned()),
        path: Some(path.to_owned()),
        function: "EchoFunction".to_owned(),
        timeout: Duration::from_millis(millis),
    };
    let routes = vec![route("GET", "/v/{id}", 20_000), route("POST", "/raw", 20_000), route("POST", "/slow", 50)];
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("port");
    let address = listener.local_addr().expect("address");
    let (mailbox, _) = Mailbox::serve(0, stop.clone()).await.expect("mailbox");
    gateway::serve(listener, routes, cloud.lambda.clone(), mailbox, stop.clone());
    (address, stop.drop_guard())
}

/// Sends a request head and a body; gives status and body of the answer.
async fn send(address: SocketAddr, head: &str, body: &str) -> (u16, String) {
    exchange(address, format!("{head}\r\nhost: {address}\r\nconnection: close\r\n\r\n{body}").into_bytes()).await
}

/// Sends a request as it is; gives status and body of the answer.
async fn exchange(address: SocketAddr, request: Vec<u8>) -> (u16, String) {
    let exchange = move || {
        let mut stream = TcpStream::connect(address).expect("connected");
        stream.write_all(&request).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a status"), body.to_owned())
    };
    tokio::task::spawn_blocking(exchange).await.expect("exchange")
}

async fn post(address: SocketAddr, path: &str, event: Value) -> (u16, String) {
    let body = event.to_string();
    let length = body.len();
    send(address, &format!("POST {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}"), &body)
        .await
}

#[tokio::test]
async fn a_request_reaches_its_function_as_an_event() {
    let cloud = start(|_| {});
    let (address, _stop) = serve(&cloud).await;
    let (status, body) =
        send(address, "GET /v/a%20b?x=1&x=2 HTTP/1.1\r\nCookie: a=1\r\nX-Forwarded-For: 6.6.6.6", "").await;
    assert_eq!(status, 200);
    let answer: Value = serde_json::from_str(&body).expect("JSON");
    let event = &answer["event"];
    assert_eq!(event["routeKey"], "GET /v/{id}");
    assert_eq!(event["pathParameters"], json!({"id": "a b"}));
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2"}));
    assert_eq!(event["cookies"], json!(["a=1"]));
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["domainName"], address.to_string());
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn what_no_route_takes_is_404_and_what_is_too_large_413() {
    let cloud = start(|_| {});
    let (address, _stop) = serve(&cloud).await;
    for head in ["GET / HTTP/1.1", "POST /v/1 HTTP/1.1", "GET /v HTTP/1.1", "GET /_local/other HTTP/1.1"] {
        assert_eq!(send(address, head, "").await, (404, r#"{"message":"Not Found"}"#.to_owned()), "{head}");
    }
    let (status, _) = send(address, "POST /raw HTTP/1.1\r\ncontent-length: 10485761", "").await;
    assert_eq!(status, 413);
    assert_eq!(cloud.function()["counters"]["invocations"], 0);
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_host_that_is_none_reaches_no_function() {
    let cloud = start(|_| {});
    let (address, _stop) = serve(&cloud).await;
    let hosts: [&[u8]; 7] = [
        b"",
        b"host:\r\n",
        b"host: evil.com\"><script>\r\n",
        b"host: evil\xff.com\r\n",
        b"host: user@evil.com\r\n",
        b"host: evil.com/path\r\n",
        b"host: one.com\r\nhost: two.com\r\n",
    ];
    for host in hosts {
        let request = [b"GET /v/1 HTTP/1.1\r\nconnection: close\r\n", host, b"\r\n"].concat();
        let shown = String::from_utf8_lossy(host).into_owned();
        assert_eq!(exchange(address, request).await, (400, r#"{"message":"Bad Request"}"#.to_owned()), "{shown}");
    }
    assert_eq!(cloud.function()["counters"]["invocations"], 0);
    for host in ["localhost", "[::1]:3000", "cap.example.com"] {
        let request = format!("GET /v/1 HTTP/1.1\r\nconnection: close\r\nhost: {host}\r\n\r\n");
        assert_eq!(exchange(address, request.into_bytes()).await.0, 200, "{host}");
    }
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_slow_function_is_503_and_goes_on() {
    let cloud = start(|_| {});
    let (address, _stop) = serve(&cloud).await;
    let go = cloud.file("go");
    let (status, body) = post(address, "/slow", json!({"do": "wait", "until": go})).await;
    assert_eq!((status, body.as_str()), (503, r#"{"message":"Service Unavailable"}"#));
    assert_eq!(cloud.function()["environments"][0]["busy"], true);
    fs::write(&go, "").expect("file");
    until("the end of the invocation", || cloud.function()["environments"][0]["busy"] == false).await;
    assert_eq!(
        (&cloud.function()["counters"]["errors"], cloud.function()["environments"].as_array().map(Vec::len)),
        (&json!(0), Some(1))
    );
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_functions_answer_becomes_the_response() {
    let cloud = start(|_| {});
    let (address, _stop) = serve(&cloud).await;
    let answer =
        json!({"statusCode": 202, "headers": {"content-type": "text/css"}, "body": "aGk=", "isBase64Encoded": true});
    assert_eq!(post(address, "/raw", json!({"do": "http", "answer": answer})).await, (202, "hi".to_owned()));
    let broken = r#"{"message":"Internal Server Error"}"#.to_owned();
    for order in [json!({"do": "http", "answer": {"statusCode": "?"}}), json!({"do": "fail"}), json!({"do": "exit"})] {
        assert_eq!(post(address, "/raw", order.clone()).await, (500, broken.clone()), "{order}");
    }
    cloud.lambda.shutdown().await;
    assert_eq!(post(address, "/raw", json!({})).await.0, 503);
}

#[tokio::test]
async fn mail_is_shown_as_a_page_or_as_json() {
    let cloud = start(|_| {});
    let (address, _stop) = serve(&cloud).await;
    let (status, body) = send(address, "GET /_local/mail HTTP/1.1\r\naccept: application/json", "").await;
    assert_eq!((status, body.as_str()), (200, "[]"));
    let (status, body) = send(address, "GET /_local/mail HTTP/1.1\r\naccept: text/html", "").await;
    assert_eq!(status, 200);
    assert!(body.contains("<html"), "{body}");
}

#[tokio::test]
async fn lambdas_own_api_invokes_and_tells() {
    let cloud = start(|_| {});
    let stop = CancellationToken::new();
    let address = cloud.lambda.serve_api(0, stop.clone()).await.expect("address");
    let _stop = stop.drop_guard();
    let path = "/2015-03-31/functions/EchoFunction/invocations";
    let (status, body) = post(address, path, json!({"do": "fail"})).await;
    assert_eq!(status, 200);
    assert!(body.contains("as told"), "{body}");
    let (status, _) = post(address, "/2015-03-31/functions/nobody/invocations", json!({})).await;
    assert_eq!(status, 404);
    let note = cloud.file("note");
    let event = json!({"note": note}).to_string();
    let head = format!("POST {path} HTTP/1.1\r\nx-amz-invocation-type: Event\r\ncontent-length: {}", event.len());
    assert_eq!(send(address, &head, &event).await.0, 202);
    until("the event", || note.exists()).await;
    let (_, body) = send(address, "GET /_local/functions HTTP/1.1", "").await;
    let functions: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((&functions[0]["binary"], &functions[0]["counters"]["errors"]), (&json!("echo"), &json!(1)));
    assert_eq!(send(address, "GET /_local/dead-letters HTTP/1.1", "").await, (200, "[]".to_owned()));
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_custom_resource_counts_only_with_success() {
    let cloud = start(|_| {});
    let resource = |answer: &str| CustomResource {
        name: "Migrations".to_owned(),
        kind: "Custom::Migrations".to_owned(),
        function: "EchoFunction".to_owned(),
        properties: json!({"Answer": answer, "ServiceTimeout": "5"}),
    };
    custom_resource::create(&[resource("SUCCESS")], &cloud.lambda).await.expect("made");
    let error = custom_resource::create(&[resource("FAILED")], &cloud.lambda).await.expect_err("refused");
    let message = format!("{error:#}");
    assert!(message.contains("Migrations (Custom::Migrations)") && message.ends_with("The reason."), "{message}");
    cloud.lambda.shutdown().await;
}
