//! What lies beside a published video when it has been derived, made and stored by hand: so a test says what is there.

use common::{ids::VideoId, objects::keys};

use crate::{footage, rows, store};

/// The attempt that these videos are said to be published by. What is derived of the real one cannot come between.
pub const PUBLISHED: u64 = 1000;

/// Cues of two pictures, of two seconds each.
pub const CUES: &str = "WEBVTT

00:00:00.000 --> 00:00:02.000
storyboard.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
storyboard.jpg#xywh=160,0,160,90
";

/// As if nothing had been derived from a ready video yet.
pub async fn nothing(video: &str) {
    says(video, "storyboard_attempt = NULL, hls_attempt = NULL").await;
}

/// As if renditions had been made of a ready video, of `seconds` in length.
pub async fn renditions(video: &str, seconds: u32) {
    let id = VideoId::parse(video).expect("an id");
    for (name, content) in footage::renditions(seconds).await {
        store::store(&keys::stream(&id, PUBLISHED, &name), content).await;
    }
    says(video, &format!("hls_attempt = {PUBLISHED}")).await;
}

/// Replaces a playlist of [`renditions`].
pub async fn playlist(video: &str, name: &str, content: &str) {
    let id = VideoId::parse(video).expect("an id");
    store::store(&keys::playlist(&id, PUBLISHED, name), content.into()).await;
}

/// Lengthens the playlists of [`renditions`] to those of a recording of hours, with comments.
pub async fn lengthen(video: &str) {
    let id = VideoId::parse(video).expect("an id");
    for name in ["180", "360", "audio"] {
        let stored = store::content(&keys::playlist(&id, PUBLISHED, name)).await;
        let comments = "# Nothing is said here.\n".repeat(50_000);
        playlist(video, name, &(String::from_utf8(stored).expect("a playlist") + &comments)).await;
    }
}

/// As if storyboard and preview had been made of a ready video.
pub async fn storyboard(video: &str) {
    let id = VideoId::parse(video).expect("an id");
    let source = "-f lavfi -i testsrc2=size=160x90:rate=1:duration=2";
    let picture = footage::make(&format!("{source} -vf tile=2x1 -frames:v 1 -update 1"), "jpg").await;
    store::store(&keys::storyboard(&id, PUBLISHED), picture).await;
    store::store(&keys::storyboard_cues(&id, PUBLISHED), CUES.into()).await;
    store::store(&keys::preview(&id, PUBLISHED), footage::make(source, "gif").await).await;
    says(video, &format!("storyboard_attempt = {PUBLISHED}")).await;
}

async fn says(video: &str, what: &str) {
    let sql = format!(
        "UPDATE videos SET published_attempt = {PUBLISHED}, derive_asked_at = NULL, {what} WHERE id = '{video}'"
    );
    rows::run(&sql).await;
}
