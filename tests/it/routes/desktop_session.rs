//! `/api/desktop/session/request`: Cap Desktop signs in through the browser. A GET only asks; the button hands over.

use reqwest::{Method, Url};
use serde_json::json;
use tests::{
    desktop::{listener, report},
    person::{Person, answer, client},
    rows,
    visitor::{Page, SESSION, Visitor, page},
};

const PATH: &str = "/api/desktop/session/request";

/// A person, in a browser in which they are signed in.
struct Signed {
    person: Person,
    browser: Visitor,
}

impl Signed {
    async fn new() -> Self {
        let person = Person::new().await;
        let browser = person.browser().await;
        Self { person, browser }
    }

    /// Opens the address that the app opens.
    async fn open(&self, query: &str) -> Page {
        let page = self.browser.get(&format!("{PATH}?{query}")).await;
        assert_eq!(page.status, 200, "{query}: {page:?}");
        page
    }

    /// Opens it and presses the button, which sends the page's own fields.
    async fn press(&self, query: &str) -> Page {
        let page = self.open(query).await;
        let port = page.text.contains("name=\"port\"");
        let names = ["type", "port", "platform"].into_iter().filter(|name| port || *name != "port");
        let fields: Vec<_> = names.map(|name| (name, page.field(name))).collect();
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.browser.form(PATH, &fields).await
    }

    /// How many keys and sessions there are.
    async fn count(&self) -> (u64, u64) {
        let count = async |table: &str| {
            rows::one(&format!("SELECT COUNT(*) FROM {table} WHERE user_id = '{}'", self.person.id)).await
        };
        (count("api_keys").await, count("sessions").await)
    }

    /// Takes an address for the app apart: what stands before its query, and the key, after it was seen to work.
    async fn key_of(&self, address: &str) -> (String, String) {
        let (before, query) = address.split_once('?').expect("a query");
        let key = query.strip_prefix("type=api_key&api_key=").and_then(|rest| rest.split_once("&user_id="));
        let (key, user) = key.unwrap_or_else(|| panic!("{address}"));
        assert_eq!((key.len(), user), (36, self.person.id.as_str()), "{address}");
        assert_eq!(answer(client().get(self.caps()).bearer_auth(key)).await.status, 200);
        (before.to_owned(), key.to_owned())
    }

    fn caps(&self) -> String {
        format!("{}/api/v1/caps", self.browser.base())
    }
}

#[tokio::test]
async fn opening_the_address_names_the_app_and_makes_nothing() {
    let signed = Signed::new().await;
    let before = signed.count().await;
    for kind in ["api_key", "session"] {
        for query in ["", "&port=53124", "&port=53124&platform=web", "&port=53124&platform=desktop"] {
            let page = signed.open(&format!("type={kind}{query}")).await;
            assert!(page.text.contains("Sign in to Cap Desktop?") && page.text.contains(&signed.person.email()));
            assert_eq!(page.header("cache-control"), "no-store");
            assert!(
                page.header("content-security-policy").contains("frame-ancestors 'none'"),
                "nobody's click is borrowed"
            );
        }
    }
    assert_eq!(signed.count().await, before);
}

#[tokio::test]
async fn an_app_on_a_port_is_handed_a_key_there() {
    let signed = Signed::new().await;
    let before = signed.count().await;
    let page = signed.open("type=api_key&port=53124&platform=web").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action") && policy.contains(" http://127.0.0.1:53124 cap-desktop:"), "{policy}");
    // The platform is web unless it is said.
    for query in ["type=api_key&port=53124&platform=web", "type=api_key&port=53124"] {
        let handed = signed.press(query).await;
        assert_eq!((handed.status, handed.text.as_str()), (302, ""), "{handed:?}");
        assert_eq!(handed.header("cache-control"), "no-store");
        assert_eq!(signed.key_of(handed.location()).await.0, "http://127.0.0.1:53124/");
    }
    assert_eq!(signed.count().await, (before.0 + 2, before.1));
    let newest = signed.browser.get("/api/settings/keys").await.json()["keys"][0].clone();
    assert_eq!((&newest["source"], &newest["name"]), (&json!("desktop"), &json!("Cap Desktop")));
}

