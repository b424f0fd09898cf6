//! `/api/mobile/session`: programs sign in by a code from a mail.

use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::cloud,
    mail::{self, Mail},
    person::{Answer, Person, answer, client},
    rows,
    visitor::{Visitor, page},
};

const REQUEST: &str = "/api/mobile/session/email/request";
const VERIFY: &str = "/api/mobile/session/email/verify";

/// POST of a program without cookies that it would send.
async fn post(program: &Visitor, path: &str, body: serde_json::Value) -> Answer {
    answer(program.request(Method::POST, path).json(&body)).await
}

/// Asks for a code; its mail.
async fn ask(program: &Visitor) -> Mail {
    let before = mail::mails(cloud(), &program.email).await.len();
    let asked = post(program, REQUEST, json!({ "email": program.email })).await;
    assert_eq!((asked.status, &asked.body), (200, &json!({ "success": true })), "{asked:?}");
    mail::mail(cloud(), &program.email, before + 1).await
}

async fn verify(program: &Visitor, code: &str) -> Answer {
    post(program, VERIFY, json!({ "email": program.email, "code": code })).await
}

/// Signs in; the key.
async fn sign_in(program: &Visitor) -> String {
    let code = ask(program).await.code();
    let signed_in = verify(program, &code).await;
    assert_eq!((signed_in.status, &signed_in.body["type"]), (200, &json!("api_key")), "{signed_in:?}");
    signed_in.body["apiKey"].as_str().expect("a key").to_owned()
}

/// Another code than this one.
fn other(code: &str) -> &'static str {
    if code == "123456" { "654321" } else { "123456" }
}

async fn status_with(key: &str) -> u16 {
    answer(client().get(format!("{}/api/settings/user", cloud().ready.base)).bearer_auth(key)).await.status
}

async fn keys_of(email: &str) -> u64 {
    let keys = "SELECT COUNT(*) FROM api_keys k JOIN users u ON u.id = k.user_id WHERE u.email";
    rows::one(&format!("{keys} = '{email}'")).await
}

#[tokio::test]
async fn a_code_gets_a_key_and_the_first_time_opens_an_account() {
    let program = Visitor::new();
    let mail = ask(&program).await;
    assert!(!mail.text.contains("://") && !mail.html.contains("href"), "there is nothing to open: {mail:?}");
    let signed_in = verify(&program, &format!(" {} ", mail.code())).await;
    assert_eq!((signed_in.status, &signed_in.body["type"]), (200, &json!("api_key")), "{signed_in:?}");
    let names: Vec<_> = signed_in.body.as_object().expect("a key").keys().collect();
    assert_eq!(names, ["apiKey", "type", "userId"]);
    let key = signed_in.body["apiKey"].as_str().expect("a key");
    assert_eq!(key.len(), 36);
    let bearer = |path: &str| client().get(format!("{}{path}", cloud().ready.base)).bearer_auth(key);
    let account = answer(bearer("/api/settings/user")).await.body;
    assert_eq!((&account["id"], &account["email"]), (&signed_in.body["userId"], &json!(program.email)));
    assert_eq!(account["organization"]["name"], "My Organization");
    assert_eq!(answer(bearer("/api/v1/caps")).await.status, 200);
    assert_eq!(answer(bearer("/api/desktop/video/create?recordingMode=desktopMP4")).await.status, 200);
    let listed = answer(bearer("/api/settings/keys")).await.body["keys"][0].clone();
    assert_eq!((&listed["source"], &listed["name"]), (&json!("mobile"), &json!("Signed in by code")));
}

#[tokio::test]
async fn there_is_one_such_key_a_person() {
    let person = Person::new().await;
    let mut program = Visitor::new();
    program.email = person.email();
    let first = sign_in(&program).await;
    let second = sign_in(&program).await;
    assert_eq!((status_with(&first).await, status_with(&second).await), (401, 200));
    assert_eq!(status_with(&person.key).await, 200, "a key of another kind stays");
    let revoked =
        answer(client().post(format!("{}/api/mobile/session/revoke", cloud().ready.base)).bearer_auth(&second));
    assert_eq!(revoked.await.status, 200);
    assert_eq!((status_with(&second).await, status_with(&person.key).await), (401, 200));
}

#[tokio::test]
async fn c1_a_wrong_code_is_the_last() {
    let program = Visitor::new();
    let code = ask(&program).await.code();
    assert_eq!(verify(&program, other(&code)).await.status, 403);
    let burned = verify(&program, &code).await;
    assert_eq!((burned.status, &burned.body["code"]), (403, &json!("FORBIDDEN")), "{burned:?}");
    assert_eq!(keys_of(&program.email).await, 0);
    let code = ask(&program).await.code();
    assert_eq!(verify(&program, &code).await.status, 200, "a fresh mail works");
    assert_eq!(verify(&program, &code).await.status, 403, "once");
}

