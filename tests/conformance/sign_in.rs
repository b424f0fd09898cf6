//! §1.2: the app signs in through a browser. Where Cap hands a key over at once, a page asks and its button hands over:
//! docs/SECURITY.md, "API keys".

use reqwest::{Method, Url};
use serde_json::json;
use tests::{
    desktop::Desktop,
    person::{Person, answer, client},
    visitor::{Page, Visitor},
};

use crate::{
    ask::{asked, parameter, url},
    row::{Row, essential},
};

const SECTION: &str = "1.2 Sign-in";
const PATH: &str = "/api/desktop/session/request";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(
            SECTION,
            "without a session: 302 to /login?next= this same address, and back after a code",
            login_first,
        ),
        essential(
            SECTION,
            "platform=web and a port: 302 to 127.0.0.1 with api_key and user_id; on purpose after a click",
            web,
        ),
        essential(SECTION, "platform=desktop and a port: a page with the deep link and the loopback address", both),
        essential(SECTION, "no port: 302 to cap-desktop://signin", scheme),
        essential(SECTION, "type=session: token, expires and user_id, of a session that works", session),
        essential(SECTION, "port 1 to 65535, type and platform as listed, all else is 400", nonsense),
        essential(SECTION, "what the listener's page tells the app by GET /cb is a key that works", listener),
        essential(SECTION, "a key that is not known, or was revoked, gets 401 everywhere", unauthenticated),
    ]
}

/// Opens the address that the app opens, and presses the button.
async fn press(browser: &Visitor, query: &str) -> Page {
    let page = browser.get(&format!("{PATH}?{query}")).await;
    assert_eq!(page.status, 200, "{query}");
    let names = ["type", "port", "platform"].into_iter().filter(|name| page.text.contains(&format!("name=\"{name}\"")));
    let fields: Vec<_> = names.map(|name| (name, page.field(name))).collect();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.form(PATH, &fields).await
}

/// What stands before the query, after its key was seen to be this person's.
async fn before_key(person: &Person, address: &str) -> String {
    let values = ["type", "api_key", "user_id"].map(|name| parameter(address, name).unwrap_or_default());
    let [kind, key, user] = &values;
    assert_eq!((kind.as_str(), key.len(), user), ("api_key", 36, &person.id), "{address}");
    assert_eq!(answer(client().get(url("/api/desktop/plan")).bearer_auth(key)).await.status, 200, "the new key");
    address.split('?').next().unwrap_or_default().to_owned()
}

async fn login_first() {
    let visitor = Visitor::new();
    let address = format!("{}{PATH}?type=api_key&port=53124&platform=web", visitor.base());
    let led = visitor.get(&address).await;
    assert_eq!(led.status, 302, "without a session");
    assert_eq!(Url::parse(led.location()).expect("an address").path(), "/login");
    assert_eq!(parameter(led.location(), "next").as_deref(), Some(address.as_str()), "next");
    let session = visitor.get(&address.replace("api_key", "session")).await;
    assert!(session.status == 302 && session.location().contains("/login?next="), "type=session; came {session:?}");
    let form = visitor.get(led.location()).await;
    let code = visitor.ask().await.code();
    let fields = [("email", visitor.email.as_str()), ("token", &code), ("callbackUrl", &form.field("callbackUrl"))];
    let back = visitor.form("/api/auth/callback/email", &fields).await;
    assert_eq!(back.location(), address, "where the login leads");
}

async fn web() {
    let person = Person::new().await;
    let browser = person.browser().await;
    for query in ["type=api_key&port=53124&platform=web", "type=api_key&port=53124"] {
        let handed = press(&browser, query).await;
        assert_eq!(handed.status, 302, "{query}");
        assert_eq!(before_key(&person, handed.location()).await, "http://127.0.0.1:53124/");
    }
}

async fn both() {
    let person = Person::new().await;
    let page = press(&person.browser().await, "type=api_key&port=53124&platform=desktop").await;
    assert_eq!((page.status, page.header("pragma")), (200, "no-cache"));
    assert_eq!(page.header("cache-control"), "no-store, no-cache, must-revalidate");
    let link = |start: &str| {
        let (_, rest) = page.text.split_once(start).unwrap_or_else(|| panic!("no {start} in {}", page.text));
        format!("{start}{}", rest.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&"))
    };
    for start in ["cap-desktop://signin", "http://127.0.0.1:53124/"] {
        assert_eq!(before_key(&person, &link(start)).await, start);
    }
}

async fn scheme() {
    let person = Person::new().await;
    let browser = person.browser().await;
    for query in ["type=api_key", "type=api_key&platform=desktop"] {
        let handed = press(&browser, query).await;
        assert_eq!(handed.status, 302, "{query}");
        assert_eq!(before_key(&person, handed.location()).await, "cap-desktop://signin");
    }
}

async fn session() {
    let person = Person::new().await;
    let browser = person.browser().await;
    for query in ["type=session&port=53124", "port=53124"] {
        let handed = press(&browser, query).await;
        let values = ["type", "token", "expires", "user_id"].map(|name| parameter(handed.location(), name));
        let [kind, token, expires, user] = values.map(Option::unwrap_or_default);
        assert_eq!((kind.as_str(), user), ("token", person.id.clone()), "{}", handed.location());
        let now = common::time::Millis::now().seconds();
        let end = expires.parse::<i64>().expect("seconds");
        assert!(end > now && i32::try_from(end).is_ok(), "an end in seconds after {now}; came {expires}");
        let created = client().get(url("/api/desktop/video/create?recordingMode=desktopMP4")).bearer_auth(token);
        assert_eq!(answer(created).await.status, 200, "the session as a bearer");
    }
}

async fn nonsense() {
    let browser = Person::new().await.browser().await;
    for query in ["port=0", "port=65536", "port=80.evil.test", "port=x", "type=admin", "platform=mobile"] {
        assert_eq!(browser.get(&format!("{PATH}?{query}")).await.status, 400, "{query}");
    }
    for query in ["port=1", "port=65535"] {
        assert_eq!(browser.get(&format!("{PATH}?{query}")).await.status, 200, "{query}");
    }
}

async fn listener() {
    let person = Person::new().await;
    let app = Desktop::sign_in(&person.browser().await).await;
    assert_eq!(app.get("/api/desktop/user/profile").await.body["email"], person.email());
}

async fn unauthenticated() {
    let (person, stranger) = (Person::new().await, Person::stranger());
    let app = Desktop::sign_in(&person.browser().await).await;
    assert_eq!(app.get("/api/desktop/plan").await.status, 200, "before");
    let browser = person.browser().await;
    for key in browser.get("/api/settings/keys").await.json()["keys"].as_array().expect("keys") {
        let path = format!("/api/settings/keys/{}", key["id"].as_str().expect("an id"));
        assert_eq!(browser.json(Method::DELETE, &path, json!({})).await.status, 200);
    }
    let body = || json!({ "videoId": crate::ask::UNKNOWN, "subpath": "result.mp4", "method": "put" });
    for (path, signed) in
        [("/api/desktop/plan", false), ("/api/desktop/organizations", false), ("/api/upload/signed", true)]
    {
        let (revoked, unknown) = if signed {
            (app.post(path, body()).await, stranger.post(path, body()).await)
        } else {
            (app.get(path).await, stranger.get(path).await)
        };
        assert_eq!((revoked.status, unknown.status), (401, 401), "{path}: revoked, unknown");
    }
    assert_eq!(asked(Method::GET, "/api/desktop/video/create?recordingMode=desktopMP4").await.status, 401, "nobody");
}
