//! Codes, typed where they were asked for.

use reqwest::Method;
use serde_json::json;
use tests::{
    rows,
    visitor::{SESSION, Visitor, page},
};

use super::{sessions_of, ten_minutes_later};

/// Another code than this one.
fn other(code: &str) -> String {
    let code: u32 = code.parse().expect("a code");
    (100_000 + (code - 100_000 + 1) % 900_000).to_string()
}

#[tokio::test]
async fn a_code_signs_in_and_the_first_time_opens_an_account() {
    let ada = Visitor::new();
    let mail = ada.ask().await;
    assert!(mail.subject.starts_with("Sign in to 127.0.0.1"), "{mail:?}");
    assert!(mail.html.contains(&mail.code()), "{mail:?}");
    let signed_in = ada.type_code(&mail.code()).await;
    assert_eq!((signed_in.status, signed_in.location()), (303, format!("{}/dashboard", ada.base()).as_str()));
    let cookie = signed_in.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let cookie = cookie.into_iter().find(|cookie| cookie.starts_with(SESSION)).expect("a session").to_owned();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000"), "http on loopback: {cookie}");

    let session = ada.get("/api/auth/session").await.json();
    assert_eq!(session["user"]["email"], ada.email);
    assert_eq!(session["user"]["name"], json!(null));
    assert!(session["expires"].as_str().is_some_and(|at| at.ends_with('Z')), "{session}");
    let organisations = "SELECT COUNT(*) FROM organizations o JOIN users u ON u.id = o.owner_id WHERE o.name = 'My Organization' AND u.email";
    assert_eq!(rows::one::<i64>(&format!("{organisations} = '{}'", ada.email)).await, 1);

    let id = ada.id().await;
    let again = ada.elsewhere();
    again.sign_in().await;
    assert_eq!(again.id().await, id, "one mailbox is one account");
    assert_eq!(rows::one::<i64>(&format!("{organisations} = '{}'", ada.email)).await, 1);
}

#[tokio::test]
async fn programs_sign_in_with_json_and_nextauths_names() {
    let ada = Visitor::new();
    let csrf = ada.csrf().await;
    assert_eq!(csrf, ada.csrf().await, "one token serves a browser");
    let body = json!({ "email": ada.email, "csrfToken": csrf, "callbackUrl": "/s/abc", "json": true });
    let asked = page(ada.request(Method::POST, "/api/auth/signin/email").json(&body)).await;
    assert_eq!(asked.status, 200, "{asked:?}");
    assert!(asked.json()["url"].as_str().is_some_and(|url| url.contains("/verify-otp?email=")), "{asked:?}");
    let code = tests::mail::mail(tests::cloud::cloud(), &ada.email, 1).await.code();
    // As the clients' own front end does once the code is typed.
    let query = [("email", ada.email.as_str()), ("token", &code), ("callbackUrl", "/s/abc")];
    let signed_in = page(ada.request(Method::GET, "/api/auth/callback/email").query(&query)).await;
    assert_eq!((signed_in.status, signed_in.location()), (302, format!("{}/s/abc", ada.base()).as_str()));
    assert_eq!(ada.who().await.as_ref(), Some(&ada.email));
}

#[tokio::test]
async fn c1_five_wrong_codes_burn_the_right_one_and_its_link() {
    let ada = Visitor::new();
    let mail = ada.ask().await;
    for _ in 0..5 {
        let wrong = ada.type_code(&other(&mail.code())).await;
        assert_eq!(wrong.status, 403);
        assert!(wrong.text.contains("That code does not work") && wrong.text.contains("name=\"token\""), "{wrong:?}");
    }
    assert_eq!(ada.type_code(&mail.code()).await.status, 403);
    assert_eq!(ada.get(&mail.link()).await.status, 403);
    assert_eq!((ada.who().await, sessions_of(&ada.email).await), (None, 0));
    ada.sign_in().await;
    assert_eq!(ada.who().await.as_ref(), Some(&ada.email), "a fresh mail works");
}

#[tokio::test]
async fn c1_the_fifth_try_may_be_the_right_one() {
    let ada = Visitor::new();
    let mail = ada.ask().await;
    for _ in 0..4 {
        assert_eq!(ada.type_code(&other(&mail.code())).await.status, 403);
    }
    assert_eq!(ada.type_code(&mail.code()).await.status, 303);
}

