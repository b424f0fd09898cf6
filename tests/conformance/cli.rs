//! §2: the `cap` command.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cli::Cli,
    person::{answer, client},
    visitor::Visitor,
};

use crate::{
    ask::{User, film, shared, url},
    row::{Row, essential, important},
};

const LEGACY: &str = "2.3 Legacy upload flow";
const AGENT: &str = "2.4 Agent upload flow";
const CAPS: &str = "2.5 GET /caps";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(
            LEGACY,
            "create, signed, one PUT without a type and without the headers: it plays, and nobody says more",
            legacy,
        ),
        essential(LEGACY, "--video-id uploads again to the same link", legacy_again),
        important(
            AGENT,
            "login, then id, shareUrl, rawFileKey and upload; PUT; complete is started or already-…",
            agent,
        ),
        important(AGENT, "the same Idempotency-Key begins the same upload, with another body it is 409", idempotent),
        important(AGENT, "a title that is null is none; the file's name stands in", null_title),
        important(AGENT, "errors have _tag, code, message, retryable and requestId", errors),
        important(CAPS, "caps, nextCursor and requestId, in pages", pages),
        important(CAPS, "scope, search, updatedAfter, organizationId and folderId narrow it", narrowed),
        important(CAPS, "a cap has the fields of the summary, and its context those of all that there is", summary),
    ]
}

/// What the command does with a key of the desktop's: no header of its own, and queries that are encoded.
async fn upload(user: &User, more: &[(&str, &str)]) -> String {
    let known = [
        ("recordingMode", "desktopMP4"),
        ("durationInSecs", "2.0"),
        ("width", "320"),
        ("height", "180"),
        ("fps", "30"),
    ];
    let create = client().get(url("/api/desktop/video/create")).bearer_auth(&user.person.key);
    let created = answer(create.query(&known).query(more)).await;
    assert_eq!(created.status, 200, "create");
    let video = created.body["id"].as_str().expect("an id").to_owned();
    let body = json!({
        "videoId": video, "subpath": "result.mp4", "method": "put",
        "durationInSecs": 2.0, "width": 320, "height": 180, "fps": 30.0,
    });
    let signed = user.person.post("/api/upload/signed", body).await;
    let address = signed.body["presignedPutData"]["url"].as_str().expect("an address");
    let film = film().await;
    let put = client().put(address).header("content-length", film.len()).body(film);
    let status = put.send().await.expect("S3").status();
    assert!(status.is_success(), "PUT with a length and nothing else; came {status}");
    video
}

async fn legacy() {
    let user = User::new().await;
    let video = upload(&user, &[("name", "Terminal & more")]).await;
    user.person.ready(&video).await;
    let page = shared(&video).await;
    assert!(page.status == 200 && page.text.contains("<video"), "a player; came {}", page.text);
    assert!(user.person.watch(&video).await.starts_with(b"\0\0\0"), "an MP4");
    assert_eq!(user.cap(&video).await["title"], "Terminal & more");
}

async fn legacy_again() {
    let user = User::new().await;
    let video = upload(&user, &[]).await;
    user.person.ready(&video).await;
    assert_eq!(upload(&user, &[("videoId", &video)]).await, video);
    user.person.ready(&video).await;
}

async fn agent() {
    let user = User::new().await;
    let cli = Cli::login(&user.person.browser().await).await;
    let film = film().await;
    let announced = Cli::announce("demo.mp4", film.len());
    let begun = cli.begin_upload("b6a7f0d2-0d5e-4a55-9b58-1f6f3a1f0c11", &announced).await;
    assert_eq!(begun.status, 200);
    for name in ["id", "shareUrl", "rawFileKey", "requestId"] {
        assert!(begun.body[name].is_string(), "{name} in {}", begun.body);
    }
    let id = begun.body["id"].as_str().expect("an id");
    assert_eq!(begun.body["shareUrl"], url(&format!("/s/{id}")));
    cli.put(&begun.body["upload"], film.clone()).await;
    let completed = cli.complete(&begun.body, film.len()).await;
    assert_eq!((completed.status, &completed.body["id"]), (200, &json!(id)));
    let known = ["started", "already-processing", "already-complete"];
    let processing = &completed.body["processing"];
    assert!(known.iter().any(|known| processing == known), "one of {known:?}; came {processing}");
    cli.ready(id).await;
}

async fn idempotent() {
    let user = User::new().await;
    let cli = Cli::login(&user.person.browser().await).await;
    let key = "3a9f1c52-77aa-4d0e-8e5e-0b8b9c1d2e3f";
    let ids = [
        cli.begin_upload(key, &Cli::announce("x.mp4", 10)).await,
        cli.begin_upload(key, &Cli::announce("x.mp4", 10)).await,
    ];
    assert_eq!(ids[0].body["id"], ids[1].body["id"]);
    let other = cli.begin_upload(key, &Cli::announce("y.mp4", 11)).await;
    assert_eq!((other.status, &other.body["code"]), (409, &json!("IDEMPOTENCY_CONFLICT")));
}

