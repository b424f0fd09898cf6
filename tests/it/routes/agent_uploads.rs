//! `/api/v1/uploads`

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cli::Cli,
    footage,
    person::{Person, answer},
    rows, store,
};

/// Somebody whose command is signed in.
async fn signed_in() -> (Person, Cli) {
    let person = Person::new().await;
    let cli = Cli::login(&person.browser().await).await;
    (person, cli)
}

async fn videos_of(person: &Person) -> u64 {
    rows::one(&format!("SELECT COUNT(*) FROM videos WHERE owner_id = '{}'", person.id)).await
}

#[tokio::test]
async fn an_upload_begins_with_a_video_and_an_address() {
    let (person, cli) = signed_in().await;
    let begun = cli.begin_upload("a-new-upload", &Cli::announce("Stand up.mp4", 1000)).await;
    assert_eq!(begun.status, 200, "{begun:?}");
    let id = begun.body["id"].as_str().expect("an id");
    assert!(begun.body["shareUrl"].as_str().is_some_and(|url| url.ends_with(&format!("/s/{id}"))), "{begun:?}");
    assert_eq!(begun.body["rawFileKey"], format!("{}/{id}/agent-upload.mp4", person.id));
    assert_eq!(begun.body["upload"]["type"], "put");
    assert_eq!(begun.body["upload"]["headers"], json!({ "Content-Type": "video/mp4" }));
    assert!(begun.body["requestId"].as_str().is_some_and(|id| !id.is_empty()));
    let cap = person.get(&format!("/api/v1/caps/{id}")).await.body;
    assert_eq!((&cap["title"], &cap["status"]["overall"]), (&json!("Stand up"), &json!("uploading")));

    let mut named = Cli::announce("x.mp4", 1000);
    named["title"] = json!("<b>Demo</b> \u{1f3a5}");
    let begun = cli.begin_upload("a-named-upload", &named).await.body;
    let cap = person.get(&format!("/api/v1/caps/{}", begun["id"].as_str().expect("an id"))).await.body;
    assert_eq!(cap["title"], named["title"]);
    // Only these are needed.
    let least = json!({ "fileName": "x.mp4", "contentType": "video/webm", "contentLength": 1 });
    let begun = cli.begin_upload("the-least-upload", &least).await;
    assert_eq!(begun.body["upload"]["headers"]["Content-Type"], "video/webm", "{begun:?}");
}

#[tokio::test]
async fn the_same_key_begins_the_same_upload() {
    let (person, cli) = signed_in().await;
    let announced = Cli::announce("x.mp4", 1000);
    let first = cli.begin_upload("the.same_key-1", &announced).await;
    let again = cli.begin_upload("the.same_key-1", &announced).await;
    assert_eq!((first.status, again.status), (200, 200));
    for name in ["id", "shareUrl", "rawFileKey"] {
        assert_eq!(first.body[name], again.body[name], "{name}");
    }
    // The same said in another order and with what is not read.
    let mut reordered = json!({ "extra": 1 });
    for (name, value) in announced.as_object().expect("fields").iter().rev() {
        reordered[name] = value.clone();
    }
    assert_eq!(cli.begin_upload("the.same_key-1", &reordered).await.body["id"], first.body["id"]);
    assert_eq!(videos_of(&person).await, 1);

    let other = cli.begin_upload("the.same_key-1", &Cli::announce("x.mp4", 1001)).await;
    assert_eq!((other.status, &other.body["code"]), (409, &json!("IDEMPOTENCY_CONFLICT")), "{other:?}");
    assert_eq!(other.body["_tag"], "AgentIdempotencyConflictError");
    let (_, stranger) = signed_in().await;
    let theirs = stranger.begin_upload("the.same_key-1", &Cli::announce("y.mp4", 5)).await;
    assert_eq!(theirs.status, 200, "another person's key is another key");

    rows::run(&format!("UPDATE agent_uploads SET expires_at = UTC_TIMESTAMP(3) WHERE user_id = '{}'", person.id)).await;
    let later = cli.begin_upload("the.same_key-1", &Cli::announce("x.mp4", 1001)).await;
    assert!(later.status == 200 && later.body["id"] != first.body["id"], "a day later: {later:?}");
    assert_eq!(videos_of(&person).await, 2);
}

#[tokio::test]
async fn the_same_key_at_once_begins_one_upload() {
    let (person, cli) = signed_in().await;
    let announced = Cli::announce("x.mp4", 1000);
    let asked = (0..8).map(|_| {
        let request = cli.request(Method::POST, "/api/v1/uploads").header("idempotency-key", "all-at-once");
        tokio::spawn(answer(request.json(&announced)))
    });
    let mut ids = Vec::new();
    for asked in asked.collect::<Vec<_>>() {
        let begun = asked.await.expect("an answer");
        assert_eq!(begun.status, 200, "{begun:?}");
        ids.push(begun.body["id"].as_str().expect("an id").to_owned());
    }
    ids.dedup();
    assert_eq!((ids.len(), videos_of(&person).await), (1, 1));
}

