//! `/s/{code}`, as it is served: before any script has run.

use reqwest::Method;
use tests::{
    cloud::cloud,
    derived, footage,
    person::{Person, client},
};

async fn page(code: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let answer = client().get(format!("{}/s/{code}", cloud().ready.base)).send().await.expect("the page");
    (answer.status().as_u16(), answer.headers().clone(), answer.text().await.expect("HTML"))
}

#[tokio::test]
async fn a_ready_video_has_a_player_before_any_script() {
    let person = Person::new().await;
    let video = person.record("Quarterly <review>", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    let (status, headers, html) = page(&video).await;
    assert_eq!(status, 200);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    for piece in [
        "data-status=\"ready\"",
        &format!("<video src=\"/api/playlist?videoId={video}&amp;videoType=mp4\""),
        "width=\"320\" height=\"180\"",
        "<meta property=\"og:title\" content=\"Quarterly &#60;review&#62;\">",
        "Ada · ",
    ] {
        assert!(html.contains(piece), "{piece} in {html}");
    }
}

#[tokio::test]
async fn renditions_are_offered_to_small_screens_before_the_whole_file() {
    let person = Person::new().await;
    let video = person.record("Several", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    derived::renditions(&video, 2).await;
    let (_, _, html) = page(&video).await;
    let source = |what: &str, kind: &str| {
        format!("<source src=\"/api/playlist?videoId={video}&amp;videoType={what}\" type=\"{kind}\"")
    };
    let master = source("master", "application/vnd.apple.mpegurl");
    let sources = format!("{master} media=\"(max-width: 960px)\">\n{}>", source("mp4", "video/mp4"));
    assert!(html.contains("<video poster=") && html.contains(&sources), "{html}");
}

#[tokio::test]
async fn a_page_says_what_a_video_waits_for() {
    let person = Person::new().await;
    let video = person.create("Coming").await;
    let (status, _, html) = page(&format!("{video}?recordingStopped=1")).await;
    assert_eq!(status, 200);
    assert!(html.contains("data-status=\"uploading\"") && !html.contains("<video"), "{html}");
}

#[tokio::test]
async fn a_page_says_why_a_video_failed() {
    let person = Person::new().await;
    let video = person.record("Broken", b"just text".to_vec()).await;
    let reason = person.failed(&video).await;
    let (status, _, html) = page(&video).await;
    assert_eq!(status, 200);
    assert!(html.contains("data-status=\"failed\"") && html.contains(&reason), "{html}");
}

#[tokio::test]
async fn titles_cannot_become_markup() {
    let person = Person::new().await;
    let video = person.create("</title><script>alert(1)</script>\"><img src=x onerror=alert(1)>").await;
    let (_, _, html) = page(&video).await;
    assert!(!html.contains("<script>alert") && !html.contains("<img"), "{html}");
}

#[tokio::test]
async fn pages_lock_the_browser_down() {
    let person = Person::new().await;
    let video = person.create("Locked").await;
    for code in [video.as_str(), "0123456789abcde"] {
        let (_, headers, html) = page(code).await;
        let policy = headers["content-security-policy"].to_str().expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'nonce-") && policy.contains("frame-ancestors 'none'")
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
        assert!(html.contains(&format!("<style nonce=\"{nonce}\">")), "{html}");
        assert!(!html.contains("rel=\"stylesheet\""), "nothing is waited for before the page is painted: {html}");
        assert!(html.matches("<style").count() == 1 && !html.contains(" style=\""), "{html}");
        let (_, again, _) = page(code).await;
        assert_ne!(again["content-security-policy"], headers["content-security-policy"], "a new nonce each time");
    }
}

#[tokio::test]
async fn unknown_links_have_a_page_that_says_so() {
    for code in ["0123456789abcde", "x", "nonsense-code", "a%20b", &"a".repeat(300)] {
        let (status, _, html) = page(code).await;
        assert_eq!(status, 404, "{code}");
        assert!(html.contains("There is no recording here"), "{html}");
    }
}

#[tokio::test]
async fn head_is_answered_like_get() {
    let person = Person::new().await;
    let video = person.create("Head").await;
    let url = format!("{}/s/{video}", cloud().ready.base);
    let answer = client().request(Method::HEAD, url).send().await.expect("the page");
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.expect("a body").is_empty());
}
