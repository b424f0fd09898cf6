//! `/dashboard/caps`: the library.

use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    footage,
    person::Person,
    rows,
    visitor::{Page, Visitor},
};

const LIBRARY: &str = "/dashboard/caps";

/// Titles of a page's videos, in their order.
fn titles(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 200, "{page:?}");
    let shown = page.text.split("<h2><a class=\"whole\"").skip(1);
    let title = |rest: &str| {
        rest.split_once("<bdi>").and_then(|(_, rest)| rest.split_once("</bdi>")).map(|(title, _)| title.to_owned())
    };
    shown.map(|rest| title(rest).expect("a title")).collect()
}

async fn search(browser: &Visitor, words: &str) -> Vec<String> {
    titles(&browser.get(&format!("{LIBRARY}?q={}", urlencode(words))).await)
}

fn urlencode(text: &str) -> String {
    reqwest::Url::parse_with_params("http://x", [("q", text)]).expect("an address").query().expect("a query")[2..]
        .to_owned()
}

/// Somebody's videos, the last one the newest, and their browser.
async fn with(names: &[&str]) -> (Person, Visitor, Vec<String>) {
    let person = Person::new().await;
    let mut videos = Vec::new();
    for (minute, name) in names.iter().enumerate() {
        let video = person.create(name).await;
        rows::run(&format!("UPDATE videos SET created_at = '2026-01-31 12:{minute:02}:00' WHERE id = '{video}'")).await;
        videos.push(video);
    }
    let browser = person.browser().await;
    (person, browser, videos)
}

#[tokio::test]
async fn who_is_signed_out_is_led_to_the_login_and_back() {
    let page = Visitor::new().get("/dashboard/caps?q=a%20b&page=2").await;
    let back = format!("{}/login?next=%2Fdashboard%2Fcaps%3Fq%3Da%2Bb%26page%3D2", cloud().ready.base);
    assert_eq!((page.status, page.location()), (302, back.as_str()));
    let front = Visitor::new().get("/dashboard").await;
    assert_eq!((front.status, front.location()), (302, format!("{}{LIBRARY}", cloud().ready.base).as_str()));
}

#[tokio::test]
async fn videos_are_sorted_as_is_asked() {
    let (_, browser, videos) = with(&["b", "C", "a"]).await;
    for (video, length) in videos.iter().zip([1000, 3000, 2000]) {
        rows::run(&format!("UPDATE videos SET duration_ms = {length} WHERE id = '{video}'")).await;
    }
    for (sort, order) in [
        ("newest", ["a", "C", "b"]),
        ("oldest", ["b", "C", "a"]),
        ("title", ["a", "b", "C"]),
        ("longest", ["C", "a", "b"]),
        ("nonsense", ["a", "C", "b"]),
    ] {
        assert_eq!(titles(&browser.get(&format!("{LIBRARY}?sort={sort}")).await), order, "{sort}");
    }
}

#[tokio::test]
async fn a_search_finds_what_is_typed_and_nothing_that_it_could_mean() {
    let names = ["100% done", "1000 done", "snake_case", "snakeXcase", "Überblick", "🎥 film", "🚀 start", "a ! b"];
    let (_, browser, _) = with(&names).await;
    for (words, found) in [
        ("100%", &["100% done"][..]),
        ("%", &["100% done"]),
        ("_", &["snake_case"]),
        ("!", &["a ! b"]),
        ("done 1000", &["1000 done"]),
        ("uber", &["Überblick"]),
        ("🚀", &["🚀 start"]),
        ("  ", &["a ! b", "🚀 start", "🎥 film", "Überblick", "snakeXcase", "snake_case", "1000 done", "100% done"]),
        ("' OR 1=1 --", &[]),
    ] {
        assert_eq!(search(&browser, words).await, found, "{words}");
    }
    let nothing = browser.get(&format!("{LIBRARY}?q=nowhere")).await.text;
    assert!(nothing.contains("Nothing was found for “<bdi>nowhere</bdi>”"), "{nothing}");
}

