//! The library as it is used, in a real browser.

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{chromium::run, cloud::cloud, footage, person::Person, visitor::SESSION};

/// What a script sees in the browser of somebody who is signed in.
async fn seen_by(person: &Person, script: &str, rest: &[&str]) -> Value {
    let session = person.browser().await.cookie(SESSION).expect("a session");
    let arguments = [&[cloud().ready.base.as_str(), session.as_str()], rest].concat();
    let seen = run(script, &arguments).await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    seen
}

async fn assert_used(screen: &str) {
    let person = Person::new().await;
    for name in ["Gamma", "Beta", "Alpha"] {
        person.create(name).await;
    }
    let seen = seen_by(&person, "library.mjs", &[screen]).await;
    assert_eq!(seen["titles"], json!(["Alpha", "Beta", "Gamma"]), "{seen}");
    assert_eq!((&seen["menu"], &seen["kept"]), (&json!([0, "SUMMARY"]), &seen["titles"]), "{seen}");
    assert_eq!(seen["renamed"], json!(["Omega <b>", "Beta", "Gamma"]), "{seen}");
    assert_eq!(seen["focused"], "Omega <b>", "{seen}");
    assert!(seen["copied"].as_str().is_some_and(|link| link.starts_with("/s/")), "{seen}");
    assert_eq!(seen["binned"], json!([["Omega <b>", "Gamma"], "2 videos", 404]), "{seen}");
    assert_eq!(seen["restored"], json!([seen["renamed"], "3 videos", 200]), "{seen}");
    assert_eq!(
        (&seen["deleted"], &seen["emptied"]),
        (&json!(["Beta"]), &json!("Nothing was deleted lately")),
        "{seen}"
    );
    assert_eq!((&seen["found"], &seen["sorted"]), (&json!(["Omega <b>"]), &json!(["Beta", "Omega <b>"])), "{seen}");
    assert_eq!(seen["list"], 1, "{seen}");
    assert_eq!(json!([seen["plain"][1], seen["plain"][2]]), json!([json!(1), json!(["Omega <b>", "Plain"])]), "{seen}");
    assert!(seen["plain"][0].as_str().is_some_and(|said| said.contains("“Omega <b>” is deleted")), "{seen}");
}

#[tokio::test]
async fn videos_are_renamed_thrown_away_taken_back_and_found() {
    assert_used("desktop").await;
}

#[tokio::test]
async fn the_same_is_done_on_a_phone() {
    assert_used("phone").await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_paused_and_left_goes_on_where_it_was() {
    let person = Person::new().await;
    let place = TempDir::new().expect("a temporary directory");
    let recording = footage::padded(footage::screen_recording("640x360", 2).await, 20 << 20);
    let file = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.to_string_lossy().into_owned()
    };
    let (talk, other) = (file("Stand-up <1>.final.mp4", &recording), file("other.mp4", b"another"));
    let seen = seen_by(&person, "upload.mjs", &[&talk, &other]).await;
    assert_eq!((&seen["card"], &seen["empty"]), (&json!("Stand-up <1>.final"), &json!(0)), "{seen}");
    assert_eq!(seen["paused"], "Paused at 17 MB of 21 MB", "{seen}");
    assert!(
        seen["interrupted"].as_str().is_some_and(|said| said.starts_with("Interrupted at 17 MB of 21 MB")),
        "{seen}"
    );
    assert!(seen["other"].as_str().is_some_and(|said| said.starts_with("That is another file.")), "{seen}");
    assert_eq!((&seen["before"], &seen["after"]), (&json!([1, 2]), &json!([3])), "no part is stored twice: {seen}");
    assert_eq!((&seen["poster"], &seen["remembered"]), (&json!(true), &json!(["[]"])), "{seen}");
    let video = seen["video"].as_str().expect("an id");
    person.ready(video).await;
    let played = person.watch(video).await;
    assert_eq!(footage::packets(&played).await, footage::packets(&recording).await);
}

#[tokio::test]
async fn files_that_are_none_are_refused_and_pictures_are_taken() {
    let person = Person::new().await;
    let place = TempDir::new().expect("a temporary directory");
    let picture = place.path().join("picture.png");
    std::fs::write(&picture, footage::picture("640x360", "png").await).expect("a file");
    let seen = seen_by(&person, "refused_files.mjs", &[&picture.to_string_lossy()]).await;
    let refused = seen["refused"].as_array().expect("sentences");
    assert!(refused[0].as_str().is_some_and(|said| said.starts_with("This is neither a video nor")), "{seen}");
    assert!(refused[1].as_str().is_some_and(|said| said.starts_with("This file is empty")), "{seen}");
    assert_eq!(
        (&seen["closed"], &seen["drop"], &seen["left"]),
        (&json!(false), &json!(true), &json!(["[]"])),
        "{seen}"
    );
    assert!(
        seen["picture"].as_str().is_some_and(|card| card.contains("A picture") && card.contains("Screenshot")),
        "{seen}"
    );
    let all = person.get("/api/v1/caps").await.body;
    assert_eq!(all["caps"].as_array().map(Vec::len), Some(1), "what was cancelled is gone: {all}");
}
