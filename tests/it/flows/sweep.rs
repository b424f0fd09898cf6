//! What stood still goes on or ends.

use serde_json::json;
use tests::{
    cloud::cloud,
    footage,
    person::{Person, client},
    rows,
    store::{self, s3},
    wait::until,
};

/// Runs the sweep as its schedule does.
pub(super) async fn sweep() {
    let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    let (succeeded, answer) = cloud().invoke_sync("transcode", &event).await;
    assert!(succeeded, "{answer}");
}

#[tokio::test]
async fn an_upload_whose_event_never_came_is_started() {
    let person = Person::new().await;
    let video = person.record("Event lost", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    // As if the event of another, newer upload had been lost.
    store::forget_lease(&video).await;
    rows::run(&format!("UPDATE videos SET status = 'uploading', published_at = NULL WHERE id = '{video}'")).await;
    rows::stand_still(&video, 600).await;
    sweep().await;
    person.ready(&video).await;
}

#[tokio::test]
async fn a_newer_upload_whose_event_never_came_is_started() {
    let person = Person::new().await;
    let video = person.record("Take one", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    person.record_again(&video, footage::screen_recording("160x90", 1).await).await;
    let width = async || person.get(&format!("/api/v1/caps/{video}")).await.body["width"].clone();
    until("take two", async || (width().await == 160).then_some(())).await;
    // As it was before the event of take two, which got lost.
    store::forget_source(&video).await;
    let sql = "UPDATE videos SET width = 320, reupload_asked_at = UTC_TIMESTAMP(3) - INTERVAL 1 HOUR";
    rows::run(&format!("{sql} WHERE id = '{video}'")).await;
    sweep().await;
    until("take two once more", async || (width().await == 160).then_some(())).await;
    let waiting = format!("SELECT reupload_asked_at IS NOT NULL FROM videos WHERE id = '{video}'");
    assert!(!rows::one::<bool>(&waiting).await);
}

#[tokio::test]
async fn an_upload_that_never_arrives_is_given_up_after_a_day() {
    let person = Person::new().await;
    let video = person.create("Never").await;
    rows::stand_still(&video, 23 * 3600).await;
    sweep().await;
    assert_eq!(person.status(&video).await["overall"], "uploading");
    rows::stand_still(&video, 2 * 3600).await;
    sweep().await;
    let status = person.status(&video).await;
    assert_eq!((&status["overall"], &status["upload"]["retryable"]), (&json!("failed"), &json!(true)));
    // And should it arrive after all, it is published.
    person.upload(&video, "result.mp4", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
}

#[tokio::test]
async fn a_failed_video_that_is_never_uploaded_again_fails_again() {
    let person = Person::new().await;
    let video = person.record("Broken", b"not a video".to_vec()).await;
    person.failed(&video).await;
    person.get(&format!("/api/desktop/video/create?recordingMode=desktopMP4&videoId={video}")).await;
    assert_eq!(person.status(&video).await["overall"], "uploading");
    rows::stand_still(&video, 600).await;
    sweep().await;
    person.failed(&video).await;
}

#[tokio::test]
async fn a_dead_attempt_is_put_back_when_its_lease_is_over() {
    let person = Person::new().await;
    let video = person.record("Dead", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    // As an attempt leaves it that died without a repeat: begun, leased, not done.
    store::forget_lease(&video).await;
    rows::run(&format!("UPDATE videos SET status = 'processing' WHERE id = '{video}'")).await;
    rows::stand_still(&video, 600).await;
    sweep().await;
    person.ready(&video).await;
    let attempts: u64 = rows::one(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await;
    assert_eq!(attempts, 2, "attempts go on from what the row knows, or the fence would refuse the new one");
}

#[tokio::test]
async fn a_recording_that_vanished_is_said_so() {
    let person = Person::new().await;
    let video = person.create("Vanished").await;
    rows::run(&format!("UPDATE videos SET status = 'processing' WHERE id = '{video}'")).await;
    rows::stand_still(&video, 600).await;
    sweep().await;
    assert!(person.failed(&video).await.contains("no longer there"));
}

#[tokio::test]
async fn what_is_left_of_deleted_videos_is_removed_and_then_forgotten() {
    let person = Person::new().await;
    let video = person.create("Deleted").await;
    person.delete(&format!("/api/v1/caps/{video}")).await;
    // Left behind by a deletion that died: an object, and an upload in progress.
    let bucket = &cloud().ready.bucket;
    let key = format!("thumbnails/{video}.jpg");
    s3().put_object().bucket(bucket).key(&key).body(b"left".to_vec().into()).send().await.expect("an object");
    let raw = format!("videos/raw/{video}.mp4");
    s3().create_multipart_upload().bucket(bucket).key(&raw).send().await.expect("an upload");
    rows::stand_still(&video, 7200).await;
    sweep().await;
    assert!(store::keys_of(&video).await.is_empty());
    let open = s3().list_multipart_uploads().bucket(bucket).prefix(&raw).send().await.expect("a listing");
    assert!(open.uploads.unwrap_or_default().is_empty());
    let count = format!("SELECT COUNT(*) FROM videos WHERE id = '{video}'");
    assert_eq!(rows::one::<i64>(&count).await, 1, "kept, for uploads that may still come");
    rows::stand_still(&video, 3 * 24 * 3600).await;
    sweep().await;
    assert_eq!(rows::one::<i64>(&count).await, 0);
    assert_eq!(client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("a page").status(), 404);
}
