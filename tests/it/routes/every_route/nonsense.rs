//! Things that do not exist, bodies that mean nothing, paths that are no routes.

use reqwest::Method;
use tests::{
    person::{Person, answer},
    visitor::page,
};

use super::{
    identity::Identity,
    route::{Body, Door, Route},
    table::ROUTES,
};

const UNKNOWN: &str = "0123456789abcde";

/// The routes with a door, and somebody whom it lets in.
async fn let_in() -> impl Iterator<Item = (&'static Route, Identity)> {
    let person = Person::new().await;
    let session = Identity::session_of(&person.browser().await);
    let key = Identity::key_of(&person);
    ROUTES.iter().filter_map(move |route| match route.door {
        Door::Caller if !route.itself => Some((route, key.clone())),
        Door::Viewer => Some((route, key.clone())),
        Door::Caller | Door::SignedIn => Some((route, session.clone())),
        Door::Public(_) | Door::Page => None,
    })
}

#[tokio::test]
async fn things_that_do_not_exist_are_not_found() {
    for (route, identity) in let_in().await.filter(|(route, _)| route.about.is_some()) {
        // Creating with an unknown id makes a new video.
        if route.key.ends_with("/create") {
            continue;
        }
        for id in [UNKNOWN, "nonsense", &"a".repeat(300)] {
            route.assert_refused(&route.ask(&identity, id).await, 404, &format!("the owner of no {id}"));
        }
        assert_eq!(route.ask(&identity, "..%2F..%2Fetc").await.status, 404, "{}", route.key);
    }
}

#[tokio::test]
async fn malformed_bodies_are_refused_with_a_message() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let never = ["{", "null", "[]", "\"text\"", deep.as_str(), "\u{0}"];
    let not_here = ["", "{\"videoId\":7}", "{\"videoId\":null}"];
    for (route, identity) in let_in().await {
        let others: &[&str] = match route.body {
            Body::None => continue,
            Body::Json(_) => &not_here,
            // A form may have any fields, or none.
            Body::Fields(_) => &[],
        };
        for body in never.iter().chain(others) {
            let request = route.bare(&identity, UNKNOWN).header("content-type", "application/json");
            let refused = page(request.body((*body).to_owned())).await;
            route.assert_refused(&refused, 400, &format!("whoever sends {body:.40}"));
        }
        let refused = page(route.bare(&identity, UNKNOWN).body(vec![0xff, 0xfe, 0x00])).await;
        route.assert_refused(&refused, 400, "whoever sends bytes");
    }
}

#[tokio::test]
async fn malformed_bodies_of_nobody_are_refused_too() {
    let forms = ROUTES.iter().filter(|route| matches!((route.door, route.body), (Door::Public(_), Body::Fields(_))));
    for route in forms {
        for body in ["{", "null", "[]", "\"text\"", "\u{0}"] {
            let nobody = Identity::cookie("nobody", "");
            let request = route.bare(&nobody, UNKNOWN).header("content-type", "application/json");
            route.assert_refused(&page(request.body(body)).await, 400, &format!("whoever sends {body}"));
        }
    }
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_not_found() {
    let person = Person::new().await;
    for (method, path) in [
        (Method::POST, "/api/desktop/video/create"),
        (Method::GET, "/api/upload/signed"),
        (Method::PUT, "/api/v1/caps"),
        (Method::POST, "/"),
        (Method::GET, "/api/v1/caps/0123456789abcde/settings"),
        (Method::DELETE, "/s/0123456789abcde"),
        (Method::GET, "/api/auth/signout"),
        (Method::GET, "/api/settings/keys/0123456789abcde/revoke"),
        (Method::GET, "/api/settings/sessions/end"),
        (Method::POST, "/dashboard"),
    ] {
        let refused = answer(person.request(method.clone(), path)).await;
        assert_eq!(refused.status, 404, "{method} {path}");
        assert!(refused.body.to_string().contains("Not Found"), "{method} {path}: {}", refused.body);
    }
}
