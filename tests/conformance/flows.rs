//! §9: what the clients do from beginning to end.

use reqwest::Url;
use serde_json::{Value, json};
use tests::{
    desktop::{Desktop, PART, SMALLEST_PART},
    footage,
    instant::Recording,
    person::client,
    store,
    visitor::Visitor,
    wait::until,
};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    ask::{User, fetch, film, jpeg, open, segments, shared, url},
    row::{Row, essential},
};

const INSTANT: &str = "9(b) Instant-mode recording";
const VIEWING: &str = "9(e) Viewing";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(
            "9(a) Desktop sign-in",
            "login by mail, a click, the listener, plan, organisations, and 401 after signing out",
            sign_in,
        ),
        essential(INSTANT, "create, batch of 43, segments, manifests, stop, complete, thumbnail: one file", instant),
        essential(INSTANT, "no batch, as when it failed: each address by itself, and fresh ones on a retry", no_batch),
        essential(INSTANT, "more than a batch holds: 40 further addresses when segment 15 is stored", further),
        essential(INSTANT, "discarded while it is recorded: nothing is left", discarded),
        essential(INSTANT, "the app came back after a crash: the same video, from where it was", resumed),
        essential(INSTANT, "camera only: a growing file in parts, of which the first comes twice", camera),
        essential(
            "9(c) Studio export upload",
            "parts of 15 MiB with MD5, progress, thumbnail beside it, complete: it plays",
            studio,
        ),
        essential(
            "9(c) Studio export upload",
            "a part whose connection broke: HEAD /, another address, and once more",
            broken,
        ),
        essential(
            "9(d) Screenshot",
            "create, signed, PUT with the headers; nobody completes it, and the page shows it",
            screenshot,
        ),
        essential(
            VIEWING,
            "404, waiting, player; a redirect to the MP4, HLS while there is none; the thumbnail",
            viewing,
        ),
    ]
}

async fn sign_in() {
    let browser = Visitor::signed_in().await;
    let app = Desktop::sign_in(&browser).await;
    assert_eq!(app.get("/api/desktop/plan").await.body["upgraded"], true);
    let organizations = app.get("/api/desktop/organizations").await.body;
    let own = organizations[0]["id"].as_str().expect("an organisation");
    app.create(&format!("recordingMode=desktopMP4&orgId={own}")).await;
    browser.form("/api/settings/sessions/end", &[]).await;
    assert_eq!(app.get("/api/desktop/plan").await.status, 401, "after signing out everywhere");
}

async fn instant() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    assert_eq!(recording.addresses(), 43, "addresses that were signed ahead");
    let video = recording.video.clone();
    recording.init().await;
    for number in 1..=2 {
        recording.store([number]).await;
        recording.manifest(false).await;
    }
    assert_eq!(open(&format!("/s/{video}?recordingStopped=1")).await.status, 200);
    recording.store([3]).await;
    recording.end().await;
    user.app.store(&video, "screenshot/screen-capture.jpg", jpeg().await).await;
    user.person.ready(&video).await;
    let made = user.person.watch(&video).await;
    footage::decode(&made).await.expect("the file decodes");
    assert_eq!(footage::probe(&made).await["streams"].as_array().map(Vec::len), Some(2), "tracks");
    assert!(shared(&video).await.text.contains("data-status=\"ready\""), "the page plays it");
}

async fn no_batch() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.forget_addresses();
    recording.init().await;
    // The second time is a retry.
    recording.store([1, 2, 1, 3]).await;
    recording.manifest(false).await;
    recording.end().await;
    user.person.ready(&recording.video).await;
}

async fn further() {
    let user = User::new().await;
    let footage = tests::instant::Footage::silent("64x36", 32).await;
    let mut recording = Recording::begin(&user.person, &footage).await;
    recording.init().await;
    recording.store(1..=14).await;
    let before = recording.addresses();
    recording.store([15]).await;
    assert_eq!(recording.addresses(), before - 1 + 40, "addresses that were signed ahead");
    recording.store([16]).await;
    recording.end().await;
    user.person.ready(&recording.video).await;
}

