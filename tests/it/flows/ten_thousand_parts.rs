//! The most parts that an upload may have.

use std::{path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::{Cloud, behind_own_s3},
    desktop::SMALLEST_PART,
    person::{Person, answer, client},
};

/// How long Cap Desktop waits for an answer.
const CLIENT_WAITS: Duration = Duration::from_secs(30);
/// Parts that S3 takes ("Amazon S3 multipart upload limits").
const MOST: u64 = 10_000;

/// Lets the only upload of a bucket whose cloud has stopped have its first part under all other numbers as well.
fn multiply(bucket: &Path) {
    let uploads = std::fs::read_dir(bucket.join("uploads")).expect("the bucket").map(|entry| entry.expect("an upload"));
    let [upload] = uploads.map(|entry| entry.path()).collect::<Vec<_>>().try_into().expect("one upload");
    let first = std::fs::read(upload.join("1.json")).expect("the first part");
    let mut record: Value = serde_json::from_slice(&first).expect("a record");
    for number in 2..=MOST {
        record["number"] = json!(number);
        std::fs::write(upload.join(format!("{number}.json")), record.to_string()).expect("a record");
    }
}

#[tokio::test]
async fn a15_ten_thousand_parts_are_completed_while_the_client_waits_and_twice_is_once() {
    if !behind_own_s3("an upload of ten thousand parts") {
        return;
    }
    let state = tempfile::TempDir::new().expect("a state directory");
    let first: &'static Cloud = Box::leak(Box::new(Cloud::start_in(state.path())));
    let person = Person::on(first).await;
    let video = person.create("As many parts as there can be").await;
    let begun = person.post("/api/upload/multipart/initiate", json!({ "videoId": video })).await;
    let mut asked = json!({ "videoId": video, "uploadId": begun.body["uploadId"], "partNumber": 1 });
    let signed = person.post("/api/upload/multipart/presign-part", asked.clone()).await;
    let url = signed.body["presignedUrl"].as_str().expect("an address");
    assert_eq!(client().put(url).body(vec![0; SMALLEST_PART]).send().await.expect("S3").status(), 200);
    first.halt().await;
    multiply(&state.path().join("s3").join(&first.ready.bucket));

    let second: &'static Cloud = Box::leak(Box::new(Cloud::start_in(state.path())));
    let person = person.moved_to(second);
    let parts = person.post("/api/upload/multipart/parts", asked.clone()).await.body["parts"].clone();
    let numbers: Vec<_> =
        parts.as_array().expect("parts").iter().filter_map(|part| part["partNumber"].as_u64()).collect();
    assert!(numbers.into_iter().eq(1..=MOST), "all are listed, in their order");

    let mut complete = async |parts: &Value| {
        asked["parts"] = parts.clone();
        let complete = person.request(Method::POST, "/api/upload/multipart/complete").timeout(CLIENT_WAITS);
        answer(complete.json(&asked)).await
    };
    let forgotten: Value = parts.as_array().expect("parts")[..9_999].into();
    let refused = complete(&forgotten).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.body["error"].as_str().is_some_and(|error| error.starts_with("Part 10000")), "{refused:?}");
    let completed = complete(&parts).await;
    assert_eq!((completed.status, &completed.body["success"]), (200, &json!(true)), "{completed:?}");
    let again = complete(&parts).await;
    assert_eq!((again.status, again.body), (200, completed.body));
    second.halt().await;
}
