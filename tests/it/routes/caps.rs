//! `/api/v1/caps`

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::person::Person;

fn titles(page: &Value) -> Vec<&str> {
    page["caps"].as_array().expect("caps").iter().filter_map(|cap| cap["title"].as_str()).collect()
}

#[tokio::test]
async fn the_list_holds_ones_own_videos_newest_first() {
    let (person, other) = (Person::new().await, Person::new().await);
    other.create("Not mine").await;
    for name in ["First", "Second", "Third"] {
        person.create(name).await;
    }
    let page = person.get("/api/v1/caps").await;
    assert_eq!(page.status, 200);
    assert_eq!(titles(&page.body), ["Third", "Second", "First"]);
    assert_eq!(page.body["nextCursor"], Value::Null);
    assert!(page.body["requestId"].as_str().is_some_and(|id| !id.is_empty()));
}

#[tokio::test]
async fn pages_hold_every_video_once() {
    let person = Person::new().await;
    for number in 0..7 {
        person.create(&format!("Video {number}")).await;
    }
    let (mut seen, mut pages, mut cursor) = (BTreeSet::new(), 0, String::new());
    loop {
        let page = person.get(&format!("/api/v1/caps?limit=3&cursor={cursor}")).await.body;
        for title in titles(&page) {
            assert!(seen.insert(title.to_owned()), "{title} came twice");
        }
        pages += 1;
        match page["nextCursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (7, 3));
}

#[tokio::test]
async fn search_takes_wildcards_literally() {
    let person = Person::new().await;
    for name in ["100% done", "1000 done", "a_b", "axb"] {
        person.create(name).await;
    }
    assert_eq!(titles(&person.get("/api/v1/caps?search=100%25").await.body), ["100% done"]);
    assert_eq!(titles(&person.get("/api/v1/caps?search=a_b").await.body), ["a_b"]);
    assert_eq!(titles(&person.get("/api/v1/caps?search=DONE").await.body), ["1000 done", "100% done"]);
}

#[tokio::test]
async fn a_list_can_be_narrowed() {
    let person = Person::new().await;
    person.create("One").await;
    assert_eq!(titles(&person.get("/api/v1/caps?scope=shared").await.body), [""; 0]);
    assert_eq!(titles(&person.get("/api/v1/caps?scope=owned&updatedAfter=2020-01-01T00:00:00Z").await.body), ["One"]);
    assert_eq!(titles(&person.get("/api/v1/caps?updatedAfter=1900-01-01T00:00:00Z").await.body), ["One"]);
    assert_eq!(titles(&person.get("/api/v1/caps?updatedAfter=2099-01-01T00:00:00Z").await.body), [""; 0]);
    assert_eq!(titles(&person.get("/api/v1/caps?updatedAfter=9000-01-01T00:00:00Z").await.body), [""; 0]);
}

#[tokio::test]
async fn queries_that_mean_nothing_are_refused() {
    let person = Person::new().await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "limit=99999999999999999999",
        "cursor=x",
        "cursor=1.x",
        "scope=x",
        "updatedAfter=x",
    ] {
        let refused = person.get(&format!("/api/v1/caps?{query}")).await;
        assert_eq!((refused.status, &refused.body["code"]), (400, &json!("INVALID_REQUEST")), "{query}");
    }
    let cursor = format!("{}.0123456789abcde", i64::MAX);
    assert_eq!(person.get(&format!("/api/v1/caps?cursor={cursor}")).await.status, 400);
}

#[tokio::test]
async fn a_video_is_shown_with_its_state_and_link() {
    let person = Person::new().await;
    let video = person.create("Shown").await;
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert!(cap["shareUrl"].as_str().is_some_and(|url| url.ends_with(&format!("/s/{video}"))), "{cap}");
    assert_eq!(cap["owner"], json!({ "id": person.id, "name": "Ada" }));
    assert_eq!(cap["status"]["upload"], json!({ "status": "uploading", "reason": null, "retryable": false }));
    assert!(cap["createdAt"].as_str().is_some_and(|at| at.len() == 24 && at.ends_with('Z')), "{cap}");
}

#[tokio::test]
async fn a_new_title_is_kept_exactly() {
    let person = Person::new().await;
    let video = person.create("Before").await;
    for title in ["After", "<b>&\"'", "😀\u{202e}", &"ß".repeat(255)] {
        let renamed = person.patch(&format!("/api/v1/caps/{video}"), json!({ "title": title })).await;
        assert_eq!((renamed.status, &renamed.body["title"]), (200, &json!(title)));
    }
    for title in ["", "   ", &"x".repeat(256)] {
        let refused = person.patch(&format!("/api/v1/caps/{video}"), json!({ "title": title })).await;
        assert_eq!(refused.status, 400, "{title:.20}");
    }
    let same = person.patch(&format!("/api/v1/caps/{video}"), json!({ "title": "ß".repeat(255) })).await;
    assert_eq!(same.status, 200, "renaming to the same title is no error");
}

#[tokio::test]
async fn refusals_have_the_shape_the_cli_reads() {
    let refused = Person::new().await.get("/api/v1/caps/0123456789abcde").await.body;
    assert_eq!(refused["_tag"], "AgentNotFoundError");
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("NOT_FOUND"), &json!(false)));
    assert!(refused["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{refused}");
}
