//! What else is tried at a login.

use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::cloud,
    mail, rows,
    visitor::{Visitor, page},
};

#[tokio::test]
async fn c6_nothing_leads_off_the_site() {
    let ada = Visitor::signed_in().await;
    for evil in [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "/%09/evil.test",
        "javascript:alert(1)",
        &format!("{}.evil.test/", ada.base()),
        &format!("{}@evil.test/", ada.base()),
    ] {
        let evil = evil.replace("%09", "\t");
        let home = format!("{}/dashboard", ada.base());
        let signed_in = page(ada.request(Method::GET, "/login").query(&[("next", &evil)])).await;
        assert_eq!((signed_in.status, signed_in.location()), (302, home.as_str()), "{evil:?}");
        let out = ada.elsewhere();
        let form = page(out.request(Method::GET, "/login").query(&[("next", &evil)])).await;
        assert_eq!(form.field("callbackUrl"), "/dashboard", "{evil:?}");
        let left = out.form("/api/auth/signout", &[("callbackUrl", &evil)]).await;
        assert_eq!(left.location(), home, "{evil:?}");
    }
    let bob = Visitor::new();
    let asked =
        bob.form("/api/auth/signin/email", &[("email", &bob.email), ("callbackUrl", "https://evil.test/")]).await;
    assert!(!asked.location().contains("evil"), "{asked:?}");
    let mail = mail::mail(cloud(), &bob.email, 1).await;
    assert!(!mail.text.contains("evil"), "{mail:?}");
    let fields = [("email", bob.email.as_str()), ("token", &mail.code()), ("callbackUrl", "//evil.test")];
    let signed_in = bob.form("/api/auth/callback/email", &fields).await;
    assert_eq!((signed_in.status, signed_in.location()), (303, format!("{}/dashboard", bob.base()).as_str()));
}

#[tokio::test]
async fn c6_login_leads_back_to_where_it_was_asked_for() {
    let ada = Visitor::new();
    let sent = ada.get("/api/desktop/session/request?type=api_key&port=53124&platform=web").await;
    let login = sent.location().to_owned();
    let next = ada.get(&login).await.field("callbackUrl");
    assert_eq!(next, "/api/desktop/session/request?type=api_key&port=53124&platform=web");
    let code = ada.ask().await.code();
    let fields = [("email", ada.email.as_str()), ("token", &code), ("callbackUrl", &next)];
    let signed_in = ada.form("/api/auth/callback/email", &fields).await;
    assert_eq!(signed_in.location(), format!("{}{next}", ada.base()));
}

#[tokio::test]
async fn c5_a_link_to_the_login_changes_nothing_behind_it() {
    let ada = Visitor::signed_in().await;
    // What a browser sends where a login leads on to.
    let led = ada.request(Method::GET, "/api/desktop/video/create?recordingMode=desktopMP4&name=planted");
    let led = page(led.header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "navigate")).await;
    assert_eq!(led.status, 403, "{led:?}");
}

#[tokio::test]
async fn c18_no_key_pressed_too_long_lets_an_app_in() {
    let ada = Visitor::signed_in().await;
    let asked = ada.get("/api/desktop/session/request?type=api_key&port=53124").await;
    assert!(asked.text.contains("<button") && !asked.text.contains("autofocus"), "{asked:?}");
}

#[tokio::test]
async fn c15_one_mailbox_is_one_account_however_it_is_written() {
    let ada = Visitor::signed_in().await;
    let mut other = ada.elsewhere();
    other.email = format!(" {} ", ada.email.to_uppercase());
    let asked = other.form("/api/auth/signin/email", &[("email", &other.email)]).await;
    assert_eq!(asked.status, 303, "{asked:?}");
    let code = mail::mail(cloud(), &ada.email, 2).await.code();
    assert_eq!(other.type_code(&code).await.status, 303);
    assert_eq!(other.id().await, ada.id().await);
    let accounts = format!("SELECT COUNT(*) FROM users WHERE LOWER(email) = '{}'", ada.email);
    assert_eq!(rows::one::<i64>(&accounts).await, 1);
}

#[tokio::test]
async fn c15_what_looks_like_an_address_or_writes_headers_is_refused() {
    let eve = Visitor::new();
    for email in [
        "",
        "eve",
        "eve@example.test\r\nBcc: all@example.test",
        "eve@example.test\nSubject: hello",
        "eve@example.test,all@example.test",
        "<eve@example.test>",
        "\u{435}ve@example.test",
        "eve@ex\u{e4}mple.test",
        "eve@example.test\u{0}",
        &format!("{}@example.test", "e".repeat(300)),
    ] {
        let refused = eve.form("/api/auth/signin/email", &[("email", email), ("json", "true")]).await;
        assert_eq!(refused.status, 400, "{email:?} {refused:?}");
        assert!(refused.json()["error"].as_str().is_some_and(|error| error.len() > 10), "{refused:?}");
        let form = eve.form("/api/auth/signin/email", &[("email", email)]).await;
        assert_eq!(form.status, 400, "{email:?}");
        assert!(form.text.contains("role=\"alert\"") && form.text.contains("name=\"email\""), "a page to try again");
    }
    let body = json!({ "email": ["eve@example.test"], "csrfToken": eve.csrf().await });
    let refused = page(eve.request(Method::POST, "/api/auth/signin/email").json(&body)).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn c14_what_is_typed_is_shown_as_text() {
    let eve = Visitor::new();
    let script = "\"><script>alert(1)</script>";
    let refused = eve.form("/api/auth/signin/email", &[("email", script)]).await;
    assert_eq!(refused.status, 400);
    assert!(!refused.text.contains("<script>alert"), "{refused:?}");
    let page = page(eve.request(Method::GET, "/verify-otp").query(&[("email", script)])).await;
    assert_eq!(page.status, 302, "no page for what is no address");
    let long = eve.form("/api/auth/signin/email", &[("email", &"e".repeat(2 << 20))]).await;
    assert!(matches!(long.status, 400 | 413), "{}", long.status);
}

#[tokio::test]
async fn c18_every_page_says_what_a_browser_may_do_with_it() {
    let ada = Visitor::signed_in().await;
    let out = ada.elsewhere();
    let link = out.ask().await.link();
    let pages = [
        out.get("/login").await,
        page(out.request(Method::GET, "/verify-otp").query(&[("email", &out.email)])).await,
        out.get(&link).await,
        ada.get(&link).await,
        ada.get("/dashboard/settings/account").await,
        ada.get("/dashboard/caps").await,
        ada.get("/dashboard/caps/deleted").await,
        ada.get("/api/desktop/session/request?type=api_key&port=53124").await,
    ];
    for page in pages {
        assert!(matches!(page.status, 200 | 403), "{page:?}");
        let policy = page.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "script-src 'nonce-",
            "form-action 'self'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.text.contains("style=\"") && !page.text.contains(" onclick"), "{page:?}");
    }
    let nonce =
        |page: &tests::visitor::Page| page.header("content-security-policy").split('\'').nth(3).map(str::to_owned);
    assert_ne!(nonce(&out.get("/login").await), nonce(&out.get("/login").await), "a nonce is used once");
}
