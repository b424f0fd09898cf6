//! §7: the pages.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    person::client,
    visitor::{Visitor, page},
};

use crate::{
    ask::{NO_ROUTE, UNKNOWN, User, fetch, film, jpeg, open, published, shared, there, url},
    row::{Row, essential, important},
};

const SHARE: &str = "7 Share page";
const SHOT: &str = "7 Screenshot share";
const PROGRESS: &str = "7 Upload/processing progress";
const LIBRARY: &str = "7 Dashboard library";
const SETTINGS: &str = "7 Settings: account";
const LOGIN: &str = "7 Login, signup, OTP, onboarding, invite";

pub(crate) fn rows() -> Vec<Row> {
    vec![
        essential(SHARE, "player, title, owner and date, for whoever has the link", share_page),
        essential(SHARE, "404 and a page for an unknown link", unknown),
        essential(SHARE, "a recording that cannot be played has a page that says why", failed),
        essential(SHARE, "?recordingStopped=1 waits, and ?t= and ?comment= are no other page", queries),
        important(SHARE, "how many have watched", views),
        essential(SHOT, "the picture in the player's place, as it was stored", screenshot),
        important(PROGRESS, "the page says how far an upload is, until it plays", progress),
        important(PROGRESS, "the numbers by themselves, for a client that polls", numbers),
        essential(LIBRARY, "/dashboard/caps lists the owner's recordings", library),
        essential(LIBRARY, "list, search, rename and delete, by the routes that a page would use", library_routes),
        important(LIBRARY, "folders", folders).missing(NO_ROUTE),
        important(SETTINGS, "the page: name, picture, keys, sessions, sign out everywhere", settings),
        important(SETTINGS, "name, keys and sign out everywhere do what they say", settings_work),
        important(SETTINGS, "the organisation's members", members).missing(NO_ROUTE),
        essential(
            LOGIN,
            "an address, a code of six digits by mail, and the way on; the first login is the sign-up",
            login,
        ),
        essential(LOGIN, "signing out ends the session", sign_out),
        important(LOGIN, "/signup", signup),
        important(LOGIN, "/invite/{id}", invite).missing(NO_ROUTE),
    ]
}

async fn share_page() {
    let (_, video) = published().await;
    let page = shared(video).await;
    assert_eq!(page.status, 200);
    for piece in ["<video", "videoType=mp4", "<h1><bdi>Quarterly &#60;review&#62;</bdi></h1>", "Ada · ", "0:02"] {
        assert!(page.text.contains(piece), "{piece} in {}", page.text);
    }
}

async fn unknown() {
    for id in [UNKNOWN, "x", "nonsense-code"] {
        let page = shared(id).await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"), "{id}");
    }
}

async fn failed() {
    let user = User::new().await;
    let video = user.person.record("Broken", b"just text".to_vec()).await;
    let reason = user.person.failed(&video).await;
    let page = shared(&video).await.text;
    assert!(page.contains("data-status=\"failed\"") && page.contains(&reason), "{reason} in {page}");
}

async fn queries() {
    let (_, video) = published().await;
    for query in ["recordingStopped=1", "t=1", "comment=0123456789abcde"] {
        let page = open(&format!("/s/{video}?{query}")).await;
        assert!(page.status == 200 && page.text.contains("<video"), "{query}; came {}", page.status);
    }
}

async fn views() {
    let (_, video) = published().await;
    assert!(shared(video).await.text.contains(" views"), "no views on the page");
}

async fn screenshot() {
    let user = User::new().await;
    let video = user.app.create("isScreenshot=true").await;
    let picture = jpeg().await;
    user.app.store(&video, "screenshot/screen-capture.jpg", picture.clone()).await;
    user.person.ready(&video).await;
    let page = shared(&video).await.text;
    let image = page.split_once("<img class=\"picture\" src=\"").unwrap_or_else(|| panic!("a picture in {page}")).1;
    let address = image.split('"').next().unwrap_or_default().replace("&#38;", "&").replace("&amp;", "&");
    assert!(fetch(&address).await == picture, "the picture as it was stored");
    assert!(!page.contains("<video"), "no player");
}

async fn progress() {
    let user = User::new().await;
    let video = user.video().await;
    user.app.tell(&video, 1, 4).await;
    assert!(shared(&video).await.text.contains("data-status=\"uploading\" data-progress=\"25\""), "25 percent");
    user.person.upload(&video, "result.mp4", film().await).await;
    user.person.ready(&video).await;
    assert!(!shared(&video).await.text.contains("<progress"), "no progress once it plays");
}

async fn numbers() {
    let user = User::new().await;
    let video = user.video().await;
    user.app.tell(&video, 1, 4).await;
    let status = user.person.status(&video).await;
    assert_eq!(status["progress"], json!({ "uploaded": 1, "total": 4 }));
    user.person.upload(&video, "result.mp4", film().await).await;
    user.person.ready(&video).await;
    assert_eq!(user.person.status(&video).await["progress"], Value::Null, "once it plays");
}

