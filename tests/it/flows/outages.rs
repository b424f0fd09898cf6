//! Parts that stop answering.

use tests::{
    cloud::Cloud,
    person::{answer, client},
    processes::{children, command, kill},
};

#[tokio::test]
async fn without_its_database_the_server_says_to_try_again() {
    let own = tokio::task::spawn_blocking(Cloud::start).await.expect("a cloud");
    let get = |path: &str| client().get(format!("{}{path}", own.ready.base)).bearer_auth(&own.ready.api_key);
    assert_eq!(answer(get("/api/v1/caps")).await.status, 200);

    kill(children(own.pid()).into_iter().find(|pid| command(*pid).contains("mysqld")).expect("a MySQL server"));
    for path in [
        "/api/v1/caps",
        "/api/v1/caps/0123456789abcde",
        "/s/0123456789abcde",
        "/api/desktop/video/create?recordingMode=desktopMP4",
    ] {
        let refused = get(path).send().await.expect("the gateway");
        assert_eq!(refused.status(), 503, "{path}");
        assert!(refused.headers().contains_key("retry-after"), "{path}");
        let body = refused.text().await.expect("a body");
        assert!(!body.contains("mysql") && !body.contains("127.0.0.1"), "details stay inside: {body}");
    }
    let health = answer(get("/api/status")).await;
    assert_eq!(
        (health.status, &health.body["database"], &health.body["objects"]),
        (503, &"unreachable".into(), &"ok".into())
    );
}

#[tokio::test]
async fn who_has_no_session_needs_no_database_to_be_told() {
    let own = tokio::task::spawn_blocking(Cloud::start).await.expect("a cloud");
    kill(children(own.pid()).into_iter().find(|pid| command(*pid).contains("mysqld")).expect("a MySQL server"));
    let get = async |path: &str| client().get(format!("{}{path}", own.ready.base)).send().await.expect("the gateway");
    let word = "0123456789012345678901234567890123456789012";
    let cli = format!(
        "/cli/authorize?client_id=cap-cli&redirect_uri=http://127.0.0.1:53124/callback&response_type=code&state={word}\
         &code_challenge={word}&code_challenge_method=S256&scope=caps:read"
    );
    for path in ["/login", "/api/auth/session"] {
        assert_eq!(get(path).await.status(), 200, "{path}");
    }
    for path in ["/dashboard/settings/account", "/api/desktop/session/request?type=api_key&port=53124", &cli] {
        let led = get(path).await;
        assert_eq!(led.status(), 302, "{path}");
        assert!(led.headers()["location"].to_str().expect("text").contains("/login?next="), "{path}");
    }
    for path in ["/api/settings/sessions", "/api/settings/keys", "/api/settings/user", "/api/v1/caps"] {
        assert_eq!(get(path).await.status(), 401, "{path}");
    }
}
