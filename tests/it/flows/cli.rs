//! The `cap` command from its first login to its logout.

use serde_json::json;
use tests::{cli::Cli, footage, visitor::Visitor};

#[tokio::test]
async fn the_command_signs_in_uploads_lists_downloads_and_signs_out() {
    // Whoever runs the command has a browser, and signs in there by mail.
    let browser = Visitor::signed_in().await;
    let cli = Cli::login(&browser).await;
    let status = cli.get("/api/v1/auth/status").await;
    assert_eq!((status.status, &status.body["tokenKind"]), (200, &json!("agent")), "{status:?}");
    assert_eq!(cli.get("/api/v1/me").await.body["email"], browser.email);

    let film = footage::screen_recording("320x180", 2).await;
    let begun = cli.upload("demo.mp4", film).await;
    let id = begun["id"].as_str().expect("an id");
    assert_eq!(Visitor::new().get(begun["shareUrl"].as_str().expect("a link")).await.status, 200);
    cli.ready(id).await;

    let caps = cli.get("/api/v1/caps").await.body;
    assert_eq!((&caps["caps"][0]["id"], &caps["caps"][0]["title"]), (&json!(id), &json!("demo")));
    assert_eq!(caps["caps"][0]["capabilities"]["download"]["allowed"], true);
    let download = cli.get(&format!("/api/v1/caps/{id}/download")).await.body;
    assert_eq!(download["fileName"], "demo.mp4");
    let saved = reqwest::get(download["url"].as_str().expect("an address")).await.expect("S3");
    assert!(saved.bytes().await.expect("the video").starts_with(b"\0\0\0"));

    assert_eq!(cli.post("/api/v1/auth/revoke", json!({})).await.body["revoked"], true);
    assert_eq!(cli.get("/api/v1/auth/status").await.status, 401);
    assert!(browser.who().await.is_some(), "the browser stays signed in");
}