#[tokio::test]
async fn what_cannot_be_an_upload_is_refused() {
    let (person, cli) = signed_in().await;
    let announced = Cli::announce("x.mp4", 1000);
    let without = answer(cli.request(Method::POST, "/api/v1/uploads").json(&announced)).await;
    assert_eq!((without.status, &without.body["code"]), (400, &json!("INVALID_REQUEST")), "{without:?}");
    for key in ["", "seven-7", &"k".repeat(129), "a key with spaces", "a/key/of/paths"] {
        assert_eq!(cli.begin_upload(key, &announced).await.status, 400, "{key}");
    }
    for (name, value) in [
        ("contentType", json!("text/html")),
        ("contentType", json!("video/mp4; x=1")),
        ("contentType", Value::Null),
        ("contentLength", json!(0)),
        ("contentLength", json!(-1)),
        ("contentLength", json!(5_368_709_121_u64)),
        ("contentLength", json!(1e300)),
        ("durationSeconds", json!(-1)),
        ("width", json!(-1)),
        ("fps", json!("fast")),
        ("title", json!("x".repeat(256))),
        ("title", json!(7)),
        ("fileName", Value::Null),
        ("fileName", json!("x".repeat(256))),
    ] {
        let mut wrong = announced.clone();
        wrong[name] = value.clone();
        let refused = cli.begin_upload("a-wrong-upload", &wrong).await;
        assert_eq!((refused.status, &refused.body["code"]), (400, &json!("INVALID_REQUEST")), "{name}={value:.20}");
    }
    assert_eq!(videos_of(&person).await, 0);
}

#[tokio::test]
async fn completing_says_what_has_become_of_the_file() {
    let (_, cli) = signed_in().await;
    let film = footage::screen_recording("160x90", 1).await;
    let length = film.len();
    let begun = cli.begin_upload("to-be-completed", &Cli::announce("x.mp4", length)).await.body;
    let early = cli.complete(&begun, length).await;
    assert_eq!((early.status, &early.body["code"]), (409, &json!("NOT_READY")), "{early:?}");
    assert_eq!(early.body["retryable"], true);
    cli.put(&begun["upload"], film).await;
    let short = cli.complete(&begun, length - 1).await;
    assert_eq!((short.status, &short.body["code"]), (400, &json!("INVALID_REQUEST")), "{short:?}");
    let completed = cli.complete(&begun, length).await;
    assert_eq!((completed.status, &completed.body["id"]), (200, &begun["id"]), "{completed:?}");
    let states = ["started", "already-processing", "already-complete"];
    assert!(completed.body["processing"].as_str().is_some_and(|state| states.contains(&state)), "{completed:?}");
    cli.ready(begun["id"].as_str().expect("an id")).await;
    assert_eq!(cli.complete(&begun, length).await.body["processing"], "already-complete");
}

#[tokio::test]
async fn a_file_that_is_no_recording_is_told_of() {
    let (person, cli) = signed_in().await;
    let begun = cli.begin_upload("no-recording", &Cli::announce("x.mp4", 5)).await.body;
    cli.put(&begun["upload"], b"hello".to_vec()).await;
    person.failed(begun["id"].as_str().expect("an id")).await;
    let completed = cli.complete(&begun, 5).await;
    assert_eq!((completed.status, &completed.body["code"]), (409, &json!("CONFLICT")), "{completed:?}");
}

#[tokio::test]
async fn c7_nobody_completes_another_persons_upload() {
    let ((owner, cli), (stranger, eve)) = (signed_in().await, signed_in().await);
    let begun = cli.begin_upload("mine-alone", &Cli::announce("x.mp4", 5)).await.body;
    let theirs = eve.begin_upload("mine-alone", &Cli::announce("x.mp4", 5)).await.body;
    assert_eq!(eve.complete(&begun, 5).await.status, 404);
    let unknown = json!({ "id": "0123456789abcde", "rawFileKey": begun["rawFileKey"] });
    assert_eq!(eve.complete(&unknown, 5).await.status, 404);
    // What is echoed names nothing: only what was answered for this very upload is taken.
    let id = theirs["id"].as_str().expect("an id").to_owned();
    let key = |text: String| json!({ "id": id, "rawFileKey": text });
    for echoed in [
        begun["rawFileKey"].as_str().expect("a key").to_owned(),
        format!("{}/{id}/agent-upload.mp4", owner.id),
        format!("{}/{id}/../{id}/agent-upload.mp4", stranger.id),
        format!("videos/raw/{id}.mp4"),
        String::new(),
    ] {
        let refused = eve.complete(&key(echoed.clone()), 5).await;
        assert_eq!((refused.status, &refused.body["code"]), (400, &json!("INVALID_REQUEST")), "{echoed}");
    }
    let objects = store::keys_of(begun["id"].as_str().expect("an id")).await;
    assert!(objects.is_empty(), "{objects:?}");
}
