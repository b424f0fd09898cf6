//! §4.2 and §7: what viewers do besides watching. What is not there yet is asked for all the same.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    person::client,
    visitor::{Page, page},
    watcher::BROWSER,
};

use crate::{
    ask::{NO_ROUTE, User, fetch, film, open, published, shared, there, url},
    row::{Row, important},
};

const CARDS: &str = "7 oEmbed, OG, Twitter card";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        important("4.2 GET /api/video/og", "it leads to what the video looks like", og),
        important("4.2 GET /api/oembed", "oEmbed 1.0 of a share link, as video", oembed),
        important("4.2 POST /api/analytics/track", "a view is taken", track),
        important("4.2 GET /api/analytics", "{count} of those who watched", count),
        important("4.2 DELETE /api/video/comment/delete", "its author deletes a comment", delete_comment),
        important("4.2 GET /api/notifications", "notifications and their counts", notifications),
        important("7 Embed", "/embed/{id} is a page that other sites may frame", embed),
        important(CARDS, "a share page has og:title, og:type and og:url; a screenshot its og:image and a card", cards),
        important(CARDS, "a recording has og:image, twitter:card and the link to its oEmbed", video_card),
        important("7 Comments, replies", "whoever is signed in writes one, and the page shows it", comments),
        important("7 Comments, replies", "a reply has its comment as the parent", replies),
        important("7 Emoji reactions", "whoever is signed in reacts, with the time", reactions),
        important("7 Transcript + captions", "the transcript of a recording, as WebVTT", transcript),
        important("7 Transcript + captions", "the player has captions", captions),
        important("7 Download", "the owner saves the MP4 under its title", download),
        important("7 Download", "a member with whom it is shared saves it too", download_shared).missing(NO_ROUTE),
        important("7 Password protect", "the owner sets a password, and the page asks for it", password),
        important("7 Visibility public/private, sharing to spaces/orgs", "the owner makes a video private", private),
        important(
            "7 Visibility public/private, sharing to spaces/orgs",
            "the owner shares it with an organisation",
            share,
        )
        .missing(NO_ROUTE),
        important("7 Views & analytics", "the owner sees how many watched", analytics),
        important("7 Notifications", "the owner is told of a comment", notified),
    ]
}

/// Sends a request that must succeed.
async fn succeeds(what: &str, request: RequestBuilder) -> Page {
    let answered = page(request).await;
    there(what, answered.status, &answered.text);
    answered
}

/// A mutation of the agent API, as the `cap` command makes it. In what is named, `ID` stands for the video.
async fn agent(user: &User, video: &str, what: &str, body: Value) -> Value {
    let (method, path) = what.split_once(' ').expect("a method and a path");
    let request = user.person.request(method.parse().expect("a method"), &path.replace("ID", video));
    let request = request.header("idempotency-key", format!("conformance.{video}"));
    succeeds(what, if body.is_null() { request } else { request.json(&body) }).await.json()
}

async fn og() {
    let (_, video) = published().await;
    let what = "/api/video/og";
    let led = page(client().get(url(&format!("{what}?videoId={video}")))).await;
    assert_eq!(led.status, 302, "it leads to the picture");
    let picture = succeeds("the picture", client().get(led.location())).await;
    assert!(picture.header("content-type").starts_with("image/"), "a picture");
}

async fn oembed() {
    let (_, video) = published().await;
    let link = url(&format!("/s/{video}"));
    let request = client().get(url("/api/oembed")).query(&[("url", link.as_str()), ("format", "json")]);
    let told = succeeds("/api/oembed", request).await;
    assert_eq!((&told.json()["version"], &told.json()["type"]), (&json!("1.0"), &json!("video")));
    assert_eq!(told.header("access-control-allow-origin"), "*");
}

/// Somebody watches a video.
async fn watched(video: &str, session: &str) {
    let body = json!({ "videoId": video, "sessionId": session, "pathname": format!("/s/{video}") });
    let told = succeeds(
        "POST /api/analytics/track",
        client().post(url("/api/analytics/track")).header("user-agent", BROWSER).json(&body),
    )
    .await;
    assert_eq!(told.json(), json!({ "success": true }));
}

async fn track() {
    watched(published().await.1, "one").await;
}

async fn count() {
    let (_, video) = published().await;
    let path = format!("/api/analytics?videoId={video}&range=30d");
    let told = succeeds("GET /api/analytics", client().get(url(&path))).await.json();
    assert!(told["count"].is_u64(), "a count in {told}");
}

const COMMENT: &str = "POST /api/v1/caps/ID/comments";

async fn delete_comment() {
    let (user, video) = published().await;
    let comment = agent(user, video, COMMENT, json!({ "content": "Not so" })).await;
    let path = format!("/api/video/comment/delete?commentId={}", comment["id"].as_str().expect("an id"));
    let deleted = user.person.browser().await.json(Method::DELETE, &path, Value::Null).await;
    there("DELETE /api/video/comment/delete", deleted.status, &deleted.text);
}

async fn notifications() {
    let (user, _) = published().await;
    let browser = user.person.browser().await;
    let told = succeeds("GET /api/notifications", browser.request(Method::GET, "/api/notifications")).await.json();
    assert!(told["notifications"].is_array() && told["count"].is_object(), "{told}");
}

async fn embed() {
    let (_, video) = published().await;
    let page = succeeds("GET /embed/{id}", client().get(url(&format!("/embed/{video}?autoplay=true")))).await;
    let policy = page.header("content-security-policy");
    assert!(!policy.contains("frame-ancestors 'none'"), "other sites may frame it; came {policy}");
}

