//! What a session is good for, and when it ends.

use tests::visitor::{BROWSER, SESSION, Visitor};

use super::sessions_of;

#[tokio::test]
async fn c4_a_session_that_was_planted_before_login_is_not_the_one_after() {
    let (eve, ada) = (Visitor::signed_in().await, Visitor::new());
    let planted = eve.cookie(SESSION).expect("a session");
    ada.set_cookie(SESSION, &planted);
    ada.sign_in().await;
    assert_ne!(ada.cookie(SESSION).as_ref(), Some(&planted));
    assert_eq!(ada.who().await.as_ref(), Some(&ada.email));
    assert_eq!(eve.who().await, None, "what the browser had before is over");

    let made_up = Visitor::new();
    made_up.set_cookie(SESSION, &"0f".repeat(32));
    made_up.sign_in().await;
    assert_ne!(made_up.cookie(SESSION), Some("0f".repeat(32)));
}

#[tokio::test]
async fn c4_a_stolen_cookie_is_dead_after_sign_out() {
    let (ada, thief) = (Visitor::signed_in().await, Visitor::new());
    thief.set_cookie(SESSION, &ada.cookie(SESSION).expect("a session"));
    assert_eq!(thief.who().await.as_ref(), Some(&ada.email));
    let out = ada.form("/api/auth/signout", &[]).await;
    assert_eq!((out.status, out.location()), (303, format!("{}/login", ada.base()).as_str()));
    assert_eq!((ada.who().await, thief.who().await, sessions_of(&ada.email).await), (None, None, 0));
    assert_eq!(thief.get("/api/v1/caps").await.status, 401, "in every function");
    assert_eq!(ada.form("/api/auth/signout", &[]).await.status, 303, "done twice, it is done");
}

#[tokio::test]
async fn c4_signing_out_everywhere_ends_every_session_and_key() {
    let ada = Visitor::signed_in().await;
    let phone = ada.elsewhere();
    phone.sign_in().await;
    let made = ada.json(reqwest::Method::POST, "/api/settings/keys", serde_json::json!({ "name": "CI" })).await;
    let key = made.json()["key"].as_str().expect("a key").to_owned();
    let by_key = || reqwest::Client::new().get(format!("{}/api/v1/caps", ada.base())).bearer_auth(&key).send();
    assert_eq!(by_key().await.expect("an answer").status(), 200);

    let ended = ada.form("/api/settings/sessions/end", &[]).await;
    assert_eq!((ended.status, ended.location()), (303, format!("{}/login", ada.base()).as_str()));
    assert_eq!((ada.who().await, phone.who().await, sessions_of(&ada.email).await), (None, None, 0));
    assert_eq!(by_key().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn c5_no_login_route_takes_a_form_of_another_site() {
    let ada = Visitor::new();
    let mail = ada.ask().await;
    let foreign = Visitor::new().csrf().await;
    for token in [None, Some(""), Some("0"), Some(foreign.as_str()), ada.cookie(BROWSER).as_deref()] {
        let code = mail.code();
        let forms = [
            ("/api/auth/signin/email", vec![("email", ada.email.as_str())]),
            ("/api/auth/callback/email", vec![("email", ada.email.as_str()), ("token", &code)]),
            ("/api/auth/signout", vec![]),
        ];
        for (path, mut fields) in forms {
            fields.extend(token.map(|token| ("csrfToken", token)));
            let request = ada.request(reqwest::Method::POST, path).header("origin", "https://evil.test").form(&fields);
            assert_eq!(tests::visitor::page(request).await.status, 403, "{path} {token:?}");
        }
    }
    assert_eq!(tests::mail::mails(tests::cloud::cloud(), &ada.email).await.len(), 1, "no mail was sent");
    assert_eq!(ada.type_code(&mail.code()).await.status, 303, "and no try was spent");
}

#[tokio::test]
async fn c5_a_page_that_leads_to_a_code_spends_nobodys_tries() {
    let ada = Visitor::new();
    let code = ada.ask().await.code();
    for wrong in 0..6 {
        let path = format!("/api/auth/callback/email?email={}&token=10000{wrong}", ada.email);
        let request = ada.request(reqwest::Method::GET, &path).header("sec-fetch-site", "cross-site");
        assert_eq!(tests::visitor::page(request).await.status, 200);
    }
    assert_eq!(ada.type_code(&code).await.status, 303);
}
