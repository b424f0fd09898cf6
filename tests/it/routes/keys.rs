//! `/api/settings/keys`

use std::time::{SystemTime, UNIX_EPOCH};

use common::time::Millis;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    person::{Answer, Person, answer, client},
    rows,
    visitor::Visitor,
};

const KEYS: &str = "/api/settings/keys";
const ACCOUNT: &str = "/dashboard/settings/account";

/// Makes a key by JSON; the key.
async fn make(browser: &Visitor, name: &str) -> String {
    let made = browser.json(Method::POST, KEYS, json!({ "name": name })).await;
    assert_eq!((made.status, &made.json()["name"]), (201, &json!(name)), "{made:?}");
    made.json()["key"].as_str().expect("a key").to_owned()
}

/// The newest key of a list.
async fn newest(browser: &Visitor) -> Value {
    browser.get(KEYS).await.json()["keys"][0].clone()
}

/// What somebody with this key is told of their videos.
async fn caps_with(browser: &Visitor, key: &str) -> Answer {
    answer(client().get(format!("{}/api/v1/caps", browser.base())).bearer_auth(key)).await
}

#[tokio::test]
async fn c16_a_key_works_at_once_and_is_shown_once() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let video = person.create("Mine").await;
    let key = make(&browser, "Laptop").await;
    assert_eq!((key.len(), caps_with(&browser, &key).await.body["caps"][0]["id"].as_str()), (36, Some(video.as_str())));

    for path in [KEYS, ACCOUNT, "/api/auth/session"] {
        assert!(!browser.get(path).await.text.contains(&key), "{path}");
    }
    // Of all that the database keeps of it, nothing is the key but its hash.
    let row = format!(
        "SELECT CONCAT_WS(' ', HEX(key_hash) = SHA2('{key}', 256), id, user_id, name, source, created_at) \
         FROM api_keys WHERE user_id = '{}' AND name = 'Laptop'",
        person.id
    );
    let row: String = rows::one(&row).await;
    assert!(row.starts_with("1 ") && !row.contains(&key), "{row}");
}

#[tokio::test]
async fn a_form_makes_a_key_that_its_page_shows_once() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let page = browser.form(KEYS, &[("name", "Build server")]).await;
    assert_eq!(page.status, 201, "{page:?}");
    let (_, rest) = page.text.split_once("id=\"new-key\">").expect("the key");
    let key = rest.split('<').next().expect("the key").to_owned();
    assert_eq!((key.len(), caps_with(&browser, &key).await.status), (36, 200));
    let again = browser.get(ACCOUNT).await.text;
    assert!(again.contains("Build server") && !again.contains(&key) && !again.contains("new-key\""), "{again}");
}

#[tokio::test]
async fn a_list_tells_what_a_key_is_for_and_when_it_was_used() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let before = json!(Millis::now());
    let key = make(&browser, "Laptop").await;
    let listed = newest(&browser).await;
    assert_eq!((&listed["name"], &listed["source"]), (&json!("Laptop"), &json!("settings")));
    assert_eq!(listed["lastUsedAt"], Value::Null);
    let names: Vec<_> = listed.as_object().expect("a key").keys().collect();
    assert_eq!(names, ["createdAt", "expiresAt", "id", "lastUsedAt", "name", "scopes", "source"]);
    assert_eq!(listed["expiresAt"], Value::Null);
    assert!(browser.get(ACCOUNT).await.text.contains("never used"));

    caps_with(&browser, &key).await;
    let used = newest(&browser).await["lastUsedAt"].clone();
    let after = json!(Millis::now());
    let instants = [&before, &listed["createdAt"], &used, &after].map(|at| at.as_str().expect("an instant"));
    assert!(instants.is_sorted(), "{instants:?}");
    assert!(browser.get(ACCOUNT).await.text.contains(&format!("last used {}", Millis::now().day())));

    caps_with(&browser, &key).await;
    assert_eq!(newest(&browser).await["lastUsedAt"], used, "to the day, so that using a key costs no write");
    rows::run(&format!(
        "UPDATE api_keys SET last_used_at = last_used_at - INTERVAL 25 HOUR WHERE user_id = '{}' AND name = 'Laptop'",
        person.id
    ))
    .await;
    caps_with(&browser, &key).await;
    assert!(newest(&browser).await["lastUsedAt"].as_str() >= used.as_str(), "the next day");
}

#[tokio::test]
async fn c16_a_revoked_key_is_dead_at_once() {
    let person = Person::new().await;
    let browser = person.browser().await;
    for by_form in [false, true] {
        let key = make(&browser, "Soon gone").await;
        assert_eq!(caps_with(&browser, &key).await.status, 200);
        let id = newest(&browser).await["id"].as_str().expect("an id").to_owned();
        let path = format!("{KEYS}/{id}");
        if by_form {
            let revoked = browser.form(&format!("{path}/revoke"), &[]).await;
            assert_eq!((revoked.status, revoked.location()), (303, format!("{}{ACCOUNT}", browser.base()).as_str()));
        } else {
            let revoked = browser.json(Method::DELETE, &path, json!({})).await;
            assert_eq!((revoked.status, revoked.json()), (200, json!({ "id": id, "revoked": true })));
        }
        let dead = caps_with(&browser, &key).await;
        assert_eq!((dead.status, &dead.body["code"]), (401, &json!("AUTH_REQUIRED")));
        assert!(!browser.get(KEYS).await.text.contains(&id));
        assert_eq!(browser.json(Method::DELETE, &path, json!({})).await.status, 404, "twice");
    }
    assert_eq!(person.get(KEYS).await.status, 200, "the other key lives");
}

