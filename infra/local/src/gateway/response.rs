//! A function's answer as HTTP: payload format 2.0, or any JSON, which is a 200.

use anyhow::{Context, Result, bail};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use crate::http;

/// Headers that belong to the connection and not to the answer.
const OF_THE_CONNECTION: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE];

/// The response that a payload means. An error says what is wrong with it.
pub(super) fn decode(payload: &[u8]) -> Result<Response<Body>> {
    let answer: Value = serde_json::from_slice(payload).context("it is not JSON")?;
    let Some(status) = answer.get("statusCode") else {
        return Ok(http::response(StatusCode::OK, "application/json", payload.to_vec()));
    };
    let status = status.as_u64().or_else(|| status.as_str().and_then(|text| text.parse().ok()));
    let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| (200..600).contains(status));
    let status = StatusCode::from_u16(status.context("statusCode is not an HTTP status")?)?;
    let mut response = Response::new(body(&answer)?);
    *response.status_mut() = status;
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        add(&mut response, name, value)?;
    }
    for (name, values) in answer["multiValueHeaders"].as_object().into_iter().flatten() {
        for value in values.as_array().into_iter().flatten() {
            add(&mut response, name, value)?;
        }
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        add(&mut response, "set-cookie", cookie)?;
    }
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        let plain = HeaderValue::from_static("text/plain;charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, plain);
    }
    Ok(response)
}

fn body(answer: &Value) -> Result<Body> {
    let text = match &answer["body"] {
        Value::Null => return Ok(Body::empty()),
        Value::String(text) => text,
        _ => bail!("body is not a text"),
    };
    if answer["isBase64Encoded"] == true {
        return Ok(Body::from(BASE64_STANDARD.decode(text).context("body is not base64")?));
    }
    Ok(Body::from(text.clone()))
}

fn add(response: &mut Response<Body>, name: &str, value: &Value) -> Result<()> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => bail!("the header {name} is not a text"),
    };
    let header = HeaderName::from_bytes(name.as_bytes()).with_context(|| format!("{name} is no header name"))?;
    let value =
        HeaderValue::from_str(&text).with_context(|| format!("the header {name} has characters it may not have"))?;
    if !OF_THE_CONNECTION.contains(&header) {
        response.headers_mut().append(header, value);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;

    use super::*;

    async fn decoded(answer: Value) -> (Response<()>, Vec<u8>) {
        let (parts, body) = decode(answer.to_string().as_bytes()).expect("response").into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("body");
        (Response::from_parts(parts, ()), body.to_vec())
    }

    #[tokio::test]
    async fn an_answer_becomes_a_response() {
        let (response, body) = decoded(json!({
            "statusCode": 201,
            "headers": {"Content-Type": "image/png", "X-Number": 7, "Content-Length": "999", "Connection": "close"},
            "multiValueHeaders": {"X-Two": ["one", "two"]},
            "cookies": ["a=1; Path=/", "b=2"],
            "body": "AP8=",
            "isBase64Encoded": true,
        }))
        .await;
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["content-type"], "image/png");
        assert_eq!(response.headers()["x-number"], "7");
        assert_eq!(response.headers().get_all("x-two").iter().collect::<Vec<_>>(), ["one", "two"]);
        assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1; Path=/", "b=2"]);
        assert!(!response.headers().contains_key("content-length") && !response.headers().contains_key("connection"));
        assert_eq!(body, [0, 255]);
    }

    #[tokio::test]
    async fn json_without_a_status_is_a_200() {
        let (response, body) = decoded(json!({"hello": 1})).await;
        assert_eq!((response.status().as_u16(), body.as_slice()), (200, &b"{\"hello\":1}"[..]));
        assert_eq!(response.headers()["content-type"], "application/json");
    }

    #[test]
    fn anything_else_is_refused() {
        for answer in [
            "",
            "nonsense",
            r#"{"statusCode": 99}"#,
            r#"{"statusCode": "ok"}"#,
            r#"{"statusCode": 200, "body": {}}"#,
            r#"{"statusCode": 200, "body": "%", "isBase64Encoded": true}"#,
            r#"{"statusCode": 200, "headers": {"a b": "c"}}"#,
            r#"{"statusCode": 200, "headers": {"a": "b\r\nc: d"}}"#,
        ] {
            assert!(decode(answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
