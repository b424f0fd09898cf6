//! `/api/video/preview` and `/api/video/storyboard`

use reqwest::{Method, Response};
use tests::{
    cloud::cloud,
    derived, footage,
    person::{Person, client},
};

async fn ask(method: Method, what: &str, video: &str) -> Response {
    let url = format!("{}/api/video/{what}?videoId={video}", cloud().ready.base);
    client().request(method, url).send().await.expect("an answer")
}

async fn ready() -> String {
    let person = Person::new().await;
    let video = person.record("Pictures", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    video
}

#[tokio::test]
async fn the_preview_is_a_picture_that_moves() {
    let video = ready().await;
    derived::storyboard(&video).await;
    for method in [Method::GET, Method::HEAD] {
        let moved = ask(method.clone(), "preview", &video).await;
        assert_eq!((moved.status().as_u16(), &moved.headers()["cache-control"]), (302, &"no-store".parse().expect("")));
        let location = moved.headers()["location"].to_str().expect("an address");
        let picture = client().request(method.clone(), location).send().await.expect("S3");
        assert_eq!(picture.status(), 200, "{method}");
        if method == Method::GET {
            let seen = footage::probe(&picture.bytes().await.expect("a picture")).await;
            assert_eq!(seen["format"]["format_name"], "gif");
        }
    }
}

#[tokio::test]
async fn the_storyboard_says_where_its_pictures_are() {
    let video = ready().await;
    derived::storyboard(&video).await;
    let answer = ask(Method::GET, "storyboard", &video).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/vtt; charset=utf-8");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let cues = answer.text().await.expect("cues");
    let address = cues.lines().find_map(|line| line.strip_suffix("#xywh=0,0,160,90")).expect("a picture's address");
    assert_eq!(cues, derived::CUES.replace("storyboard.jpg", address));
    let picture = reqwest::get(address).await.expect("S3").bytes().await.expect("a picture");
    assert_eq!(footage::probe(&picture).await["streams"][0]["width"], 320);

    let head = ask(Method::HEAD, "storyboard", &video).await;
    assert_eq!((head.status().as_u16(), &head.headers()["content-type"]), (200, &answer_type()));
    assert!(head.bytes().await.expect("a body").is_empty());
}

fn answer_type() -> reqwest::header::HeaderValue {
    "text/vtt; charset=utf-8".parse().expect("a value")
}

#[tokio::test]
async fn what_has_not_been_derived_is_not_found() {
    let video = ready().await;
    derived::nothing(&video).await;
    let waiting = Person::new().await.create("Not there yet").await;
    for what in ["preview", "storyboard"] {
        for video in [&video, &waiting, "0123456789abcde", "..%2F..%2Fetc"] {
            let refused = ask(Method::GET, what, video).await;
            assert_eq!(refused.status(), 404, "{what} {video}");
            let body: serde_json::Value = refused.json().await.expect("JSON");
            assert!(body["error"].as_str().is_some_and(|error| error.len() > 10), "{body}");
        }
        assert_eq!(ask(Method::GET, what, "").await.status(), 400, "{what}");
    }
}