#[tokio::test]
async fn pages_are_as_long_as_is_asked_and_lead_to_each_other() {
    let (_, browser, _) = with(&["one", "two", "three", "four", "five"]).await;
    let first = browser.get(&format!("{LIBRARY}?per=2&q=o")).await;
    assert_eq!(titles(&first), ["four", "two"], "three have an o, the newest first");
    assert!(first.text.contains("3 videos") && first.text.contains("Page 1 of 2"), "{}", first.text);
    assert!(
        first.text.contains("href=\"/dashboard/caps?q=o&#38;per=2&#38;page=2\"")
            && !first.text.contains("rel=\"prev\"")
    );
    let second = browser.get(&format!("{LIBRARY}?per=2&q=o&page=2")).await;
    assert_eq!(titles(&second), ["one"]);
    assert!(second.text.contains("href=\"/dashboard/caps?q=o&#38;per=2\"") && !second.text.contains("rel=\"next\""));
    let behind = browser.get(&format!("{LIBRARY}?per=2&q=o&page=3")).await;
    assert_eq!(
        (behind.status, behind.location()),
        (302, format!("{}{LIBRARY}?q=o&per=2", cloud().ready.base).as_str())
    );
    for nonsense in ["per=0&page=0", "per=1000", "page=-1", "page=x&per=y"] {
        assert_eq!(titles(&browser.get(&format!("{LIBRARY}?{nonsense}")).await).len(), 5, "{nonsense}");
    }
}

#[tokio::test]
async fn a_browser_remembers_how_videos_are_shown() {
    let (_, browser, _) = with(&["a"]).await;
    let shown = async |query: &str| {
        let page = browser.get(&format!("{LIBRARY}{query}")).await.text;
        ["cards grid", "cards list"].into_iter().find(|view| page.contains(view)).expect("a view")
    };
    assert_eq!(shown("").await, "cards grid");
    assert_eq!((shown("?view=list").await, shown("").await), ("cards list", "cards list"));
    assert_eq!(
        (shown("?view=nonsense").await, shown("?view=grid").await, shown("").await),
        ("cards list", "cards grid", "cards grid")
    );
}

#[tokio::test]
async fn a_library_is_its_owners_alone() {
    let (_, _, videos) = with(&["Mine"]).await;
    let other = Person::new().await;
    let browser = other.browser().await;
    let page = browser.get(LIBRARY).await;
    assert!(titles(&page).is_empty() && page.text.contains("Nothing here yet"), "{}", page.text);
    for path in [format!("{LIBRARY}?binned={}", videos[0]), format!("{LIBRARY}/cards?ids={}", videos[0])] {
        let page = browser.get(&path).await;
        assert!(page.status == 200 && !page.text.contains("Mine"), "{page:?}");
    }
    for way in ["title", "bin", "restore", "purge"] {
        let refused = other.post(&format!("{LIBRARY}/{}/{way}", videos[0]), json!({ "name": "Yours" })).await;
        assert_eq!(refused.status, 404, "{way}: {refused:?}");
    }
}

#[tokio::test]
async fn a_card_says_where_its_video_stands() {
    let person = Person::new().await;
    let ready = person.record("Ready", footage::screen_recording("320x180", 2).await).await;
    let failed = person.record("Broken", b"just text".to_vec()).await;
    let uploading = person.create("On its way").await;
    let body = json!({ "videoId": uploading, "uploaded": 25, "total": 100, "updatedAt": "2026-01-31T12:00:00Z" });
    person.post("/api/desktop/video/progress", body).await;
    let recording =
        person.get("/api/desktop/video/create?recordingMode=desktopSegments&name=Now").await.body["id"].clone();
    let recording = recording.as_str().expect("an id");
    person.ready(&ready).await;
    person.failed(&failed).await;
    person.patch(&format!("/api/videos/{ready}/links/{ready}"), json!({ "password": "let me in" })).await;
    person.patch(&format!("/api/videos/{failed}/sharing"), json!({ "public": false })).await;
    let browser = person.browser().await;
    let cards =
        async |id: &str| browser.get(&format!("{LIBRARY}/cards?ids={id},nonsense,{}", "0".repeat(15))).await.text;
    let card = cards(&ready).await;
    assert!(
        card.contains("data-state=\"ready\"") && card.contains("</span>0:02</span>") && card.contains(">Password<"),
        "{card}"
    );
    assert!(card.contains("/thumbnails/") && !card.contains("data-moves"), "{card}");
    let card = cards(&failed).await;
    assert!(
        card.contains("data-state=\"failed\"") && card.contains("not a video") && card.contains(">Private<"),
        "{card}"
    );
    let card = cards(&uploading).await;
    assert!(card.contains("Uploading 25 %") && card.contains("data-moves") && !card.contains("<img"), "{card}");
    let card = cards(recording).await;
    assert!(card.contains("data-state=\"recording\"") && card.contains("Recording now"), "{card}");
    let page = browser.get(LIBRARY).await;
    assert_eq!(titles(&page), ["Now", "On its way", "Broken", "Ready"]);
    for video in [&ready, &failed, &uploading] {
        assert!(
            page.text.contains(&format!("href=\"/s/{video}\""))
                && page.text.contains(&format!("href=\"{LIBRARY}/{video}\""))
        );
    }
}

