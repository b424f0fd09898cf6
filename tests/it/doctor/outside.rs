//! Sites, as browsers and apps see them.

use serde_json::json;
use tests::{
    cloud::Cloud,
    person::{Person, answer, client},
    rows::connection,
    wait::until,
};

use super::{
    clouds::{NOBODY, bare, deaf, right},
    doctor,
    proxy::{Exchange, before, console},
    visit,
};

/// The right cloud behind something that changes its answers.
async fn behind(change: impl Fn(&mut Exchange) + Send + Sync + 'static) -> (&'static Cloud, String) {
    let cloud = right().await;
    (cloud, before(&cloud.ready.base, change).await)
}

/// The right cloud with its storage elsewhere.
async fn with_storage_at(storage: String) -> (&'static Cloud, String) {
    let cloud = right().await;
    let own = cloud.ready.s3_endpoint.clone();
    let base = cloud.ready.base.clone();
    let site = before(&base, move |exchange| {
        exchange.replace(&own, &storage);
        if let Some((_, location)) = exchange.headers.iter().find(|(name, _)| name == "location").cloned() {
            exchange.set("location", Some(&location.replace(&own, &storage)));
        }
    });
    (cloud, site.await)
}

/// What is wrong behind a proxy in any case: links begin with the address of what it hides.
const BEHIND: &str = "storage/public_address";

#[tokio::test]
async fn a_site_that_is_right_has_nothing_wrong() {
    let cloud = right().await;
    let to = "doctor@example.test";
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &["--mail-to", to]).await;
    assert_eq!((found.code, found.wrong()), (0, Vec::new()), "{}", found.text);
    let state = |id: &str| {
        let check = found.checks().iter().find(|check| check["id"] == id);
        check.unwrap_or_else(|| panic!("no {id}: {}", found.text))["state"].clone()
    };
    for id in [
        "server",
        "clock",
        "headers",
        "key",
        "public_address",
        "storage_address",
        "storage",
        "cors",
        "put",
        "anonymous",
        "form",
        "parts",
        "ready",
        "playback",
        "share",
        "delete",
        "database",
        "migrations",
        "bucket",
        "ledger",
        "mail_to",
    ] {
        assert_eq!(state(id), "good", "{id}");
    }
    found.keeps_secrets_of(cloud);
}

#[tokio::test]
async fn an_address_where_no_site_is_is_named() {
    let page = console().await;
    let redirecting = behind(|exchange| {
        exchange.status = 301;
        exchange.set("location", Some("https://cap.example.com/api/status"));
    });
    let (_, redirecting) = redirecting.await;
    for (base, says, advice) in [
        (format!("http://{NOBODY}"), "Nobody listens at 127.0.0.1", "Check host and port"),
        ("http://capstan-nowhere.invalid".to_owned(), "There is no host capstan-nowhere.invalid", "DNS record"),
        (page, "Something else than Capstan answers", "leads every path to the API"),
        (redirecting, "redirects to https://cap.example.com", "as WebUrl"),
    ] {
        visit(&base, "", &[]).await.names("outside/server", says, advice);
    }
    let refused = doctor(&["--url", "cap.example.com/path"], &[]).await;
    assert!(refused.code == 2 && refused.text.contains("Write it as https://cap.example.com"), "{}", refused.text);
    let nothing = doctor(&["--ready", "/nowhere/ready.json"], &[]).await;
    assert!(nothing.code == 2 && nothing.text.contains("DATABASE_URL"), "{}", nothing.text);
}

#[tokio::test]
async fn a_clock_that_is_twenty_minutes_off_is_named() {
    let late = "Wed, 01 Jan 2020 00:00:00 GMT";
    let (cloud, site) = behind(move |exchange| exchange.set("date", Some(late))).await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("outside/clock", "minutes behind this machine's", "by NTP");
    assert_eq!(found.wrong(), ["outside/clock", BEHIND], "{}", found.text);
}

#[tokio::test]
async fn a_key_of_nobody_and_one_of_somebody_else_are_named() {
    let cloud = right().await;
    let found = visit(&cloud.ready.base, &Person::stranger().key, &[]).await;
    found.names_only("outside/key", "nobody's here", "make a key in the settings");
    let ada = Person::on(cloud).await;
    let found = visit(&cloud.ready.base, &ada.key, &[]).await;
    assert_eq!((found.code, found.wrong()), (0, Vec::new()), "{}", found.text);
    let report = found.checks().iter().find(|check| check["id"] == "report").expect("the report");
    assert!(report["state"] == "unknown" && report["advice"].to_string().contains("Operators"), "{report}");
    assert_eq!(ada.get("/api/v1/caps").await.body["caps"], json!([]), "what it uploaded is deleted");
}

#[tokio::test]
async fn headers_that_a_proxy_takes_away_are_named() {
    let (cloud, site) = behind(|exchange| exchange.set("content-security-policy", None)).await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("outside/headers", "without content-security-policy", "pass them on");
}

#[tokio::test]
async fn d1_a_storage_that_is_reached_from_inside_alone_is_named() {
    let (cloud, site) = with_storage_at(format!("http://{NOBODY}")).await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("storage/storage", "Nobody listens at 127.0.0.1", "AWS_ENDPOINT_URL_S3");
}

#[tokio::test]
async fn d3_a_console_in_place_of_the_api_is_named() {
    let (cloud, site) = with_storage_at(console().await).await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("storage/storage", "A page answers at", "9000, and not 9001");
}