async fn cards() {
    let (_, video) = published().await;
    let text = shared(video).await.text;
    let link = url(&format!("/s/{video}"));
    for (property, content) in
        [("og:title", "Quarterly &#60;review&#62;"), ("og:type", "video.other"), ("og:url", &link)]
    {
        let meta = format!("<meta property=\"{property}\" content=\"{content}\">");
        assert!(text.contains(&meta), "{meta} in {text}");
    }
    let user = User::new().await;
    let shot = user.app.create("isScreenshot=true").await;
    user.app.store(&shot, "screenshot/screen-capture.jpg", crate::ask::jpeg().await).await;
    user.person.ready(&shot).await;
    let text = shared(&shot).await.text;
    assert!(text.contains("<meta property=\"og:image\"") && text.contains("summary_large_image"), "a card in {text}");
}

async fn video_card() {
    let (_, video) = published().await;
    let text = shared(video).await.text;
    for piece in ["<meta property=\"og:image\"", "<meta name=\"twitter:card\"", "application/json+oembed"] {
        assert!(text.contains(piece), "{piece} is not on the page");
    }
}

async fn comments() {
    let (user, video) = published().await;
    agent(user, video, COMMENT, json!({ "content": "Well said", "timestampMs": 1500 })).await;
    assert!(shared(video).await.text.contains("Well said"), "the comment is not on the page");
}

async fn replies() {
    let (user, video) = published().await;
    let comment = agent(user, video, COMMENT, json!({ "content": "Why?" })).await;
    let path = format!("{COMMENT}/{}/replies", comment["id"].as_str().expect("an id"));
    let reply = agent(user, video, &path, json!({ "content": "Because" })).await;
    assert_eq!(reply["parentCommentId"], comment["id"]);
}

async fn reactions() {
    let (user, video) = published().await;
    agent(user, video, "POST /api/v1/caps/ID/reactions", json!({ "content": "👍", "timestampMs": 1000 })).await;
}

/// Writes down what is said.
async fn caption(user: &User, video: &str) {
    let request = user.person.request(Method::PUT, &format!("/api/v1/caps/{video}/transcript"));
    succeeds("PUT /api/v1/caps/ID/transcript", request.body("1\n00:00:00,000 --> 00:00:01,000\nHello\n")).await;
}

async fn transcript() {
    let (user, video) = published().await;
    caption(user, video).await;
    let request = user.person.request(Method::GET, &format!("/api/v1/caps/{video}/transcript?format=vtt"));
    let told = succeeds("GET /api/v1/caps/ID/transcript", request).await;
    assert!(told.text.contains("WEBVTT"), "WebVTT; came {}", told.text);
}

async fn captions() {
    let (user, video) = published().await;
    caption(user, video).await;
    assert!(shared(video).await.text.contains("<track"), "no <track on the page");
}

async fn download() {
    let (user, video) = published().await;
    let told = agent(user, video, "GET /api/v1/caps/ID/download", Value::Null).await;
    assert_eq!(told["fileName"], "Quarterly -review-.mp4");
    assert!(fetch(told["url"].as_str().expect("an address")).await.starts_with(b"\0\0\0"), "an MP4");
}

/// Shares a video of one's own with one's organisation.
async fn share_out(user: &User, video: &str) {
    let own = user.app.get("/api/desktop/organizations").await.body[0]["id"].as_str().expect("an id").to_owned();
    agent(user, video, &format!("PUT /api/v1/caps/ID/shares/organizations/{own}"), Value::Null).await;
}

async fn download_shared() {
    let (user, member) = (User::new().await, User::new().await);
    let video = user.person.record("Shared", film().await).await;
    user.person.ready(&video).await;
    share_out(&user, &video).await;
    agent(&member, &video, "GET /api/v1/caps/ID/download", Value::Null).await;
}

/// The status of what a player asks for.
async fn plays(video: &str) -> u16 {
    open(&format!("/api/playlist?videoId={video}&videoType=mp4")).await.status
}

async fn password() {
    let user = User::new().await;
    let video = user.video().await;
    let set = user.person.request(Method::PATCH, &format!("/api/videos/{video}/links/{video}"));
    succeeds("PATCH /api/videos/ID/links/ID", set.json(&json!({ "password": "open sesame" }))).await;
    assert!(shared(&video).await.text.contains("type=\"password\""), "the page asks for no password");
    assert_eq!(plays(&video).await, 403, "without the password");
}

async fn private() {
    let user = User::new().await;
    let video = user.video().await;
    let change = user.person.request(Method::PATCH, &format!("/api/videos/{video}/sharing"));
    succeeds("PATCH /api/videos/ID/sharing", change.json(&json!({ "public": false }))).await;
    assert_eq!(plays(&video).await, 403, "for somebody with the link");
}

async fn share() {
    let user = User::new().await;
    let video = user.video().await;
    share_out(&user, &video).await;
}

async fn analytics() {
    let user = User::new().await;
    let video = user.person.record("Watched", film().await).await;
    user.person.ready(&video).await;
    watched(&video, "one").await;
    let told = agent(&user, &video, "GET /api/v1/analytics?capId=ID", Value::Null).await;
    assert_eq!((&told["viewers"], &told["plays"]), (&json!(1), &json!(1)), "{told}");
}

async fn notified() {
    let (user, viewer) = (User::new().await, User::new().await);
    let video = user.video().await;
    agent(&viewer, &video, COMMENT, json!({ "content": "For you" })).await;
    let told = agent(&user, &video, "GET /api/v1/me/notifications", Value::Null).await;
    assert_eq!(told["notifications"].as_array().map(Vec::len), Some(1), "notifications in {told}");
}
