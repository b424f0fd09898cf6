//! Links, opened by people and by what reads their mail before them.

use tests::visitor::{BROWSER, Visitor};

use super::{sessions_of, ten_minutes_later};

#[tokio::test]
async fn c2_a_link_that_is_only_opened_signs_nobody_in() {
    let ada = Visitor::new();
    let link = ada.ask().await.link();
    assert!(link.starts_with(&format!("{}/api/auth/callback/email?", ada.base())), "{link}");
    let scanner = Visitor::new();
    assert_eq!(scanner.get(&link).await.status, 403, "in another browser it shows no button");
    for _ in 0..2 {
        let page = ada.get(&link).await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
        assert!(page.text.contains("<form method=\"post\" action=\"/api/auth/callback/email\">"), "{page:?}");
        assert!(!page.headers.contains_key("set-cookie"), "{page:?}");
    }
    assert_eq!((ada.who().await, scanner.who().await, sessions_of(&ada.email).await), (None, None, 0));
    assert_eq!(ada.press_button(&link).await.status, 303);
    assert_eq!(ada.who().await.as_ref(), Some(&ada.email));
}

#[tokio::test]
async fn c3_a_link_works_once() {
    let ada = Visitor::new();
    let link = ada.ask().await.link();
    let page = ada.get(&link).await;
    let fields = ["email", "token"].map(|name| (name, page.field(name)));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(ada.form("/api/auth/callback/email", &fields).await.status, 303);
    let again = ada.form("/api/auth/callback/email", &fields).await;
    assert_eq!(again.status, 403);
    assert!(again.text.contains("does not sign in here") && again.text.contains("/login?next="), "{again:?}");
    assert_eq!((ada.get(&link).await.status, sessions_of(&ada.email).await), (403, 1));
}

#[tokio::test]
async fn c3_a_link_of_more_than_ten_minutes_ago_does_not_work() {
    let ada = Visitor::new();
    let link = ada.ask().await.link();
    let page = ada.get(&link).await;
    ten_minutes_later(&ada).await;
    let (email, token) = (page.field("email"), page.field("token"));
    let late = ada.form("/api/auth/callback/email", &[("email", &email), ("token", &token)]).await;
    assert_eq!((late.status, ada.get(&link).await.status, ada.who().await), (403, 403, None));
}

#[tokio::test]
async fn c3_a_link_does_not_work_in_another_browser_but_its_code_does_where_it_was_asked_for() {
    let ada = Visitor::new();
    let mail = ada.ask().await;
    let phone = ada.elsewhere();
    let refused = phone.get(&mail.link()).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("type the code from the same mail"), "{refused:?}");
    let token = mail.link().split("token=").nth(1).and_then(|rest| rest.split('&').next()).expect("a token").to_owned();
    let pressed = phone.form("/api/auth/callback/email", &[("email", &ada.email), ("token", &token)]).await;
    assert_eq!((pressed.status, phone.who().await), (403, None));
    assert_eq!(ada.type_code(&mail.code()).await.status, 303);
}

#[tokio::test]
async fn c3_a_link_is_good_for_its_own_mailbox_only() {
    let (ada, eve) = (Visitor::new(), Visitor::new());
    let link = ada.ask().await.link();
    eve.set_cookie(BROWSER, &ada.cookie(BROWSER).expect("a cookie"));
    let forged = link.replace(&ada.email.replace('@', "%40"), &eve.email.replace('@', "%40"));
    assert_ne!(forged, link);
    assert_eq!((eve.get(&forged).await.status, eve.who().await), (403, None));
}
