//! What functions are invoked with that answer nobody: S3 notifications and schedules.

use std::{borrow::Cow, future::Future};

use aws_lambda_events::s3::S3Event;
use lambda_http::{
    Error, LambdaEvent,
    lambda_runtime::{self, service_fn},
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{telemetry, time::Millis};

/// A new object, as S3 reports it.
#[derive(Debug, PartialEq, Eq)]
pub struct Created {
    /// Key, decoded.
    pub key: String,
    /// ETag without quotes, of the object that caused the event; there may be a newer one by now.
    pub e_tag: Option<String>,
    /// When it was stored whole.
    pub at: Millis,
}

/// Why the function was invoked.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Objects were created.
    Created(Vec<Created>),
    /// It is time, says the schedule.
    Scheduled,
}

/// The event is none that template.yaml sends here. Failing shows it in the dead-letter queue.
#[derive(Debug, thiserror::Error)]
#[error("an event that is neither an S3 notification nor a schedule: {0}")]
pub struct UnknownEvent(String);

/// Runs a function: every event goes to `done`. What that ends with makes Lambda invoke again, where it does so.
pub async fn serve<F>(done: impl Fn(LambdaEvent<Value>) -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let done = &done;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        telemetry::begin(&event.context);
        done(event)
    }))
    .await
}

/// Reads an invocation's payload.
pub fn read(payload: Value) -> Result<Event, UnknownEvent> {
    if payload["source"] == "aws.events" {
        return Ok(Event::Scheduled);
    }
    // S3 announces itself so when notifications are first configured.
    if payload["Event"] == "s3:TestEvent" {
        return Ok(Event::Created(Vec::new()));
    }
    let event: S3Event = serde_json::from_value(payload).map_err(|error| UnknownEvent(error.to_string()))?;
    let created = event.records.into_iter().filter_map(|record| {
        let at = Millis(record.event_time.timestamp_millis());
        let object = record.s3.object;
        let Some(key) = object.key.as_deref().and_then(decode) else {
            tracing::warn!(key = object.key, "ignored: the key is not UTF-8");
            return None;
        };
        let e_tag = object.e_tag.map(|e_tag| e_tag.trim_matches('"').to_owned());
        Some(Created { key, e_tag, at })
    });
    Ok(Event::Created(created.collect()))
}

/// Keys come form-encoded: spaces as `+`, the rest in percents (AWS documentation: "Event message structure").
fn decode(key: &str) -> Option<String> {
    let key = key.replace('+', " ");
    percent_decode_str(&key).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn s3_event(key: &str) -> Value {
        json!({ "Records": [{ "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
            "eventTime": "2026-01-31T12:00:00.000Z", "eventName": "ObjectCreated:Put",
            "userIdentity": {}, "requestParameters": {}, "responseElements": {},
            "s3": { "bucket": {}, "object": { "key": key, "size": 1, "eTag": "abc", "sequencer": "0055" } } }] })
    }

    #[test]
    fn a20_keys_are_decoded_exactly_once() {
        for (encoded, key) in [
            ("videos/raw/a+b%2Bc.mp4", "videos/raw/a b+c.mp4"),
            ("videos/raw/%252F.mp4", "videos/raw/%2F.mp4"),
            ("videos/raw/%C3%BC.mp4", "videos/raw/ü.mp4"),
        ] {
            let at = Millis(1_769_860_800_000);
            let created = Created { key: key.to_owned(), e_tag: Some("abc".to_owned()), at };
            assert_eq!(read(s3_event(encoded)).expect("an event"), Event::Created(vec![created]));
        }
    }

    /// As MinIO's webhook posts it: more around the records, no region, the slashes of the key in percents.
    #[test]
    fn what_minio_posts_is_an_event_of_s3() {
        let posted = r#"{"EventName":"s3:ObjectCreated:CompleteMultipartUpload","Key":"capstan-media/videos/raw/0123456789abcde.mp4",
            "Records":[{"eventVersion":"2.0","eventSource":"minio:s3","awsRegion":"","eventTime":"2025-07-08T14:15:39.443Z",
            "eventName":"s3:ObjectCreated:CompleteMultipartUpload","userIdentity":{"principalId":"capstan"},
            "requestParameters":{"principalId":"capstan","region":"","sourceIPAddress":"127.0.0.1"},
            "responseElements":{"x-amz-id-2":"a4ab6bb342be1b6ab0c9be895868837d9a4f30778d6bb99f882c2564c5d4e607",
            "x-amz-request-id":"18504C4ADA8BF777","x-minio-deployment-id":"a2a151f9-442f-47e7-882b-175bd4b2753f",
            "x-minio-origin-endpoint":"http://127.0.0.1:9000"},
            "s3":{"s3SchemaVersion":"1.0","configurationId":"Config","bucket":{"name":"capstan-media",
            "ownerIdentity":{"principalId":"capstan"},"arn":"arn:aws:s3:::capstan-media"},
            "object":{"key":"videos%2Fraw%2F0123456789abcde.mp4","size":5,"eTag":"d8e8fca2dc0f896fd7cb4cb0031ba249-2",
            "contentType":"video/mp4","userMetadata":{"content-type":"video/mp4"},"sequencer":"18504C4ADA8EBF58"}},
            "source":{"host":"127.0.0.1","port":"","userAgent":"aws-sdk-rust/1.3.15 os/linux lang/rust/1.95.0"}}]}"#;
        let created = Created {
            key: "videos/raw/0123456789abcde.mp4".to_owned(),
            e_tag: Some("d8e8fca2dc0f896fd7cb4cb0031ba249-2".to_owned()),
            at: Millis::parse("2025-07-08T14:15:39.443Z").expect("a time"),
        };
        let posted = serde_json::from_str(posted).expect("JSON");
        assert_eq!(read(posted).expect("an event"), Event::Created(vec![created]));
    }

    #[test]
    fn the_schedule_is_known() {
        let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event" });
        assert_eq!(read(event).expect("an event"), Event::Scheduled);
    }

    #[test]
    fn other_events_are_refused() {
        read(json!({ "hello": "world" })).expect_err("not an event of ours");
    }
}
