//! `POST /api/upload/recording-complete`

use serde_json::json;
use tests::{
    instant::{Footage, Recording},
    person::{Answer, Person},
};

async fn complete(person: &Person, video: &str) -> Answer {
    person.post("/api/upload/recording-complete", json!({ "videoId": video })).await
}

async fn created(person: &Person, query: &str) -> String {
    let created = person.get(&format!("/api/desktop/video/create{query}")).await;
    created.body["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_video_that_is_not_there_is_not_found() {
    for video in ["0123456789abcde", "nonsense", ""] {
        let refused = complete(&Person::new().await, video).await;
        assert_eq!((refused.status, &refused.body["error"]), (404, &json!("Video not found")), "{video}");
    }
}

#[tokio::test]
async fn a_file_of_the_desktop_is_complete_and_another_is_no_segmented_recording() {
    let person = Person::new().await;
    let done = complete(&person, &created(&person, "?recordingMode=desktopMP4").await).await;
    assert_eq!((done.status, done.body), (200, json!({ "success": true, "status": "already-complete" })));
    let refused = complete(&person, &created(&person, "").await).await;
    assert_eq!((refused.status, &refused.body["error"]), (400, &json!("Video is not a segmented recording")));
}

#[tokio::test]
async fn a_recording_of_which_nothing_arrived_is_refused_with_a_sentence() {
    let person = Person::new().await;
    for mode in ["desktopSegments", "hls"] {
        let refused = complete(&person, &created(&person, &format!("?recordingMode={mode}")).await).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.body["error"].as_str().is_some_and(|error| error.contains("segments/manifest.json")));
    }
}

#[tokio::test]
async fn a_recording_is_queued_and_once_it_plays_complete() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(true).await;
    assert_eq!(recording.complete().await.body, json!({ "success": true, "status": "queued" }));
    person.ready(&recording.video).await;
    assert_eq!(recording.complete().await.body, json!({ "success": true, "status": "already-complete" }));
}
