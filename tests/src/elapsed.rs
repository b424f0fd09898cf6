//! Time that has passed while nobody looked: a cloud that stood still, and the sweep that comes then.

use std::path::Path;

use mysql_async::prelude::Queryable;
use serde_json::{Value, json};

use crate::{cloud::Cloud, rows};

/// Runs the sweep of a cloud on which nothing has happened to these videos for an hour.
pub async fn sweep_on(cloud: &Cloud, videos: &[String]) {
    let mut connection = rows::connection(cloud).await;
    for video in videos {
        let sql = format!("UPDATE videos SET updated_at = updated_at - INTERVAL 1 HOUR WHERE id = '{video}'");
        connection.query_drop(sql).await.expect("a statement");
    }
    let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    let (succeeded, answer) = cloud.invoke_sync("transcode", &event).await;
    assert!(succeeded, "{answer}");
}

/// Makes the manifests of videos as old as given, in seconds, in the bucket of a cloud that has stopped.
pub fn pass(bucket: &Path, videos: &[(&String, u64)]) {
    let mut aged = 0;
    for file in std::fs::read_dir(bucket.join("objects")).expect("the bucket") {
        let path = file.expect("a file").path();
        let mut record: Value = serde_json::from_slice(&std::fs::read(&path).expect("a record")).expect("JSON");
        for (video, seconds) in videos {
            if record["key"] == format!("videos/live/{video}/manifest.json") {
                let modified = record["modified"].as_u64().expect("milliseconds") - seconds * 1000;
                record["modified"] = json!(modified);
                std::fs::write(&path, record.to_string()).expect("a record");
                aged += 1;
            }
        }
    }
    assert_eq!(aged, videos.len());
}
