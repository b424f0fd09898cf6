//! `GET /api/desktop/video/create`

use reqwest::Method;
use serde_json::json;
use tests::{
    person::{Person, answer},
    rows,
};

const CREATE: &str = "/api/desktop/video/create?recordingMode=desktopMP4";

#[tokio::test]
async fn creating_answers_what_the_desktop_reads() {
    let person = Person::new().await;
    let created = person.get(CREATE).await;
    assert_eq!(created.status, 200);
    let id = created.body["id"].as_str().expect("an id");
    assert!(id.len() == 15 && id.bytes().all(|byte| b"0123456789abcdefghjkmnpqrstvwxyz".contains(&byte)), "{id}");
    assert_eq!(created.body["user_id"], person.id.as_str());
}

#[tokio::test]
async fn a_created_video_is_uploading_and_has_a_page() {
    let person = Person::new().await;
    let video = person.create("Stand-up").await;
    let status = person.status(&video).await;
    assert_eq!(
        (status["overall"].as_str(), status["upload"]["status"].as_str()),
        (Some("uploading"), Some("uploading"))
    );
    assert_eq!(person.get(&format!("/s/{video}?recordingStopped=1")).await.status, 200);
}

#[tokio::test]
async fn a_name_is_kept_exactly() {
    let person = Person::new().await;
    for name in [
        "Ünïcödé 😀 \u{202e}rtl",
        "<script>alert(1)</script>",
        "50% & more + # \"quoted\" 'so'",
        "O'Hara; DROP TABLE videos",
    ] {
        let video = person.create(name).await;
        assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["title"], name);
    }
}

#[tokio::test]
async fn a_long_name_is_cut_and_a_missing_one_made_up() {
    let person = Person::new().await;
    let video = person.create(&"é".repeat(2000)).await;
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["title"], "é".repeat(255));
    let video = person.get(CREATE).await.body["id"].as_str().expect("an id").to_owned();
    let title = person.get(&format!("/api/v1/caps/{video}")).await.body["title"].clone();
    assert!(title.as_str().is_some_and(|title| title.starts_with("Cap Recording - ")), "{title}");
}

#[tokio::test]
async fn an_own_video_id_is_used_again() {
    let person = Person::new().await;
    let video = person.create("First").await;
    assert_eq!(person.get(&format!("{CREATE}&videoId={video}&name=Second")).await.body["id"], video.as_str());
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["title"], "First");
}

#[tokio::test]
async fn a_failed_video_that_is_recorded_again_waits_for_its_upload() {
    let person = Person::new().await;
    let video = person.record("Broken", b"not a video".to_vec()).await;
    person.failed(&video).await;
    person.get(&format!("{CREATE}&videoId={video}")).await;
    let status = person.status(&video).await;
    assert_eq!((&status["overall"], &status["upload"]["reason"]), (&"uploading".into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn an_unknown_video_id_makes_a_new_video() {
    let person = Person::new().await;
    for unknown in ["0123456789abcde", "nonsense"] {
        let created = person.get(&format!("{CREATE}&videoId={unknown}")).await;
        assert_eq!(created.status, 200);
        assert_ne!(created.body["id"], unknown);
    }
}

#[tokio::test]
async fn parameters_broken_by_an_unescaped_name_are_tolerated() {
    let person = Person::new().await;
    // The desktop does not escape: this name ends at the ampersand and leaves pieces behind.
    let created = person.get(&format!("{CREATE}&name=Q&A=1&durationInSecs=NaN&width=&fps=x")).await;
    assert_eq!(created.status, 200);
}

#[tokio::test]
async fn what_is_said_of_a_recording_stands_until_it_is_there() {
    let person = Person::new().await;
    let query = "&durationInSecs=12.5&width=1280&height=720&fps=29.97&orgId=0123456789abcde";
    let video = person.get(&format!("{CREATE}{query}")).await.body["id"].as_str().expect("an id").to_owned();
    let shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!((&shown["durationMs"], &shown["width"], &shown["height"]), (&12_500.into(), &1280.into(), &720.into()));
    person.upload(&video, "result.mp4", tests::footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    let shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!((&shown["width"], &shown["height"]), (&320.into(), &180.into()));
    assert!(shown["durationMs"].as_u64().is_some_and(|millis| millis < 2000), "{shown}");
}

#[tokio::test]
async fn numbers_that_are_none_are_left_out() {
    let person = Person::new().await;
    for query in ["width=-1&height=1e9&durationInSecs=1e300&fps=inf", "width=NaN&height=0&durationInSecs=-5&fps=null"] {
        let video = person.get(&format!("{CREATE}&{query}")).await.body["id"].as_str().expect("an id").to_owned();
        let shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
        let none = serde_json::Value::Null;
        assert_eq!((&shown["durationMs"], &shown["width"], &shown["height"]), (&none, &none, &none), "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_before_it_is_recorded() {
    let person = Person::new().await;
    for query in ["recordingMode=vhs", "recordingMode=vhs&isScreenshot=true"] {
        let refused = answer(person.request(Method::GET, &format!("/api/desktop/video/create?{query}"))).await;
        assert_eq!(refused.status, 400, "{query}");
        assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.ends_with('.')), "{refused:?}");
    }
}

/// As of a request whose key was read just before.
#[tokio::test]
async fn nothing_is_created_once_the_account_is_deleted() {
    let person = Person::new().await;
    rows::run(&format!("UPDATE users SET deleted_at = UTC_TIMESTAMP(3) WHERE id = '{}'", person.id)).await;
    let refused = person.get(CREATE).await;
    assert_eq!((refused.status, &refused.body["code"]), (401, &json!("AUTH_REQUIRED")), "{refused:?}");
}
