//! What people say of themselves.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::{Person, answer, client},
    session::Session,
};

const USER: &str = "/api/settings/user";
const NAME: &str = "/api/settings/user/name";

async fn name_of(person: &Person) -> Value {
    person.get(USER).await.body["name"].clone()
}

#[tokio::test]
async fn people_see_their_own_account() {
    let person = Person::new().await;
    for account in [person.get(USER).await, Session::of(&person).await.get(USER).await] {
        assert_eq!(account.status, 200, "{account:?}");
        assert_eq!(account.body["id"], person.id);
        assert_eq!(account.body["email"], format!("{}@example.test", person.id));
        assert_eq!((&account.body["name"], &account.body["imageUrl"]), (&json!("Ada"), &Value::Null));
        assert_eq!(account.body["organization"]["name"], "My Organization");
        assert_eq!(account.body["organization"]["id"].as_str().expect("an id").len(), 15);
    }
}

#[tokio::test]
async fn a_name_is_kept_as_it_is_written() {
    let person = Person::new().await;
    let video = person.create("Named").await;
    let long = "\u{1f469}\u{1f3fd}\u{200d}\u{1f52c}".repeat(25);
    for name in [
        "<b>Ada</b> & \"Co\"",
        "<script>alert(1)</script>",
        "\u{202e}\u{5d0}\u{5d3}\u{5d4}\u{202c} \u{200f}",
        "Ada \u{1f9d1}\u{200d}\u{1f4bb}\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}",
        "ada\u{301} \\ ' ; DROP TABLE users -- %s {{x}}",
        &long,
    ] {
        let renamed = person.post(NAME, json!({ "name": name })).await;
        assert_eq!((renamed.status, renamed.body), (200, json!(true)), "{name}");
        assert_eq!(name_of(&person).await, name);
        let page = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("the page");
        let page = page.text().await.expect("the page");
        assert!(!page.contains("<script>alert") && !page.contains("<b>Ada"), "{page}");
    }
}

#[tokio::test]
async fn names_come_whole_or_in_two_parts() {
    let person = Person::new().await;
    for (body, name) in [
        (json!({ "firstName": " Ada ", "lastName": "King Lovelace" }), json!("Ada King Lovelace")),
        (json!({ "firstName": "Ada", "lastName": "" }), json!("Ada")),
        (json!({ "lastName": "Lovelace" }), json!("Lovelace")),
        (json!({ "name": "  Ada  L. " }), json!("Ada  L.")),
        (json!({ "name": format!("  {}  ", "a".repeat(100)) }), json!("a".repeat(100))),
        (json!({ "name": "   " }), Value::Null),
        (json!({ "name": "Ada" }), json!("Ada")),
        (json!({ "firstName": "", "lastName": " " }), Value::Null),
    ] {
        let renamed = person.post(NAME, body.clone()).await;
        assert_eq!((renamed.status, renamed.body), (200, json!(true)), "{body}");
        assert_eq!(name_of(&person).await, name, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let person = Person::new().await;
    for body in [
        json!({}),
        json!({ "title": "Ada" }),
        json!({ "name": ["Ada"] }),
        json!({ "name": "Ada\nLovelace" }),
        json!({ "name": "Ada\u{0}" }),
        json!({ "name": "Ada\u{7f}" }),
        json!({ "firstName": "A\u{1b}[31m", "lastName": "L" }),
        json!({ "name": "a".repeat(101) }),
        json!({ "firstName": "a".repeat(60), "lastName": "b".repeat(60) }),
        json!({ "name": "a".repeat(5 << 20) }),
    ] {
        let refused = person.post(NAME, body.clone()).await;
        assert_eq!(refused.status, 400, "{body:.80}");
        assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains("name")), "{refused:?}");
    }
    let huge = person.post(NAME, json!({ "name": "a".repeat(10_000_000) })).await;
    assert!((400..500).contains(&huge.status), "{}", huge.status);
    assert_eq!(name_of(&person).await, "Ada");
}

#[tokio::test]
async fn a_form_leads_back_to_the_settings() {
    let person = Person::new().await;
    let session = Session::of(&person).await;
    let sent = session.submit(NAME, &[("name", "Ada & Co \u{1f469}")]).await;
    assert_eq!(sent.status(), 303);
    let settings = format!("{}/dashboard/settings/account", cloud().ready.base);
    assert_eq!(sent.headers()["location"], settings.as_str());
    assert_eq!(name_of(&person).await, "Ada & Co \u{1f469}");
}

#[tokio::test]
async fn settings_are_changed_by_their_owner_only() {
    let person = Person::new().await;
    let (session, stranger) = (Session::of(&person).await, Person::stranger());
    let picture = json!({ "contentType": "image/png", "size": 1 });
    for (path, body) in [
        (NAME, json!({ "name": "Eve" })),
        ("/api/settings/user/avatar", picture),
        ("/api/settings/user/avatar/complete", json!({})),
        ("/api/settings/user/avatar/remove", json!({})),
        ("/api/settings/user/delete", json!({ "email": format!("{}@example.test", person.id) })),
    ] {
        assert_eq!(stranger.post(path, body.clone()).await.status, 401, "{path}");
        let nobody = client().post(format!("{}{path}", cloud().ready.base)).json(&body);
        assert_eq!(answer(nobody).await.status, 401, "{path}");
        for origin in ["https://evil.test", "null"] {
            let forged = session.request(Method::POST, path).header("origin", origin).json(&body);
            assert_eq!(answer(forged).await.status, 403, "{path} from {origin}");
        }
    }
    assert_eq!(stranger.get(USER).await.status, 401);
    assert_eq!(name_of(&person).await, "Ada");
}

#[tokio::test]
async fn a_form_that_is_refused_leads_back_and_says_why() {
    let person = Person::new().await;
    let session = Session::of(&person).await;
    let settings = format!("{}/dashboard/settings/account", cloud().ready.base);
    for (path, field, value, says) in [
        ("name", "name", "a\nb", "That name was not taken"),
        ("delete", "email", "eve@example.test", "Nothing was deleted"),
    ] {
        let refused = session.submit(&format!("/api/settings/user/{path}"), &[(field, value)]).await;
        assert_eq!(refused.status(), 303, "{path}");
        let location = refused.headers()["location"].to_str().expect("an address").to_owned();
        assert!(location.starts_with(&format!("{settings}?problem=")), "{location}");
        let shown = session.get(location.strip_prefix(&cloud().ready.base).expect("own")).await;
        assert!(shown.body.as_str().is_some_and(|page| page.contains(says)), "{shown:?}");
    }
    let injected = session.get("/dashboard/settings/account?problem=<script>alert(1)</script>").await;
    assert!(injected.body.as_str().is_some_and(|page| !page.contains("role=\"alert\"")), "{injected:?}");
}

#[tokio::test]
async fn a_form_of_somebody_who_is_signed_out_leads_to_login() {
    let person = Person::new().await;
    let session = Session::of(&person).await;
    session.submit("/api/settings/sessions/end", &[]).await;
    for path in ["user/name", "user/delete", "keys", "sessions/end"] {
        let form = session.submit(&format!("/api/settings/{path}"), &[("name", "x")]).await;
        assert_eq!(form.status(), 303, "{path}");
        assert_eq!(form.headers()["location"], format!("{}/login", cloud().ready.base).as_str(), "{path}");
    }
}