#[tokio::test]
async fn d4_a_bucket_without_cors_is_named() {
    let storage = before(&right().await.ready.s3_endpoint, |exchange| {
        exchange.headers.retain(|(name, _)| !name.starts_with("access-control-"));
        if exchange.method == "OPTIONS" {
            exchange.status = 403;
            exchange.body = b"<Error><Code>AccessForbidden</Code></Error>".to_vec();
        }
    });
    let (cloud, site) = with_storage_at(storage.await).await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("storage/cors", "403 AccessForbidden", "a CORS rule that allows PUT");
    found.names("recording/playback", "may not read it", "expose Content-Range");
}

#[tokio::test]
async fn d11_a_bucket_that_anybody_reads_is_named() {
    let storage = before(&right().await.ready.s3_endpoint, |exchange| {
        if exchange.method == "GET" && exchange.status == 403 && !exchange.path.contains("X-Amz-Signature") {
            exchange.status = 200;
            exchange.body = b"<ListBucketResult/>".to_vec();
        }
    });
    let (cloud, site) = with_storage_at(storage.await).await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("storage/anonymous", "Anybody may read recordings and list the bucket", "block public access");
    assert_eq!(found.wrong(), [BEHIND, "storage/anonymous"], "{}", found.text);
}

#[tokio::test]
async fn a_secret_key_that_the_storage_does_not_know_is_named() {
    let (cloud, site) = behind(|exchange| {
        let text = String::from_utf8_lossy(&exchange.body).into_owned();
        let signature = text.split_once("X-Amz-Signature=").and_then(|(_, rest)| rest.get(..64));
        if let Some(signature) = signature {
            exchange.replace(signature, &"0".repeat(64));
        }
    })
    .await;
    let found = visit(&site, &cloud.ready.api_key, &[]).await;
    found.names("storage/put", "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY");
}

#[tokio::test]
async fn d2_pages_on_https_with_media_on_http_and_another_address_than_asked_are_named() {
    let cloud = deaf().await;
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &["--wait", "0"]).await;
    for part in ["storage", "inside"] {
        found.names(&format!("{part}/storage_address"), "without encryption", "Give the storage a certificate");
    }
    found.names(BEHIND, "Links begin with https://cap.example.test, and this asks http://127.0.0.1", "Set WebUrl");
}

#[tokio::test]
async fn a_recording_that_starts_nothing_and_a_ledger_that_keeps_everything_are_named() {
    let cloud = deaf().await;
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &["--wait", "2"]).await;
    found.names("recording/ready", "no function has begun to publish", "The bucket's notification for videos/raw/");
    found.names("inside/ledger", "does not remove what is over", "expires_at");
    let wrong = found.wrong();
    assert!(!wrong.iter().any(|check| check == "storage/put" || check == "recording/delete"), "{wrong:?}");
}

#[tokio::test]
async fn a_mail_server_that_is_nowhere_is_named() {
    let cloud = deaf().await;
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &["--wait", "0", "--mail-to", "ada@example.test"]).await;
    found.names("inside/mail_to", "the connection failed", "SmtpUrl");
    found.names("inside/mail_function", "Connection refused", "MailTransport");
    assert!(!found.text.contains("ada@example.test"), "{}", found.text);
}

/// Lets a function look at itself, and waits until it is known to whoever runs the server how that went.
async fn told(cloud: &Cloud, function: &str, id: &str) {
    cloud.invoke_async(function, &json!({ "detail-type": "Scheduled Event", "source": "aws.events" })).await;
    until(&format!("word of {function}"), async || {
        let report = client().get(format!("{}/api/status/report", cloud.ready.base)).bearer_auth(&cloud.ready.api_key);
        let report = answer(report).await.body;
        let check = report["checks"].as_array()?.iter().find(|check| check["id"] == id)?;
        (check["state"] != "unknown").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_function_without_its_layer_is_named() {
    let cloud = bare().await;
    told(cloud, "transcode", "ffmpeg").await;
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &["--wait", "0"]).await;
    found.names("inside/ffmpeg", "ffmpeg was not found", "built for its processor");
    found.names("recording/ready", "no function has begun to publish", "FFmpeg below");
}

#[tokio::test]
async fn a_function_with_ffmpeg_and_its_sweep_say_so() {
    let cloud = right().await;
    told(cloud, "transcode", "ffmpeg").await;
    told(cloud, "mail", "mail_function").await;
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &[]).await;
    for (id, says) in [("ffmpeg", "runs."), ("transcode", "It ran last on"), ("mail_function", "It ran last on")] {
        let check = found.checks().iter().find(|check| check["id"] == id).expect("a check");
        assert!(check["state"] == "good" && check["says"].to_string().contains(says), "{check}");
    }
}

#[tokio::test]
async fn functions_with_different_encryption_keys_are_named() {
    let cloud = bare().await;
    let found = visit(&cloud.ready.base, &cloud.ready.api_key, &["--wait", "0", "--mail-to", "ada@example.test"]).await;
    found.names("inside/mail_to", "which DATABASE_ENCRYPTION_KEY does not hold", "SecretsEdition");
}

#[tokio::test]
async fn d6_a_schema_of_an_earlier_release_is_named_from_inside_and_before() {
    let own = tokio::task::spawn_blocking(Cloud::start).await.expect("a cloud");
    let mut db = connection(&own).await;
    let forget = "DELETE FROM refinery_schema_history ORDER BY version DESC LIMIT 1";
    mysql_async::prelude::Queryable::query_drop(&mut db, forget).await.expect("forgotten");
    let found = visit(&own.ready.base, &own.ready.api_key, &[]).await;
    found.names_only("inside/migrations", "and this release has V", "invoke the migrate function");
    let found = doctor(&[], &[("DATABASE_URL", &own.ready.database_url)]).await;
    found.names_only("database/migrations", "and this release has V", "Deploy again");
    tokio::task::spawn_blocking(move || own.stop()).await.expect("the end");
}
