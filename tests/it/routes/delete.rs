//! Deleting videos, at all three addresses.

use serde_json::json;
use tests::{
    cloud::cloud,
    footage,
    person::{Person, client},
    store,
    wait::until,
};

#[tokio::test]
async fn a_deleted_video_is_gone_everywhere() {
    let person = Person::new().await;
    let recording = footage::screen_recording("160x90", 1).await;
    for address in ["/api/v1/caps/VIDEO", "/api/desktop/video/delete?videoId=VIDEO", "/api/video/delete?videoId=VIDEO"]
    {
        let video = person.record("Gone soon", recording.clone()).await;
        person.ready(&video).await;
        let playlist = format!("{}/api/playlist?videoId={video}&videoType=mp4", cloud().ready.base);
        let media = client().get(&playlist).send().await.expect("the playlist").headers()["location"].clone();
        let media = media.to_str().expect("an address").to_owned();
        assert_eq!(client().get(&media).send().await.expect("S3").status(), 200);

        let deleted = person.delete(&address.replace("VIDEO", &video)).await;
        assert_eq!(deleted.status, 200, "{address}");
        assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.status, 404);
        assert_eq!(person.get(&format!("/s/{video}")).await.status, 404);
        assert_eq!(client().get(&playlist).send().await.expect("the playlist").status(), 404);
        assert_eq!(client().get(&media).send().await.expect("S3").status(), 404, "the object itself");
        // Whoever was deriving something from it takes away what they stored meanwhile.
        until("everything to be gone", async || store::keys_of(&video).await.is_empty().then_some(())).await;
        assert_eq!(person.delete(&address.replace("VIDEO", &video)).await.status, 404, "twice");
    }
}

#[tokio::test]
async fn the_desktop_reads_true() {
    let person = Person::new().await;
    let video = person.create("Discarded").await;
    let deleted = person.delete(&format!("/api/desktop/video/delete?videoId={video}")).await;
    assert_eq!((deleted.status, deleted.body), (200, json!(true)));
}

#[tokio::test]
async fn deleting_nothing_in_particular_is_refused() {
    assert_eq!(Person::new().await.delete("/api/desktop/video/delete").await.status, 400);
}

#[tokio::test]
async fn an_upload_that_arrives_after_deletion_is_removed() {
    let person = Person::new().await;
    let video = person.create("Discarded").await;
    let url = person.sign(&video, "result.mp4").await;
    person.delete(&format!("/api/v1/caps/{video}")).await;
    let late = footage::screen_recording("160x90", 1).await;
    assert_eq!(client().put(&url).body(late).send().await.expect("S3").status(), 200);
    until("the late upload to be removed", async || store::keys_of(&video).await.is_empty().then_some(())).await;
}
