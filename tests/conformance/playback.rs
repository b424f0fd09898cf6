//! §4.2: what a viewer's player asks for, and the other routes that exist.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::{
    cloud::Cloud,
    elapsed::{pass, sweep_on},
    instant::Recording,
    person::{Person, client},
    rows,
    wait::until,
};

use crate::{
    ask::{UNKNOWN, User, asked, fetch, film, jpeg, open, published, segments, url},
    row::{Row, essential, important},
};

const PLAYLIST: &str = "4.2 GET/HEAD /api/playlist";
const THUMBNAIL: &str = "4.2 GET /api/thumbnail";
const DELETE: &str = "4.2 DELETE /api/video/delete";
const NAME: &str = "4.2 POST /api/settings/user/name";
const SWEEP: &str = "4.2 /api/cron/finalize-stale-desktop-segments";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(
            PLAYLIST,
            "mp4: 302 to a signed file, which answers Range: bytes=0-0 to another site's page with 206",
            mp4,
        ),
        essential(
            PLAYLIST,
            "segments-master: 404 before the first segment, then an HLS 7 master that leads to both tracks",
            master,
        ),
        essential(PLAYLIST, "segments-video and -audio: HLS 7 that grows, and ends with ENDLIST", tracks),
        essential(PLAYLIST, "requireComplete=1 is 404 until the manifest is complete", require_complete),
        essential(
            PLAYLIST,
            "404 for unknown and not ready, 400 for no videoType, to HEAD too; on purpose 404 for raw-preview",
            errors,
        ),
        essential(PLAYLIST, "playlists are application/vnd.apple.mpegurl and kept by no cache", types),
        important(THUMBNAIL, "{screen}: the app's picture until there is a poster, then the poster", thumbnail),
        important(THUMBNAIL, "400, 404: {error: true, message}", thumbnail_errors),
        important(DELETE, "by key and by cookie of the owner; 404 for others, 401 for nobody", delete),
        important(NAME, "true for firstName and lastName; 401 {error: true} for nobody", name),
        important("4.2 GET /api/status", "200 when all is well; on purpose JSON that says of what", status),
        important(SWEEP, "a recording whose client fell silent, or never said that it ended, becomes one file", sweep),
    ]
}

fn playlist(video: &str, rest: &str) -> String {
    format!("/api/playlist?videoId={video}&videoType={rest}")
}

async fn mp4() {
    let (_, video) = published().await;
    let led = open(&format!("{}&_t=1", playlist(video, "mp4"))).await;
    assert_eq!(led.status, 302);
    let range = client().get(led.location()).header("range", "bytes=0-0").header("origin", "https://a.test");
    let range = range.send().await.expect("S3");
    assert_eq!(range.status(), StatusCode::PARTIAL_CONTENT, "a range");
    assert_eq!(range.headers()["content-type"], "video/mp4");
    assert!(range.headers().contains_key("access-control-allow-origin"), "a page of another site may read it");
    assert_eq!(range.bytes().await.expect("a byte").len(), 1);
    assert_eq!(open(&playlist(video, "video")).await.status, 302, "videoType=video");
    let head = client().head(url(&playlist(video, "mp4"))).send().await.expect("an answer");
    assert_eq!(head.status(), 302, "HEAD");
    let location = head.headers()["location"].to_str().expect("an address").to_owned();
    assert_eq!(client().head(location).send().await.expect("S3").status(), 200, "HEAD of where it leads");
}

/// A recording with these segments, which may be over.
async fn recording(user: &User, over: bool) -> Recording<'static> {
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store([1, 2]).await;
    recording.manifest(over).await;
    recording
}

async fn master() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    let video = recording.video.clone();
    let status = async || open(&playlist(&video, "segments-master")).await.status;
    assert_eq!(status().await, 404, "no manifest");
    recording.init().await;
    recording.manifest(false).await;
    assert_eq!(status().await, 404, "no segment");
    recording.store([1]).await;
    recording.manifest(false).await;
    let text = open(&playlist(&video, "segments-master")).await.text;
    for line in ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(text.contains("TYPE=AUDIO,GROUP-ID=\"audio\"") && text.contains(",AUDIO=\"audio\""), "sound in {text}");
    for kind in ["segments-video", "segments-audio"] {
        assert!(text.contains(&playlist(&video, kind)), "{kind} in {text}");
    }
}

async fn tracks() {
    let user = User::new().await;
    let mut recording = recording(&user, false).await;
    let video = recording.video.clone();
    for kind in ["segments-video", "segments-audio"] {
        let text = open(&playlist(&video, kind)).await.text;
        for line in ["#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0", "#EXTINF:2.000,"] {
            assert!(text.lines().any(|found| found == line), "{line} in {text}");
        }
        assert!(!text.contains("VOD") && !text.contains("ENDLIST"), "a list that grows; came {text}");
        let map = text.split("#EXT-X-MAP:URI=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a map");
        fetch(map).await;
        for segment in text.lines().filter(|line| !line.starts_with('#')) {
            fetch(segment).await;
        }
    }
    recording.store([3]).await;
    recording.end().await;
    let text = open(&playlist(&video, "segments-video")).await.text;
    assert!(text.contains("#EXT-X-PLAYLIST-TYPE:VOD") && text.ends_with("#EXT-X-ENDLIST\n"), "its end; came {text}");
}

