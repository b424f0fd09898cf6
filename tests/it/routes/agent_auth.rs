//! `/cli/authorize` and `/api/v1/auth`: the `cap` command signs in.

use common::time::Millis;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cli::{AUTHORIZE, Cli, Login, SCOPES},
    person::Person,
    rows,
    visitor::{Visitor, page},
};

const TOKEN: &str = "/api/v1/auth/token";
const CAPS: &str = "/api/v1/caps";

async fn codes_of(person: &Person) -> u64 {
    rows::one(&format!("SELECT COUNT(*) FROM agent_codes WHERE user_id = '{}'", person.id)).await
}

async fn tokens_of(person: &Person) -> u64 {
    rows::one(&format!("SELECT COUNT(*) FROM api_keys WHERE source = 'cli' AND user_id = '{}'", person.id)).await
}

#[tokio::test]
async fn opening_the_address_says_who_asks_for_what_and_makes_nothing() {
    let person = Person::new().await;
    let (browser, login) = (person.browser().await, Login::begin().await);
    let asked = browser.get(&login.address(&browser, SCOPES)).await;
    assert_eq!((asked.status, asked.header("cache-control")), (200, "no-store"), "{asked:?}");
    for said in ["cap command", &person.email(), "90 days", "See your", "Comment as", "Upload, rename and delete"] {
        assert!(asked.text.contains(said), "{said}: {}", asked.text);
    }
    // Two plain forms, each of which says by itself what it decides.
    assert_eq!(asked.text.matches("action=\"/cli/authorize\"").count(), 2, "{}", asked.text);
    let decisions = ["allow", "deny"].map(|decision| format!("name=\"decision\" value=\"{decision}\""));
    assert!(decisions.iter().all(|decision| asked.text.matches(decision).count() == 1), "{}", asked.text);
    let policy = asked.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "nobody's click is borrowed: {policy}");
    let forms = policy.split("; ").find(|part| part.starts_with("form-action")).expect("where forms lead");
    assert!(forms.ends_with(&format!(" http://127.0.0.1:{}", login.port)), "{forms}");
    let less = browser.get(&login.address(&browser, "caps:read")).await;
    assert!(!less.text.contains("Comment as") && !less.text.contains("delete recordings"), "{}", less.text);
    assert_eq!((codes_of(&person).await, tokens_of(&person).await), (0, 0));
}

#[tokio::test]
async fn whoever_is_not_signed_in_does_that_first_and_comes_back() {
    let (visitor, login) = (Visitor::new(), Login::begin().await);
    let led = visitor.get(&login.address(&visitor, SCOPES)).await;
    assert_eq!(led.status, 302, "{led:?}");
    let page = visitor.get(led.location()).await;
    let next = page.field("callbackUrl");
    assert!(next.starts_with(&format!("{AUTHORIZE}?client_id=cap-cli&")), "{next}");
    visitor.sign_in().await;
    let asked = visitor.get(&next).await;
    assert_eq!((asked.status, asked.field("state")), (200, login.state.clone()), "{asked:?}");
}

#[tokio::test]
async fn what_does_not_fit_is_told_and_sent_nowhere() {
    let person = Person::new().await;
    let (browser, login) = (person.browser().await, Login::begin().await);
    let long = "s".repeat(129);
    for (name, value) in [
        ("client_id", "another"),
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
        ("code_challenge", "short"),
        ("code_challenge", "0123456789012345678901234567890123456789+/="),
        ("state", "short"),
        ("state", &long),
        ("state", "0123456789012345678901234567890123456789\r\nX: y"),
        ("scope", "caps:write"),
        ("scope", ""),
        ("redirect_uri", "https://evil.test/callback"),
        ("redirect_uri", "http://127.0.0.1@evil.test:80/callback"),
        ("redirect_uri", "http://localhost:53124/callback"),
        ("redirect_uri", "http://127.0.0.1:53124/other"),
        ("redirect_uri", "http://127.0.0.1:0/callback"),
    ] {
        let wrong = |found: &str, right: String| if found == name { value.to_owned() } else { right };
        let fields: Vec<_> =
            login.parameters(SCOPES).into_iter().map(|(found, right)| (found, wrong(found, right))).collect();
        let opened = page(browser.request(Method::GET, AUTHORIZE).query(&fields)).await;
        assert_eq!((opened.status, opened.location()), (400, ""), "{name}={value}: {opened:?}");
        assert!(opened.text.contains(name) && !opened.text.contains("evil.test"), "{name}={value}: {opened:?}");
        let mut fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("decision", "allow"));
        let sent = browser.form(AUTHORIZE, &fields).await;
        assert_eq!((sent.status, sent.location()), (400, ""), "{name}={value}: {sent:?}");
    }
    assert_eq!(codes_of(&person).await, 0);
}

