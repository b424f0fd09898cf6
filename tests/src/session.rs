//! Somebody who is signed in with a browser.

use common::{ids::SessionToken, tokens};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::{
    cloud::cloud,
    person::{Answer, Person, answer, client},
    rows,
};

/// A browser of a person's on the shared cloud, with a session.
pub struct Session {
    token: SessionToken,
    http: reqwest::Client,
}

impl Session {
    /// Signs a person in, as if they had finished a login.
    pub async fn of(person: &Person) -> Self {
        let token = SessionToken::random().expect("random");
        rows::run(&format!(
            "INSERT INTO sessions (token_hash, user_id, device, last_used_at, expires_at) VALUES \
             (X'{}', '{}', 'test', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY)",
            tokens::hex(&token.hash()),
            person.id
        ))
        .await;
        Self { token, http: client() }
    }

    /// A request with the session's cookie, as a page of anybody's can make it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookie = format!("next-auth.session-token={}", self.token.expose());
        self.http.request(method, format!("{}{path}", cloud().ready.base)).header("cookie", cookie)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// POST of JSON by a page of the site.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        answer(self.request(Method::POST, path).header("origin", &cloud().ready.base).json(&body)).await
    }

    /// POST of a form of the site.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let post = self.request(Method::POST, path).header("origin", &cloud().ready.base).form(fields);
        post.send().await.expect("the gateway")
    }
}