async fn require_complete() {
    let user = User::new().await;
    let mut recording = recording(&user, false).await;
    let video = recording.video.clone();
    for kind in ["segments-master", "segments-video", "segments-audio"] {
        assert_eq!(open(&playlist(&video, &format!("{kind}&requireComplete=1"))).await.status, 404, "{kind}, going on");
    }
    recording.store([3]).await;
    recording.manifest(true).await;
    let master = open(&playlist(&video, "segments-master&requireComplete=1")).await;
    assert_eq!(master.status, 200, "complete");
    assert!(master.text.contains("segments-video&requireComplete=1"), "it is handed on; came {}", master.text);
}

async fn errors() {
    let user = User::new().await;
    let waiting = user.video().await;
    for (video, rest, status) in [
        (UNKNOWN, "mp4", 404),
        (UNKNOWN, "segments-master", 404),
        (&waiting, "mp4", 404),
        (&waiting, "raw-preview", 404),
        (&waiting, "nonsense", 400),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let answered =
                client().request(method.clone(), url(&playlist(video, rest))).send().await.expect("an answer");
            assert_eq!(answered.status().as_u16(), status, "{method} of {rest}");
        }
    }
    assert_eq!(open("/api/playlist?videoType=mp4").await.status, 400, "no videoId");
}

async fn types() {
    let user = User::new().await;
    let recording = recording(&user, false).await;
    for kind in ["segments-master", "segments-video", "segments-audio"] {
        let page = open(&playlist(&recording.video, kind)).await;
        assert_eq!(page.header("content-type"), "application/vnd.apple.mpegurl", "{kind}");
        assert!(page.header("cache-control").contains("no-store"), "{kind}; came {}", page.header("cache-control"));
    }
}

async fn thumbnail() {
    let user = User::new().await;
    let video = user.video().await;
    let jpeg = jpeg().await;
    user.app.store(&video, "screenshot/screen-capture.jpg", jpeg.clone()).await;
    let screen = async || {
        let told = asked(Method::GET, &format!("/api/thumbnail?videoId={video}")).await;
        assert_eq!(told.status, 200);
        fetch(told.body["screen"].as_str().expect("an address")).await
    };
    assert!(screen().await == jpeg, "the app's own picture");
    user.person.upload(&video, "result.mp4", film().await).await;
    user.person.ready(&video).await;
    let poster = screen().await;
    assert!(poster != jpeg && poster.starts_with(b"\xff\xd8"), "a poster of the recording itself");
}

async fn thumbnail_errors() {
    for (path, status) in [("/api/thumbnail".to_owned(), 400), (format!("/api/thumbnail?videoId={UNKNOWN}"), 404)] {
        let refused = asked(Method::GET, &path).await;
        assert_eq!((refused.status, &refused.body["error"]), (status, &json!(true)), "{path}");
        assert!(refused.body["message"].is_string(), "a message in {}", refused.body);
    }
}

async fn delete() {
    let (user, other) = (User::new().await, User::new().await);
    let (first, second) = (user.video().await, user.video().await);
    let path = |video: &str| format!("/api/video/delete?videoId={video}");
    assert_eq!(asked(Method::DELETE, &path(&first)).await.status, 401, "nobody");
    assert_eq!(other.person.delete(&path(&first)).await.status, 404, "another");
    assert_eq!(user.person.delete(&path(&first)).await.status, 200, "by key");
    let browser = user.person.browser().await;
    assert_eq!(browser.json(Method::DELETE, &path(&second), Value::Null).await.status, 200, "by cookie");
    assert_eq!(user.person.delete(&path(&second)).await.status, 404, "twice");
}

async fn name() {
    let person = Person::new().await;
    let names = json!({ "firstName": "Ada", "lastName": "Lovelace" });
    let browser = person.browser().await;
    let renamed = browser.json(Method::POST, "/api/settings/user/name", names.clone()).await;
    assert_eq!((renamed.status, renamed.json()), (200, json!(true)));
    assert_eq!(person.get("/api/desktop/user/profile").await.body["name"], "Ada Lovelace");
    let refused = Person::stranger().post("/api/settings/user/name", names).await;
    assert_eq!((refused.status, &refused.body["error"]), (401, &json!(true)));
}

async fn status() {
    let health = asked(Method::GET, "/api/status").await;
    assert_eq!((health.status, &health.body["status"]), (200, &json!("ok")));
    for part in ["database", "objects", "ledger"] {
        assert_eq!(health.body[part], "ok", "{part}");
    }
}

/// On a cloud of its own, since time passes only while it stands.
async fn sweep() {
    let state = tempfile::TempDir::new().expect("a state directory");
    let path = state.path().to_owned();
    let start = async || {
        let path = path.clone();
        let cloud = tokio::task::spawn_blocking(move || Box::leak(Box::new(Cloud::start_in(&path)))).await;
        &*cloud.expect("a cloud")
    };
    let first: &'static Cloud = start().await;
    let person = Person::on(first).await;
    let mut died = Recording::begin(&person, segments().await).await;
    let mut silent = Recording::begin(&person, segments().await).await;
    for (recording, over) in [(&mut died, false), (&mut silent, true)] {
        recording.init().await;
        recording.store([1, 2]).await;
        recording.manifest(over).await;
    }
    let videos = [died.video.clone(), silent.video.clone()];
    first.halt().await;
    pass(&state.path().join("s3").join(&first.ready.bucket), &[(&videos[0], 16 * 60), (&videos[1], 3 * 60)]);
    let second: &'static Cloud = start().await;
    sweep_on(second, &videos).await;
    until("both recordings to become one file", async || {
        use mysql_async::prelude::Queryable;
        let mut connection = rows::connection(second).await;
        let ready: Option<u64> =
            connection.query_first("SELECT COUNT(*) FROM videos WHERE status = 'ready'").await.expect("a query");
        (ready == Some(2)).then_some(())
    })
    .await;
    second.halt().await;
}
