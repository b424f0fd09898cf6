//! What holds on every route that needs an identity.

use reqwest::Method;
use serde_json::{Value, json};
use tests::person::{Person, answer};

struct Route {
    method: Method,
    path: &'static str,
    body: Option<Value>,
    /// Status for somebody else's video; the contract says which.
    foreign: u16,
}

/// Every route with an identity; `VIDEO` stands for a video's id.
fn routes() -> Vec<Route> {
    let post = |path, body| Route { method: Method::POST, path, body: Some(body), foreign: 404 };
    let plain = |method, path| Route { method, path, body: None, foreign: 404 };
    let part = json!({ "partNumber": 1, "etag": "00000000000000000000000000000000" });
    vec![
        Route {
            foreign: 403,
            ..plain(Method::GET, "/api/desktop/video/create?recordingMode=desktopMP4&videoId=VIDEO")
        },
        Route {
            foreign: 403,
            ..post("/api/upload/signed", json!({ "videoId": "VIDEO", "subpath": "result.mp4", "method": "put" }))
        },
        post("/api/upload/multipart/initiate", json!({ "videoId": "VIDEO", "contentType": "video/mp4" })),
        post("/api/upload/multipart/presign-part", json!({ "videoId": "VIDEO", "uploadId": "x", "partNumber": 1 })),
        post("/api/upload/multipart/complete", json!({ "videoId": "VIDEO", "uploadId": "x", "parts": [part] })),
        post("/api/upload/multipart/abort", json!({ "videoId": "VIDEO", "uploadId": "x" })),
        plain(Method::GET, "/api/v1/caps/VIDEO"),
        plain(Method::GET, "/api/v1/caps/VIDEO/status"),
        Route { body: Some(json!({ "title": "Mine now" })), ..plain(Method::PATCH, "/api/v1/caps/VIDEO") },
        plain(Method::DELETE, "/api/v1/caps/VIDEO"),
        plain(Method::DELETE, "/api/desktop/video/delete?videoId=VIDEO"),
        plain(Method::DELETE, "/api/video/delete?videoId=VIDEO"),
    ]
}

/// What `person` is answered on `route` for `video`.
async fn ask(person: &Person, route: &Route, video: &str) -> u16 {
    let mut request = person.request(route.method.clone(), &route.path.replace("VIDEO", video));
    if let Some(body) = &route.body {
        request = request.header("content-type", "application/json").body(body.to_string().replace("VIDEO", video));
    }
    answer(request).await.status
}

#[tokio::test]
async fn no_route_gives_a_stranger_anything() {
    let video = Person::new().await.create("Private").await;
    let stranger = Person::stranger();
    for route in routes() {
        assert_eq!(ask(&stranger, &route, &video).await, 401, "{} {}", route.method, route.path);
    }
}

#[tokio::test]
async fn no_route_takes_a_key_of_another_length() {
    let video = Person::new().await.create("Private").await;
    for key in ["", "short", "cap_cli_0123456789012345678901234567890123456789012"] {
        let mut caller = Person::stranger();
        key.clone_into(&mut caller.key);
        for route in routes() {
            assert_eq!(ask(&caller, &route, &video).await, 401, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn no_route_lets_another_person_touch_a_video() {
    let (owner, other) = (Person::new().await, Person::new().await);
    let video = owner.create("Private").await;
    for route in routes() {
        assert_eq!(ask(&other, &route, &video).await, route.foreign, "{} {}", route.method, route.path);
    }
    let still = owner.get(&format!("/api/v1/caps/{video}")).await;
    assert_eq!((still.status, &still.body["title"]), (200, &json!("Private")));
}

#[tokio::test]
async fn unknown_videos_are_not_found() {
    let person = Person::new().await;
    for video in ["0123456789abcde", "nonsense", "..%2F..%2Fetc"] {
        // Creating with an unknown id makes a new video.
        for route in routes().into_iter().skip(1) {
            assert_eq!(ask(&person, &route, video).await, 404, "{} {} {video}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn malformed_bodies_are_refused_with_a_message() {
    let person = Person::new().await;
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = ["", "{", "null", "[]", "\"text\"", "{\"videoId\":7}", "{\"videoId\":null}", deep.as_str(), "\u{0}"];
    for route in routes().into_iter().filter(|route| route.body.is_some()) {
        let path = route.path.replace("VIDEO", "0123456789abcde");
        for body in bodies {
            let request = person.request(route.method.clone(), &path).header("content-type", "application/json");
            let refused = answer(request.body(body.to_owned())).await;
            assert_eq!(refused.status, 400, "{} {path} {body:.40}", route.method);
            let message = &refused.body[if path.starts_with("/api/v1/") { "message" } else { "error" }];
            assert!(message.as_str().is_some_and(|message| message.len() > 10), "{refused:?}");
        }
        let binary = person.request(route.method.clone(), &path).body(vec![0xff, 0xfe, 0x00]);
        assert_eq!(answer(binary).await.status, 400, "{} {path} binary", route.method);
    }
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_not_found() {
    let person = Person::new().await;
    for (method, path) in [
        (Method::POST, "/api/desktop/video/create"),
        (Method::GET, "/api/upload/signed"),
        (Method::PUT, "/api/v1/caps"),
        (Method::GET, "/"),
        (Method::GET, "/api/v1/caps/0123456789abcde/transcript"),
        (Method::POST, "/s/0123456789abcde"),
    ] {
        let refused = answer(person.request(method.clone(), path)).await;
        assert_eq!(refused.status, 404, "{method} {path}");
        assert_eq!(refused.body, json!({ "message": "Not Found" }), "{method} {path}");
    }
}
