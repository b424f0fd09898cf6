//! Comments, reactions and notifications as people see them, in real browsers.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    chromium::run,
    cloud::{cloud, repository},
    footage,
    person::Person,
    rows,
    visitor::SESSION,
};

/// Somebody of this name.
async fn named(name: &str) -> Person {
    let person = Person::new().await;
    let renamed = person.request(Method::PATCH, "/api/v1/me").json(&json!({ "name": name }));
    assert!(renamed.send().await.expect("the gateway").status().is_success());
    person
}

async fn recording(person: &Person, name: &str) -> String {
    let video = person.record(name, footage::screen_recording("640x360", 16).await).await;
    person.ready(&video).await;
    video
}

/// Comments; the id.
async fn say(person: &Person, video: &str, body: Value) -> String {
    let said = person.post(&format!("/api/videos/{video}/comments"), body).await;
    assert_eq!(said.status, 201, "{said:?}");
    said.body["id"].as_str().expect("an id").to_owned()
}

async fn react(person: &Person, video: &str, emoji: &str, at: f64) {
    let body = json!({ "content": emoji, "timestamp": at });
    let reacted = person.post(&format!("/api/videos/{video}/reactions"), body).await;
    assert_eq!(reacted.status, 201, "{reacted:?}");
}

async fn session(person: &Person) -> String {
    person.browser().await.cookie(SESSION).expect("a session")
}

#[tokio::test]
async fn what_one_browser_says_another_one_shows() {
    let (owner, viewer) = (named("Olga Owner").await, named("Vera Viewer").await);
    let video = recording(&owner, "Said by two").await;
    let page = format!("{}/s/{video}", cloud().ready.base);
    let seen = run("talk.mjs", &[&page, &session(&owner).await, &session(&viewer).await]).await;
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["loads"], json!([1, 1]), "neither page was loaded again: {seen:#}");
    assert_eq!((&seen["shown"], &seen["at"]), (&json!("<b>Is this</b> the final figure?"), &json!("0:05")), "{seen:#}");
    assert_eq!(seen["announced"], "New comment by Vera Viewer", "{seen:#}");
    assert_eq!(seen["marks"], json!(["0:05 · Vera Viewer: <b>Is this</b> the final figure?", "0:09 · Olga Owner 🙌"]));
    assert_eq!(seen["bubble"], "0:05 · Vera Viewer: <b>Is this</b> the final figure?", "{seen:#}");
    assert!(seen["sought"].as_f64().is_some_and(|at| (at - 5.0).abs() < 0.3), "{seen:#}");
    assert_eq!(seen["next"], "0:09 · Olga Owner 🙌", "arrows go from mark to mark: {seen:#}");
    assert_eq!((&seen["reply"], &seen["undone"]), (&json!("Yes, it is."), &json!("")), "{seen:#}");
    assert_eq!((&seen["edited"], &seen["counts"]), (&json!("Is this the last figure?"), &json!(["2", "2"])));
    assert_eq!(seen["deleted"], json!(["This comment was deleted.", "1"]), "its replies stay: {seen:#}");
    assert!(seen["before"].as_u64() < Some(31), "{seen:#}");
    assert!(seen["older"][0].as_str().is_some_and(|text| text.starts_with("Remark 0")), "{seen:#}");
    assert_eq!(seen["older"][1], 0, "that was all: {seen:#}");
    assert_eq!(seen["quiet"], 0, "nothing is asked for while nobody looks: {seen:#}");
    assert_eq!(seen["off"], json!([0, 0]), "no comments, and nothing is asked for: {seen:#}");
    assert_eq!(seen["signedOut"], json!(["Sign in to comment", 0]), "{seen:#}");
}