#[tokio::test]
async fn only_a_click_makes_a_code() {
    let person = Person::new().await;
    let (browser, login) = (person.browser().await, Login::begin().await);
    for decision in ["deny", "", "maybe"] {
        let sent = login.decide(&browser, SCOPES, decision).await;
        let denied = format!("{}?state={}&error=access_denied", login.redirect_uri(), login.state);
        assert_eq!((sent.status, sent.location()), (302, denied.as_str()), "{sent:?}");
    }
    // A page elsewhere has no token for the form.
    let mut fields = login.parameters(SCOPES);
    fields.push(("decision", "allow".to_owned()));
    let forged = browser.request(Method::POST, AUTHORIZE).header("origin", "https://evil.test").form(&fields);
    assert_eq!(page(forged).await.status, 403);
    assert_eq!(codes_of(&person).await, 0);
    assert_eq!(login.allow(&browser, SCOPES).await.len(), 43);
    assert_eq!(codes_of(&person).await, 1);
}

#[tokio::test]
async fn a_code_gets_a_token_for_ninety_days() {
    let person = Person::new().await;
    let (browser, login) = (person.browser().await, Login::begin().await);
    let code = login.allow(&browser, "caps:write library:write caps:read").await;
    let mut cli = Cli::signed_out(&browser);
    let made = cli.post(TOKEN, login.exchange(&code)).await;
    assert_eq!(made.status, 200, "{made:?}");
    let names: Vec<_> = made.body.as_object().expect("a token").keys().collect();
    assert_eq!(names, ["accessToken", "expiresAt", "requestId", "scopes", "tokenType"]);
    assert_eq!(made.body["tokenType"], "Bearer");
    assert_eq!(made.body["scopes"], json!(["caps:read", "caps:write"]), "what is not known here is not given");
    let days = made.body["expiresAt"].as_str().and_then(Millis::parse).expect("an end").0 - Millis::now().0;
    assert_eq!((days + 3_600_000) / 86_400_000, 90);
    cli.token = made.body["accessToken"].as_str().expect("a token").to_owned();
    assert!(cli.token.starts_with("cap_cli_") && cli.token.len() == 51, "{}", cli.token.len());

    let status = cli.get("/api/v1/auth/status").await;
    assert_eq!(status.status, 200, "{status:?}");
    for (name, value) in [
        ("authenticated", json!(true)),
        ("tokenKind", json!("agent")),
        ("expiresAt", made.body["expiresAt"].clone()),
        ("scopes", made.body["scopes"].clone()),
    ] {
        assert_eq!(status.body[name], value, "{name}");
    }
    assert!(status.body["requestId"].as_str().is_some_and(|id| !id.is_empty()));
    let legacy = person.get("/api/v1/auth/status").await.body;
    assert_eq!((&legacy["tokenKind"], &legacy["expiresAt"]), (&json!("legacy"), &Value::Null));
    assert_eq!(legacy["scopes"], json!(["caps:read", "caps:comment", "caps:write"]));

    let hashed = format!(
        "SELECT COUNT(*) FROM api_keys k JOIN agent_codes c ON c.token_hash = k.key_hash \
         WHERE HEX(k.key_hash) = SHA2('{}', 256) AND HEX(c.code_hash) = SHA2('{code}', 256)",
        cli.token
    );
    assert_eq!(rows::one::<u64>(&hashed).await, 1, "hashes are all that is kept");
}

#[tokio::test]
async fn a_code_that_is_shown_twice_ends_what_was_made_with_it() {
    let person = Person::new().await;
    let (browser, login) = (person.browser().await, Login::begin().await);
    let code = login.allow(&browser, SCOPES).await;
    let mut cli = Cli::signed_out(&browser);
    let made = cli.post(TOKEN, login.exchange(&code)).await;
    let token = made.body["accessToken"].as_str().expect("a token").to_owned();
    let again = cli.post(TOKEN, login.exchange(&code)).await;
    assert_eq!((again.status, &again.body["code"]), (400, &json!("INVALID_REQUEST")), "{again:?}");
    cli.token = token;
    assert_eq!(cli.get(CAPS).await.status, 401);
    assert_eq!(tokens_of(&person).await, 0);
}

#[tokio::test]
async fn of_a_code_that_is_shown_many_times_at_once_no_two_tokens_come() {
    let person = Person::new().await;
    let (browser, login) = (person.browser().await, Login::begin().await);
    let code = login.allow(&browser, SCOPES).await;
    let cli = Cli::signed_out(&browser);
    let tries = (0..8).map(|_| {
        let request = cli.request(Method::POST, TOKEN).json(&login.exchange(&code));
        tokio::spawn(page(request))
    });
    let mut made = 0;
    for tried in tries.collect::<Vec<_>>() {
        made += u32::from(tried.await.expect("an answer").status == 200);
    }
    assert_eq!((made, tokens_of(&person).await), (1, 0), "one was made, and it is dead");
}

