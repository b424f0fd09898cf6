//! `/dashboard/caps/{id}`: a video's page for its owner, whose changes are forms.

use serde_json::json;
use tests::{
    person::Person,
    visitor::{Page, Visitor},
};

/// Somebody with a video, and their browser.
async fn owner() -> (Person, Visitor, String) {
    let person = Person::new().await;
    let (browser, video) = (person.browser().await, person.create("Mine").await);
    (person, browser, video)
}

/// Sends a change, and opens the page that it leads to.
async fn change(browser: &Visitor, video: &str, fields: &[(&str, &str)]) -> Page {
    let changed = browser.form(&format!("/dashboard/caps/{video}"), fields).await;
    assert_eq!(changed.status, 303, "{changed:?}");
    browser.get(changed.location().split('#').next().unwrap_or_default()).await
}

#[tokio::test]
async fn c14_titles_and_descriptions_are_kept_exactly_and_shown_inert() {
    let (person, browser, video) = owner().await;
    let (title, text) = ("\u{202e}</title><script>alert(1)</script> 🎉 סקירה", "Two lines & <b>more</b>\r\n\"'{{7*7}}");
    let page = change(&browser, &video, &[("change", "details"), ("name", title), ("description", text)]).await;
    assert!(page.text.contains("Saved."), "{page:?}");
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!(cap["title"], title, "{cap}");
    for page in [page, Visitor::new().get(&format!("/s/{video}")).await] {
        assert!(!page.text.contains("<script>alert") && !page.text.contains("<b>more"), "{page:?}");
        assert!(page.text.contains("Two lines &#38; &#60;b&#62;more&#60;/b&#62;\n&#34;&#39;{{7*7}}"), "{page:?}");
    }
}

#[tokio::test]
async fn c14_what_cannot_be_a_title_or_a_description_is_refused_with_a_sentence() {
    let (person, browser, video) = owner().await;
    let (long, longer) = ("a".repeat(256), "a".repeat(2001));
    for (name, description, problem) in [
        ("", "", "That title cannot be taken."),
        ("a\nb", "", "That title cannot be taken."),
        (&long, "", "That title cannot be taken."),
        ("Fine", "a\0b", "That description cannot be taken."),
        ("Fine", &longer, "That description cannot be taken."),
    ] {
        let fields = [("change", "details"), ("name", name), ("description", description)];
        let page = change(&browser, &video, &fields).await;
        assert!(page.text.contains(problem), "{page:?}");
    }
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.body["title"], "Mine");
}

#[tokio::test]
async fn links_are_made_changed_and_removed() {
    let (person, browser, video) = owner().await;
    let links = async || person.get(&format!("/api/videos/{video}/sharing")).await.body["links"].clone();
    change(&browser, &video, &[("change", "link"), ("password", "let me in"), ("until", "2100-01-31")]).await;
    let made = links().await[1].clone();
    assert_eq!((&made["protected"], &made["expiresAt"]), (&json!(true), &json!("2100-01-31T23:59:59.000Z")), "{made}");
    let code = made["code"].as_str().expect("a code");
    for (fields, expected) in [
        (vec![("password", ""), ("until", ""), ("on", "1")], json!([true, null, true])),
        (vec![("until", "2100-01-31")], json!([true, "2100-01-31T23:59:59.000Z", false])),
        (vec![("open", "1"), ("on", "1")], json!([false, null, true])),
        (vec![("password", "another"), ("on", "1")], json!([true, null, true])),
    ] {
        let fields = [fields, vec![("change", "link"), ("code", code)]].concat();
        let page = change(&browser, &video, &fields).await;
        assert!(page.text.contains("Saved."), "{page:?}");
        let link = links().await[1].clone();
        assert_eq!(json!([link["protected"], link["expiresAt"], link["on"]]), expected, "{fields:?}");
    }
    change(&browser, &video, &[("change", "remove"), ("code", code)]).await;
    assert_eq!(links().await.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_change_that_cannot_be_is_told() {
    let (_, browser, video) = owner().await;
    let long = "a".repeat(201);
    for (fields, problem) in [
        (vec![("change", "link"), ("until", "2020-01-31")], "A link cannot end in the past."),
        (vec![("change", "link"), ("until", "tomorrow")], "A link cannot end in the past."),
        (vec![("change", "link"), ("password", &long)], "That password cannot be taken."),
        (vec![("change", "link"), ("code", "nobodys-code1")], "This video has no such link."),
        (vec![("change", "remove"), ("code", "nobodys-code1")], "This video has no such link."),
        (vec![("change", "remove"), ("code", &video)], "This video has no such link."),
    ] {
        let page = change(&browser, &video, &fields).await;
        assert!(page.text.contains(problem) && !page.text.contains("Saved."), "{fields:?}: {page:?}");
    }
}

#[tokio::test]
async fn a_video_is_made_private_and_public_again() {
    let (_, browser, video) = owner().await;
    for (public, status) in [("false", 403), ("true", 200)] {
        change(&browser, &video, &[("change", "visibility"), ("public", public)]).await;
        assert_eq!(Visitor::new().get(&format!("/s/{video}")).await.status, status);
    }
}

#[tokio::test]
async fn an_owner_says_what_viewers_may_do() {
    let (person, browser, video) = owner().await;
    for allowed in [vec!["downloads"], vec!["comments", "downloads"], vec![]] {
        let fields: Vec<_> = allowed.iter().map(|name| (*name, "1")).chain([("change", "viewers")]).collect();
        change(&browser, &video, &fields).await;
        let sharing = person.get(&format!("/api/videos/{video}/sharing")).await.body;
        for name in ["comments", "downloads"] {
            assert_eq!(sharing[name], json!(allowed.contains(&name)), "{allowed:?}: {sharing}");
        }
    }
}

#[tokio::test]
async fn others_find_nothing_and_whoever_is_signed_out_comes_back() {
    let (_, _, video) = owner().await;
    let path = format!("/dashboard/caps/{video}");
    let other = Person::new().await.browser().await;
    for (page, text) in
        [(other.get(&path).await, "No such video"), (other.get("/dashboard/caps/x").await, "No such video")]
    {
        assert_eq!(page.status, 404, "{page:?}");
        assert!(page.text.contains(text) && !page.text.contains("Mine"), "{page:?}");
    }
    let led = Visitor::new().get(&path).await;
    assert_eq!(
        (led.status, led.location().ends_with(&format!("/login?next=%2Fdashboard%2Fcaps%2F{video}"))),
        (302, true)
    );
}
