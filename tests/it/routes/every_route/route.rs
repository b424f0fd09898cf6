//! What a row of the table says, and the request that it becomes.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    person::client,
    visitor::{Page, page},
};

use super::identity::Identity;

/// Whom a route lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// Everybody, on purpose; the status that somebody who is nobody gets.
    Public(u16),
    /// Whoever is signed in with a browser; all others are led to the login.
    Page,
    /// Whoever has a key, or is signed in with a browser.
    Caller,
    /// The same, for what belongs to whoever may watch, too. What the table sends them is refused for what is in it.
    Viewer,
    /// Whoever is signed in with a browser. A key is not enough.
    SignedIn,
}

/// What a route is about, if it is about something of somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thing {
    Video,
    Key,
    Session,
    Organization,
}

/// What a route is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    /// This JSON, and nothing that is read otherwise.
    Json(&'static str),
    /// A form with these fields, or a JSON object of which none is needed.
    Fields(&'static str),
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    /// Method and path as in template.yaml.
    pub(super) key: &'static str,
    pub(super) door: Door,
    /// What it is about. `ID` in query and body stands for its id, as the path's variable does.
    pub(super) about: Option<Thing>,
    /// Status for somebody else's thing; the contract says which.
    pub(super) foreign: u16,
    /// Status for everybody whom it lets in, where that is always the same and no success.
    pub(super) always: Option<u16>,
    pub(super) body: Body,
    /// The whole answer to somebody who is nobody, where it is always the same.
    pub(super) exactly: Option<&'static str>,
    /// True when a program is let in for itself alone.
    pub(super) itself: bool,
    /// True when nobody's identity counts, and pages of other sites are refused nevertheless.
    pub(super) for_programs: bool,
    query: &'static str,
    changes: bool,
    idempotent: bool,
}

pub(super) const fn public(key: &'static str, status: u16) -> Route {
    let (door, body) = (Door::Public(status), Body::None);
    let (itself, for_programs, changes, idempotent) = (false, false, false, false);
    Route {
        key,
        door,
        about: None,
        foreign: 404,
        body,
        always: None,
        exactly: None,
        itself,
        for_programs,
        query: "",
        changes,
        idempotent,
    }
}

pub(super) const fn program(key: &'static str, status: u16) -> Route {
    Route { for_programs: true, ..public(key, status) }
}

pub(super) const fn page_of_account(key: &'static str) -> Route {
    Route { door: Door::Page, ..public(key, 0) }
}

pub(super) const fn caller(key: &'static str) -> Route {
    Route { door: Door::Caller, ..public(key, 0) }
}

pub(super) const fn viewer(key: &'static str) -> Route {
    Route { door: Door::Viewer, ..public(key, 0) }
}

pub(super) const fn signed_in(key: &'static str) -> Route {
    Route { door: Door::SignedIn, ..public(key, 0) }
}

impl Route {
    pub(super) const fn about(self, thing: Thing) -> Self {
        Self { about: Some(thing), ..self }
    }

    pub(super) const fn foreign(self, status: u16) -> Self {
        Self { foreign: status, ..self }
    }

    pub(super) const fn always(self, status: u16) -> Self {
        Self { always: Some(status), ..self }
    }

    pub(super) const fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }

    pub(super) const fn json(self, body: &'static str) -> Self {
        Self { body: Body::Json(body), ..self }
    }

    pub(super) const fn fields(self, body: &'static str) -> Self {
        Self { body: Body::Fields(body), ..self }
    }

    pub(super) const fn exactly(self, answer: &'static str) -> Self {
        Self { exactly: Some(answer), ..self }
    }

    /// For what a program may do to itself and to nothing else of its person's.
    pub(super) const fn itself(self) -> Self {
        Self { itself: true, ..self }
    }

    /// For a GET that changes something.
    pub(super) const fn changes(self) -> Self {
        Self { changes: true, ..self }
    }

    /// For what wants an `Idempotency-Key`.
    pub(super) const fn idempotent(self) -> Self {
        Self { idempotent: true, ..self }
    }

    pub(super) fn method(&self) -> Method {
        let method = self.key.split(' ').next().unwrap_or_default();
        method.parse().expect("a method")
    }

    /// True when the route may change something, so that a browser's request must prove who makes it.
    pub(super) fn is_write(&self) -> bool {
        self.changes || !matches!(self.method(), Method::GET | Method::HEAD)
    }

    /// What a token must allow for it, where it changes something.
    pub(super) fn scope(&self) -> &'static str {
        let talks = self.key.contains("/comments") || self.key.ends_with("/reactions");
        if talks { "caps:comment" } else { "caps:write" }
    }

    /// True when refusals have the shape that the `cap` command reads.
    pub(super) fn is_agent(&self) -> bool {
        self.key.contains(" /api/v1/")
    }

    /// True when refusals say `error: true`, and the sentence beside it.
    fn says_message(&self) -> bool {
        let paths =
            ["/api/desktop/video/progress", "/api/desktop/video/delete", "/api/settings/user/name", "/api/thumbnail"];
        paths.iter().any(|path| self.key.ends_with(path))
    }

    /// The path, about the thing with this id.
    pub(super) fn path(&self, id: &str) -> String {
        let path = self.key.split(' ').nth(1).expect("a path");
        let path = path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment });
        let path = path.collect::<Vec<_>>().join("/");
        if self.query.is_empty() { path } else { format!("{path}?{}", self.query.replace("ID", id)) }
    }

    /// A request without a body.
    pub(super) fn bare(&self, identity: &Identity, id: &str) -> RequestBuilder {
        let request = client().request(self.method(), format!("{}{}", cloud().ready.base, self.path(id)));
        let request = if self.idempotent { request.header("idempotency-key", "every-route") } else { request };
        identity.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    /// Sends what the table says, as JSON.
    pub(super) async fn ask(&self, identity: &Identity, id: &str) -> Page {
        self.ask_as(identity, id, "application/json").await
    }

    /// Sends what the table says under another name than JSON's.
    pub(super) async fn ask_as(&self, identity: &Identity, id: &str, content_type: &str) -> Page {
        let request = self.bare(identity, id);
        page(match self.body {
            Body::None => request,
            Body::Json(body) | Body::Fields(body) => {
                request.header("content-type", content_type).body(body.replace("ID", id))
            }
        })
        .await
    }

    /// The answer is this refusal and nothing else: the shape that the route's clients read, with no room for data.
    pub(super) fn assert_refused(&self, answer: &Page, status: u16, who: &str) {
        let what = format!("{} by {who}: {answer:?}", self.key);
        assert_eq!(answer.status, status, "{what}");
        let body = answer.json();
        let names: Vec<_> = body.as_object().unwrap_or_else(|| panic!("{what}")).keys().map(String::as_str).collect();
        let code = match status {
            400 => "INVALID_REQUEST",
            401 => "AUTH_REQUIRED",
            403 => "FORBIDDEN",
            404 => "NOT_FOUND",
            _ => panic!("{what}"),
        };
        assert_eq!(body["code"], code, "{what}");
        let message = if self.is_agent() {
            assert_eq!(names, ["_tag", "code", "message", "requestId", "retryAfterMs", "retryable"], "{what}");
            assert_eq!((&body["retryable"], &body["retryAfterMs"]), (&json!(false), &Value::Null), "{what}");
            &body["message"]
        } else if self.says_message() {
            assert_eq!(
                (names.as_slice(), &body["error"]),
                (["code", "error", "message"].as_slice(), &json!(true)),
                "{what}"
            );
            &body["message"]
        } else {
            assert_eq!(names, ["code", "error"], "{what}");
            &body["error"]
        };
        assert!(message.as_str().is_some_and(|message| message.len() > 5), "{what}");
        assert!(answer.headers.get("set-cookie").is_none(), "{what}");
    }
}