async fn library() {
    let user = User::new().await;
    user.app.create("recordingMode=desktopMP4&name=In the library").await;
    let page = user.person.browser().await.get("/dashboard/caps").await;
    there("GET /dashboard/caps", page.status, &page.text);
    assert!(page.text.contains("In the library"), "the recording is not on the page");
}

async fn library_routes() {
    let user = User::new().await;
    let browser = user.person.browser().await;
    let video = user.app.create("recordingMode=desktopMP4&name=Before").await;
    let path = format!("/api/v1/caps/{video}");
    let renamed = browser.json(Method::PATCH, &path, json!({ "title": "After" })).await;
    assert_eq!((renamed.status, &renamed.json()["title"]), (200, &json!("After")));
    let found = browser.get("/api/v1/caps?search=afte").await.json();
    assert_eq!(found["caps"][0]["id"], video.as_str());
    assert_eq!(browser.json(Method::DELETE, &path, Value::Null).await.status, 200);
    assert_eq!(browser.get("/api/v1/caps").await.json()["caps"], json!([]));
}

async fn folders() {
    let user = User::new().await;
    let made = of_organization(&user, Method::POST, "folders", json!({ "name": "Talks", "color": "normal" })).await;
    let path = format!("/dashboard/folder/{}", made["id"].as_str().expect("an id"));
    let page = user.person.browser().await.get(&path).await;
    there("GET /dashboard/folder/{id}", page.status, &page.text);
}

async fn settings() {
    let user = User::new().await;
    let page = user.person.browser().await.get("/dashboard/settings/account").await;
    assert_eq!(page.status, 200);
    let email = user.person.email();
    for piece in [email.as_str(), "/api/settings/user/name", "/api/settings/keys", "/api/settings/sessions/end"] {
        assert!(page.text.contains(piece), "{piece} on the page");
    }
}

async fn settings_work() {
    let user = User::new().await;
    let browser = user.person.browser().await;
    let made = browser.json(Method::POST, "/api/settings/keys", json!({ "name": "Terminal" })).await;
    assert_eq!(made.status, 201);
    let key = made.json()["key"].as_str().expect("a key").to_owned();
    let plan = async || {
        let request = client().get(url("/api/desktop/plan")).bearer_auth(&key);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((key.len(), plan().await), (36, 200), "a key that works");
    assert_eq!(browser.form("/api/settings/sessions/end", &[]).await.status, 303);
    assert_eq!(plan().await, 401, "the key afterwards");
    assert_eq!(browser.who().await, None);
}

/// Asks about the organisation of somebody, as they do.
async fn of_organization(user: &User, method: Method, what: &str, body: Value) -> Value {
    let own = user.app.get("/api/desktop/organizations").await.body[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/organizations/{own}/{what}");
    let answered = page(user.person.request(method.clone(), &path).json(&body)).await;
    there(&format!("{method} /api/v1/organizations/{{id}}/{what}"), answered.status, &answered.text);
    answered.json()
}

async fn members() {
    of_organization(&User::new().await, Method::GET, "members", Value::Null).await;
}

async fn login() {
    let visitor = Visitor::new();
    assert_eq!(visitor.get("/login").await.status, 200);
    let code = visitor.ask().await.code();
    assert_eq!(visitor.type_code(if code == "123456" { "654321" } else { "123456" }).await.status, 403, "a wrong code");
    assert_eq!(visitor.type_code(&code).await.status, 303);
    let session = visitor.get("/api/auth/session").await.json();
    assert_eq!(session["user"]["email"], visitor.email.as_str());
    assert!(session["expires"].is_string(), "an end in {session}");
    let organizations = visitor.get("/api/desktop/organizations").await.json();
    assert_eq!(organizations[0]["name"], "My Organization", "what the first login opens");
}

async fn sign_out() {
    let visitor = Visitor::signed_in().await;
    visitor.form("/api/auth/signout", &[]).await;
    assert_eq!(visitor.get("/api/auth/session").await.json(), json!({}));
}

async fn signup() {
    // Whoever signs in for the first time has an account from then on.
    let led = open("/signup?next=/s/abc").await;
    assert!(led.location().ends_with("/login?next=%2Fs%2Fabc"), "GET /signup leads to {}", led.location());
    let page = page(client().get(led.location())).await;
    there("GET /signup", page.status, &page.text);
}

async fn invite() {
    let user = User::new().await;
    let invited = json!({ "email": "grace@example.test", "role": "member", "sendEmail": false });
    let made = of_organization(&user, Method::POST, "invites", invited).await;
    let page = open(&format!("/invite/{}", made["invite"]["id"].as_str().expect("an id"))).await;
    there("GET /invite/{id}", page.status, &page.text);
}