#[tokio::test]
async fn an_app_with_a_scheme_and_a_port_is_reached_by_either() {
    let signed = Signed::new().await;
    let page = signed.press("type=api_key&port=53124&platform=desktop").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.header("cache-control"), "no-store, no-cache, must-revalidate");
    assert_eq!(page.header("pragma"), "no-cache");
    let link = |id: &str| {
        let (_, rest) = page.text.split_once(&format!("id=\"{id}\" href=\"")).unwrap_or_else(|| panic!("{page:?}"));
        rest.split('"').next().unwrap_or_default().replace("&#38;", "&")
    };
    let (scheme, loopback) = (signed.key_of(&link("deep-link")).await, signed.key_of(&link("loopback")).await);
    assert_eq!((scheme.0.as_str(), loopback.0.as_str()), ("cap-desktop://signin", "http://127.0.0.1:53124/"));
    assert_eq!(scheme.1, loopback.1, "one key, whichever answers");
}

#[tokio::test]
async fn an_app_without_a_port_is_reached_by_its_scheme() {
    let signed = Signed::new().await;
    for query in ["type=api_key", "type=api_key&platform=web", "type=api_key&platform=desktop"] {
        let handed = signed.press(query).await;
        assert_eq!(handed.status, 302, "{handed:?}");
        assert_eq!(signed.key_of(handed.location()).await.0, "cap-desktop://signin");
    }
}

#[tokio::test]
async fn an_app_that_wants_a_session_gets_one_of_its_own() {
    let signed = Signed::new().await;
    let before = signed.count().await;
    let now = common::time::Millis::now().seconds();
    // The type is session unless it is said.
    let mut tokens = Vec::new();
    for query in ["type=session&port=53124", "port=53124"] {
        let handed = signed.press(query).await;
        let url = Url::parse(handed.location()).expect("an address");
        let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let [(_, kind), (_, token), (_, expires), (_, user)] = pairs.as_slice() else { panic!("{url}") };
        let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["type", "token", "expires", "user_id"]);
        assert_eq!((kind.as_str(), user), ("token", &signed.person.id));
        let lasts = expires.parse::<i64>().expect("seconds") - now;
        assert!((29 * 86400..=31 * 86400).contains(&lasts), "{expires}");
        assert_eq!(answer(client().get(signed.caps()).bearer_auth(token)).await.status, 200);
        tokens.push(token.clone());
    }
    assert_eq!(signed.count().await, (before.0, before.1 + 2));
    let own = signed.browser.cookie(SESSION).expect("a session");
    assert!(!tokens.contains(&own), "the browser's own would end with the app's");

    // It writes, too, and ends alone.
    let create = format!("{}/api/desktop/video/create?recordingMode=desktopMP4", signed.browser.base());
    assert_eq!(answer(client().get(create).bearer_auth(&tokens[0])).await.status, 200);
    let sessions = signed.browser.get("/api/settings/sessions").await.json()["sessions"].clone();
    let apps = sessions.as_array().expect("sessions").iter().filter(|session| session["device"] == "Cap Desktop");
    for app in apps {
        let path = format!("/api/settings/sessions/{}", app["id"].as_str().expect("an id"));
        assert_eq!(signed.browser.json(Method::DELETE, &path, json!({})).await.status, 200);
    }
    assert_eq!(answer(client().get(signed.caps()).bearer_auth(&tokens[0])).await.status, 401);
    assert_eq!(signed.browser.who().await, Some(signed.person.email()));
}

