//! A request as a function sees it: payload format 2.0 (API Gateway developer guide, "AWS Lambda integrations for
//! HTTP APIs").

use std::{collections::BTreeMap, net::SocketAddr, time::SystemTime};

use axum::http::{HeaderMap, HeaderName, header, request::Parts, uri::Authority};
use base64::{Engine, prelude::BASE64_STANDARD};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use crate::{
    ids,
    template::{ACCOUNT_ID, Route},
};

/// What the gateway knows about a request beside the request itself.
pub(super) struct Context<'a> {
    pub(super) route: &'a Route,
    pub(super) path: &'a str,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) peer: SocketAddr,
    pub(super) request_id: &'a str,
}

/// HTTP APIs decode the path before they route it, slashes included, and `rawPath` is decoded too.
pub(super) fn decoded_path(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// True when there is one `Host` and it is a host, with a port or without. Functions never see another: on AWS the
/// host chooses the API.
pub(super) fn names_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    Authority::try_from(host.as_bytes()).is_ok_and(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        port.is_some_and(|port| port.is_empty() || authority.port().is_some())
    })
}

/// True when the request was made to this machine by one of its own names.
pub(super) fn names_loopback(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| matches!(host.host(), "127.0.0.1" | "localhost" | "[::1]"))
}

/// The event for a function.
pub(super) fn event(parts: &Parts, body: &[u8], context: &Context<'_>) -> Value {
    let now = SystemTime::now();
    let host = text(&parts.headers, &header::HOST);
    let route_key = context.route.key();
    let raw_query = parts.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": context.path,
        "rawQueryString": raw_query,
        "headers": headers(&parts.headers, &context.peer),
        "requestContext": {
            "accountId": ACCOUNT_ID,
            "apiId": "local",
            "domainName": host,
            "domainPrefix": host.split('.').next(),
            "http": {
                "method": parts.method.as_str(),
                "path": context.path,
                "protocol": format!("{:?}", parts.version),
                "sourceIp": context.peer.ip().to_string(),
                "userAgent": text(&parts.headers, &header::USER_AGENT),
            },
            "requestId": context.request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": ids::utc(now, "%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": ids::epoch_millis(now),
        },
        "isBase64Encoded": false,
    });
    let cookies = cookies(&parts.headers);
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !raw_query.is_empty() {
        event["queryStringParameters"] = query(raw_query);
    }
    if !context.parameters.is_empty() {
        event["pathParameters"] = json!(context.parameters);
    }
    if !body.is_empty() {
        let text = std::str::from_utf8(body).ok().filter(|_| is_text(&parts.headers));
        event["isBase64Encoded"] = text.is_none().into();
        event["body"] = text.map_or_else(|| BASE64_STANDARD.encode(body), str::to_owned).into();
    }
    event
}

fn text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

