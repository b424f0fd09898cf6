//! The schema, brought up to date at every deployment.

use serde_json::json;
use tests::{cloud::cloud, rows};

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
