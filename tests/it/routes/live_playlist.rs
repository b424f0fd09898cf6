//! `/api/playlist` of a recording in segments.

use reqwest::{Method, Response};
use tests::{
    cloud::cloud,
    footage,
    instant::{Footage, Recording},
    person::{Person, client},
};

async fn ask(video: &str, rest: &str) -> Response {
    let url = format!("{}/api/playlist?videoId={video}&videoType={rest}", cloud().ready.base);
    client().get(url).send().await.expect("an answer")
}

async fn status(video: &str, rest: &str) -> u16 {
    ask(video, rest).await.status().as_u16()
}

async fn lines(video: &str, rest: &str) -> Vec<String> {
    let answer = ask(video, rest).await;
    assert_eq!(answer.status(), 200, "{rest}");
    assert_eq!(answer.headers()["content-type"], "application/vnd.apple.mpegurl");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.text().await.expect("a playlist").lines().map(str::to_owned).collect()
}

/// What a playlist leads to, put together: what begins the track, and its segments that are there.
async fn media(playlist: &[String]) -> Vec<u8> {
    let map = playlist.iter().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")?.strip_suffix('"'));
    let mut media = fetch(map.expect("a map")).await;
    for pair in playlist.windows(2) {
        if !pair[1].starts_with('#') && pair[0] != "#EXT-X-GAP" {
            media.extend(fetch(&pair[1]).await);
        }
    }
    media
}

async fn fetch(address: &str) -> Vec<u8> {
    let address = if address.starts_with('/') { cloud().ready.base.clone() + address } else { address.to_owned() };
    let answer = reqwest::get(address).await.expect("S3");
    assert_eq!(answer.status(), 200);
    answer.bytes().await.expect("media").to_vec()
}

#[tokio::test]
async fn nothing_is_played_before_there_is_something() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 4).await);
    let mut recording = Recording::begin(&person, &footage).await;
    let video = recording.video.clone();
    assert_eq!(status(&video, "segments-master").await, 404);
    recording.init().await;
    recording.manifest(false).await;
    assert_eq!(status(&video, "segments-master").await, 404, "no segment");
    recording.store([1]).await;
    recording.manifest(false).await;
    assert_eq!(status(&video, "segments-master").await, 200);
    for kind in ["segments-master", "segments-video", "segments-audio"] {
        assert_eq!(status(&video, &format!("{kind}&requireComplete=1")).await, 404, "{kind}");
    }
    assert_eq!(status(&video, "mp4").await, 404);
    recording.write_manifest("nonsense").await;
    assert_eq!(status(&video, "segments-master").await, 404);
}

#[tokio::test]
async fn playlists_follow_a_recording_and_end_with_it() {
    let (person, footage) = (Person::new().await, Footage::new("160x90", 6).await);
    let mut recording = Recording::begin(&person, &footage).await;
    let video = recording.video.clone();
    recording.init().await;
    recording.store([1, 2]).await;
    recording.manifest(false).await;
    let master = lines(&video, "segments-master").await;
    assert_eq!(master.last(), Some(&format!("/api/playlist?videoId={video}&videoType=segments-video")));
    for (kind, track, codec) in [("video", Some(&footage.video), "h264"), ("audio", footage.audio.as_ref(), "aac")] {
        let playlist = lines(&video, &format!("segments-{kind}")).await;
        assert!(playlist.contains(&"#EXT-X-PLAYLIST-TYPE:EVENT".to_owned()), "{playlist:?}");
        assert!(!playlist.contains(&"#EXT-X-ENDLIST".to_owned()), "{playlist:?}");
        let media = media(&playlist).await;
        assert!(media == track.expect("a track").file([1, 2]), "the segments as they were stored");
        assert_eq!(footage::probe(&media).await["streams"][0]["codec_name"], codec);
    }
    recording.store([3]).await;
    recording.end().await;
    let ended = lines(&video, "segments-video&requireComplete=1").await;
    assert!(ended.contains(&"#EXT-X-PLAYLIST-TYPE:VOD".to_owned()), "{ended:?}");
    assert_eq!(ended.last().map(String::as_str), Some("#EXT-X-ENDLIST"));
    person.ready(&video).await;
    assert!(
        media(&lines(&video, "segments-video").await).await == footage.video.file([1, 2, 3]),
        "for who still watches"
    );
}

#[tokio::test]
async fn older_segments_are_signed_when_they_are_asked_for() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    let video = recording.video.clone();
    recording.init().await;
    recording.store([1]).await;
    let listed = (1..=3600).map(|index| format!("{{\"index\":{index},\"duration\":2.0}}")).collect::<Vec<_>>();
    let listed = listed.join(",");
    let manifest = format!("{{\"video_init_uploaded\":true,\"video_segments\":[{listed}]}}");
    recording.write_manifest(&manifest).await;
    let playlist = lines(&video, "segments-video").await;
    let bytes: usize = playlist.iter().map(|line| line.len() + 1).sum();
    assert!(bytes < 600_000, "two hours take {bytes} bytes");
    let segments: Vec<_> = playlist.iter().filter(|line| !line.starts_with('#')).collect();
    assert_eq!((segments.len(), segments.iter().filter(|line| line.contains("X-Amz-")).count()), (3600, 60));
    assert!(fetch(segments[0]).await == footage.video.segments[0]);
}

#[tokio::test]
async fn head_is_answered_like_get_and_nonsense_is_refused() {
    let (person, footage) = (Person::new().await, Footage::silent("160x90", 2).await);
    let mut recording = Recording::begin(&person, &footage).await;
    let video = recording.video.clone();
    recording.init().await;
    recording.store([1]).await;
    recording.manifest(false).await;
    for (rest, status) in [("segments-master", 200), ("segments-video", 200), ("segment&track=video&index=1", 302)] {
        let url = format!("{}/api/playlist?videoId={video}&videoType={rest}", cloud().ready.base);
        let answer = client().request(Method::HEAD, url).send().await.expect("an answer");
        assert_eq!(answer.status(), status, "{rest}");
    }
    for (rest, expected) in [
        ("segments-audio", 404),
        ("segment", 400),
        ("segment&track=video", 400),
        ("segment&track=..&index=1", 400),
        ("segment&track=video&index=0", 400),
        ("segment&track=video&index=-1", 400),
        ("segment&track=video&index=100000", 400),
        ("segment&track=video&index=1%2F..", 400),
    ] {
        assert_eq!(status(&video, rest).await, expected, "{rest}");
    }
    let file = person.create("A file").await;
    assert_eq!(status(&file, "segment&track=video&index=1").await, 404);
    assert_eq!(status("0123456789abcde", "segments-master").await, 404);
}
