//! S3 event notifications: what a finished upload starts.

use axum::body::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{
    ids,
    lambda::Lambda,
    log,
    s3::ObjectCreated,
    template::{ObjectTrigger, REGION},
};

/// Kept as they are in an event's key; a space becomes a plus, everything else is percent-encoded.
const ENCODED: AsciiSet =
    NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b'/').remove(b' ');

/// Starts the functions whose trigger fits, for every object that `created` tells of. Ends with the channel.
pub fn serve(mut created: mpsc::UnboundedReceiver<ObjectCreated>, triggers: Vec<ObjectTrigger>, lambda: Lambda) {
    tokio::spawn(async move {
        while let Some(object) = created.recv().await {
            let name = object.event.trim_start_matches("s3:");
            let what = format!("{} {}", name.split(':').next().unwrap_or(name), object.key.escape_debug());
            for trigger in triggers.iter().filter(|trigger| trigger.matches(&object.bucket, name, &object.key)) {
                let payload = Bytes::from(notification(&object, &trigger.id).to_string());
                if let Err(error) = lambda.invoke_async(&trigger.function, payload, &what) {
                    log::line("s3", format_args!("{what} does not reach {}: {error}", trigger.function));
                }
            }
        }
    });
}

/// An event message of version 2.1 (Amazon S3 user guide, "Event message structure").
fn notification(object: &ObjectCreated, configuration: &str) -> Value {
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": ids::utc(object.at, "%Y-%m-%dT%H:%M:%S.%3fZ"),
        "eventName": object.event.trim_start_matches("s3:"),
        "userIdentity": {"principalId": "AWS:LOCAL"},
        "requestParameters": {"sourceIPAddress": object.source_ip.to_string()},
        "responseElements": {"x-amz-request-id": object.sequencer, "x-amz-id-2": object.sequencer},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration,
            "bucket": {
                "name": object.bucket,
                "ownerIdentity": {"principalId": "LOCAL"},
                "arn": format!("arn:aws:s3:::{}", object.bucket),
            },
            "object": {
                "key": encoded_key(&object.key),
                "size": object.size,
                "eTag": object.e_tag.trim_matches('"'),
                "sequencer": object.sequencer,
            },
        },
    }]})
}

/// A key as it stands in an event.
fn encoded_key(key: &str) -> String {
    utf8_percent_encode(key, &ENCODED).to_string().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::SystemTime};

    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_does() {
        for (key, expected) in [
            ("videos/raw/a-b_c.mp4", "videos/raw/a-b_c.mp4"),
            ("a b+c", "a+b%2Bc"),
            ("100%/ü", "100%25/%C3%BC"),
            ("a%2Fb", "a%252Fb"),
            ("(x)=&?#", "%28x%29%3D%26%3F%23"),
        ] {
            assert_eq!(encoded_key(key), expected);
        }
    }

    #[test]
    fn a_notification_has_the_fields_of_version_2_1() {
        let object = ObjectCreated {
            bucket: "media".to_owned(),
            key: "videos/raw/a b.mp4".to_owned(),
            size: 7,
            e_tag: "\"abc\"".to_owned(),
            event: "s3:ObjectCreated:CompleteMultipartUpload",
            sequencer: "0A1B".to_owned(),
            source_ip: Ipv4Addr::LOCALHOST.into(),
            at: SystemTime::UNIX_EPOCH,
        };
        let event = notification(&object, "FunctionUploaded");
        let record = &event["Records"][0];
        assert_eq!(record["eventName"], "ObjectCreated:CompleteMultipartUpload");
        assert_eq!(record["eventTime"], "1970-01-01T00:00:00.000Z");
        assert_eq!(record["s3"]["configurationId"], "FunctionUploaded");
        assert_eq!(record["s3"]["bucket"]["arn"], "arn:aws:s3:::media");
        let expected = json!({"key": "videos/raw/a+b.mp4", "size": 7, "eTag": "abc", "sequencer": "0A1B"});
        assert_eq!(record["s3"]["object"], expected);
    }
}
