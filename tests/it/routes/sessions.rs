//! `/api/settings/sessions`

use common::time::Millis;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    person::{Person, answer, client},
    rows,
    visitor::{SESSION, Visitor, page},
};

const SESSIONS: &str = "/api/settings/sessions";
const ACCOUNT: &str = "/dashboard/settings/account";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const FIREFOX: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0) Gecko/20100101 Firefox/142.0";

async fn list(browser: &Visitor) -> Vec<Value> {
    let listed = browser.get(SESSIONS).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.json()["sessions"].as_array().expect("sessions").clone()
}

/// Id of a browser's own session.
async fn own(browser: &Visitor) -> String {
    let sessions = list(browser).await;
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1, "{sessions:?}");
    current[0]["id"].as_str().expect("an id").to_owned()
}

/// When a person's only session was last used and when it ends, as the row says.
async fn row(person: &Person) -> String {
    let sql = format!("SELECT CONCAT(last_used_at, ' ', expires_at) FROM sessions WHERE user_id = '{}'", person.id);
    rows::one(&sql).await
}

#[tokio::test]
async fn a_list_tells_devices_last_use_and_which_is_this_one() {
    let person = Person::new().await;
    let before = json!(Millis::now());
    let (linux, mac) = (person.browser_called(CHROME).await, person.browser_called(FIREFOX).await);
    let mine = list(&linux).await;
    assert_eq!(mine.len(), 2, "{mine:?}");
    for session in &mine {
        assert_eq!(session["current"], session["device"] == CHROME, "{session}");
        let at = |name: &str| session[name].as_str().expect("an instant").to_owned();
        let instants =
            [before.as_str().expect("an instant").to_owned(), at("createdAt"), at("lastUsedAt"), at("expiresAt")];
        assert!(instants.is_sorted(), "{instants:?}");
        let names: Vec<_> = session.as_object().expect("a session").keys().collect();
        assert_eq!(names, ["createdAt", "current", "device", "expiresAt", "id", "lastUsedAt"]);
    }
    assert_ne!(own(&linux).await, own(&mac).await);
    let html = linux.get(ACCOUNT).await.text;
    assert!(
        html.contains("<strong>Chrome on Linux</strong> · this browser")
            && html.contains("<strong>Firefox on macOS</strong><br>"),
        "{html}"
    );
    for browser in [&linux, &mac] {
        let token = browser.cookie(SESSION).expect("a session");
        assert!(!html.contains(&token) && !linux.get(SESSIONS).await.text.contains(&token));
    }
    let by_key = person.get(SESSIONS).await;
    assert_eq!((by_key.status, by_key.body), (200, json!({ "sessions": [] })), "a key is none, and sees no other");
}

#[tokio::test]
async fn a_program_with_a_session_sees_which_is_its_own() {
    let person = Person::new().await;
    let (browser, _) = (person.browser_called(CHROME).await, person.browser_called(FIREFOX).await);
    let token = browser.cookie(SESSION).expect("a session");
    let listed = answer(client().get(format!("{}{SESSIONS}", browser.base())).bearer_auth(token)).await.body;
    let current: Vec<_> =
        listed["sessions"].as_array().expect("sessions").iter().filter(|one| one["current"] == true).collect();
    assert_eq!(current.iter().map(|one| &one["device"]).collect::<Vec<_>>(), [CHROME]);
}

#[tokio::test]
async fn a_login_is_listed_by_what_its_browser_calls_itself() {
    let visitor = Visitor::new();
    let (code, csrf) = (visitor.ask().await.code(), visitor.csrf().await);
    let fields = [("email", visitor.email.as_str()), ("token", &code), ("csrfToken", &csrf)];
    let post = visitor.request(Method::POST, "/api/auth/callback/email").header("user-agent", FIREFOX).form(&fields);
    assert_eq!(page(post).await.status, 303);
    let devices: Vec<_> = list(&visitor).await.into_iter().map(|session| session["device"].clone()).collect();
    assert_eq!(devices, [FIREFOX]);
}

#[tokio::test]
async fn ending_a_session_signs_that_browser_out_and_no_other() {
    let person = Person::new().await;
    let browser = person.browser().await;
    for by_form in [false, true] {
        let elsewhere = person.browser().await;
        let id = own(&elsewhere).await;
        if by_form {
            let ended = browser.form(&format!("{SESSIONS}/{id}/end"), &[]).await;
            assert_eq!((ended.status, ended.location()), (303, format!("{}{ACCOUNT}", browser.base()).as_str()));
        } else {
            let ended = browser.json(Method::DELETE, &format!("{SESSIONS}/{id}"), json!({})).await;
            assert_eq!((ended.status, ended.json()), (200, json!({ "id": id, "ended": true })));
        }
        assert_eq!((elsewhere.who().await, elsewhere.get("/api/v1/caps").await.status), (None, 401));
        assert_eq!(browser.who().await, Some(person.email()));
        let again = browser.json(Method::DELETE, &format!("{SESSIONS}/{id}"), json!({})).await;
        assert_eq!(again.status, 404, "twice");
    }
    assert_eq!(person.get(SESSIONS).await.status, 200, "keys are left alone");
}