#[tokio::test]
async fn c1_many_tries_at_once_sign_nobody_in() {
    let program = Visitor::new();
    let code = ask(&program).await.code();
    let tries = (0..60).map(|number| {
        let guess = (100_000 + number).to_string();
        let guess = if guess == code { "999999".to_owned() } else { guess };
        let body = json!({ "email": program.email, "code": guess });
        tokio::spawn(answer(Visitor::new().request(Method::POST, VERIFY).json(&body)))
    });
    for tried in tries.collect::<Vec<_>>() {
        let refused = tried.await.expect("an answer");
        assert!(matches!(refused.status, 403 | 429 | 503), "{refused:?}");
    }
    assert_ne!(verify(&program, &code).await.status, 200);
    assert_eq!(keys_of(&program.email).await, 0);
}

#[tokio::test]
async fn c1_the_right_code_many_times_at_once_gets_one_key() {
    let program = Visitor::new();
    let code = ask(&program).await.code();
    let body = json!({ "email": program.email, "code": code });
    let tries: Vec<_> =
        (0..8).map(|_| tokio::spawn(answer(program.request(Method::POST, VERIFY).json(&body)))).collect();
    let mut good = 0;
    for tried in tries {
        good += u32::from(tried.await.expect("an answer").status == 200);
    }
    assert_eq!((good, keys_of(&program.email).await), (1, 1));
}

#[tokio::test]
async fn the_newest_code_of_a_mailbox_is_its_only_one() {
    let program = Visitor::new();
    let (first, second) = (ask(&program).await.code(), ask(&program).await.code());
    assert_eq!(verify(&program, &second).await.status, 200);
    assert_eq!(verify(&program, &first).await.status, 403);
    let code = ask(&program).await.code();
    let late = "UPDATE mobile_codes SET expires_at = UTC_TIMESTAMP(3) WHERE email";
    rows::run(&format!("{late} = '{}'", program.email)).await;
    assert_eq!(verify(&program, &code).await.status, 403, "after ten minutes");
}

#[tokio::test]
async fn codes_of_browsers_and_of_programs_are_not_the_same() {
    let visitor = Visitor::new();
    let typed = visitor.ask().await.code();
    assert_eq!(verify(&visitor, &typed).await.status, 403);
    let code = ask(&visitor).await.code();
    assert_eq!(visitor.type_code(&code).await.status, 403);
    assert_eq!(visitor.type_code(&typed).await.status, 303);
}

#[tokio::test]
async fn what_is_malformed_is_no_try() {
    let program = Visitor::new();
    let code = ask(&program).await.code();
    for body in [
        json!({ "email": program.email, "code": "12345" }),
        json!({ "email": program.email, "code": "12345a" }),
        json!({ "email": program.email }),
        json!({ "email": "nobody", "code": "123456" }),
        json!({ "code": "123456" }),
        json!({}),
    ] {
        let refused = post(&program, VERIFY, body.clone()).await;
        assert_eq!((refused.status, &refused.body["code"]), (400, &json!("INVALID_REQUEST")), "{body}");
    }
    for body in [json!({ "email": "nobody" }), json!({ "email": "a@b\r\nBcc: c@d" }), json!({})] {
        assert_eq!(post(&program, REQUEST, body.clone()).await.status, 400, "{body}");
    }
    assert_eq!(verify(&program, &code).await.status, 200);
}

#[tokio::test]
async fn c1_neither_mails_nor_tries_go_on_for_ever() {
    let program = Visitor::new();
    let (mut mails, mut tries) = (0, 0);
    for _ in 0..30 {
        let elsewhere = Visitor::new();
        let asked = post(&elsewhere, REQUEST, json!({ "email": program.email.to_uppercase() })).await;
        assert!(matches!(asked.status, 200 | 429), "{asked:?}");
        mails += u32::from(asked.status == 200);
        // As if the mails were not limited at all.
        rows::run(&format!(
            "INSERT INTO mobile_codes VALUES ('{}', REPEAT('x', 32), UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE) \
             ON DUPLICATE KEY UPDATE expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE",
            program.email
        ))
        .await;
        let guess = json!({ "email": program.email, "code": "123456" });
        let tried = post(&elsewhere, VERIFY, guess).await;
        assert!(matches!(tried.status, 403 | 429), "{tried:?}");
        tries += u32::from(tried.status == 403);
    }
    // Twice the limit, should a window end in between.
    assert!((10..=20).contains(&mails) && (10..=20).contains(&tries), "{mails} {tries}");
}

#[tokio::test]
async fn pages_of_other_sites_ask_for_nothing() {
    let program = Visitor::new();
    for (name, value) in [("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")] {
        let request = program.request(Method::POST, REQUEST).header(name, value);
        assert_eq!(page(request.form(&[("email", &program.email)])).await.status, 403, "{name}");
    }
    assert!(mail::mails(cloud(), &program.email).await.is_empty());
}