#[tokio::test]
async fn c16_a_session_of_the_apps_own_is_good_for_what_a_key_is_good_for() {
    let signed = Signed::new().await;
    let token = signed.browser.program().await;
    let base = signed.browser.base();
    let ask = |method: Method, path: &str| client().request(method, format!("{base}{path}")).bearer_auth(&token);
    let email = json!({ "email": signed.person.email() });
    for (method, path, body) in [
        (Method::POST, "/api/settings/keys", json!({ "name": "Mine for good" })),
        (Method::DELETE, "/api/settings/sessions", json!({})),
        (Method::POST, "/api/settings/user/delete", email),
        (Method::POST, PATH, json!({ "type": "session" })),
        (Method::POST, PATH, json!({ "type": "api_key" })),
    ] {
        let refused = answer(ask(method, path).json(&body)).await;
        assert_eq!((refused.status, &refused.body["code"]), (403, &json!("FORBIDDEN")), "{path}: {refused:?}");
    }
    let own = answer(ask(Method::GET, "/api/settings/sessions")).await.body["sessions"].clone();
    assert_eq!((own.as_array().map(Vec::len), &own[0]["device"]), (Some(1), &json!("Cap Desktop")), "{own}");
    assert_eq!(own[0]["current"], true);
    assert_eq!(answer(ask(Method::GET, "/api/settings/keys")).await.body, json!({ "keys": [] }));

    // In a browser's cookie it opens no page of the account, and signs nobody in.
    let thief = Visitor::new();
    thief.set_cookie(SESSION, &token);
    for path in ["/dashboard/settings/account", &format!("{PATH}?type=api_key&port=53124")] {
        let led = thief.get(path).await;
        assert!(led.status == 302 && led.location().contains("/login?"), "{path}: {led:?}");
    }
    assert_eq!(thief.who().await, None);
    // It ends as a key does, and nothing else with it.
    let id = own[0]["id"].as_str().expect("an id");
    assert_eq!(answer(ask(Method::DELETE, &format!("/api/settings/sessions/{id}"))).await.status, 403);
    let given_up = answer(ask(Method::POST, "/api/v1/auth/revoke")).await;
    assert_eq!((given_up.status, &given_up.body["revoked"]), (200, &json!(true)), "{given_up:?}");
    assert_eq!(answer(ask(Method::GET, "/api/v1/caps")).await.status, 401);
    assert_eq!(signed.browser.who().await, Some(signed.person.email()));
}

#[tokio::test]
async fn whoever_is_not_signed_in_is_led_through_the_login_and_back() {
    let visitor = Visitor::new();
    let asked = format!("{}{PATH}?type=api_key&port=53124&platform=desktop", visitor.base());
    let led = visitor.get(&asked).await;
    assert_eq!(led.status, 302);
    let login = Url::parse(led.location()).expect("an address");
    assert!(led.location().starts_with(&format!("{}/login?", visitor.base())), "{login}");
    let next: Vec<_> = login.query_pairs().collect();
    assert_eq!(next, [("next".into(), asked.as_str().into())]);

    let form = visitor.get(led.location()).await;
    let code = visitor.ask().await.code();
    let fields = [("email", visitor.email.as_str()), ("token", &code), ("callbackUrl", &form.field("callbackUrl"))];
    let back = visitor.form("/api/auth/callback/email", &fields).await;
    assert_eq!((back.status, back.location()), (303, asked.as_str()));
    let page = visitor.get(back.location()).await;
    assert!(page.status == 200 && page.text.contains("Sign in to Cap Desktop?"), "{page:?}");
}