async fn null_title() {
    let user = User::new().await;
    let cli = Cli::login(&user.person.browser().await).await;
    let announced = Cli::announce("Stand up.mp4", 10);
    assert_eq!(announced["title"], Value::Null);
    let begun = cli.begin_upload("null-title", &announced).await;
    assert_eq!(begun.status, 200);
    assert_eq!(user.cap(begun.body["id"].as_str().expect("an id")).await["title"], "Stand up");
}

async fn errors() {
    let visitor = Visitor::new();
    let cli = Cli::login(&User::new().await.person.browser().await).await;
    for (answered, status, tag, code) in [
        (cli.get("/api/v1/caps/0123456789abcde").await, 404, "AgentNotFoundError", "NOT_FOUND"),
        (Cli::signed_out(&visitor).get("/api/v1/caps").await, 401, "AgentAuthRequiredError", "AUTH_REQUIRED"),
        (cli.get("/api/v1/caps?limit=0").await, 400, "AgentInvalidRequestError", "INVALID_REQUEST"),
    ] {
        assert_eq!((answered.status, &answered.body["code"]), (status, &json!(code)));
        assert_eq!(answered.body["_tag"], tag);
        assert!(answered.body["message"].is_string() && answered.body["retryable"].is_boolean(), "{}", answered.body);
        assert!(answered.body["requestId"].is_string(), "a requestId in {}", answered.body);
    }
}

async fn pages() {
    let user = User::new().await;
    let cli = Cli::login(&user.person.browser().await).await;
    for number in 1..=3 {
        user.app.create(&format!("recordingMode=desktopMP4&name=Video {number}")).await;
    }
    let titles = |page: &Value| -> Vec<String> {
        let caps = page["caps"].as_array().cloned().unwrap_or_default();
        caps.iter().filter_map(|cap| cap["title"].as_str().map(str::to_owned)).collect()
    };
    let first = cli.get("/api/v1/caps?limit=2").await;
    assert_eq!((first.status, titles(&first.body)), (200, vec!["Video 3".to_owned(), "Video 2".to_owned()]));
    assert!(first.body["requestId"].is_string(), "a requestId in {}", first.body);
    let cursor = first.body["nextCursor"].as_str().expect("a cursor");
    let second = cli.get(&format!("/api/v1/caps?limit=2&cursor={cursor}")).await.body;
    assert_eq!((titles(&second), &second["nextCursor"]), (vec!["Video 1".to_owned()], &Value::Null));
}

async fn narrowed() {
    let user = User::new().await;
    user.app.create("recordingMode=desktopMP4&name=Demo").await;
    let own = user.app.get("/api/desktop/organizations").await.body[0]["id"].as_str().expect("an id").to_owned();
    for (query, count) in [
        ("scope=all", 1),
        ("scope=owned", 1),
        ("scope=shared", 0),
        ("search=dem", 1),
        ("search=other", 0),
        ("updatedAfter=2099-01-01T00:00:00Z", 0),
        (&format!("organizationId={own}"), 1),
        ("organizationId=0123456789abcde", 0),
        ("folderId=0123456789abcde", 0),
    ] {
        let listed = user.person.get(&format!("/api/v1/caps?{query}")).await;
        assert_eq!(listed.body["caps"].as_array().map(Vec::len), Some(count), "{query}");
    }
}

async fn summary() {
    let user = User::new().await;
    let video = user.video().await;
    let cap = answer(user.app.request(Method::GET, "/api/v1/caps")).await.body["caps"][0].clone();
    assert_eq!((&cap["id"], &cap["title"]), (&json!(video), &json!("Video")));
    for name in [
        "shareUrl",
        "aiTitle",
        "createdAt",
        "updatedAt",
        "durationMs",
        "owner",
        "organizationId",
        "folderId",
        "access",
        "sharing",
        "counts",
        "status",
        "capabilities",
    ] {
        assert!(cap.get(name).is_some(), "{name} in {cap}");
    }
    for name in ["id", "overall", "upload", "transcript", "ai", "updatedAt"] {
        assert!(cap["status"].get(name).is_some(), "{name} in {}", cap["status"]);
    }
    assert!(cap["capabilities"]["view"]["allowed"] == true, "{}", cap["capabilities"]);
    let context = user.person.get(&format!("/api/v1/caps/{video}/context")).await;
    assert_eq!((context.status, &context.body["cap"]["id"]), (200, &json!(video)), "the context");
    assert_eq!(
        (&context.body["title"]["current"], &context.body["metadata"]["source"]),
        (&json!("Video"), &json!("desktopMP4"))
    );
    for name in ["summary", "chapters", "transcript", "comments", "reactions", "views"] {
        assert!(context.body[name]["status"].is_string(), "{name} in {}", context.body);
    }
    for name in ["width", "height", "fps"] {
        assert!(context.body["metadata"].get(name).is_some(), "{name} in {}", context.body["metadata"]);
    }
}