#[tokio::test]
async fn nobody_revokes_another_persons_key() {
    let (person, other) = (Person::new().await, Person::new().await);
    let browser = other.browser().await;
    let id = person.get(KEYS).await.body["keys"][0]["id"].as_str().expect("an id").to_owned();
    let path = format!("{KEYS}/{id}");
    assert_eq!(browser.json(Method::DELETE, &path, json!({})).await.status, 404);
    assert_eq!(other.delete(&path).await.status, 403, "which a key is told of every other one");
    assert_eq!(other.delete(&format!("{KEYS}/0123456789abcde")).await.status, 403, "there or not");
    // A form's answer is the page, where there is no such key.
    assert_eq!(browser.form(&format!("{path}/revoke"), &[]).await.status, 303);
    assert_eq!(person.get(KEYS).await.status, 200);
}

#[tokio::test]
async fn c16_a_key_sees_and_revokes_itself_and_makes_none() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let other = make(&browser, "Laptop").await;
    let id = newest(&browser).await["id"].as_str().expect("an id").to_owned();
    let refused = person.post(KEYS, json!({ "name": "Mine too" })).await;
    assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")));
    let keys = person.get(KEYS).await.body["keys"].clone();
    assert_eq!((keys.as_array().map(Vec::len), &keys[0]["source"]), (Some(1), &json!("desktop")), "{keys}");

    for (method, path) in [(Method::DELETE, format!("{KEYS}/{id}")), (Method::POST, format!("{KEYS}/{id}/revoke"))] {
        let refused = answer(person.request(method, &path)).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")), "{path}");
    }
    assert_eq!(caps_with(&browser, &other).await.status, 200);
    let own = keys[0]["id"].as_str().expect("an id");
    assert_eq!(person.delete(&format!("{KEYS}/{own}")).await.status, 200, "itself");
    assert_eq!(person.get(KEYS).await.status, 401);
    let left = browser.get(KEYS).await.json()["keys"].clone();
    assert_eq!((left.as_array().map(Vec::len), &left[0]["id"]), (Some(1), &json!(id)));
}

#[tokio::test]
async fn c14_names_are_kept_exactly_and_escaped_on_the_page() {
    let browser = Person::new().await.browser().await;
    let names = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "\u{202e}gnp.exe\u{202c}",
        "😀 O'Brien & Söhne",
    ];
    for name in names {
        make(&browser, name).await;
        assert_eq!(newest(&browser).await["name"], name);
    }
    let form = browser.form(KEYS, &[("name", names[0])]).await;
    assert_eq!(form.status, 201);
    for page in [form.text, browser.get(ACCOUNT).await.text] {
        assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
        assert!(page.contains("&#60;script&#62;alert(1)") && page.contains("😀 O&#39;Brien &#38; Söhne"), "{page}");
        assert!(
            page.contains("<strong dir=\"auto\">\u{202e}gnp.exe\u{202c}</strong>"),
            "cannot turn what is around it"
        );
    }
    assert_eq!(make(&browser, &"ß".repeat(100)).await.len(), 36);
    assert_eq!(browser.json(Method::POST, KEYS, json!({ "name": " Padded " })).await.json()["name"], "Padded");
}

#[tokio::test]
async fn names_that_are_none_are_refused() {
    let browser = Person::new().await.browser().await;
    let count = browser.get(KEYS).await.json()["keys"].as_array().map(Vec::len);
    for name in ["", "   ", "a\nb", "a\tb", "a\u{0}b", "a\u{85}b", &"x".repeat(101), &"x".repeat(1_000_000)] {
        let refused = browser.json(Method::POST, KEYS, json!({ "name": name })).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("INVALID_REQUEST")), "{name:.20?}");
        let page = browser.form(KEYS, &[("name", name)]).await;
        assert_eq!(page.status, 400, "{name:.20?}");
        assert!(page.text.contains("role=\"alert\">A key needs a name of 1 to 100 characters"), "{page:?}");
    }
    assert_eq!(browser.json(Method::POST, KEYS, json!({})).await.status, 400);
    assert_eq!(browser.get(KEYS).await.json()["keys"].as_array().map(Vec::len), count);
}

/// The hour that limits are counted in.
fn hour() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() / 3600
}

#[tokio::test]
async fn twenty_keys_an_hour_are_enough() {
    // Once more, should the hour have ended meanwhile.
    let (browser, made) = loop {
        let (browser, began) = (Person::new().await.browser().await, hour());
        let mut made = 0;
        while browser.json(Method::POST, KEYS, json!({ "name": "One more" })).await.status == 201 {
            made += 1;
            assert!(made <= 40, "there is no limit");
        }
        if hour() == began {
            break (browser, made);
        }
    };
    assert_eq!(made, 20);
    let refused = browser.json(Method::POST, KEYS, json!({ "name": "One more" })).await;
    assert_eq!((refused.status, &refused.json()["code"]), (429, &json!("RATE_LIMITED")));
    let page = browser.form(KEYS, &[("name", "One more")]).await;
    assert!(page.status == 429 && page.text.contains("role=\"alert\">That was tried too often"), "{page:?}");
    for answer in [refused, page] {
        let seconds: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=3600).contains(&seconds), "{seconds}");
    }
    let keys = browser.get(KEYS).await.json()["keys"].as_array().map(Vec::len);
    assert_eq!(keys, Some(21), "and the one that was there");
}
