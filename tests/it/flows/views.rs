//! Somebody watches in a real browser, and is counted.

use serde_json::{Value, json};
use tests::{
    chromium::run,
    cloud::cloud,
    desktop::Desktop,
    footage,
    person::Person,
    wait::until,
    watcher::{BROWSER, counted},
};

/// What each word said of the progress was, in order.
fn progress(told: &Value) -> Vec<u64> {
    told.as_array().expect("a list").iter().map(|word| word["progress"].as_u64().expect("percents")).collect()
}

#[tokio::test]
async fn who_watches_a_recording_through_counts_once_a_browser() {
    let person = Person::new().await;
    let video = person.record("Watched", footage::screen_recording("320x180", 4).await).await;
    person.ready(&video).await;
    let seen = run("views.mjs", &[&format!("{}/s/{video}", cloud().ready.base), BROWSER]).await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert_eq!(progress(&seen["one"]), [0, 25, 50, 75, 95, 0, 25, 50, 75, 95], "{seen}");
    assert_eq!(progress(&seen["two"]), [0, 25, 50, 75, 95], "{seen}");
    assert_eq!(seen["three"], json!([]), "who asks not to be tracked is not told of: {seen}");
    let answer = json!([200, cloud().ready.base]);
    assert_eq!(seen["answers"], Value::Array(vec![answer; 15]), "each from a page of this site: {seen}");
    let (first, again) = (&seen["one"][0], &seen["one"][5]);
    assert_eq!(first["sessionId"], again["sessionId"], "a browser keeps its word for the day: {seen}");
    assert_ne!(first["playId"], again["playId"], "{seen}");
    assert_eq!(counted(&video).await, [2, 3, 3, 3, 3, 3]);
}

#[tokio::test]
async fn who_looks_at_a_screenshot_for_a_moment_counts() {
    let person = Person::new().await;
    let desktop = Desktop::of(&person);
    let screenshot = desktop.create("isScreenshot=true").await;
    desktop.store(&screenshot, "screenshot/screen-capture.png", footage::picture("320x180", "png").await).await;
    person.ready(&screenshot).await;
    let seen = run("views.mjs", &[&format!("{}/s/{screenshot}", cloud().ready.base), BROWSER]).await;
    assert_eq!((progress(&seen["one"]), progress(&seen["two"])), (vec![0, 0], vec![0]), "{seen}");
    until("the views to be written down", async || (counted(&screenshot).await == [2, 3, 0, 0, 0, 0]).then_some(()))
        .await;
}
