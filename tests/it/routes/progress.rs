//! `POST /api/desktop/video/progress`

use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::{Answer, Person, client},
    rows,
};

async fn tell(person: &Person, video: &str, uploaded: Value, total: Value, at: &str) -> Answer {
    let body = json!({ "videoId": video, "uploaded": uploaded, "total": total, "updatedAt": at });
    person.post("/api/desktop/video/progress", body).await
}

async fn page(video: &str) -> String {
    let page = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("the page");
    page.text().await.expect("HTML")
}

#[tokio::test]
async fn the_share_page_says_how_far_an_upload_is() {
    let person = Person::new().await;
    let video = person.create("On its way").await;
    assert!(!page(&video).await.contains("<progress"), "nobody has said anything yet");
    let told = tell(&person, &video, json!(15), json!(60), "2026-01-31T12:00:00.123456789+00:00").await;
    assert_eq!((told.status, told.body), (200, json!(true)));
    let html = page(&video).await;
    assert!(html.contains("data-status=\"uploading\" data-progress=\"25\""), "{html}");
    assert!(html.contains("<progress max=\"100\" value=\"25\""), "{html}");
}

#[tokio::test]
async fn what_is_older_or_more_than_all_does_not_count() {
    let person = Person::new().await;
    let video = person.create("Debounced").await;
    for (uploaded, at, percent) in [
        (30, "2026-01-31T12:00:01Z", 50),
        (10, "2026-01-31T12:00:00.999Z", 50),
        (10, "2026-01-31T13:00:00.5+01:00", 50),
        (40, "2026-01-31T12:00:01Z", 66),
        (75, "2026-01-31T12:00:02.000001Z", 100),
    ] {
        assert_eq!(tell(&person, &video, json!(uploaded), json!(60), at).await.status, 200);
        assert!(page(&video).await.contains(&format!("data-progress=\"{percent}\"")), "{uploaded} at {at}");
    }
    // All of it is there, says the client; no object is.
    assert_eq!(person.status(&video).await["overall"], "uploading");
    person.get(&format!("/api/desktop/video/create?recordingMode=desktopMP4&videoId={video}")).await;
    assert!(!page(&video).await.contains("<progress"), "another upload begins at its beginning");
}

#[tokio::test]
async fn progress_decides_nothing() {
    let person = Person::new().await;
    let video = person.record("Broken", b"not a video".to_vec()).await;
    person.failed(&video).await;
    let row = format!("SELECT CONCAT(status, attempt, updated_at) FROM videos WHERE id = '{video}'");
    let before: String = rows::one(&row).await;
    assert_eq!(tell(&person, &video, json!(1), json!(1), "2026-01-31T12:00:00Z").await.status, 200);
    assert_eq!(rows::one::<String>(&row).await, before);
    assert!(!page(&video).await.contains("<progress"));
}

#[tokio::test]
async fn what_means_nothing_is_refused() {
    let person = Person::new().await;
    let video = person.create("Nonsense").await;
    for (uploaded, total, at) in [
        (json!(-1), json!(2), "2026-01-31T12:00:00Z"),
        (json!(1.5), json!(2), "2026-01-31T12:00:00Z"),
        (json!("1"), json!(2), "2026-01-31T12:00:00Z"),
        (json!(1), json!(null), "2026-01-31T12:00:00Z"),
        (json!(1), json!(2), "yesterday"),
    ] {
        let refused = tell(&person, &video, uploaded, total, at).await;
        assert_eq!((refused.status, &refused.body["error"]), (400, &json!(true)), "{refused:?}");
    }
    let most = u64::MAX;
    assert_eq!(tell(&person, &video, json!(most), json!(most), "2026-01-31T12:00:00Z").await.status, 200);
    let missing = tell(&person, "0123456789abcde", json!(1), json!(2), "2026-01-31T12:00:00Z").await;
    assert_eq!(missing.status, 404);
    assert_eq!((&missing.body["error"], &missing.body["message"]), (&json!(true), &json!("Video not found")));
}
