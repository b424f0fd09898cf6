//! `/api/playlist` and `/api/thumbnail`

use reqwest::{Method, Response, header::HeaderValue};
use tests::{
    cloud::cloud,
    derived, footage,
    person::{Person, client},
};

fn address(rest: &str) -> String {
    format!("{}/api/{rest}", cloud().ready.base)
}

#[tokio::test]
async fn a_ready_video_is_served_in_ranges_with_its_type() {
    let person = Person::new().await;
    let video = person.record("Ranges", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    let playlist = address(&format!("playlist?videoId={video}&videoType=mp4&_t=1"));
    let moved = client().get(&playlist).send().await.expect("the playlist");
    assert_eq!(
        (moved.status().as_u16(), &moved.headers()["cache-control"]),
        (302, &"no-store".parse().expect("a value"))
    );
    let range =
        reqwest::Client::new().get(&playlist).header("range", "bytes=0-0").header("origin", &cloud().ready.base);
    let range = range.send().await.expect("S3");
    assert_eq!(range.status(), 206);
    assert_eq!(range.headers()["content-type"], "video/mp4");
    assert!(range.headers()["cache-control"].to_str().is_ok_and(|cache| cache.contains("private")), "{range:?}");
    assert!(range.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_head_request_can_follow_the_redirect_too() {
    let person = Person::new().await;
    let video = person.record("Head", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    let playlist = address(&format!("playlist?videoId={video}&videoType=mp4"));
    let answer = reqwest::Client::new().request(Method::HEAD, playlist).send().await.expect("S3");
    assert_eq!(answer.status(), 200);
}

#[tokio::test]
async fn the_poster_is_a_picture() {
    let person = Person::new().await;
    let video = person.record("Poster", footage::screen_recording("320x180", 2).await).await;
    person.ready(&video).await;
    let answer = person.get(&format!("/api/thumbnail?videoId={video}")).await;
    let screen = reqwest::get(answer.body["screen"].as_str().expect("an address")).await.expect("S3");
    assert_eq!(screen.headers()["content-type"], "image/jpeg");
    let picture = footage::probe(&screen.bytes().await.expect("a picture")).await;
    let stream = &picture["streams"][0];
    assert_eq!((stream["codec_name"].as_str(), stream["width"].as_u64()), (Some("mjpeg"), Some(320)));
}

#[tokio::test]
async fn what_is_not_there_or_not_ready_is_not_found() {
    let person = Person::new().await;
    let video = person.create("Not there yet").await;
    for (rest, status) in [
        (format!("playlist?videoId={video}&videoType=mp4"), 404),
        (format!("playlist?videoId={video}&videoType=segments-master"), 404),
        (format!("playlist?videoId={video}&videoType=master"), 404),
        (format!("playlist?videoId={video}&videoType=rendition&rendition=720"), 404),
        ("playlist?videoType=master".to_owned(), 400),
        ("playlist?videoId=0123456789abcde&videoType=mp4".to_owned(), 404),
        ("playlist?videoId=nonsense&videoType=mp4".to_owned(), 404),
        (format!("playlist?videoId={video}&videoType=vhs"), 400),
        (format!("playlist?videoId={video}"), 400),
        ("playlist?videoType=mp4".to_owned(), 400),
        (format!("thumbnail?videoId={video}"), 404),
        ("thumbnail".to_owned(), 400),
    ] {
        assert_eq!(client().get(address(&rest)).send().await.expect("an answer").status().as_u16(), status, "{rest}");
    }
}

/// A ready video of eight seconds, with renditions.
async fn with_renditions() -> String {
    let person = Person::new().await;
    let video = person.record("Renditions", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    derived::renditions(&video, 8).await;
    video
}

async fn ask(video: &str, rest: &str) -> Response {
    client().get(address(&format!("playlist?videoId={video}&{rest}"))).send().await.expect("an answer")
}

async fn lines(video: &str, rest: &str) -> Vec<String> {
    let answer = ask(video, rest).await;
    assert_eq!(answer.status(), 200, "{rest}");
    assert_eq!(answer.headers()["content-type"], "application/vnd.apple.mpegurl");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.text().await.expect("a playlist").lines().map(str::to_owned).collect()
}

/// Lines that are addresses.
fn addresses(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[tokio::test]
async fn the_master_playlist_names_routes_of_this_site() {
    let video = with_renditions().await;
    let master = lines(&video, "videoType=master").await;
    let route = |name: &str| format!("/api/playlist?videoId={video}&videoType=rendition&rendition={name}");
    assert_eq!(addresses(&master), [route("360"), route("180")]);
    let audio = format!("URI=\"{}\"", route("audio"));
    assert!(
        master.iter().any(|line| line.starts_with("#EXT-X-MEDIA:TYPE=AUDIO") && line.contains(&audio)),
        "{master:?}"
    );
    let one = lines(&video, "videoType=master&rendition=180").await;
    assert_eq!(addresses(&one), [route("180")], "one size, for whoever chooses it");
    assert!(one.iter().any(|line| line.contains(&audio)), "and its sound: {one:?}");
}

#[tokio::test]
async fn a_rendition_is_media_that_can_be_fetched_by_its_ranges() {
    let video = with_renditions().await;
    for (rest, codec, height) in [
        ("videoType=rendition&rendition=360", "h264", Some(360)),
        ("videoType=rendition&rendition=180", "h264", Some(180)),
        ("videoType=rendition&rendition=audio", "aac", None),
        ("videoType=audio", "aac", None),
    ] {
        let playlist = lines(&video, rest).await;
        let media = addresses(&playlist);
        assert!(media.len() >= 4 && media.iter().all(|address| *address == media[0]), "signed once: {playlist:?}");
        let map = format!("#EXT-X-MAP:URI=\"{}\",BYTERANGE=\"", media[0]);
        let map = playlist.iter().find_map(|line| line.strip_prefix(&map)?.strip_suffix('"')).expect("a map");
        let first = playlist.iter().find_map(|line| line.strip_prefix("#EXT-X-BYTERANGE:")).expect("a range");
        let bytes = [fetch(media[0], map).await, fetch(media[0], first).await].concat();
        let stream = &footage::probe(&bytes).await["streams"][0];
        assert_eq!((stream["codec_name"].as_str(), stream["height"].as_u64()), (Some(codec), height), "{rest}");
    }
}

/// A range as a playlist writes it: length and offset.
async fn fetch(address: &str, range: &str) -> Vec<u8> {
    let (length, offset) = range.split_once('@').expect("a range");
    let (length, offset): (u64, u64) = (length.parse().expect("a length"), offset.parse().expect("an offset"));
    let get = reqwest::Client::new().get(address).header("range", format!("bytes={offset}-{}", offset + length - 1));
    let answer = get.send().await.expect("S3");
    assert_eq!(answer.status(), 206);
    answer.bytes().await.expect("media").to_vec()
}

#[tokio::test]
async fn a_playlist_can_be_asked_for_by_head() {
    let video = with_renditions().await;
    for rest in ["videoType=master", "videoType=audio", "videoType=rendition&rendition=180"] {
        let url = address(&format!("playlist?videoId={video}&{rest}"));
        let answer = client().request(Method::HEAD, url).send().await.expect("an answer");
        let expected = HeaderValue::from_static("application/vnd.apple.mpegurl");
        assert_eq!((answer.status().as_u16(), &answer.headers()["content-type"]), (200, &expected), "{rest}");
        assert!(answer.bytes().await.expect("a body").is_empty());
    }
}

#[tokio::test]
async fn renditions_that_are_not_there_are_not_found_and_others_make_no_sense() {
    let video = with_renditions().await;
    let person = Person::new().await;
    let without = person.record("None", footage::screen_recording("160x90", 1).await).await;
    person.ready(&without).await;
    derived::nothing(&without).await;
    for (video, rest, status) in [
        (&video, "videoType=rendition&rendition=720", 404),
        (&video, "videoType=rendition&rendition=master", 400),
        (&video, "videoType=master&rendition=999", 404),
        (&video, "videoType=rendition&rendition=..%2F..%2F360", 400),
        (&video, "videoType=rendition&rendition=360.m3u8", 400),
        (&video, "videoType=rendition&rendition=%00", 400),
        (&video, "videoType=rendition&rendition=", 400),
        (&video, "videoType=rendition", 400),
        (&without, "videoType=master", 404),
        (&without, "videoType=audio", 404),
        (&without, "videoType=rendition&rendition=360", 404),
    ] {
        let refused = ask(video, rest).await;
        assert_eq!(refused.status(), status, "{rest}");
        let body: serde_json::Value = refused.json().await.expect("JSON");
        assert!(body["error"].as_str().is_some_and(|error| error.len() > 20), "{body}");
    }
}

#[tokio::test]
async fn a_damaged_playlist_is_not_handed_on() {
    let video = with_renditions().await;
    for name in ["../../../../raw/0123456789abcde.mp4", "https://evil.test/360-0.mp4", "360.m3u8"] {
        derived::playlist(&video, "360", &format!("#EXTM3U\n#EXTINF:2,\n{name}\n")).await;
        let refused = ask(&video, "videoType=rendition&rendition=360").await;
        assert_eq!(refused.status(), 500);
        assert!(!refused.text().await.expect("a sentence").contains("raw"), "{name}");
    }
}

#[tokio::test]
async fn a_long_playlist_writes_its_address_once() {
    let video = with_renditions().await;
    let segments = "#EXTINF:2,\n#EXT-X-BYTERANGE:1000@839\n360-0.mp4\n".repeat(10_000);
    derived::playlist(&video, "360", &format!("#EXTM3U\n#EXT-X-VERSION:7\n{segments}#EXT-X-ENDLIST\n")).await;
    let playlist = lines(&video, "videoType=rendition&rendition=360").await;
    assert_eq!(playlist[1], "#EXT-X-VERSION:8");
    let defined = playlist[2].strip_prefix("#EXT-X-DEFINE:NAME=\"360-0\",VALUE=\"").expect("an address");
    assert_eq!(fetch(defined.trim_end_matches('"'), "10@0").await.len(), 10);
    assert_eq!(addresses(&playlist), ["{$360-0}"; 10_000]);
}
