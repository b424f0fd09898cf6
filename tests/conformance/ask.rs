//! What several rows ask for, and what they ask about.

use reqwest::{Method, Url};
use serde_json::Value;
use tests::{
    cloud::cloud,
    desktop::Desktop,
    footage,
    instant::Footage,
    person::{Answer, Person, answer, client},
    visitor::{Page, page},
};
use tokio::sync::OnceCell;

/// An id that no video has.
pub(crate) const UNKNOWN: &str = "0123456789abcde";

/// What is said of a route that there is none of.
pub(crate) const NO_ROUTE: &str = "no such route";

/// Panics unless the answer is a success, and tells a route that there is not from one that refuses.
pub(crate) fn there(what: &str, status: u16, text: &str) {
    // What is there and does not find something says what.
    let no_route = status == 404 && text.contains(r#""Not Found""#);
    assert!(!no_route, "{what}: {NO_ROUTE}; came {status}, expected a success");
    assert!((200..300).contains(&status), "{what}; came {status}, expected a success: {text:.200}");
}

/// Somebody with the app.
pub(crate) struct User {
    pub(crate) person: Person,
    pub(crate) app: Desktop,
}

impl User {
    pub(crate) async fn new() -> Self {
        let person = Person::new().await;
        Self { app: Desktop::of(&person), person }
    }

    /// A video of theirs, of which nothing is there.
    pub(crate) async fn video(&self) -> String {
        self.app.create("recordingMode=desktopMP4&name=Video").await
    }

    pub(crate) async fn cap(&self, video: &str) -> Value {
        self.person.get(&format!("/api/v1/caps/{video}")).await.body
    }
}

/// A path of the site as an address.
pub(crate) fn url(path: &str) -> String {
    format!("{}{path}", cloud().ready.base)
}

/// What somebody gets who has only the link.
pub(crate) async fn open(path: &str) -> Page {
    page(client().get(url(path))).await
}

/// The share page of a video.
pub(crate) async fn shared(video: &str) -> Page {
    open(&format!("/s/{video}")).await
}

/// As [`open`], with the body as JSON.
pub(crate) async fn asked(method: Method, path: &str) -> Answer {
    answer(client().request(method, url(path))).await
}

/// What is at an address of S3's.
pub(crate) async fn fetch(address: &str) -> Vec<u8> {
    let got = client().get(address).send().await.expect("S3");
    assert_eq!(got.status(), 200, "GET of {}", address.split('?').next().unwrap_or_default());
    got.bytes().await.expect("a body").to_vec()
}

/// A parameter of an address.
pub(crate) fn parameter(address: &str, name: &str) -> Option<String> {
    let address = Url::parse(address).expect("an address");
    address.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

/// Two seconds of H.264 and AAC, made once.
pub(crate) async fn film() -> Vec<u8> {
    static FILM: OnceCell<Vec<u8>> = OnceCell::const_new();
    FILM.get_or_init(|| footage::screen_recording("320x180", 2)).await.clone()
}

/// A small JPEG.
pub(crate) async fn jpeg() -> Vec<u8> {
    static JPEG: OnceCell<Vec<u8>> = OnceCell::const_new();
    JPEG.get_or_init(|| footage::picture("160x90", "jpg")).await.clone()
}

/// Six seconds in segments.
pub(crate) async fn segments() -> &'static Footage {
    static SEGMENTS: OnceCell<Footage> = OnceCell::const_new();
    SEGMENTS.get_or_init(|| Footage::new("160x90", 6)).await
}

/// A video that plays, and is only looked at; with who owns it.
pub(crate) async fn published() -> (&'static User, &'static str) {
    static PUBLISHED: OnceCell<(User, String)> = OnceCell::const_new();
    let (user, video) = PUBLISHED
        .get_or_init(async || {
            let user = User::new().await;
            let video = user.person.record("Quarterly <review>", film().await).await;
            user.person.ready(&video).await;
            (user, video)
        })
        .await;
    (user, video)
}
