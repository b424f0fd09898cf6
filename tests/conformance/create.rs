//! §1.5: a video's beginning and end.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    person::{Person, answer, client},
    store,
    wait::until,
};

use crate::{
    ask::{UNKNOWN, User, film, jpeg, shared},
    row::{Row, essential, important},
};

const CREATE: &str = "1.5 GET /api/desktop/video/create";
const PROGRESS: &str = "1.5 POST /api/desktop/video/progress";
const DELETE: &str = "1.5 DELETE /api/desktop/video/delete";
const PATH: &str = "/api/desktop/video/create";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(CREATE, "200 with id, user_id, aws_region and aws_bucket", created),
        essential(CREATE, "a name that nobody escaped, and the pieces that it leaves, are tolerated", unescaped),
        essential(CREATE, "a missing name is made up, of recordings and of screenshots", names),
        essential(CREATE, "videoId: one's own again, 403 forbidden for another's, a new one for an unknown", known_ids),
        essential(CREATE, "isScreenshot with any text makes a screenshot; an existing video becomes one", screenshots),
        essential(
            CREATE,
            "orgId of one's own, of none and of nobody: the video is in one's organisation",
            organizations,
        ),
        essential(CREATE, "length, size and rate are taken; desktopMP4, desktopSegments and hls are known", announced),
        essential(CREATE, "without a key 401; a mode that is not known is on purpose 400", refused),
        important(PROGRESS, "true for an instant of nanoseconds, and the page shows it", progress),
        important(PROGRESS, "never more than all, and nothing from an older instant", bounded),
        important(PROGRESS, "404 {error, message}; all of it uploaded does not make a video ready", unknown_progress),
        essential(DELETE, "true, then 404 {error: true, message}, and page and objects are gone", deleted),
        essential(DELETE, "a recording that is discarded while it is uploaded leaves nothing", discarded),
        essential(DELETE, "another's video is 404 and stays", foreign),
    ]
}

async fn created() {
    let user = User::new().await;
    let created = user.app.get(&format!("{PATH}?recordingMode=desktopMP4&name=Demo")).await;
    assert_eq!(created.status, 200);
    assert_eq!(created.body["user_id"], user.person.id);
    for name in ["id", "aws_region", "aws_bucket"] {
        assert!(created.body[name].as_str().is_some_and(|text| !text.is_empty()), "{name} in {}", created.body);
    }
}

async fn unescaped() {
    let user = User::new().await;
    for (name, kept) in [("Ünïcödé 50% (1)", "Ünïcödé 50% (1)"), ("Q&A=1&fps=&width=x", "Q"), ("C#4&isScreens", "C")]
    {
        let video = user.app.create(&format!("recordingMode=desktopMP4&name={name}&durationInSecs=2.5&new=1")).await;
        assert_eq!(user.cap(&video).await["title"], kept, "the title of {name}");
    }
    let plus = user.app.create("recordingMode=desktopMP4&name=a+b").await;
    let title = user.cap(&plus).await["title"].clone();
    assert!(title == "a b" || title == "a+b", "a+b, however it is read; came {title}");
}

async fn names() {
    let user = User::new().await;
    for (query, start) in [("recordingMode=desktopMP4", "Cap Recording - "), ("isScreenshot=true", "Cap Screenshot - ")]
    {
        let title = user.cap(&user.app.create(query).await).await["title"].clone();
        assert!(title.as_str().is_some_and(|title| title.starts_with(start)), "{start}…; came {title}");
    }
}

async fn known_ids() {
    let (user, other) = (User::new().await, User::new().await);
    let video = user.video().await;
    let query = |id: &str| format!("{PATH}?recordingMode=desktopMP4&videoId={id}");
    let own = user.app.get(&query(&video)).await;
    assert_eq!((own.status, &own.body["id"]), (200, &json!(video)), "one's own");
    let foreign = other.app.get(&query(&video)).await;
    assert_eq!((foreign.status, &foreign.body["error"]), (403, &json!("forbidden")), "another's");
    let unknown = user.app.get(&query(UNKNOWN)).await;
    assert_eq!(unknown.status, 200, "an unknown one");
    assert_ne!(unknown.body["id"], UNKNOWN);
}

async fn screenshots() {
    let user = User::new().await;
    for query in ["isScreenshot=true", "isScreenshot=1&recordingMode=desktopMP4", "isScreenshot=false"] {
        let video = user.app.create(query).await;
        assert!(user.app.sign(&video, "screenshot/screen-capture.png").await["url"].is_string(), "{query}");
        assert!(shared(&video).await.text.contains("screenshot"), "a page that waits for a screenshot of {query}");
    }
    let video = user.video().await;
    assert_eq!(user.app.create(&format!("isScreenshot=true&videoId={video}")).await, video);
    assert!(shared(&video).await.text.contains("screenshot"), "a page that waits for a screenshot");
}

