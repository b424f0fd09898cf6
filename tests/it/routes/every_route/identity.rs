//! Who asks: the headers of a request, and those that are nobody's.

use common::{
    ids::{ApiKey, SessionToken},
    tokens,
};
use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::cloud,
    person::Person,
    rows,
    visitor::{SESSION, Visitor},
};

/// Somebody, or nobody.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) who: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Identity {
    fn new(who: &str, headers: Vec<(&'static str, String)>) -> Self {
        Self { who: who.to_owned(), headers }
    }

    /// With a bearer token.
    pub(super) fn bearer(who: &str, token: &str) -> Self {
        Self::new(who, vec![("authorization", format!("Bearer {token}"))])
    }

    /// With a session's cookie, in a page of this site.
    pub(super) fn cookie(who: &str, token: &str) -> Self {
        Self::cookie_alone(who, token).with("origin", &cloud().ready.base)
    }

    /// With a session's cookie, and nothing that says which page asks.
    pub(super) fn cookie_alone(who: &str, token: &str) -> Self {
        Self::new(who, vec![("cookie", format!("{SESSION}={token}"))])
    }

    pub(super) fn key_of(person: &Person) -> Self {
        Self::bearer("a key", &person.key)
    }

    pub(super) fn session_of(browser: &Visitor) -> Self {
        Self::cookie("a session", &token(browser))
    }

    /// With one header more.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What a browser is signed in with.
pub(super) fn token(browser: &Visitor) -> String {
    browser.cookie(SESSION).expect("somebody who is signed in")
}

/// Everybody who is nobody: all of them must be answered alike. Their requests come from a page of this site, so that it is
/// who they are that is refused.
pub(super) async fn nobodies() -> Vec<Identity> {
    let unknown = SessionToken::random().expect("random");
    let unknown = unknown.expose();
    let mut all = vec![
        Identity::new("nobody", Vec::new()),
        Identity::bearer("a key that nobody has", ApiKey::random().expect("random").expose()),
        Identity::bearer("garbage as long as a key", &"'OR'1'='1".repeat(4)),
        Identity::bearer("an empty key", ""),
        Identity::bearer("a short key", "short"),
        Identity::bearer("a key of the agent API", &format!("cap_cli_{}", "a".repeat(43))),
        Identity::bearer("a session's token that nobody has", unknown),
        Identity::cookie_alone("a session that nobody has", unknown),
        Identity::cookie_alone("garbage for a session", "'OR'1'='1"),
        Identity::cookie_alone("an empty session", ""),
    ];
    all.extend(hashed().await);
    all.extend(revoked().await);
    all.extend(expired().await);
    all.extend(signed_out().await);
    all.extend(deleted().await);
    all.into_iter().map(|identity| identity.with("origin", &cloud().ready.base)).collect()
}

/// What the database keeps is worth nothing to whoever reads it.
async fn hashed() -> Vec<Identity> {
    let person = Person::new().await;
    let hash = SessionToken::parse(&token(&person.browser().await)).expect("a token").hash();
    vec![Identity::cookie_alone("a session's hash", &tokens::hex(&hash))]
}

async fn revoked() -> Vec<Identity> {
    let person = Person::new().await;
    let keys = person.get("/api/settings/keys").await.body;
    let id = keys["keys"][0]["id"].as_str().expect("a key").to_owned();
    assert_eq!(person.delete(&format!("/api/settings/keys/{id}")).await.status, 200);
    vec![Identity::bearer("a revoked key", &person.key)]
}

async fn expired() -> Vec<Identity> {
    let person = Person::new().await;
    let browser = person.browser().await;
    rows::run(&format!(
        "UPDATE sessions SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND WHERE user_id = '{}'",
        person.id
    ))
    .await;
    let token = token(&browser);
    vec![Identity::cookie_alone("an expired session", &token), Identity::bearer("an expired session's token", &token)]
}

async fn signed_out() -> Vec<Identity> {
    let (person, elsewhere) = (Person::new().await, Person::new().await);
    let (browser, other) = (person.browser().await, elsewhere.browser().await);
    let (one, all) = (token(&browser), token(&other));
    assert_eq!(browser.json(Method::POST, "/api/auth/signout", json!({})).await.status, 200);
    assert_eq!(other.json(Method::DELETE, "/api/settings/sessions", json!({})).await.status, 200);
    vec![
        Identity::cookie_alone("a signed-out session", &one),
        Identity::cookie_alone("a session signed out everywhere", &all),
        Identity::bearer("a key signed out everywhere", &elsewhere.key),
    ]
}

async fn deleted() -> Vec<Identity> {
    let (person, forgotten) = (Person::new().await, Person::new().await);
    let (browser, other) = (person.browser().await, forgotten.browser().await);
    let (one, two) = (token(&browser), token(&other));
    let deleted = browser.json(Method::POST, "/api/settings/user/delete", json!({ "email": person.email() })).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    rows::run(&format!("DELETE FROM users WHERE id = '{}'", forgotten.id)).await;
    vec![
        Identity::bearer("a key of a deleted account", &person.key),
        Identity::cookie_alone("a session of a deleted account", &one),
        Identity::bearer("a key of an account that is forgotten", &forgotten.key),
        Identity::cookie_alone("a session of an account that is forgotten", &two),
    ]
}
