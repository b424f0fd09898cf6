//! Recordings in another provider's bucket, from which no event comes and which refuses what any provider refuses.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::Cloud,
    desktop::SMALLEST_PART,
    elapsed::sweep_on,
    footage,
    person::{Person, client},
    picky::Picky,
    wait::until,
};

/// A provider, and a local cloud that has its recordings there.
async fn elsewhere(state: &Path) -> (Picky, &'static Cloud) {
    let picky = Picky::start().await;
    let cloud = at(state, &picky).await;
    (picky, cloud)
}

async fn at(state: &Path, picky: &Picky) -> &'static Cloud {
    let (state, parameters) = (state.to_owned(), picky.parameters());
    let start = move || {
        let parameters: Vec<_> = parameters.iter().map(String::as_str).collect();
        Cloud::start_in_with(&state, &parameters)
    };
    Box::leak(Box::new(tokio::task::spawn_blocking(start).await.expect("a cloud")))
}

#[tokio::test]
async fn a_recording_is_published_played_replaced_and_deleted_at_another_provider() {
    let state = tempfile::TempDir::new().expect("a state directory");
    let (picky, cloud) = elsewhere(state.path()).await;
    let person = Person::on(cloud).await;
    let recording = footage::large().await;
    let video = person.record("Elsewhere", recording.clone()).await;
    person.ready(&video).await;

    let playlist = format!("{}/api/playlist?videoId={video}&videoType=mp4", person.base());
    let led = client().get(playlist).send().await.expect("an address");
    let address = led.headers()["location"].to_str().expect("text").to_owned();
    assert!(address.starts_with(&picky.public()), "{address}");
    let part = client().get(&address).header("range", "bytes=4-7").send().await.expect("a range");
    assert_eq!((part.status().as_u16(), part.bytes().await.expect("bytes").as_ref()), (206, b"ftyp".as_slice()));
    let first = person.watch(&video).await;
    assert!(first.len() > recording.len() - 100_000, "copied and not encoded: {}", first.len());

    person.record_again(&video, footage::screen_recording("160x90", 1).await).await;
    until("the newer one", async || (person.watch(&video).await != first).then_some(())).await;

    assert_eq!(picky.refused(), ["a write under a condition"], "and nothing else, for which there is another way");
    assert_eq!(picky.astray(), [""; 0]);
    assert!(picky.keys().await.iter().all(|key| !key.starts_with("jobs/") && !key.starts_with("outbox/")));
    person.delete(&format!("/api/v1/caps/{video}")).await;
    until("nothing to be left", async || picky.keys().await.iter().all(|key| !key.contains(&video)).then_some(()))
        .await;
    cloud.halt().await;
}

#[tokio::test]
async fn parts_of_different_sizes_are_refused_with_what_to_do() {
    let state = tempfile::TempDir::new().expect("a state directory");
    let (picky, cloud) = elsewhere(state.path()).await;
    let person = Person::on(cloud).await;
    let complete = async |sizes: &[usize]| {
        let video = person.create("In parts").await;
        let begun = person.post("/api/upload/multipart/initiate", json!({ "videoId": video })).await.body;
        let mut parts: Vec<Value> = Vec::new();
        let recording = footage::padded(footage::screen_recording("160x90", 1).await, sizes.iter().sum());
        let mut rest = recording.as_slice();
        for (number, size) in (1..).zip(sizes) {
            let (part, after) = rest.split_at(*size);
            rest = after;
            let body = json!({ "videoId": video, "uploadId": begun["uploadId"], "partNumber": number });
            let signed = person.post("/api/upload/multipart/presign-part", body).await.body;
            let put = client().put(signed["presignedUrl"].as_str().expect("an address")).body(part.to_vec());
            let stored = put.send().await.expect("S3");
            let etag = stored.headers()["etag"].to_str().expect("an ETag").trim_matches('"').to_owned();
            parts.push(json!({ "partNumber": number, "etag": etag }));
        }
        let body = json!({ "videoId": video, "uploadId": begun["uploadId"], "parts": parts });
        (video, person.post("/api/upload/multipart/complete", body).await)
    };
    let (_, refused) = complete(&[SMALLEST_PART, SMALLEST_PART + 1, 100]).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains("of one size")), "{refused:?}");
    let (video, done) = complete(&[SMALLEST_PART, SMALLEST_PART, 100]).await;
    assert_eq!(done.status, 200, "{done:?}");
    person.ready(&video).await;
    drop(picky);
    cloud.halt().await;
}

#[tokio::test]
async fn a5_an_upload_of_which_nobody_tells_is_found_by_the_sweep() {
    let state = tempfile::TempDir::new().expect("a state directory");
    let (picky, first) = elsewhere(state.path()).await;
    let person = Person::on(first).await;
    let video = person.create("Unannounced").await;
    let url = person.sign(&video, "result.mp4").await;
    first.halt().await;
    // The local cloud watches the bucket, as no deployment does, and takes what is there already for known.
    let put = client().request(Method::PUT, url).body(footage::screen_recording("160x90", 1).await);
    assert_eq!(put.send().await.expect("S3").status(), 200);
    let second = at(state.path(), &picky).await;
    let person = person.moved_to(second);
    assert_eq!(person.status(&video).await["overall"], "uploading");
    sweep_on(second, std::slice::from_ref(&video)).await;
    person.ready(&video).await;
    second.halt().await;
}
