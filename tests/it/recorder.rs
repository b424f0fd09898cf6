//! Recording in the browser, with Chromium's made-up camera, microphone and screen.

use serde_json::{Value, json};
use tests::{
    chromium::run,
    cloud::{cloud, repository},
    footage,
    person::Person,
    visitor::SESSION,
};

/// What the recording page, and who watches the link meanwhile and afterwards, have seen.
async fn record(person: &Person, wishes: Value) -> Value {
    let session = person.browser().await.cookie(SESSION).expect("a session");
    run("record.mjs", &[&cloud().ready.base, &session, &wishes.to_string()]).await
}

fn video(seen: &Value) -> &str {
    seen["link"].as_str().and_then(|link| link.rsplit_once("/s/")).expect("a link").1
}

#[tokio::test]
async fn screen_and_camera_play_while_they_are_recorded_and_afterwards() {
    let person = Person::new().await;
    let screens = repository().join("target/screens");
    let seen = record(&person, json!({ "what": "both", "pause": true, "screens": screens })).await;
    assert_eq!((&seen["problems"], &seen["overall"]), (&json!([]), &json!("ready")), "{seen}");
    assert_eq!((&seen["before"]["live"], &seen["before"]["sound"]), (&json!("playing"), &json!(true)), "{seen}");
    assert_eq!((&seen["after"]["live"], &seen["after"]["sound"]), (&Value::Null, &json!(true)), "{seen}");
    assert_eq!(seen["before"]["width"], seen["after"]["width"], "{seen}");
    assert_eq!(seen["says"], "Everything is stored.", "{seen}");
    let cap = person.get(&format!("/api/v1/caps/{}", video(&seen))).await.body;
    assert_eq!(cap["title"], "Recorded here", "{cap}");
    footage::decode(&person.watch(video(&seen)).await).await.expect("it decodes");
}

#[tokio::test]
async fn a_camera_is_recorded_though_the_network_is_away_for_a_while() {
    let person = Person::new().await;
    let seen = record(&person, json!({ "what": "camera", "offline": true })).await;
    assert_eq!((&seen["problems"], &seen["overall"]), (&json!([]), &json!("ready")), "{seen}");
    assert_eq!((&seen["before"]["live"], &seen["after"]["sound"]), (&json!("playing"), &json!(true)), "{seen}");
}

/// What was still on its way to the one that was thrown away does not stop the next one.
#[tokio::test]
async fn a_recording_is_discarded_and_another_one_made() {
    let person = Person::new().await;
    let seen = record(&person, json!({ "what": "camera", "discard": true })).await;
    assert_eq!((&seen["says"], &seen["overall"]), (&json!("Everything is stored."), &json!("ready")), "{seen}");
    let gone = seen["discarded"].as_str().and_then(|link| link.rsplit_once("/s/")).expect("a link").1;
    assert_eq!(person.get(&format!("/api/v1/caps/{gone}")).await.status, 404);
}

/// The segment that is on its way then is stored anew.
#[tokio::test]
async fn a_connection_that_says_nothing_any_more_is_given_up() {
    let person = Person::new().await;
    let seen = record(&person, json!({ "what": "camera", "stalled": true })).await;
    assert_eq!((&seen["says"], &seen["overall"]), (&json!("Everything is stored."), &json!("ready")), "{seen}");
}

/// As in Firefox, which writes no MP4.
#[tokio::test]
async fn a_browser_that_writes_webm_stores_one_file() {
    let person = Person::new().await;
    let seen = record(&person, json!({ "what": "screen", "mp4": false })).await;
    assert_eq!((&seen["problems"], &seen["overall"]), (&json!([]), &json!("ready")), "{seen}");
    assert_eq!((&seen["after"]["live"], &seen["after"]["sound"]), (&Value::Null, &json!(true)), "{seen}");
}