/// Names in lower case, values of one name joined by commas; cookies have a place of their own.
fn headers(headers: &HeaderMap, peer: &SocketAddr) -> Value {
    let mut joined = Map::new();
    for name in headers.keys().filter(|name| **name != header::COOKIE) {
        let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        joined.insert(name.as_str().to_owned(), values.collect::<Vec<_>>().join(",").into());
    }
    // As on AWS the true address comes last, after whatever the client claims.
    let claimed = joined.get("x-forwarded-for").and_then(Value::as_str).map(|claimed| format!("{claimed}, "));
    let forwarded = format!("{}{}", claimed.unwrap_or_default(), peer.ip());
    joined.insert("x-forwarded-for".to_owned(), forwarded.into());
    let port = joined.get("host").and_then(Value::as_str).and_then(|host| host.rsplit_once(':')).map(|(_, port)| port);
    let port = port.unwrap_or("80").to_owned();
    joined.insert("x-forwarded-port".to_owned(), port.into());
    joined.insert("x-forwarded-proto".to_owned(), "http".into());
    Value::Object(joined)
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let lines =
        headers.get_all(header::COOKIE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    lines.flat_map(|line| line.split("; ").map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn query(raw: &str) -> Value {
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        joined
            .entry(decode(name))
            .and_modify(|values| {
                values.push(',');
                values.push_str(&decode(value));
            })
            .or_insert_with(|| decode(value));
    }
    json!(joined)
}

/// Only these reach a function as text; forms and bodies without a type arrive in base64, as seen on AWS.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = text(headers, &header::CONTENT_TYPE).to_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let textual =
        kind.starts_with("text/") || matches!(kind, "application/json" | "application/xml" | "application/javascript");
    textual && !headers.contains_key(header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::Request;

    use super::*;
    use crate::template::Method;

    fn encode(request: Request<&[u8]>) -> Value {
        let (parts, body) = request.into_parts();
        let route = Route {
            method: Method::Only("GET".to_owned()),
            path: Some("/s/{code}".to_owned()),
            function: "f".to_owned(),
            timeout: Duration::from_secs(1),
        };
        let path = decoded_path(parts.uri.path());
        let context = Context {
            route: &route,
            path: &path,
            parameters: BTreeMap::from([("code".to_owned(), "a b".to_owned())]),
            peer: SocketAddr::from(([127, 0, 0, 9], 5000)),
            request_id: "id",
        };
        event(&parts, body, &context)
    }

    fn post(content_type: Option<&str>, body: &'static [u8]) -> Value {
        let mut request = Request::post("/x");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        encode(request.body(body).expect("request"))
    }

    #[test]
    fn a_request_becomes_an_event() {
        let request = Request::get("/s/a%20b?x=1&y=2%2C3&x=a+b&z")
            .header("Host", "127.0.0.1:3000")
            .header("X-Two", "one")
            .header("X-Two", "two")
            .header("Cookie", "a=1; b=2")
            .header("Cookie", "c=3")
            .header("X-Forwarded-For", "6.6.6.6")
            .header("User-Agent", "test")
            .body(&b""[..]);
        let event = encode(request.expect("request"));
        assert_eq!(event["version"], "2.0");
        assert_eq!(event["routeKey"], "GET /s/{code}");
        assert_eq!(event["rawPath"], "/s/a b");
        assert_eq!(event["rawQueryString"], "x=1&y=2%2C3&x=a+b&z");
        assert_eq!(event["queryStringParameters"], json!({"x": "1,a b", "y": "2,3", "z": ""}));
        assert_eq!(event["pathParameters"], json!({"code": "a b"}));
        assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
        assert_eq!(event["headers"]["x-two"], "one,two");
        assert!(event["headers"]["cookie"].is_null());
        assert_eq!(event["headers"]["x-forwarded-for"], "6.6.6.6, 127.0.0.9");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.9");
        assert_eq!(event["requestContext"]["http"]["protocol"], "HTTP/1.1");
        assert_eq!(event["requestContext"]["domainName"], "127.0.0.1:3000");
        assert_eq!(event["requestContext"]["stage"], "$default");
        assert!(event["body"].is_null());
        assert_eq!(event["isBase64Encoded"], false);
    }

    #[test]
    fn a_host_is_a_name_or_address_with_a_port_that_there_is() {
        let names = |host: &str| names_host(&[(header::HOST, host.parse().expect("a value"))].into_iter().collect());
        for host in ["127.0.0.1:3000", "cap.example.com", "[::1]:3000", "[::1]"] {
            assert!(names(host), "{host}");
        }
        for host in ["", "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:x", "a@127.0.0.1", "a b", "a/b"] {
            assert!(!names(host), "{host}");
        }
    }

    #[test]
    fn only_this_machines_own_names_are_loopback() {
        let own = |host: &str| names_loopback(&[(header::HOST, host.parse().expect("a value"))].into_iter().collect());
        assert!(own("127.0.0.1:3000") && own("localhost:3000") && own("[::1]:3000"));
        assert!(!own("evil.test:3000") && !own("127.0.0.1.evil.test") && !own("localhost.evil.test") && !own(""));
    }

    #[test]
    fn only_textual_bodies_are_text() {
        for kind in ["application/json", "application/json; charset=utf-8", "text/plain", "application/xml"] {
            let event = post(Some(kind), b"{}");
            assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("{}"), &json!(false)), "{kind}");
        }
        for kind in [None, Some("application/x-www-form-urlencoded"), Some("application/octet-stream")] {
            let event = post(kind, b"{}");
            assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("e30="), &json!(true)), "{kind:?}");
        }
        assert_eq!(post(Some("application/json"), b"\xff")["isBase64Encoded"], true);
    }
}