async fn discarded() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(false).await;
    assert_eq!(user.app.discard(&recording.video).await, 200);
    assert_eq!(recording.complete().await.status, 404, "complete of what was discarded");
    assert_eq!(shared(&recording.video).await.status, 404);
    until("the objects to be gone", async || store::keys_of(&recording.video).await.is_empty().then_some(())).await;
}

async fn resumed() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(false).await;
    // All that it still knows is the video's id.
    recording.forget_addresses();
    recording.store([2, 3]).await;
    recording.end().await;
    user.person.ready(&recording.video).await;
    let seconds = user.cap(&recording.video).await["durationMs"].clone();
    assert!(seconds.as_u64().is_some_and(|millis| millis > 5500), "all six seconds; came {seconds}");
}

async fn camera() {
    let user = User::new().await;
    let video = user.app.create("recordingMode=desktopMP4&name=Camera").await;
    let whole = footage::padded(film().await, 3 * SMALLEST_PART);
    assert_eq!(user.app.film(&video, &whole).await.status, 200);
    user.person.ready(&video).await;
}

async fn studio() {
    let user = User::new().await;
    let query = "recordingMode=desktopMP4&name=Ünïcödé 50%&durationInSecs=2&width=320&height=180&fps=30";
    let video = user.app.create(query).await;
    let whole = footage::padded(film().await, 2 * PART + 1000);
    user.app.export(&video, &whole, PART, jpeg().await).await;
    user.person.ready(&video).await;
    let cap = user.cap(&video).await;
    assert_eq!((&cap["title"], &cap["width"]), (&json!("Ünïcödé 50%"), &json!(320)));
    footage::decode(&user.person.watch(&video).await).await.expect("the file decodes");
    assert_eq!(user.app.create(&format!("recordingMode=desktopMP4&videoId={video}")).await, video, "again");
}

async fn broken() {
    let user = User::new().await;
    let video = user.video().await;
    let film = film().await;
    let upload = user.app.begin(&video).await;
    let address: Url = user.app.sign_part(&upload, 1, None).await.parse().expect("an address");
    let host = format!("{}:{}", address.host_str().expect("a host"), address.port().expect("a port"));
    let mut connection = TcpStream::connect(&host).await.expect("S3");
    let path = address.as_str().split_once(&host).expect("a path").1;
    let head = format!("PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n\r\n", film.len());
    connection.write_all(head.as_bytes()).await.expect("a request");
    connection.write_all(&film[..film.len() / 2]).await.expect("half a part");
    drop(connection);
    assert_eq!(client().head(url("/")).send().await.expect("an answer").status(), 200, "HEAD /");
    let part = user.app.part(&upload, 1, film).await;
    assert_eq!(user.app.complete(&upload, &[part]).await.status, 200);
    user.person.ready(&video).await;
    footage::decode(&user.person.watch(&video).await).await.expect("the file decodes");
}

async fn screenshot() {
    let user = User::new().await;
    let png = footage::picture("160x90", "png").await;
    for (ending, picture) in [("png", png), ("jpg", jpeg().await)] {
        let video = user.app.create("isScreenshot=true").await;
        user.app.store(&video, &format!("screenshot/screen-capture.{ending}"), picture).await;
        until("the page to show it", async || {
            shared(&video).await.text.contains("<img class=\"picture\"").then_some(())
        })
        .await;
    }
}

async fn viewing() {
    let user = User::new().await;
    assert_eq!(shared(crate::ask::UNKNOWN).await.status, 404);
    let mut recording = Recording::begin(&user.person, segments().await).await;
    let video = recording.video.clone();
    let playlist = |kind: &str| format!("/api/playlist?videoId={video}&videoType={kind}");
    assert!(shared(&video).await.text.contains("data-live=\"waiting\""), "a page that waits");
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(false).await;
    assert_eq!(open(&playlist("mp4")).await.status, 404, "no file yet");
    assert_eq!(open(&playlist("segments-master")).await.status, 200, "HLS while there is none");
    recording.store([2, 3]).await;
    recording.end().await;
    user.person.ready(&video).await;
    let led = open(&playlist("mp4")).await;
    assert_eq!(led.status, 302, "the file");
    fetch(led.location()).await;
    let thumbnail: Value = open(&format!("/api/thumbnail?videoId={video}")).await.json();
    fetch(thumbnail["screen"].as_str().expect("an address")).await;
}