#[tokio::test]
async fn c1_a_burnt_code_does_not_come_back_with_the_next_mail() {
    let ada = Visitor::new();
    let burnt = ada.ask().await;
    for _ in 0..5 {
        ada.type_code(&other(&burnt.code())).await;
    }
    let fresh = ada.ask().await;
    if fresh.code() != burnt.code() {
        assert_eq!(ada.type_code(&burnt.code()).await.status, 403);
    }
    assert_eq!(ada.type_code(&fresh.code()).await.status, 303);
}

#[tokio::test]
async fn c1_a_thousand_tries_at_once_sign_nobody_in() {
    let ada = Visitor::new();
    let mail = ada.ask().await;
    let right: u32 = mail.code().parse().expect("a code");
    let csrf = ada.csrf().await;
    // From many addresses, since from one most would not even be looked at.
    let networks: Vec<_> = (0..50).map(|_| ada.moved()).collect();
    let tries = (0..1000_u32).map(|number| {
        let code = (100_000 + (right - 100_000 + 1 + number) % 900_000).to_string();
        let fields = [("email", ada.email.clone()), ("token", code), ("csrfToken", csrf.clone())];
        let network = &networks[number as usize % networks.len()];
        let request = network.request(Method::POST, "/api/auth/callback/email").form(&fields);
        tokio::spawn(async move { page(request).await.status })
    });
    let mut refused = 0;
    for answer in tries.collect::<Vec<_>>() {
        let status = answer.await.expect("an answer");
        // Lambda itself may turn away what is too much at once.
        assert!(matches!(status, 403 | 429 | 503), "{status}");
        refused += usize::from(status == 403);
    }
    assert!((5..=20).contains(&refused), "{refused} were looked at");
    assert_eq!(ada.type_code(&mail.code()).await.status, 429, "the right one comes too late");
    assert_eq!(sessions_of(&ada.email).await, 0);
    let tries = format!("SELECT CAST(MAX(tries) AS SIGNED) FROM verification_tokens WHERE email = '{}'", ada.email);
    assert_eq!(rows::one::<i64>(&tries).await, 6);
}

#[tokio::test]
async fn c3_a_code_is_good_once_for_ten_minutes_and_where_it_was_asked_for() {
    let ada = Visitor::new();
    let code = ada.ask().await.code();
    let elsewhere = ada.elsewhere();
    assert_eq!(elsewhere.type_code(&code).await.status, 403);
    assert_eq!(ada.type_code(&code).await.status, 303);
    assert_eq!(ada.type_code(&code).await.status, 403);
    assert_eq!((elsewhere.who().await, sessions_of(&ada.email).await), (None, 1));

    let late = Visitor::new();
    let code = late.ask().await.code();
    ten_minutes_later(&late).await;
    assert_eq!(late.type_code(&code).await.status, 403);
    assert_eq!(late.who().await, None);
}

#[tokio::test]
async fn two_mails_in_a_row_both_work_until_one_is_used() {
    let ada = Visitor::new();
    let (first, second) = (ada.ask().await, ada.ask().await);
    assert_eq!(ada.type_code(&first.code()).await.status, 303);
    assert_eq!(ada.get(&second.link()).await.status, 403);
}

#[tokio::test]
async fn c1_a_guess_is_at_the_codes_of_two_mails_at_most() {
    let ada = Visitor::new();
    let [first, second, third] = [ada.ask().await, ada.ask().await, ada.ask().await];
    if ![second.code(), third.code()].contains(&first.code()) {
        assert_eq!(ada.type_code(&first.code()).await.status, 403);
    }
    assert_eq!(ada.get(&first.link()).await.status, 200, "nobody guesses a link");
    assert_eq!(ada.type_code(&second.code()).await.status, 303);
}

#[tokio::test]
async fn what_is_no_code_is_refused_with_a_page_to_type_another() {
    let ada = Visitor::new();
    let code = ada.ask().await.code();
    for token in ["", "12345", "1234567", "abcdef", "' OR 1=1 --", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}"] {
        let refused = ada.type_code(token).await;
        assert_eq!(refused.status, 403, "{token}");
        assert!(refused.text.contains("name=\"token\""), "{refused:?}");
    }
    assert_eq!(ada.type_code(&format!(" {code} ")).await.status, 303, "spaces around it are nobody's fault");
}
