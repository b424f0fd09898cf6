//! §1.6, §1.8 and §1.9: the end of a recording in segments, its manifest, and what the app opens.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    footage,
    instant::{Footage, Recording},
    person::client,
    rows,
    wait::until,
};

use crate::{
    ask::{UNKNOWN, User, fetch, film, open, segments, shared, url},
    row::{Row, essential},
};

const END: &str = "1.6 POST /api/upload/recording-complete";
const MANIFEST: &str = "1.8 Segment manifest";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(END, "success, and queued, already-processing or already-complete", statuses),
        essential(END, "as often as one likes, at once and later: one file is made", idempotent),
        essential(
            END,
            "404 Video not found, 400 for no segmented recording, already-complete for desktopMP4",
            refusals,
        ),
        essential(MANIFEST, "version 2 in snake_case, pretty, lists what has arrived; the page plays it", plays),
        essential(MANIFEST, "entries that are bare numbers are segments too", bare),
        essential(MANIFEST, "holes stay holes, and what is behind them keeps its time", holes),
        essential(MANIFEST, "no sound at all: no audio is asked for", silent),
        essential("1.9 HEAD {server}/", "answers, without a body", head),
        essential("1.9 Browser opens", "/s/{id}, /s/{id}?recordingStopped=1 and /dashboard", opens),
        essential("1.9 Share link shown", "{server}/s/{id} is what the server says too", link),
    ]
}

async fn statuses() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store([1, 2, 3]).await;
    recording.manifest(true).await;
    let first = recording.complete().await;
    assert_eq!((first.status, first.body), (200, json!({ "success": true, "status": "queued" })));
    let second = recording.complete().await.body["status"].clone();
    let known = ["queued", "already-processing", "already-complete"];
    assert!(known.iter().any(|known| second == *known), "one of {known:?}; came {second}");
    user.person.ready(&recording.video).await;
    assert_eq!(recording.complete().await.body, json!({ "success": true, "status": "already-complete" }));
}

async fn idempotent() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store([1, 2, 3]).await;
    recording.manifest(true).await;
    let (one, two, three) = tokio::join!(recording.complete(), recording.complete(), recording.complete());
    assert_eq!([one.status, two.status, three.status], [200; 3]);
    user.person.ready(&recording.video).await;
    recording.complete().await;
    user.person.derived(&recording.video).await;
    let attempts = format!("SELECT attempt FROM videos WHERE id = '{}'", recording.video);
    assert_eq!(rows::one::<u64>(&attempts).await, 1, "files that were made");
}

async fn refusals() {
    let user = User::new().await;
    let complete =
        async |video: &str| user.app.post("/api/upload/recording-complete", json!({ "videoId": video })).await;
    let unknown = complete(UNKNOWN).await;
    assert_eq!((unknown.status, &unknown.body["error"]), (404, &json!("Video not found")));
    let file = complete(&user.video().await).await;
    assert_eq!((file.status, &file.body["status"]), (200, &json!("already-complete")), "desktopMP4");
    let other = user.person.get("/api/desktop/video/create").await.body["id"].clone();
    let other = complete(other.as_str().expect("an id")).await;
    assert_eq!((other.status, &other.body["error"]), (400, &json!("Video is not a segmented recording")));
}

/// A playlist of a recording, if there is one.
async fn playlist(video: &str, kind: &str) -> Option<String> {
    let page = open(&format!("/api/playlist?videoId={video}&videoType=segments-{kind}")).await;
    (page.status == 200).then_some(page.text)
}

async fn plays() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.manifest(false).await;
    assert!(playlist(&recording.video, "master").await.is_none(), "a playlist before the first segment");
    recording.store([1, 2]).await;
    recording.manifest(false).await;
    for kind in ["video", "audio"] {
        let listed = playlist(&recording.video, kind).await.unwrap_or_default();
        assert_eq!(listed.matches("#EXTINF:2.000,").count(), 2, "segments of {kind} in {listed}");
    }
    let page = shared(&recording.video).await.text;
    assert!(page.contains("data-live=\"playing\"") && page.contains("<video"), "a page that plays; came {page}");
}

async fn bare() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store([1, 2, 3]).await;
    let text = r#"{"version":1,"video_init_uploaded":true,"audio_init_uploaded":true,"video_segments":[1,2,3],
        "audio_segments":[1,2,3],"is_complete":true}"#;
    recording.write_manifest(text).await;
    let listed = playlist(&recording.video, "video").await.unwrap_or_default();
    assert_eq!(listed.matches("#EXTINF:3.000,").count(), 3, "segments in {listed}");
    assert_eq!(recording.complete().await.status, 200);
    user.person.ready(&recording.video).await;
}

async fn holes() {
    let user = User::new().await;
    let mut recording = Recording::begin(&user.person, segments().await).await;
    recording.init().await;
    recording.store_video([1, 3]).await;
    recording.store_audio([1, 2, 3]).await;
    recording.end().await;
    let listed = playlist(&recording.video, "video").await.unwrap_or_default();
    assert_eq!((listed.matches("#EXTINF").count(), listed.matches("#EXT-X-GAP").count()), (3, 1), "entries and holes");
    user.person.ready(&recording.video).await;
    let made = footage::probe(&user.person.watch(&recording.video).await).await;
    let seconds: f64 = made["format"]["duration"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    assert!((5.8..6.3).contains(&seconds), "six seconds, the hole among them; came {seconds}");
}

async fn silent() {
    let user = User::new().await;
    let footage = Footage::silent("160x90", 2).await;
    let mut recording = Recording::begin(&user.person, &footage).await;
    recording.to_its_end().await;
    let master = playlist(&recording.video, "master").await.unwrap_or_default();
    assert!(master.contains("segments-video") && !master.contains("AUDIO"), "no sound in {master}");
    user.person.ready(&recording.video).await;
    let made = footage::probe(&user.person.watch(&recording.video).await).await;
    assert_eq!(made["streams"].as_array().map(Vec::len), Some(1), "tracks of the file");
}

async fn head() {
    let answered = client().request(Method::HEAD, url("/")).send().await.expect("an answer");
    assert_eq!(answered.status(), 200);
    assert!(answered.bytes().await.expect("a body").is_empty());
}

async fn opens() {
    let user = User::new().await;
    let video = user.video().await;
    for path in [format!("/s/{video}"), format!("/s/{video}?recordingStopped=1")] {
        assert_eq!(open(&path).await.status, 200, "{path}");
    }
    let browser = user.person.browser().await;
    let dashboard = browser.get("/dashboard").await;
    let shown = if dashboard.status == 302 { browser.get(dashboard.location()).await } else { dashboard };
    assert_eq!(shown.status, 200, "/dashboard, for whoever is signed in");
    let stranger = open("/dashboard").await;
    assert_eq!(stranger.status, 302, "/dashboard, for whoever is not");
}

async fn link() {
    let user = User::new().await;
    let video = user.person.record("Linked", film().await).await;
    let said: Value = user.cap(&video).await["shareUrl"].clone();
    assert_eq!(said, url(&format!("/s/{video}")));
    until("the link to play", async || {
        let page = shared(&video).await;
        assert_eq!(page.status, 200);
        page.text.contains("data-status=\"ready\"").then_some(())
    })
    .await;
    fetch(open(&format!("/api/playlist?videoId={video}&videoType=mp4")).await.location()).await;
}
