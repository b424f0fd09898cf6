//! The schema, brought up to date at every deployment.

use mysql_async::prelude::Queryable;
use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::{Cloud, cloud, repository},
    person::Person,
    rows,
};

#[tokio::test]
async fn migrating_again_and_at_once_changes_nothing() {
    let history =
        "SELECT GROUP_CONCAT(version, ' ', checksum, ' ', applied_on ORDER BY version) FROM refinery_schema_history";
    let before: String = rows::one(history).await;
    let by_hand = json!({});
    let invoke = || cloud().invoke_sync("migrate", &by_hand);
    let (first, second, third) = tokio::join!(invoke(), invoke(), invoke());
    for (succeeded, answer) in [first, second, third] {
        assert!(succeeded, "{answer}");
    }
    assert_eq!(rows::one::<String>(history).await, before);
}

#[tokio::test]
async fn the_release_before_deploys_over_a_newer_schema() {
    let own = tokio::task::spawn_blocking(Cloud::start).await.expect("a cloud");
    let mut connection = rows::connection(&own).await;
    let newer = "INSERT INTO refinery_schema_history (version, name, applied_on, checksum) \
                 VALUES (9999, 'of_the_next_release', '2026-01-01T00:00:00Z', '1')";
    connection.query_drop(newer).await.expect("a row");
    let (succeeded, answer) = own.invoke_sync("migrate", &json!({})).await;
    assert!(succeeded, "{answer}");
}

#[tokio::test]
async fn a_session_that_the_app_was_given_before_is_a_programs() {
    let person = Person::new().await;
    let (app, browser) = (person.browser_called("Cap Desktop").await, person.browser().await);
    let file = std::fs::read_to_string(repository().join("migrations/V007__programs.sql")).expect("a migration");
    let update = file.split(';').find_map(|statement| statement.find("UPDATE").map(|at| &statement[at..]));
    rows::run(update.expect("an update")).await;
    for (visitor, status) in [(app, 403), (browser, 201)] {
        let made = visitor.json(Method::POST, "/api/settings/keys", json!({ "name": "A key" })).await;
        assert_eq!(made.status, status, "{made:?}");
    }
}
