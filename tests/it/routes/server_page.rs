//! `/dashboard/settings/server`

use tests::{
    cloud::OPERATORS,
    person::Person,
    rows,
    visitor::{Page, Visitor},
};

const PATH: &str = "/dashboard/settings/server";

/// Somebody who runs the server.
pub(crate) async fn operator(which: usize) -> Person {
    let person = Person::new().await;
    rows::run(&format!("UPDATE users SET email = '{}' WHERE id = '{}'", OPERATORS[which], person.id)).await;
    person
}

/// How a check went, and what was said of it.
fn check(page: &Page, name: &str) -> (String, String) {
    let (before, after) =
        page.text.split_once(&format!("<h3>{name} ")).unwrap_or_else(|| panic!("no {name}: {page:?}"));
    let state = before.rsplit_once("data-check=\"").and_then(|(_, rest)| rest.split('"').next());
    (state.unwrap_or_default().to_owned(), after.split("</li>").next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn whoever_runs_the_server_sees_how_it_does() {
    let operator = operator(0).await;
    let browser = operator.browser().await;
    let page = browser.get(PATH).await;
    assert_eq!(page.status, 200, "{page:?}");
    for (name, says) in [
        ("Public address", browser.base()),
        ("Database", "answers in"),
        ("Bucket", "S3 answers."),
        ("Uploads from browsers", "let pages of this site store recordings"),
        ("Ledger", "removes what is over"),
        ("Mail", "By SMTP, from Capstan &#60;login@capstan.localhost&#62;"),
    ] {
        let (state, told) = check(&page, name);
        assert!(state == "good" && told.contains(says), "{name}: {state} {told}");
    }
    assert!(browser.get("/dashboard/settings/account").await.text.contains(PATH), "a link leads there");
    let video = operator.create("Stands still").await;
    rows::run(&format!(
        "UPDATE videos SET status = 'processing', updated_at = '2001-01-31 12:00:00' WHERE id = '{video}'"
    ))
    .await;
    let (state, told) = check(&browser.get(PATH).await, "Publishing");
    rows::run(&format!("UPDATE videos SET status = 'failed', updated_at = UTC_TIMESTAMP(3) WHERE id = '{video}'"))
        .await;
    let expected = format!("Video {video} has stood still since 31 January 2001, 12:00 UTC.");
    assert!(state == "wrong" && told.contains(&expected), "{state} {told}");
}

#[tokio::test]
async fn c7_the_servers_page_is_not_there_for_others() {
    let browser = Person::new().await.browser().await;
    assert_eq!(browser.get(PATH).await.status, 404);
    assert!(!browser.get("/dashboard/settings/account").await.text.contains(PATH));
    let led = Visitor::new().get(PATH).await;
    assert!(led.status == 302 && led.location().contains("/login?next="), "{led:?}");
}
