//! What other sites show of a share link: its preview, `/api/oembed`, `/embed/{code}`.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    footage,
    person::{Answer, Person, answer, client},
};

async fn page(path: &str) -> (u16, HeaderMap, String) {
    let answer = client().get(format!("{}{path}", cloud().ready.base)).send().await.expect("the page");
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.expect("HTML"))
}

async fn oembed(link: &str, more: &[(&str, &str)]) -> Answer {
    let request = client().get(format!("{}/api/oembed", cloud().ready.base));
    answer(request.query(&[("url", link)]).query(more)).await
}

/// What a page says of itself under this property or name.
fn said<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let tags = html.split("<meta ").filter_map(|tag| tag.split_once("=\"")?.1.split_once("\" content=\""));
    tags.filter(|(found, _)| *found == name).filter_map(|(_, rest)| rest.split('"').next()).collect()
}

#[tokio::test]
async fn a_link_has_a_preview_that_stays_good() {
    let (person, base) = (Person::new().await, &cloud().ready.base);
    let title = "Review </script> & <more>";
    let video = person.record(title, footage::screen_recording("320x180", 2).await).await;
    let (_, _, waiting) = page(&format!("/s/{video}")).await;
    assert_eq!(said(&waiting, "og:image"), [""; 0], "nothing is promised that is not there: {waiting}");
    person.ready(&video).await;

    let (_, _, html) = page(&format!("/s/{video}")).await;
    assert!(html.len() <= 30_000, "{}", html.len());
    let image = format!("{base}/api/video/og?videoId={video}");
    for (name, content) in [
        ("og:image", image.as_str()),
        ("twitter:card", "player"),
        ("twitter:player", &format!("{base}/embed/{video}")),
        ("og:video", &format!("{base}/api/playlist?videoId={video}&#38;videoType=mp4")),
        ("og:video:width", "320"),
        ("og:title", "Review &#60;/script&#62; &#38; &#60;more&#62;"),
    ] {
        assert_eq!(said(&html, name), [content], "{name} in {html}");
    }
    let picture = reqwest::get(image).await.expect("the picture");
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    let (_, rest) = html.split_once("<script type=\"application/ld+json\" nonce=\"").expect("linked data");
    let data = rest.split_once("\">").and_then(|(_, rest)| rest.split_once("</script>")).expect("an element").0;
    let data: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!((&data["@type"], &data["name"]), (&json!("VideoObject"), &json!(title)));
    assert_eq!((&data["duration"], &data["embedUrl"]), (&json!("PT2S"), &json!(format!("{base}/embed/{video}"))));
    let link = format!("{base}/api/oembed?format=json&#38;url=");
    assert!(html.contains(&format!("type=\"application/json+oembed\" href=\"{link}http%3A%2F%2F")), "{html}");
}

#[tokio::test]
async fn oembed_describes_links_of_this_site_only() {
    let (person, base) = (Person::new().await, &cloud().ready.base);
    let video = person.record("Described", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    let link = format!("{base}/s/{video}?t=3");
    let described = oembed(&link, &[("format", "json"), ("maxwidth", "160")]).await;
    assert_eq!(described.status, 200, "{described:?}");
    for (name, value) in [
        ("type", json!("video")),
        ("version", json!("1.0")),
        ("title", json!("Described")),
        ("author_name", json!("Ada")),
        ("width", json!(160)),
        ("height", json!(90)),
        ("thumbnail_url", json!(format!("{base}/api/video/og?videoId={video}"))),
    ] {
        assert_eq!(described.body[name], value, "{name}: {described:?}");
    }
    let frame = described.body["html"].as_str().expect("a frame");
    assert!(frame.contains(&format!("src=\"{base}/embed/{video}\" width=\"160\" height=\"90\"")), "{frame}");

    assert_eq!(oembed(&link, &[("format", "xml")]).await.status, 501);
    assert_eq!(oembed(&link, &[("format", "yaml")]).await.status, 400);
    assert_eq!(oembed(&link, &[("maxwidth", "0")]).await.status, 400);
    for unknown in [&format!("{base}/s/0123456789abcde"), &format!("https://evil.test/s/{video}"), base, "x"] {
        assert_eq!(oembed(unknown, &[]).await.status, 404, "{unknown}");
    }
}

/// Of the player for other sites; every other page says that nobody may.
#[tokio::test]
async fn only_the_player_for_other_sites_may_be_framed() {
    let video = Person::new().await.create("Framed").await;
    for (path, frames) in [
        (format!("/embed/{video}"), "*"),
        ("/embed/0123456789abcde".to_owned(), "*"),
        (format!("/s/{video}"), "'none'"),
        ("/login".to_owned(), "'none'"),
        ("/api/docs".to_owned(), "'none'"),
    ] {
        let (_, headers, _) = page(&path).await;
        let policy = headers["content-security-policy"].to_str().expect("a policy");
        assert!(policy.ends_with(&format!("frame-ancestors {frames}")), "{path}: {policy}");
        assert!(!headers.contains_key("x-frame-options"), "{path}");
    }
}