async fn organizations() {
    let user = User::new().await;
    let own = user.app.get("/api/desktop/organizations").await.body[0]["id"].clone();
    for query in [format!("&orgId={}", own.as_str().expect("an id")), String::new(), format!("&orgId={UNKNOWN}")] {
        let video = user.app.create(&format!("recordingMode=desktopMP4{query}")).await;
        assert_eq!(user.cap(&video).await["organizationId"], own, "{query}");
    }
}

async fn announced() {
    let user = User::new().await;
    for mode in ["desktopMP4", "desktopSegments", "hls"] {
        let query = format!("recordingMode={mode}&durationInSecs=12.5&width=1280&height=720&fps=29.97");
        let cap = user.cap(&user.app.create(&query).await).await;
        let said = [&cap["durationMs"], &cap["width"], &cap["height"]].map(Value::as_u64);
        assert_eq!(said, [Some(12_500), Some(1280), Some(720)], "{mode}");
    }
}

async fn refused() {
    let path = format!("{PATH}?recordingMode=desktopMP4");
    assert_eq!(Person::stranger().get(&path).await.status, 401);
    assert_eq!(User::new().await.app.get(&format!("{PATH}?recordingMode=vhs")).await.status, 400);
}

/// What the page says of an upload's progress.
async fn percent(video: &str) -> Option<String> {
    let page = shared(video).await.text;
    Some(page.split_once("data-progress=\"")?.1.split('"').next()?.to_owned())
}

async fn progress() {
    let user = User::new().await;
    let video = user.video().await;
    let body = json!({
        "videoId": video, "uploaded": 15_728_640, "total": 52_428_800, "updatedAt": "2025-05-09T10:00:00.123456789+00:00",
    });
    let told = user.app.post("/api/desktop/video/progress", body).await;
    assert_eq!((told.status, told.body), (200, json!(true)));
    assert_eq!(percent(&video).await.as_deref(), Some("30"), "percents on the page");
}

async fn bounded() {
    let user = User::new().await;
    let video = user.video().await;
    for (uploaded, at, shown) in [(30, "10:00:01", "50"), (10, "10:00:00", "50"), (75, "10:00:02", "100")] {
        let at = format!("2025-05-09T{at}.000000001+00:00");
        let body = json!({ "videoId": video, "uploaded": uploaded, "total": 60, "updatedAt": at });
        assert_eq!(user.app.post("/api/desktop/video/progress", body).await.status, 200);
        assert_eq!(percent(&video).await.as_deref(), Some(shown), "{uploaded} of 60 at {at}");
    }
}

async fn unknown_progress() {
    let user = User::new().await;
    let missing = user.app.tell(UNKNOWN, 1, 2).await;
    assert_eq!((missing.status, &missing.body["error"]), (404, &json!(true)));
    assert_eq!(missing.body["message"], "Video not found");
    let video = user.video().await;
    assert_eq!(user.app.tell(&video, 2, 2).await.body, true);
    assert_eq!(user.person.status(&video).await["overall"], "uploading", "all of it told, nothing there");
}

async fn deleted() {
    let user = User::new().await;
    let video = user.person.record("Gone", film().await).await;
    user.person.ready(&video).await;
    let path = format!("/api/desktop/video/delete?videoId={video}");
    let deleted = answer(user.app.request(Method::DELETE, &path)).await;
    assert_eq!((deleted.status, deleted.body), (200, json!(true)));
    let again = answer(user.app.request(Method::DELETE, &path)).await;
    assert_eq!((again.status, &again.body["error"]), (404, &json!(true)));
    assert_eq!(again.body["message"], "Video not found");
    assert_eq!(shared(&video).await.status, 404, "the page");
    until("the objects to be gone", async || store::keys_of(&video).await.is_empty().then_some(())).await;
}

async fn discarded() {
    let user = User::new().await;
    let video = user.app.create("recordingMode=desktopMP4&name=Discarded").await;
    let upload = user.app.begin(&video).await;
    let part = user.app.part(&upload, 1, vec![1; 1000]).await;
    let late = user.app.sign(&video, "result.mp4").await["url"].as_str().expect("an address").to_owned();
    user.app.store(&video, "screenshot/screen-capture.jpg", jpeg().await).await;
    assert_eq!(user.app.discard(&video).await, 200);
    assert_eq!(store::keys_of(&video).await, [""; 0], "objects that are left");
    assert_eq!(user.app.complete(&upload, &[part]).await.status, 404, "complete of what was discarded");
    assert_eq!(
        client().put(late).body(film().await).send().await.expect("S3").status(),
        200,
        "what was still on its way"
    );
    until("the objects to be gone", async || store::keys_of(&video).await.is_empty().then_some(())).await;
}

async fn foreign() {
    let (user, other) = (User::new().await, User::new().await);
    let video = user.video().await;
    assert_eq!(other.app.discard(&video).await, 404);
    assert_eq!(shared(&video).await.status, 200);
    assert_eq!(other.app.discard(UNKNOWN).await, 404);
}
