//! From nothing to a recording that was shared, watched and spoken of, as two people who are new here do it.

use common::ids::UserId;
use serde_json::json;
use tempfile::TempDir;
use tests::{
    chromium::run,
    cloud::{cloud, repository},
    footage,
};

#[tokio::test]
async fn two_strangers_share_and_discuss_a_recording() {
    let place = TempDir::new().expect("a temporary directory");
    let file = place.path().join("A talk.mp4");
    std::fs::write(&file, footage::screen_recording("640x360", 16).await).expect("a file");
    let [owner, viewer] = [(); 2].map(|()| format!("{}@example.test", UserId::random().expect("random")));
    let screens = repository().join("target/screens");
    let (file, screens) = (file.to_string_lossy(), screens.to_string_lossy());
    let seen = run("newcomer.mjs", &[&cloud().ready.base, &file, &owner, &viewer, &screens]).await;
    assert_eq!((&seen["problems"], &seen["others"]), (&json!([]), &json!([])), "{seen}");
    assert_eq!((&seen["first"], &seen["link"]), (&json!("/login"), &json!("With a password")), "{seen}");
    assert_eq!(seen["asked"], "This recording wants a password", "{seen}");
    assert_eq!((&seen["told"], &seen["embedded"]), (&json!(true), &json!("A talk")), "{seen}");
}