#[tokio::test]
async fn signing_out_everywhere_ends_sessions_and_keys_of_one_person() {
    let bystander = Person::new().await;
    let bystanders = bystander.browser().await;
    for by_form in [false, true] {
        let person = Person::new().await;
        let (browser, elsewhere) = (person.browser().await, person.browser().await);
        let token = browser.cookie(SESSION).expect("a session");
        let ended = if by_form {
            let ended = browser.form(&format!("{SESSIONS}/end"), &[]).await;
            assert_eq!((ended.status, ended.location()), (303, format!("{}/login", browser.base()).as_str()));
            ended
        } else {
            let ended = browser.json(Method::DELETE, SESSIONS, json!({})).await;
            assert_eq!((ended.status, ended.json()), (200, json!({ "ended": true })));
            ended
        };
        assert!(ended.header("set-cookie").starts_with(&format!("{SESSION}=; ")), "{ended:?}");
        browser.set_cookie(SESSION, &token);
        assert_eq!((browser.who().await, elsewhere.who().await), (None, None));
        assert_eq!(person.get("/api/v1/caps").await.status, 401, "the desktop is signed in by its key");
    }
    assert_eq!(bystanders.who().await, Some(bystander.email()));
    assert_eq!(bystander.get("/api/v1/caps").await.status, 200);
}

#[tokio::test]
async fn nobody_ends_another_persons_session() {
    let (person, other) = (Person::new().await, Person::new().await);
    let (browser, others) = (person.browser().await, other.browser().await);
    let id = own(&browser).await;
    assert_eq!(others.json(Method::DELETE, &format!("{SESSIONS}/{id}"), json!({})).await.status, 404);
    assert_eq!(others.json(Method::POST, &format!("{SESSIONS}/{id}/end"), json!({})).await.status, 404);
    assert_eq!(others.form(&format!("{SESSIONS}/{id}/end"), &[]).await.status, 303, "a page without it");
    assert_eq!(browser.who().await, Some(person.email()));
}

#[tokio::test]
async fn a_key_ends_no_session() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let id = own(&browser).await;
    for path in [SESSIONS.to_owned(), format!("{SESSIONS}/{id}")] {
        let refused = person.delete(&path).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")), "{path}");
    }
    assert_eq!(browser.who().await, Some(person.email()));
    assert_eq!(person.get(SESSIONS).await.status, 200);
}

#[tokio::test]
async fn a_session_lasts_longer_once_a_day_by_being_used() {
    for path in ["/api/auth/session", "/api/v1/caps", ACCOUNT] {
        let person = Person::new().await;
        let browser = person.browser().await;
        let fresh = row(&person).await;
        browser.get(path).await;
        assert_eq!(row(&person).await, fresh, "{path}: used today");
        rows::run(&format!(
            "UPDATE sessions SET last_used_at = UTC_TIMESTAMP(3) - INTERVAL 25 HOUR, \
             expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 HOUR WHERE user_id = '{}'",
            person.id
        ))
        .await;
        browser.get(path).await;
        let moved = format!(
            "SELECT last_used_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR AND \
             expires_at = last_used_at + INTERVAL 30 DAY FROM sessions WHERE user_id = '{}'",
            person.id
        );
        assert!(rows::one::<bool>(&moved).await, "{path}: {}", row(&person).await);
        let moved = row(&person).await;
        browser.get(path).await;
        assert_eq!(row(&person).await, moved, "{path}: the next request writes nothing");
    }
}

#[tokio::test]
async fn a_session_ends_after_a_year_however_much_it_is_used() {
    let person = Person::new().await;
    let browser = person.browser().await;
    rows::run(&format!(
        "UPDATE sessions SET created_at = UTC_TIMESTAMP(3) - INTERVAL 1 YEAR + INTERVAL 2 DAY, \
         last_used_at = UTC_TIMESTAMP(3) - INTERVAL 25 HOUR WHERE user_id = '{}'",
        person.id
    ))
    .await;
    assert_eq!(browser.get("/api/v1/caps").await.status, 200);
    let ends = format!(
        "SELECT expires_at = created_at + INTERVAL 1 YEAR AND last_used_at > UTC_TIMESTAMP(3) - INTERVAL 1 HOUR \
         FROM sessions WHERE user_id = '{}'",
        person.id
    );
    assert!(rows::one::<bool>(&ends).await, "{}", row(&person).await);
}

#[tokio::test]
async fn a_session_that_ran_out_does_not_come_back() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let sql = "UPDATE sessions SET last_used_at = UTC_TIMESTAMP(3) - INTERVAL 31 DAY, expires_at = UTC_TIMESTAMP(3)";
    rows::run(&format!("{sql} WHERE user_id = '{}'", person.id)).await;
    let token = browser.cookie(SESSION).expect("a session");
    assert_eq!(browser.who().await, None);
    assert_eq!(browser.cookie(SESSION), None, "the browser is told to forget it");
    browser.set_cookie(SESSION, &token);
    assert_eq!((browser.get("/api/v1/caps").await.status, browser.who().await), (401, None));
}
