//! `/api/videos/{id}/comments`, `…/reactions`, and the same by the agent API

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    footage,
    person::{Answer, Person, answer, client},
    rows,
    visitor::page,
};

/// The owner of a video, somebody else, and the video.
async fn two() -> (Person, Person, String) {
    let owner = Person::new().await;
    let video = owner.create("Said").await;
    (owner, Person::new().await, video)
}

async fn say(person: &Person, video: &str, body: Value) -> Answer {
    person.post(&format!("/api/videos/{video}/comments"), body).await
}

/// The id of a comment that is there now.
async fn said(person: &Person, video: &str, body: Value) -> String {
    let said = say(person, video, body).await;
    assert_eq!(said.status, 201, "{said:?}");
    said.body["id"].as_str().expect("an id").to_owned()
}

fn nobody(path: &str) -> RequestBuilder {
    client().get(format!("{}{path}", cloud().ready.base))
}

async fn seen(video: &str, query: &str) -> Value {
    answer(nobody(&format!("/api/videos/{video}/comments{query}"))).await.body
}

/// Comments and reactions, as the video's owner counts them.
async fn counts(owner: &Person, video: &str) -> Value {
    owner.get(&format!("/api/v1/caps/{video}")).await.body["counts"].clone()
}

#[tokio::test]
async fn c14_a_comment_is_kept_exactly_and_shown_escaped() {
    let (owner, viewer) = (Person::new().await, Person::new().await);
    let video = owner.record("Said", footage::screen_recording("160x90", 1).await).await;
    owner.ready(&video).await;
    let text = "<script>alert(1)</script>\n\u{202e}right to left\u{202c} \u{1f3a5} & \"quotes\" {{ nonce }}";
    said(&viewer, &video, json!({ "content": text })).await;
    assert_eq!(seen(&video, "").await["comments"][0]["content"], text);
    let shown = page(nobody(&format!("/s/{video}"))).await.text;
    assert!(shown.contains("&#60;script&#62;alert(1)&#60;/script&#62;"), "{shown}");
    assert!(!shown.contains("<script>alert"), "{shown}");
    for (content, code) in
        [("", 400), ("  \n ", 400), (&"x".repeat(5001), 400), ("a\u{0}b", 400), (&"\u{1f3a5}".repeat(5000), 201)]
    {
        let answered = say(&viewer, &video, json!({ "content": content })).await;
        assert_eq!(answered.status, code, "{content:.20}: {answered:?}");
    }
    let huge = say(&viewer, &video, json!({ "content": "x".repeat((10 << 20) - 100) })).await;
    assert!((400..500).contains(&huge.status), "{huge:?}");
}

#[tokio::test]
async fn a_reply_stands_one_level_deep_and_below_a_comment_of_the_same_video() {
    let (owner, viewer, video) = two().await;
    let first = said(&viewer, &video, json!({ "content": "Why?", "timestamp": 1.5 })).await;
    let second = said(&owner, &video, json!({ "content": "Because", "parentCommentId": first })).await;
    let third = say(&viewer, &video, json!({ "content": "I see", "parentCommentId": second })).await;
    assert_eq!(third.body["parentCommentId"], json!(first), "{third:?}");
    let other = owner.create("Another").await;
    for parent in [first.as_str(), "0123456789abcde", "nonsense"] {
        let refused = say(&viewer, &other, json!({ "content": "x", "parentCommentId": parent })).await;
        assert_eq!(refused.status, 404, "{parent}: {refused:?}");
    }
    assert_eq!(seen(&video, "").await["comments"][2]["timestamp"], 1.5);
    assert_eq!(counts(&owner, &video).await, json!({ "comments": 3, "reactions": 0 }));
    assert_eq!(counts(&owner, &other).await, json!({ "comments": 0, "reactions": 0 }), "nothing half-written");
}

#[tokio::test]
async fn a_reaction_is_one_of_a_few_at_a_moment() {
    let (owner, viewer, video) = two().await;
    let path = format!("/api/videos/{video}/reactions");
    for emoji in ["😂", "😍", "😮", "🙌", "👍", "👎"] {
        let reacted = viewer.post(&path, json!({ "content": emoji, "timestamp": 83.25 })).await;
        assert_eq!((reacted.status, &reacted.body["timestamp"]), (201, &json!(83.25)), "{reacted:?}");
    }
    for wrong in [
        json!({ "content": "🤬" }),
        json!({ "content": "x", "timestamp": 1 }),
        json!({ "content": "👍", "timestamp": -1 }),
        json!({ "content": "👍", "timestamp": 1e300 }),
        json!({ "content": "👍", "timestamp": "soon" }),
    ] {
        assert_eq!(viewer.post(&path, wrong.clone()).await.status, 400, "{wrong}");
    }
    assert_eq!(counts(&owner, &video).await, json!({ "comments": 0, "reactions": 6 }));
}