#[tokio::test]
async fn what_no_app_sends_is_refused() {
    let signed = Signed::new().await;
    let before = signed.count().await;
    for (name, value) in [
        ("port", "0"),
        ("port", "65536"),
        ("port", "-1"),
        ("port", "+80"),
        ("port", "1e3"),
        ("port", "0x50"),
        ("port", "80.evil.test"),
        ("port", "80@evil.test"),
        ("port", "80/../x"),
        ("port", "80?x=1"),
        ("port", "\u{661}"),
        ("port", "80 "),
        ("type", "admin"),
        ("type", "API_KEY"),
        ("platform", "mobile"),
        ("platform", "http://evil.test"),
    ] {
        let asked = signed.browser.request(Method::GET, PATH).query(&[(name, value)]);
        let (asked, pressed) = (page(asked).await, signed.browser.form(PATH, &[(name, value)]).await);
        for refused in [asked, pressed] {
            assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("INVALID_REQUEST")), "{name}={value}");
            assert!(refused.json()["error"].as_str().is_some_and(|error| error.starts_with(name)), "{refused:?}");
        }
    }
    assert_eq!(signed.count().await, before);
}

#[tokio::test]
async fn c5_nothing_is_handed_over_for_a_page_of_another_site() {
    let signed = Signed::new().await;
    let before = signed.count().await;
    let post = || signed.browser.request(Method::POST, PATH);
    let fields = [("type", "api_key"), ("port", "53124")];
    let stranger = Visitor::new().csrf().await;
    for request in [
        post().form(&fields),
        post().form(&fields).header("origin", "https://evil.test"),
        post().form(&fields).header("origin", "null"),
        post().form(&[fields[0], fields[1], ("csrfToken", "0")]),
        post().form(&[fields[0], fields[1], ("csrfToken", &stranger)]),
        post().json(&json!({ "type": "api_key", "port": 53124 })),
        post().body(r#"{"type":"api_key","port":53124}"#),
    ] {
        let refused = page(request).await;
        assert_eq!((refused.status, refused.location()), (403, ""), "{refused:?}");
        assert_eq!(refused.json()["code"], "FORBIDDEN");
    }
    assert_eq!(signed.count().await, before);
}

#[tokio::test]
async fn c6_whatever_a_request_says_the_key_stays_on_this_machine() {
    let signed = Signed::new().await;
    let csrf = signed.browser.csrf().await;
    let forged = |request: reqwest::RequestBuilder| {
        request
            .header("host", "evil.test")
            .header("x-forwarded-host", "evil.test")
            .header("forwarded", "host=evil.test")
    };
    let fields = [("type", "api_key"), ("port", "80"), ("csrfToken", &csrf)];
    let handed = page(forged(signed.browser.request(Method::POST, PATH)).form(&fields)).await;
    assert!(handed.location().starts_with("http://127.0.0.1:80/?"), "{handed:?}");
    let led = page(forged(Visitor::new().request(Method::GET, &format!("{PATH}?port=80")))).await;
    assert!(led.status == 302 && !led.location().contains("evil"), "{led:?}");
    // A host in the query is nothing that is asked for.
    let extra = signed.press("type=api_key&port=80&host=evil.test&redirect_uri=http://evil.test").await;
    assert!(extra.location().starts_with("http://127.0.0.1:80/?") && !extra.location().contains("evil"), "{extra:?}");
}

#[tokio::test]
async fn the_app_signs_in_with_what_its_listener_is_told() {
    let signed = Signed::new().await;
    let (port, app) = listener();
    let handed = signed.press(&format!("type=api_key&port={port}&platform=web")).await;
    // The browser goes there, and the script of the page that it finds reports where it is.
    assert_eq!(page(client().get(handed.location())).await.text, "ok");
    report(port, handed.location()).await;
    let told = tokio::task::spawn_blocking(|| app.join().expect("the app")).await.expect("the app");
    let (before, key) = signed.key_of(&told).await;
    assert_eq!(before, format!("http://127.0.0.1:{port}/"));
    let create = format!("{}/api/desktop/video/create?recordingMode=desktopMP4", signed.browser.base());
    let created = answer(client().get(create).bearer_auth(key)).await;
    assert_eq!((created.status, &created.body["user_id"]), (200, &json!(signed.person.id)));
}
