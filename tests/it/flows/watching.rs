//! Who may watch: links with passwords, links that end, and what only its owner sees.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::{behind_own_s3, cloud, repository},
    footage,
    person::{Person, answer, client},
    rows, store,
    visitor::{Page, Visitor, page},
};

const PASSWORD: &str = "corréct horse";

/// Somebody with a recording that plays.
async fn owner() -> (Person, String) {
    let person = Person::new().await;
    let video = person.record("Salaries", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    (person, video)
}

async fn change_link(person: &Person, video: &str, code: &str, change: Value) -> Value {
    let changed = person.patch(&format!("/api/videos/{video}/links/{code}"), change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    changed.body
}

async fn try_password(visitor: &Visitor, code: &str, password: &str) -> Page {
    let path = format!("/s/{code}");
    let form = visitor.request(Method::POST, &path).header("origin", visitor.base()).form(&[("password", password)]);
    page(form).await
}

/// What a visitor gets of a video: its page, and its media.
async fn watches(visitor: &Visitor, code: &str) -> (u16, u16) {
    let shown = visitor.get(&format!("/s/{code}")).await;
    let media = visitor.get(&format!("/api/playlist?videoId={code}&videoType=mp4")).await;
    assert_eq!(shown.text.contains("Salaries"), shown.status == 200, "{shown:?}");
    assert_eq!(media.location().contains("X-Amz-Signature"), media.status == 302, "{media:?}");
    (shown.status, media.status)
}

#[tokio::test]
async fn a_password_opens_a_link_in_the_browser_that_gave_it() {
    let (person, video) = owner().await;
    change_link(&person, &video, &video, json!({ "password": PASSWORD })).await;
    let visitor = Visitor::new();
    assert_eq!(watches(&visitor, &video).await, (403, 403));
    let asked = visitor.get(&format!("/s/{video}")).await;
    assert!(asked.text.contains("data-status=\"locked\"") && asked.text.contains("type=\"password\""), "{asked:?}");

    let wrong = try_password(&visitor, &video, "battery staple").await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (403, ""));
    assert!(wrong.text.contains("role=\"alert\"") && !wrong.text.contains("Salaries"), "{wrong:?}");
    let right = try_password(&visitor, &format!("{video}?t=90"), PASSWORD).await;
    assert_eq!((right.status, right.location()), (303, format!("{}/s/{video}?t=90", visitor.base()).as_str()));
    assert!(right.header("set-cookie").contains("HttpOnly; SameSite=Lax"), "{right:?}");
    assert_eq!(watches(&visitor, &video).await, (200, 302));
    assert_eq!(watches(&visitor.elsewhere(), &video).await, (403, 403), "another browser");

    // The cookie is of this password and this link, and of nobody's making.
    change_link(&person, &video, &video, json!({ "password": "another" })).await;
    assert_eq!(watches(&visitor, &video).await, (403, 403), "the password before");
    let forger = Visitor::new();
    forger.set_cookie("x-cap-password", &format!("{video}:{}", "0".repeat(64)));
    assert_eq!(watches(&forger, &video).await, (403, 403), "a cookie that was made up");
    change_link(&person, &video, &video, json!({ "password": null })).await;
    assert_eq!(watches(&forger, &video).await, (200, 302));
}

#[tokio::test]
async fn programs_give_a_password_as_json() {
    let (person, video) = owner().await;
    change_link(&person, &video, &video, json!({ "password": PASSWORD })).await;
    let path = format!("/s/{video}");
    let visitor = Visitor::new();
    let wrong = visitor.json(Method::POST, &path, json!({ "password": "no" })).await;
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (403, Some("FORBIDDEN")));
    let right = visitor.json(Method::POST, &path, json!({ "password": PASSWORD })).await;
    assert_eq!((right.status, right.json()), (200, json!({ "unlocked": true })));
    assert_eq!(watches(&visitor, &video).await, (200, 302));
    let media = Visitor::new().get(&format!("/api/thumbnail?videoId={video}")).await;
    assert_eq!((media.status, media.json()["code"].as_str()), (403, Some("PASSWORD_REQUIRED")));
}