#[tokio::test]
async fn a_code_is_worth_nothing_to_anybody_else() {
    let person = Person::new().await;
    let (browser, login, other) = (person.browser().await, Login::begin().await, Login::begin().await);
    let code = login.allow(&browser, SCOPES).await;
    let cli = Cli::signed_out(&browser);
    let right = login.exchange(&code);
    for (name, value) in [
        ("codeVerifier", other.verifier.as_str()),
        ("codeVerifier", ""),
        ("redirectUri", &other.redirect_uri()),
        ("redirectUri", "https://evil.test/callback"),
        ("code", &other.verifier),
        ("code", "' OR 1=1 --"),
    ] {
        let mut wrong = right.clone();
        wrong[name] = json!(value);
        let refused = cli.post(TOKEN, wrong).await;
        assert_eq!((refused.status, &refused.body["code"]), (400, &json!("INVALID_REQUEST")), "{name}={value}");
    }
    assert_eq!(cli.post(TOKEN, right).await.status, 200, "whoever has no verifier spoils nothing");

    let late = Login::begin().await;
    let code = late.allow(&browser, SCOPES).await;
    rows::run(&format!("UPDATE agent_codes SET expires_at = UTC_TIMESTAMP(3) WHERE user_id = '{}'", person.id)).await;
    assert_eq!(cli.post(TOKEN, late.exchange(&code)).await.status, 400, "after five minutes");
}

#[tokio::test]
async fn a_token_is_listed_with_the_keys_and_taken_back_there() {
    let person = Person::new().await;
    let browser = person.browser().await;
    let cli = Cli::login_for(&browser, "caps:read").await;
    assert_eq!(cli.get(CAPS).await.status, 200);
    let keys = browser.get("/api/settings/keys").await.json();
    let listed = &keys["keys"][0];
    assert_eq!((&listed["source"], &listed["scopes"]), (&json!("cli"), &json!(["caps:read"])));
    assert!(listed["expiresAt"].is_string() && listed["lastUsedAt"].is_string(), "{listed}");
    let account = browser.get("/dashboard/settings/account").await.text;
    assert!(account.contains("The cap command") && account.contains("only for caps:read"), "{account}");
    assert!(account.contains(", ends ") && !account.contains(&cli.token), "{account}");
    let id = listed["id"].as_str().expect("an id");
    assert_eq!(browser.form(&format!("/api/settings/keys/{id}/revoke"), &[]).await.status, 303);
    assert_eq!(cli.get(CAPS).await.status, 401);
}

#[tokio::test]
async fn a_token_gives_itself_up() {
    let person = Person::new().await;
    let cli = Cli::login_for(&person.browser().await, "caps:read").await;
    let revoked = cli.post("/api/v1/auth/revoke", json!({})).await;
    assert_eq!((revoked.status, &revoked.body["revoked"]), (200, &json!(true)), "{revoked:?}");
    for path in [CAPS, "/api/v1/auth/status"] {
        let dead = cli.get(path).await;
        assert_eq!((dead.status, &dead.body["code"]), (401, &json!("AUTH_REQUIRED")));
    }
    assert_eq!(person.get(CAPS).await.status, 200, "the key is another thing");
    assert_eq!(person.post("/api/v1/auth/revoke", json!({})).await.status, 200);
    assert_eq!(person.get(CAPS).await.status, 401);
}

#[tokio::test]
async fn tokens_and_codes_end_with_what_they_came_from() {
    for delete in [false, true] {
        let person = Person::new().await;
        let (browser, login) = (person.browser().await, Login::begin().await);
        let cli = Cli::login(&browser).await;
        let code = login.allow(&browser, SCOPES).await;
        let ended = if delete {
            browser.json(Method::POST, "/api/settings/user/delete", json!({ "email": person.email() })).await
        } else {
            browser.json(Method::DELETE, "/api/settings/sessions", json!({})).await
        };
        assert_eq!(ended.status, 200, "{ended:?}");
        assert_eq!(cli.get(CAPS).await.status, 401);
        let refused = Cli::signed_out(&browser).post(TOKEN, login.exchange(&code)).await;
        assert_eq!(refused.status, 400, "a code that nobody has shown yet");
        assert_eq!((codes_of(&person).await, tokens_of(&person).await), (0, 0));
    }
}

#[tokio::test]
async fn codes_are_not_tried_without_end() {
    let cli = Cli::signed_out(&Visitor::new());
    let login = Login::begin().await;
    let mut refused = 0;
    // Twice the limit, should a window end in between.
    for _ in 0..220 {
        let code = common::tokens::random_base64url::<32>().expect("random");
        let answer = cli.post(TOKEN, login.exchange(&code)).await;
        match answer.status {
            400 => {}
            429 => {
                refused += 1;
                assert_eq!((&answer.body["code"], &answer.body["retryable"]), (&json!("RATE_LIMITED"), &json!(true)));
                assert!(answer.body["retryAfterMs"].as_u64().is_some_and(|wait| wait > 0), "{answer:?}");
            }
            _ => panic!("{answer:?}"),
        }
    }
    assert!(refused >= 20, "{refused}");
}
