//! `GET /api/status`

use serde_json::json;
use tests::person::Person;

#[tokio::test]
async fn health_says_what_is_reachable() {
    let health = Person::stranger().get("/api/status").await;
    assert_eq!(health.status, 200);
    for part in ["status", "database", "objects", "ledger"] {
        assert_eq!(health.body[part], json!("ok"), "{part}");
    }
}