#[tokio::test]
async fn ten_links_are_open_at_once() {
    let (person, video) = owner().await;
    let visitor = Visitor::new();
    let mut codes = Vec::new();
    for _ in 0..11 {
        let made = person.post(&format!("/api/videos/{video}/links"), json!({ "password": PASSWORD })).await;
        assert_eq!(made.status, 201, "{made:?}");
        let code = made.body["links"].as_array().and_then(|links| links.last()).expect("a link")["code"].clone();
        let code = code.as_str().expect("a code").to_owned();
        assert_eq!(try_password(&visitor, &code, PASSWORD).await.status, 303);
        codes.push(code);
    }
    for code in &codes[1..] {
        assert_eq!(watches(&visitor, code).await, (200, 302));
    }
    assert_eq!(watches(&visitor, &codes[0]).await, (403, 403), "the oldest one is forgotten");
    assert_eq!(watches(&visitor, &video).await, (200, 302), "the first link has no password");
}

#[tokio::test]
async fn c9_passwords_are_tried_a_few_times_from_one_place() {
    let (person, video) = owner().await;
    change_link(&person, &video, &video, json!({ "password": PASSWORD })).await;
    let guesser = Visitor::new();
    for _ in 0..10 {
        assert_eq!(try_password(&guesser, &video, "a guess").await.status, 403);
    }
    let refused = try_password(&guesser, &video, PASSWORD).await;
    assert_eq!((refused.status, refused.header("set-cookie")), (429, ""));
    assert!(refused.text.contains("Try again in") && !refused.header("retry-after").is_empty(), "{refused:?}");
    // Whoever is elsewhere still gets in, and so does the guesser by another link.
    assert_eq!(try_password(&Visitor::new(), &video, PASSWORD).await.status, 303);
    let other = owner().await;
    change_link(&other.0, &other.1, &other.1, json!({ "password": PASSWORD })).await;
    assert_eq!(try_password(&guesser, &other.1, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn c9_passwords_are_tried_a_hundred_times_from_many_places() {
    let (person, video) = owner().await;
    change_link(&person, &video, &video, json!({ "password": PASSWORD })).await;
    let mut statuses = Vec::new();
    for _ in 0..11 {
        let guesser = Visitor::new();
        for _ in 0..10 {
            statuses.push(try_password(&guesser, &video, "a guess").await.status);
        }
    }
    let looked_at = statuses.iter().filter(|status| **status == 403).count();
    assert!(looked_at <= 100 && statuses.contains(&429), "{looked_at} of {} guesses were looked at", statuses.len());
    assert_eq!(try_password(&Visitor::new(), &video, PASSWORD).await.status, 429, "the right one neither");
}

#[tokio::test]
async fn c10_a_link_that_has_ended_shows_nothing_and_old_media_soon_neither() {
    let (person, video) = owner().await;
    let made = person.post(&format!("/api/videos/{video}/links"), json!({ "expiresAt": "2100-01-01T00:00:00Z" })).await;
    let code = made.body["links"][1]["code"].as_str().expect("a code").to_owned();
    let visitor = Visitor::new();
    assert_eq!(watches(&visitor, &code).await, (200, 302));
    let media = visitor.get(&format!("/api/playlist?videoId={code}&videoType=mp4")).await;
    let lives = media.location().split("X-Amz-Expires=").nth(1).and_then(|rest| rest.split('&').next()?.parse().ok());
    assert!(lives.is_some_and(|seconds: u32| seconds <= 3600), "{media:?}");

    rows::run(&format!("UPDATE share_links SET expires_at = UTC_TIMESTAMP(3) WHERE short_code = '{code}'")).await;
    assert_eq!(watches(&visitor, &code).await, (410, 404), "over");
    let page = visitor.get(&format!("/s/{code}")).await;
    assert!(page.text.contains("data-status=\"ended\""), "{page:?}");
    change_link(&person, &video, &code, json!({ "expiresAt": null })).await;
    assert_eq!(watches(&visitor, &code).await, (200, 302), "endless again");
    change_link(&person, &video, &code, json!({ "on": false })).await;
    assert_eq!(watches(&visitor, &code).await, (410, 404), "switched off");
    let removed = person.delete(&format!("/api/videos/{video}/links/{code}")).await;
    assert_eq!((removed.status, &removed.body["removed"]), (200, &json!(true)));
    assert_eq!(watches(&visitor, &code).await, (404, 404), "gone");
    assert_eq!(watches(&visitor, &video).await, (200, 302), "the first link is another one");
}

#[tokio::test]
async fn c10_only_its_owner_watches_a_private_video() {
    let (person, video) = owner().await;
    let browser = person.browser().await;
    let visitor = Visitor::new();
    let stranger = Person::new().await;
    let changed = person.patch(&format!("/api/videos/{video}/sharing"), json!({ "public": false })).await;
    assert_eq!((changed.status, &changed.body["public"]), (200, &json!(false)));
    let shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!(shown["sharing"], json!({ "public": false, "protected": false }));
    assert_eq!(watches(&visitor, &video).await, (403, 403));
    let page = visitor.get(&format!("/s/{video}")).await;
    assert!(page.text.contains(&format!("href=\"/login?next=/s/{video}\"")), "{page:?}");
    assert_eq!(watches(&stranger.browser().await, &video).await, (403, 403));
    assert_eq!(watches(&browser, &video).await, (200, 302));
    let by_key = person.request(Method::GET, &format!("/api/thumbnail?videoId={video}"));
    assert_eq!(answer(by_key).await.status, 200);
    person.patch(&format!("/api/videos/{video}/sharing"), json!({ "public": true })).await;
    assert_eq!(watches(&visitor, &video).await, (200, 302));
}

#[tokio::test]
async fn its_owner_watches_by_every_link() {
    let (person, video) = owner().await;
    change_link(&person, &video, &video, json!({ "password": PASSWORD, "on": false })).await;
    let shown = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!(shown["sharing"], json!({ "public": true, "protected": true }));
    assert_eq!(watches(&person.browser().await, &video).await, (200, 302));
}

#[tokio::test]
async fn c17_no_object_is_reached_without_a_signature() {
    if !behind_own_s3("refusing whoever has not signed") {
        return;
    }
    let (person, video) = owner().await;
    person.derived(&video).await;
    let keys = store::keys_of(&video).await;
    assert!(keys.len() > 4, "upload, file, poster, storyboard and preview: {keys:?}");
    let bucket = format!("{}/{}", cloud().ready.s3_endpoint, cloud().ready.bucket);
    for key in &keys {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
            let refused = page(client().request(method.clone(), format!("{bucket}/{key}"))).await;
            assert_eq!(refused.status, 403, "{method} {key}: {refused:?}");
        }
    }
    assert_eq!(page(client().get(&bucket)).await.status, 403, "the list of all");

    // A signature is of one object and one method.
    let media = Visitor::new().get(&format!("/api/playlist?videoId={video}&videoType=mp4")).await;
    let signed = media.location();
    assert_eq!(page(client().get(signed)).await.status, 200);
    let raw = signed.replace("/processed/", "/raw/");
    assert_ne!(raw, signed);
    for (method, url) in [(Method::GET, raw.as_str()), (Method::PUT, signed), (Method::DELETE, signed)] {
        assert_eq!(page(client().request(method.clone(), url)).await.status, 403, "{method} {url}");
    }
    assert_eq!(store::keys_of(&video).await.len(), keys.len(), "nothing was taken away");

    // What AWS itself holds to, whatever a policy says.
    let template = std::fs::read_to_string(repository().join("template.yaml")).expect("template.yaml");
    for blocked in ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"] {
        assert!(template.contains(&format!("{blocked}: true")), "{blocked}");
    }
}
