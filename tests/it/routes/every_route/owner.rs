//! Somebody with a recording, a key and a session, who must still have them afterwards.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    footage,
    person::{Person, answer},
    rows, store,
    visitor::Visitor,
};

use super::{
    identity::token,
    route::{Route, Thing},
};

/// A person with something of everything.
pub(super) struct Owner {
    pub(super) person: Person,
    pub(super) browser: Visitor,
    /// A session that a program of theirs has.
    pub(super) program: String,
    video: String,
    key: String,
    session: String,
    organization: String,
    before: Value,
}

impl Owner {
    /// With a recording that plays, and everything that is derived from it.
    pub(super) async fn new() -> Self {
        let person = Person::new().await;
        let browser = person.browser().await;
        let video = person.record("Private", footage::screen_recording("160x90", 1).await).await;
        person.ready(&video).await;
        person.derived(&video).await;
        let captions = person.request(Method::PUT, &format!("/api/videos/{video}/captions?language=en"));
        assert_eq!(answer(captions.body("WEBVTT\n\n00:00.000 --> 00:01.000\nPrivate words")).await.status, 200);
        let id_of = |list: &Value| list[0]["id"].as_str().expect("an id").to_owned();
        // Another key than the one that the person asks with.
        let made = browser.json(Method::POST, "/api/settings/keys", json!({ "name": "Another" })).await;
        assert_eq!(made.status, 201, "{made:?}");
        let key = id_of(&browser.get("/api/settings/keys").await.json()["keys"]);
        let session = id_of(&browser.get("/api/settings/sessions").await.json()["sessions"]);
        let program = browser.program().await;
        let organizations = person.get("/api/v1/organizations").await.body;
        let organization = id_of(&organizations["organizations"]);
        let mut owner = Self { person, browser, program, video, key, session, organization, before: Value::Null };
        owner.before = owner.everything().await;
        owner
    }

    /// Id of the recording.
    pub(super) fn video(&self) -> &str {
        &self.video
    }

    /// Id of what a route is about.
    pub(super) fn id(&self, route: &Route) -> &str {
        match route.about {
            None => "",
            Some(Thing::Video) => &self.video,
            Some(Thing::Key) => &self.key,
            Some(Thing::Session) => &self.session,
            Some(Thing::Organization) => &self.organization,
        }
    }

    /// What nobody else is ever told.
    pub(super) fn traces(&self) -> Vec<String> {
        let own = [&self.person.key, &self.person.id, &self.program, &self.key, &self.session, &self.organization];
        own.into_iter().cloned().chain([self.person.email(), token(&self.browser)]).collect()
    }

    /// All that the owner has, as they see it with their key and in their browser, and as it lies in the database and in S3.
    async fn everything(&self) -> Value {
        let mut shown = self.person.get(&format!("/api/v1/caps/{}", self.video)).await.body;
        shown.as_object_mut().expect("a video").remove("requestId");
        let keys = self.browser.get("/api/settings/keys").await.json();
        let account = self.person.get("/api/settings/user").await.body;
        let sessions = self.browser.get("/api/settings/sessions").await.json();
        let mut objects = store::keys_of(&self.video).await;
        objects.sort();
        let id = &self.person.id;
        let row = format!(
            "SELECT CONCAT_WS(' ', (SELECT GROUP_CONCAT(id, status, attempt, updated_at, name, \
             IFNULL(reupload_asked_at, '-'), IFNULL(deleted_at, '-')) FROM videos WHERE owner_id = '{id}'), \
             (SELECT GROUP_CONCAT(l.short_code, l.is_on, v.is_public, IFNULL(l.password_hash, '-')) FROM share_links l \
             JOIN videos v ON v.id = l.video_id WHERE v.owner_id = '{id}'), \
             (SELECT GROUP_CONCAT(c.vtt, c.language) FROM captions c JOIN videos v ON v.id = c.video_id WHERE v.owner_id = '{id}'), \
             (SELECT COUNT(*) FROM api_keys WHERE user_id = '{id}'), \
             (SELECT COUNT(*) FROM agent_codes WHERE user_id = '{id}'), \
             (SELECT COUNT(*) FROM sessions WHERE user_id = '{id}'))"
        );
        let who = self.browser.who().await;
        json!([shown, who, account, keys, sessions, objects, rows::one::<String>(&row).await])
    }

    /// Nothing of it has changed.
    pub(super) async fn assert_untouched(&self) {
        assert_eq!(self.everything().await, self.before);
        assert_eq!(self.before[0]["title"], "Private");
        assert_eq!(self.before[1], json!(self.person.email()));
    }
}
