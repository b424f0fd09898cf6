//! `/api/playlist` and `/api/thumbnail`

use reqwest::Method;
use tests::{
    cloud::cloud,
    footage,
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