#[tokio::test]
async fn whoever_looks_again_is_told_what_changed_and_otherwise_nothing() {
    let (_, viewer, video) = two().await;
    let first = said(&viewer, &video, json!({ "content": "One" })).await;
    let before = seen(&video, "").await;
    let version = before["version"].as_u64().expect("a version");
    let path = format!("/api/videos/{video}/comments?after={version}");
    let again = page(nobody(&path).header("if-none-match", format!("\"{version}\""))).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""), "{again:?}");
    let second = said(&viewer, &video, json!({ "content": "Two" })).await;
    viewer.patch(&format!("/api/videos/{video}/comments/{first}"), json!({ "content": "One and a half" })).await;
    let changed = page(nobody(&path).header("if-none-match", format!("\"{version}\""))).await.json();
    let words: Vec<_> = changed["comments"].as_array().expect("comments").iter().map(|one| &one["content"]).collect();
    assert_eq!(words, ["Two", "One and a half"], "{changed}");
    viewer.delete(&format!("/api/videos/{video}/comments/{second}")).await;
    let gone = seen(&video, &format!("?after={}", changed["version"])).await;
    assert_eq!(
        (&gone["comments"][0]["id"], &gone["comments"][0]["deleted"], &gone["comments"][0]["content"]),
        (&json!(second), &json!(true), &json!("")),
        "{gone}"
    );
    assert_eq!(seen(&video, "?after=x").await["code"], "INVALID_REQUEST");
}

#[tokio::test]
async fn authors_change_and_delete_their_own_and_owners_delete_any() {
    let (owner, viewer, video) = two().await;
    let (mine, other) = (said(&viewer, &video, json!({ "content": "Mine" })).await, Person::new().await);
    let path = format!("/api/videos/{video}/comments/{mine}");
    for somebody in [&owner, &other] {
        assert_eq!(somebody.patch(&path, json!({ "content": "Theirs" })).await.status, 404);
    }
    assert_eq!(other.delete(&path).await.status, 404);
    assert_eq!(other.delete(&format!("/api/v1/caps/{video}/comments/{mine}")).await.status, 404);
    for somebody in [&owner, &other] {
        let path = format!("/api/video/comment/delete?commentId={mine}");
        assert_eq!(somebody.delete(&path).await.status, 404, "its author alone");
    }
    assert_eq!(viewer.patch(&path, json!({ "content": "Mine, changed" })).await.body["content"], "Mine, changed");
    assert_eq!(owner.delete(&path).await.status, 200);
    assert_eq!(viewer.delete(&path).await.status, 404, "it is gone");
    assert_eq!(counts(&owner, &video).await, json!({ "comments": 0, "reactions": 0 }));
    let kept = format!("SELECT content FROM comments WHERE id = '{mine}'");
    assert_eq!(rows::one::<String>(&kept).await, "", "and so are its words");
}

#[tokio::test]
async fn comments_that_are_off_are_neither_written_nor_shown() {
    let (owner, viewer, video) = two().await;
    let first = said(&viewer, &video, json!({ "content": "Before" })).await;
    let path = format!("/api/videos/{video}/sharing");
    assert_eq!(owner.patch(&path, json!({})).await.status, 400);
    assert_eq!(owner.patch(&path, json!({ "comments": false })).await.body["comments"], false);
    for refused in [
        say(&viewer, &video, json!({ "content": "After" })).await,
        say(&owner, &video, json!({ "content": "After" })).await,
        viewer.post(&format!("/api/v1/caps/{video}/comments"), json!({ "content": "After" })).await,
        viewer.post(&format!("/api/videos/{video}/reactions"), json!({ "content": "👍" })).await,
        viewer.patch(&format!("/api/videos/{video}/comments/{first}"), json!({ "content": "After" })).await,
        answer(nobody(&format!("/api/videos/{video}/comments"))).await,
    ] {
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("CONTENT_DISABLED")), "{refused:?}");
    }
    assert_eq!(owner.patch(&path, json!({ "comments": true })).await.status, 200);
    assert_eq!(seen(&video, "").await["comments"][0]["content"], "Before");
}

