//! How often what may be done: wide enough for an office, too narrow to guess in.

use reqwest::Method;
use tests::visitor::{Page, Visitor, page};

async fn ask_for(browser: &Visitor, email: &str) -> Page {
    browser.form("/api/auth/signin/email", &[("email", email), ("json", "true")]).await
}

fn told_to_wait(answer: &Page) -> bool {
    let seconds: u32 = answer.header("retry-after").parse().unwrap_or_default();
    answer.status == 429 && seconds > 0 && answer.text.contains("too often")
}

#[tokio::test]
async fn c1_a_mailbox_is_not_flooded_from_however_many_addresses() {
    let ada = Visitor::new();
    let mut sent = 0;
    for _ in 0..45 {
        let answer = ask_for(&ada.elsewhere(), &ada.email).await;
        assert!(answer.status == 200 || told_to_wait(&answer), "{answer:?}");
        sent += usize::from(answer.status == 200);
    }
    // Twice the limit, should a window end in between.
    assert!((20..=40).contains(&sent), "{sent}");
    assert_eq!(ask_for(&ada, &ada.email.to_uppercase()).await.status, 429, "however it is written");
}

#[tokio::test]
async fn codes_tried_where_nobody_asked_lock_nobody_out() {
    let ada = Visitor::new();
    let code = ada.ask().await.code();
    for _ in 0..30 {
        let wrong = [("email", ada.email.as_str()), ("token", "100000")];
        assert_eq!(ada.elsewhere().form("/api/auth/callback/email", &wrong).await.status, 403);
    }
    assert_eq!(ada.type_code(&code).await.status, 303);
}

#[tokio::test]
async fn a_stranger_alone_does_not_keep_somebody_from_signing_in() {
    let (ada, eve) = (Visitor::new(), Visitor::new());
    let mut refused = 0;
    for _ in 0..25 {
        let answer = ask_for(&eve, &ada.email).await;
        assert!(answer.status == 200 || told_to_wait(&answer), "{answer:?}");
        refused += usize::from(answer.status == 429);
    }
    assert!(refused >= 5, "{refused}");
    assert_eq!(ask_for(&ada, &ada.email).await.status, 200);
}

#[tokio::test]
async fn people_behind_one_address_do_not_lock_each_other_out() {
    let office = Visitor::new();
    for _ in 0..30 {
        let colleague = Visitor::new();
        assert_eq!(ask_for(&office, &colleague.email).await.status, 200);
    }
    for _ in 0..15 {
        let colleague = Visitor::new();
        let wrong = [("email", colleague.email.as_str()), ("token", "100000")];
        assert_eq!(office.form("/api/auth/callback/email", &wrong).await.status, 403);
    }
    office.sign_in().await;
}

#[tokio::test]
async fn c11_a_forged_address_dodges_no_limit() {
    let eve = Visitor::new();
    let csrf = eve.csrf().await;
    let mut refused = 0;
    for number in 0..220 {
        let email = Visitor::new().email;
        let fields = [("email", email.as_str()), ("token", "100000"), ("csrfToken", &csrf), ("json", "true")];
        let claimed = format!("10.0.{}.{}", number / 200, number % 200);
        let mut request = eve.request(Method::POST, "/api/auth/callback/email").form(&fields);
        for header in ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip"] {
            request = request.header(header, &claimed);
        }
        let answer = page(request).await;
        assert!(answer.status == 403 || told_to_wait(&answer), "{answer:?}");
        refused += usize::from(answer.status == 429);
    }
    assert!(refused >= 20, "{refused}");
    let elsewhere = eve.moved();
    assert_eq!(elsewhere.type_code("100000").await.status, 403, "another address is not meant");
}
