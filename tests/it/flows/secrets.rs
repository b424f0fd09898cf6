//! What signs people in, and who they are, is in no log and no refusal.

use std::fs;

use reqwest::{Method, Url};
use serde_json::json;
use tempfile::TempDir;
use tests::{
    cli::{Cli, Login, SCOPES},
    cloud::Cloud,
    mail,
    person::{Person, answer, client},
    processes,
    visitor::{BROWSER, Page, SESSION, Visitor, page},
    wait::until,
};

/// Everything that a login, a key and a session go through, once well and in many ways badly.
struct Told {
    /// What may stand nowhere.
    secrets: Vec<(&'static str, String)>,
    /// The code of a link, which stands in paths, and in nothing that functions write.
    link_code: String,
    /// What was answered to what was not allowed.
    refusals: Vec<Page>,
}

async fn live(cloud: &'static Cloud) -> Told {
    let visitor = Visitor::on(cloud);
    let mut refusals = Vec::new();

    // A login by link, with a wrong code and a used link beside it, and another one by code.
    let mail = visitor.ask().await;
    let wrong = if mail.code() == "123456" { "654321" } else { "123456" };
    refusals.push(visitor.type_code(wrong).await);
    let link = mail.link();
    assert_eq!(visitor.press_button(&link).await.status, 303);
    refusals.push(visitor.get(&link).await);
    let first = visitor.cookie(SESSION).expect("a session");
    let second = visitor.elsewhere();
    let code = second.ask().await.code();
    assert_eq!(second.type_code(&code).await.status, 303);
    refusals.push(second.type_code(&code).await);

    // A key that is used, refused where a person is wanted, and revoked; a session that is handed to the desktop.
    let keys = "/api/settings/keys";
    let made = visitor.json(Method::POST, keys, json!({ "name": "Laptop" })).await.json();
    let key = made["key"].as_str().expect("a key").to_owned();
    let by_key =
        |method: Method, path: &str| client().request(method, format!("{}{path}", cloud.ready.base)).bearer_auth(&key);
    let created = answer(by_key(Method::GET, "/api/desktop/video/create?recordingMode=desktopMP4")).await;
    assert_eq!(created.status, 200, "{created:?}");
    let handed = visitor.form("/api/desktop/session/request", &[("type", "session"), ("port", "53124")]).await;
    let app = parameter(handed.location(), "token");
    for (method, path, body) in [
        (Method::POST, keys, r#"{"name":"Mine too"}"#),
        (Method::DELETE, "/api/settings/sessions", "{}"),
        (Method::POST, "/api/upload/signed", "{"),
        (Method::POST, "/api/upload/signed", r#"{"videoId":"0123456789abcde","subpath":"../x"}"#),
        (Method::GET, "/api/v1/caps/0123456789abcde", ""),
        (Method::GET, "/api/v1/caps?limit=x", ""),
        (Method::GET, "/api/desktop/video/create?recordingMode=vhs", ""),
    ] {
        refusals.push(page(by_key(method, path).body(body)).await);
    }
    let id = visitor.get(keys).await.json()["keys"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(visitor.json(Method::DELETE, &format!("{keys}/{id}"), json!({})).await.status, 200);
    for path in ["/api/v1/caps", keys, "/api/desktop/video/create?recordingMode=desktopMP4"] {
        refusals.push(page(by_key(Method::GET, path)).await);
    }
    // Secrets where they do not belong.
    let csrf = visitor.csrf().await;
    let lost = format!("?api_key={key}&token={first}&email={}", visitor.email);
    refusals.push(visitor.get(&format!("/api/v1/caps/0123456789abcde{lost}")).await);
    refusals.push(visitor.get(&format!("/api/desktop/session/request{lost}&port=x")).await);
    refusals.push(visitor.get(&format!("/no/such/route{lost}")).await);
    refusals
        .push(visitor.json(Method::POST, "/api/auth/signin/email", json!({ "email": key, "csrfToken": csrf })).await);
    refusals.push(page(visitor.request(Method::DELETE, "/api/settings/sessions")).await);

    // The cap command, with a code that is shown twice and a token that is taken back; a program with a code of its own.
    let login = Login::begin().await;
    let cli_code = login.allow(&visitor, SCOPES).await;
    let mut cli = Cli::login(&visitor).await;
    let made = cli.post("/api/v1/auth/token", login.exchange(&cli_code)).await;
    let other = made.body["accessToken"].as_str().expect("a token").to_owned();
    let again = cli.request(Method::POST, "/api/v1/auth/token").json(&login.exchange(&cli_code));
    refusals.push(page(again).await);
    let token = std::mem::replace(&mut cli.token, other.clone());
    refusals.push(page(cli.request(Method::GET, "/api/v1/caps")).await);
    cli.token.clone_from(&token);
    refusals.push(page(cli.request(Method::DELETE, "/api/v1/caps/0123456789abcde")).await);
    assert_eq!(cli.post("/api/v1/auth/revoke", json!({})).await.status, 200);
    refusals.push(page(cli.request(Method::GET, "/api/v1/auth/status")).await);
    let program = Visitor::on(cloud);
    let request = program.request(Method::POST, "/api/mobile/session/email/request");
    assert_eq!(answer(request.json(&json!({ "email": program.email }))).await.status, 200);
    let program_code = mail::mail(cloud, &program.email, 1).await.code();
    let verify = || {
        let proof = json!({ "email": program.email, "code": program_code });
        program.request(Method::POST, "/api/mobile/session/email/verify").json(&proof)
    };
    let program_key = answer(verify()).await.body["apiKey"].as_str().expect("a key").to_owned();
    refusals.push(page(verify()).await);

    // A link with a password, which is opened; an address that stores a file.
    let owner = Person::on(cloud).await;
    let video = owner.create("Salaries").await;
    let links = owner.post(&format!("/api/videos/{video}/links"), json!({ "password": "correct horse" })).await;
    let mut link_code = links.body["links"].as_array().expect("links").iter().filter_map(|link| link["code"].as_str());
    let link_code = link_code.next_back().expect("a link").to_owned();
    let somebody = Visitor::on(cloud);
    let open = async |password: &str| {
        let body = json!({ "password": password });
        somebody.json(Method::POST, &format!("/s/{link_code}?password={password}"), body).await
    };
    refusals.push(open("battery staple").await);
    let opened = open("correct horse").await;
    assert_eq!(opened.status, 200, "{opened:?}");
    let unlocked = opened.header("set-cookie").split(['=', ';']).nth(1).expect("a cookie").to_owned();
    assert_eq!(somebody.get(&format!("/s/{link_code}")).await.status, 200);
    refusals.push(somebody.get(&format!("/api/playlist?videoId={link_code}&videoType=mp4")).await);
    let stored = parameter(&owner.sign(&video, "result.mp4").await, "X-Amz-Signature");

    // Signed out in one browser and then everywhere; the cookies are tried again.
    let browser = visitor.cookie(BROWSER).expect("a browser's cookie");
    assert_eq!(second.form("/api/auth/signout", &[]).await.status, 303);
    refusals.push(second.get("/api/v1/caps").await);
    assert_eq!(visitor.form("/api/settings/sessions/end", &[]).await.status, 303);
    visitor.set_cookie(SESSION, &first);
    refusals.push(visitor.get("/api/v1/caps").await);
    refusals.push(page(client().get(format!("{}/api/v1/caps", cloud.ready.base)).bearer_auth(&app)).await);

    let secrets = vec![
        ("API key", key),
        ("token", token),
        ("token that was taken back", other),
        ("code of the command", cli_code),
        ("verifier", login.verifier.clone()),
        ("code of a program", program_code.clone()),
        ("key of a program", program_key),
        ("program's mailbox", program.email.clone()),
        ("session", first),
        ("session of the desktop", app),
        ("browser's cookie", browser),
        ("form token", csrf),
        ("login code", mail.code()),
        ("second login code", code),
        ("link token", parameter(&link, "token")),
        ("mailbox", visitor.email.clone()),
        ("link's password", "correct horse".to_owned()),
        ("link's other password", "battery staple".to_owned()),
        ("cookie of an opened link", unlocked),
        ("signature of an address", stored),
    ];
    Told { secrets, link_code, refusals }
}

/// A parameter of an address.
fn parameter(address: &str, name: &str) -> String {
    let url = Url::parse(address).expect("an address");
    let found = url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned());
    found.unwrap_or_else(|| panic!("{address}"))
}

#[tokio::test]
async fn c16_nothing_that_signs_in_is_logged_or_told_in_a_refusal() {
    let state = TempDir::new().expect("a directory");
    let path = state.path().to_owned();
    let cloud: &'static Cloud =
        tokio::task::spawn_blocking(move || Box::leak(Box::new(Cloud::start_in(&path)))).await.expect("a cloud");
    let told = live(cloud).await;
    // A person who was never signed in by mail has an address as well.
    let person = Person::on(cloud).await;
    assert_eq!(person.get("/api/v1/caps/0123456789abcde").await.status, 404);

    for refusal in &told.refusals {
        assert!((400..500).contains(&refusal.status), "{refusal:?}");
        let is_page = refusal.header("content-type").starts_with("text/html");
        for (what, secret) in &told.secrets {
            // A page that takes another code is for a mailbox, and its forms have a token.
            if is_page && matches!(*what, "mailbox" | "form token") {
                continue;
            }
            assert!(!refusal.text.contains(secret), "the {what} is in {refusal:?}");
        }
    }

    processes::stop(cloud.pid());
    until("the local cloud to stop", async || (!processes::alive(cloud.pid())).then_some(())).await;
    let log = fs::read_to_string(state.path().join("log")).expect("the log");
    for route in ["POST /api/auth/callback/email 303", "POST /api/settings/keys 201", "GET /api/v1/caps 401"] {
        assert!(log.contains(route), "{route} is not in the log: {log}");
    }
    let of_person = [("another's key", person.key.clone()), ("another's mailbox", person.email())];
    for (what, secret) in told.secrets.iter().chain(&of_person) {
        assert!(!log.contains(secret), "the {what} is in the log: {log}");
    }
    // What CloudWatch would get, the lines that the console leaves out among it.
    let writers = cloud.writers();
    for route in ["POST /s/{code}", "POST /api/settings/keys", "POST /api/v1/auth/token"] {
        let logged = |writer: &String| cloud.lines(writer).iter().any(|line| line.get("route") == Some(&json!(route)));
        assert!(writers.iter().any(logged), "{route} is in no log");
    }
    let link = [("code of a link", told.link_code.clone())];
    for writer in &writers {
        let lines = fs::read_to_string(state.path().join(format!("logs/{writer}.jsonl"))).expect("a log");
        for (what, secret) in told.secrets.iter().chain(&of_person).chain(&link) {
            assert!(!lines.contains(secret), "the {what} is in what {writer} writes: {lines}");
        }
    }
}
