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
