//! What people say of themselves.

use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::{Person, client},
};

const USER: &str = "/api/settings/user";
const NAME: &str = "/api/settings/user/name";

async fn name_of(person: &Person) -> Value {
    person.get(USER).await.body["name"].clone()
}

#[tokio::test]
async fn people_see_their_own_account() {
    let person = Person::new().await;
    for account in [person.get(USER).await.body, person.browser().await.get(USER).await.json()] {
        assert_eq!(account["id"], person.id);
        assert_eq!(account["email"], person.email());
        assert_eq!((&account["name"], &account["imageUrl"]), (&json!("Ada"), &Value::Null));
        assert_eq!(account["organization"]["name"], "My Organization");
        assert_eq!(account["organization"]["id"].as_str().expect("an id").len(), 15);
    }
}

#[tokio::test]
async fn c14_a_name_is_kept_as_it_is_written() {
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
async fn c14_what_is_no_name_is_refused() {
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
        assert!(refused.body["message"].as_str().is_some_and(|sentence| sentence.contains("name")), "{refused:?}");
    }
    let huge = person.post(NAME, json!({ "name": "a".repeat(10_000_000) })).await;
    assert!((400..500).contains(&huge.status), "{}", huge.status);
    assert_eq!(name_of(&person).await, "Ada");
}

#[tokio::test]
async fn a_form_leads_back_to_the_settings() {
    let person = Person::new().await;
    let session = person.browser().await;
    let sent = session.form(NAME, &[("name", "Ada & Co \u{1f469}")]).await;
    let settings = format!("{}/dashboard/settings/account", cloud().ready.base);
    assert_eq!((sent.status, sent.location()), (303, settings.as_str()));
    assert_eq!(name_of(&person).await, "Ada & Co \u{1f469}");
}

#[tokio::test]
async fn a_form_that_is_refused_leads_back_and_says_why() {
    let person = Person::new().await;
    let session = person.browser().await;
    let settings = format!("{}/dashboard/settings/account", cloud().ready.base);
    for (path, field, value, says) in [
        ("name", "name", "a\nb", "That name was not taken"),
        ("delete", "email", "eve@example.test", "Nothing was deleted"),
    ] {
        let refused = session.form(&format!("/api/settings/user/{path}"), &[(field, value)]).await;
        assert_eq!(refused.status, 303, "{path}");
        assert!(refused.location().starts_with(&format!("{settings}?problem=")), "{refused:?}");
        let shown = session.get(refused.location()).await;
        assert!(shown.text.contains(says), "{shown:?}");
    }
    let injected = session.get("/dashboard/settings/account?problem=<script>alert(1)</script>").await;
    assert!(injected.status == 200 && !injected.text.contains("role=\"alert\""), "{injected:?}");
}

#[tokio::test]
async fn a_form_of_somebody_who_is_signed_out_leads_to_login() {
    let person = Person::new().await;
    let session = person.browser().await;
    session.form("/api/settings/sessions/end", &[]).await;
    for path in ["user/name", "user/delete", "keys", "sessions/end"] {
        let form = session.form(&format!("/api/settings/{path}"), &[("name", "x")]).await;
        assert_eq!((form.status, form.location()), (303, format!("{}/login", cloud().ready.base).as_str()), "{path}");
    }
}