#[tokio::test]
async fn one_comments_and_is_answered_without_script() {
    let (owner, viewer) = (named("Olga Owner").await, named("Vera Viewer").await);
    let video = recording(&owner, "Without script").await;
    let page = format!("{}/s/{video}", cloud().ready.base);
    let seen = run("talk_plain.mjs", &[&page, &session(&owner).await, &session(&viewer).await]).await;
    assert_eq!(seen["problems"], json!([]), "{seen:#}");
    assert_eq!(seen["threads"], json!([["Plainly said", "Plainly answered"]]), "{seen:#}");
    assert_eq!((&seen["marked"], &seen["reactions"]), (&json!("Plainly answered"), &json!("1")), "{seen:#}");
    assert_eq!(seen["deleted"], json!(["This comment was deleted.", "Plainly answered"]), "{seen:#}");
    assert_eq!(seen["bell"], "Notifications, 2 unread", "{seen:#}");
    assert_eq!((&seen["told"], &seen["unread"]), (&json!(2), &json!([2, 0])), "{seen:#}");
    assert_eq!(seen["kept"], json!([false, "daily"]), "{seen:#}");
}

#[tokio::test]
async fn pages_of_what_is_said_are_accessible_on_every_screen() {
    let (owner, viewer) = (named("Olga Owner").await, named("Vera Viewer").await);
    let (busy, quiet) = (recording(&owner, "Quarterly review").await, recording(&owner, "Nothing said").await);
    let first = say(&viewer, &busy, json!({ "content": "Is this the final figure?", "timestamp": 3.2 })).await;
    say(&owner, &busy, json!({ "content": "Yes. It was signed off on Monday.", "parentCommentId": first })).await;
    say(&viewer, &busy, json!({ "content": "Thank you", "parentCommentId": first })).await;
    let long = "and_one_word_without_any_end_in_it_at_all_that_goes_on_and_on_and_on_until_it_breaks ".repeat(4);
    let marked = say(&viewer, &busy, json!({ "content": format!("Two lines.\n\n{long}"), "timestamp": 9 })).await;
    say(&named("שרה כהן").await, &busy, json!({ "content": "תודה רבה, זה ברור מאוד.", "timestamp": 12.5 })).await;
    let gone = say(&viewer, &busy, json!({ "content": "Never mind" })).await;
    say(&owner, &busy, json!({ "content": "What was it?", "parentCommentId": gone })).await;
    viewer.delete(&format!("/api/videos/{busy}/comments/{gone}")).await;
    for (emoji, at) in [("👍", 3.4), ("😍", 6.0), ("🙌", 6.1), ("👍", 14.0), ("👍", 14.1)] {
        react(&viewer, &busy, emoji, at).await;
    }
    rows::run(&format!(
        "UPDATE comments SET created_at = created_at - INTERVAL number * 5 HOUR WHERE video_id = '{busy}'"
    ))
    .await;
    let (own, other, nobody) = (session(&owner).await, session(&viewer).await, session(&Person::new().await).await);
    let list = json!([
        { "name": "talk-signed-out", "path": format!("/s/{busy}") },
        { "name": "talk-viewer", "path": format!("/s/{busy}"), "cookie": other },
        { "name": "talk-owner", "path": format!("/s/{busy}?comment={marked}"), "cookie": own },
        { "name": "talk-reply", "path": format!("/s/{busy}?reply={first}&problem=words"), "cookie": own },
        { "name": "talk-empty", "path": format!("/s/{quiet}"), "cookie": other },
        { "name": "talk-empty-signed-out", "path": format!("/s/{quiet}") },
        { "name": "notifications", "path": "/dashboard/notifications", "cookie": own },
        { "name": "notifications-empty", "path": "/dashboard/notifications", "cookie": nobody },
        { "name": "notification-settings", "path": "/dashboard/settings/notifications?saved=1", "cookie": own },
    ]);
    let screens = repository().join("target/screens");
    let found = run("states.mjs", &[&cloud().ready.base, screens.to_string_lossy().as_ref(), &list.to_string()]).await;
    assert_eq!(found, json!([]), "{found:#}");
}