#[tokio::test]
async fn the_same_words_under_the_same_key_are_written_once() {
    let (owner, viewer, video) = two().await;
    let ask = async |content: &str| {
        let path = format!("/api/v1/caps/{video}/comments");
        let request = viewer.request(Method::POST, &path).header("idempotency-key", "comment.1");
        answer(request.json(&json!({ "content": content }))).await.body["id"].clone()
    };
    let (first, again, other) = (ask("Once").await, ask("Once").await, ask("Twice").await);
    assert!(first.is_string() && first == again && first != other, "{first} {again} {other}");
    assert_eq!(counts(&owner, &video).await["comments"], 2);
}

#[tokio::test]
async fn nobody_is_named_by_an_id_and_nobody_writes_too_often() {
    let (owner, viewer, video) = two().await;
    said(&viewer, &video, json!({ "content": "Who am I?" })).await;
    let told = seen(&video, "").await.to_string();
    assert!(!told.contains(&viewer.id) && !told.contains(&owner.id) && !told.contains("@"), "{told}");
    let mut refused = None;
    for number in 0..70 {
        let answered = say(&viewer, &video, json!({ "content": format!("Number {number}") })).await;
        if answered.status != 201 {
            refused = Some(answered);
            break;
        }
    }
    let refused = refused.expect("a limit");
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("RATE_LIMITED")), "{refused:?}");
    assert_eq!(say(&owner, &video, json!({ "content": "I may" })).await.status, 201, "somebody else still may");
}

#[tokio::test]
async fn c8_what_was_said_of_a_video_is_shut_with_it() {
    let (owner, viewer, video) = two().await;
    let secret = said(&viewer, &video, json!({ "content": "Nobody reads this" })).await;
    let link = format!("/api/videos/{video}/links/{video}");
    owner.patch(&link, json!({ "password": "let me in" })).await;
    for by in [&viewer, &Person::new().await] {
        for (method, path) in [
            (Method::GET, format!("/api/videos/{video}/comments")),
            (Method::POST, format!("/api/videos/{video}/comments")),
            (Method::POST, format!("/api/v1/caps/{video}/comments")),
            (Method::POST, format!("/api/v1/caps/{video}/comments/{secret}/replies")),
        ] {
            let answered = answer(by.request(method, &path).json(&json!({ "content": "x" }))).await;
            assert_eq!((answered.status, &answered.body["code"]), (403, &json!("PASSWORD_REQUIRED")), "{path}");
            assert!(!answered.body.to_string().contains("Nobody reads"), "{answered:?}");
        }
    }
    assert_eq!(counts(&owner, &video).await["comments"], 1);
}

#[tokio::test]
async fn a_share_page_with_many_comments_stays_small() {
    let owner = Person::new().await;
    let video = owner.record("Talked about", footage::screen_recording("160x90", 1).await).await;
    owner.ready(&video).await;
    for number in 0..50 {
        let content = format!("Comment number {number}, which says what people say: a sentence or two about a moment.");
        said(&owner, &video, json!({ "content": content, "timestamp": number })).await;
    }
    for path in [format!("/s/{video}"), format!("/s/{video}?before=30")] {
        let shown = page(owner.browser().await.request(Method::GET, &path)).await.text;
        let (size, rows) = (shown.len(), shown.matches("<li id=\"c-").count());
        // Signed with a role, the addresses of its media are longer.
        assert!(size < 28_000 && rows >= 10, "{path}: {size} bytes, {rows} comments");
    }
    let first = page(nobody(&format!("/s/{video}"))).await.text;
    assert!(first.contains("number 49,") && !first.contains("number 0,") && first.contains("?before="), "{first}");
}

#[tokio::test]
async fn what_somebody_said_goes_with_their_account() {
    let (owner, viewer, video) = two().await;
    let browser = viewer.browser().await;
    let first = said(&viewer, &video, json!({ "content": "I was here" })).await;
    said(&owner, &video, json!({ "content": "So was I", "parentCommentId": first })).await;
    viewer.post(&format!("/api/videos/{video}/reactions"), json!({ "content": "👍" })).await;
    let before = seen(&video, "").await["version"].clone();
    let gone = browser.json(Method::POST, "/api/settings/user/delete", json!({ "email": viewer.email() })).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(counts(&owner, &video).await, json!({ "comments": 1, "reactions": 0 }));
    let told = seen(&video, &format!("?after={before}")).await;
    let deleted: Vec<_> = told["comments"].as_array().expect("comments").iter().map(|one| &one["deleted"]).collect();
    assert_eq!(deleted, [true, true], "open pages learn of it: {told}");
    assert!(!seen(&video, "").await.to_string().contains("I was here"));
    let notified = owner.get("/api/notifications").await.body;
    assert_eq!(notified["notifications"], json!([]), "nor is anybody told of it: {notified}");
}