#[tokio::test]
async fn c14_a_title_is_kept_exactly_and_escaped_in_the_library() {
    let name = "</bdi><script>alert(1)</script> \" onx='\u{202e}סקירה\u{202c} 🎥 &amp;";
    let (person, browser, videos) = with(&["Plain"]).await;
    let path = format!("{LIBRARY}/{}/title", videos[0]);
    let told = browser.json(reqwest::Method::POST, &path, json!({ "name": format!("  {name} ") })).await.json();
    assert_eq!(told["title"], name);
    assert_eq!(person.get(&format!("/api/v1/caps/{}", videos[0])).await.body["title"], name);
    let escaped =
        "&#60;/bdi&#62;&#60;script&#62;alert(1)&#60;/script&#62; &#34; onx=&#39;\u{202e}סקירה\u{202c} 🎥 &#38;amp;";
    let page = browser.get(LIBRARY).await;
    assert_eq!(titles(&page), [escaped]);
    assert_eq!(
        page.text.matches("alert(1)").count(),
        page.text.matches("&#60;script&#62;alert(1)").count(),
        "{}",
        page.text
    );
    assert!(page.text.contains(&format!("value=\"{escaped}\"")), "{}", page.text);
    let found = browser.get(&format!("{LIBRARY}?q={}", urlencode("\"><script>alert(2)"))).await.text;
    assert!(!found.contains("<script>alert"), "{found}");
    for (wrong, why) in [("", "at least one"), ("a\nb", "do not print"), (&"x".repeat(256), "too long")] {
        let refused = person.post(&path, json!({ "name": wrong })).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.body["error"].as_str().is_some_and(|said| said.contains(why)), "{refused:?}");
        let led = browser.form(&path, &[("name", wrong), ("back", "/dashboard/caps?sort=title")]).await;
        let back = format!("{}{LIBRARY}?sort=title&problem=title", cloud().ready.base);
        assert_eq!((led.status, led.location()), (303, back.as_str()));
    }
    let emoji = "🎥".repeat(255);
    assert_eq!(person.post(&path, json!({ "name": emoji })).await.body["title"], json!(emoji));
}

#[tokio::test]
async fn a_form_leads_back_to_its_page_and_nowhere_else() {
    let (_, browser, videos) = with(&["Mine"]).await;
    let path = format!("{LIBRARY}/{}/title", videos[0]);
    for (back, to) in [
        ("/dashboard/caps?page=1", format!("{LIBRARY}?page=1&renamed={}", videos[0])),
        ("https://evil.test/", format!("{LIBRARY}?renamed={}", videos[0])),
        ("//evil.test", format!("{LIBRARY}?renamed={}", videos[0])),
    ] {
        let led = browser.form(&path, &[("name", "Mine"), ("back", back)]).await;
        assert_eq!((led.status, led.location()), (303, format!("{}{to}", cloud().ready.base).as_str()), "{back}");
    }
}

#[tokio::test]
async fn a_key_makes_a_video_once_however_often_it_is_asked() {
    let person = Person::new().await;
    let create = async |key: &str, name: &str| {
        let request = person.request(reqwest::Method::GET, &format!("/api/desktop/video/create?name={name}"));
        let answer = tests::person::answer(request.header("idempotency-key", key)).await;
        (answer.status, answer.body["id"].clone())
    };
    let first = create("upload-0001", "a").await;
    assert_eq!((first.0, create("upload-0001", "a").await), (200, first.clone()));
    assert_eq!(create("upload-0001", "b").await.0, 409);
    assert_eq!(create("short", "a").await.0, 400);
    let all = person.get("/api/v1/caps").await.body;
    assert_eq!(all["caps"].as_array().map(Vec::len), Some(1), "{all}");
    assert_ne!(create("upload-0002", "a").await.1, Value::Null);
}
