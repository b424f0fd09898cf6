//! `/api/v1/me`, `/api/v1/organizations` and `/api/v1/caps/{id}/download`

use reqwest::{Method, header::CONTENT_DISPOSITION};
use serde_json::{Value, json};
use tests::{
    cli::Cli,
    footage,
    person::{Person, answer},
};

#[tokio::test]
async fn a_person_is_told_who_they_are_and_may_change_their_name() {
    let person = Person::new().await;
    let cli = Cli::login(&person.browser().await).await;
    let me = cli.get("/api/v1/me").await;
    assert_eq!(me.status, 200, "{me:?}");
    assert_eq!((&me.body["id"], &me.body["name"]), (&json!(person.id), &json!("Ada")));
    assert_eq!((&me.body["email"], &me.body["imageUrl"]), (&json!(person.email()), &Value::Null));
    let rename = async |name: &str| {
        answer(cli.request(Method::PATCH, "/api/v1/me").header("idempotency-key", "a-new-name").json(&json!({
            "name": name
        })))
        .await
    };
    for (name, kept) in [(" <b>Bob</b> ", json!("<b>Bob</b>")), ("", Value::Null)] {
        let renamed = rename(name).await;
        assert_eq!((renamed.status, &renamed.body["name"]), (200, &kept), "{renamed:?}");
        assert_eq!(cli.get("/api/v1/me").await.body["name"], kept);
    }
    for name in ["a\nb", &"x".repeat(101)] {
        assert_eq!(rename(name).await.status, 400, "{name:.5}");
    }
    let short = cli.request(Method::PATCH, "/api/v1/me").header("idempotency-key", "short");
    assert_eq!(answer(short.json(&json!({ "name": "Eve" }))).await.status, 400);
}

#[tokio::test]
async fn everybody_has_one_organization() {
    let (person, other) = (Person::new().await, Person::new().await);
    let list = person.get("/api/v1/organizations").await;
    let all = list.body["organizations"].as_array().expect("a list");
    assert_eq!((list.status, all.len()), (200, 1), "{list:?}");
    let own = &all[0];
    assert_eq!((&own["name"], &own["role"]), (&json!("My Organization"), &json!("owner")));
    assert_eq!(own["ownerId"], json!(person.id));
    let id = own["id"].as_str().expect("an id");
    assert_eq!(person.get("/api/v1/me").await.body["activeOrganizationId"], id);
    let one = person.get(&format!("/api/v1/organizations/{id}")).await;
    assert_eq!((one.status, &one.body["name"]), (200, &own["name"]), "{one:?}");
    assert_eq!(other.get(&format!("/api/v1/organizations/{id}")).await.status, 404);

    let video = person.create("Mine").await;
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!((&cap["organizationId"], &cap["folderId"], &cap["aiTitle"]), (&json!(id), &Value::Null, &Value::Null));
    assert!(cap["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{cap}");
    assert_eq!(cap["capabilities"]["download"], json!({ "allowed": false, "reason": "NOT_READY" }));
    for (query, count) in [
        (format!("organizationId={id}"), 1),
        ("organizationId=0123456789abcde".to_owned(), 0),
        ("folderId=x".to_owned(), 0),
    ] {
        let page = person.get(&format!("/api/v1/caps?{query}")).await.body;
        assert_eq!(page["caps"].as_array().map(Vec::len), Some(count), "{query}");
    }
}

#[tokio::test]
async fn a_recording_is_saved_under_its_title() {
    let person = Person::new().await;
    let title = "../Demo: \u{e4}\u{202e}4pm\"; x=\"";
    let video = person.create(title).await;
    let early = person.get(&format!("/api/v1/caps/{video}/download")).await;
    assert_eq!((early.status, &early.body["code"]), (409, &json!("NOT_READY")), "{early:?}");
    person.upload(&video, "result.mp4", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    let download = person.get(&format!("/api/v1/caps/{video}/download")).await;
    assert_eq!(download.status, 200, "{download:?}");
    assert_eq!(download.body["fileName"], "-Demo- \u{e4}4pm-; x=-.mp4");
    let saved = reqwest::get(download.body["url"].as_str().expect("an address")).await.expect("S3");
    assert_eq!(saved.status(), 200);
    let disposition = saved.headers()[CONTENT_DISPOSITION].to_str().expect("text").to_owned();
    assert_eq!(
        disposition,
        "attachment; filename=\"-Demo- _4pm-; x=-.mp4\"; filename*=UTF-8''-Demo-%20%C3%A44pm-%3B%20x%3D-.mp4"
    );
    assert_eq!(saved.bytes().await.expect("the video"), person.watch(&video).await);
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!(cap["capabilities"]["download"]["allowed"], true);
}
