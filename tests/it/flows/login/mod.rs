//! Signing in, by people and by those who would like to be them.

mod attacks;
mod codes;
mod enumeration;
mod limits;
mod links;
mod outage;
mod sessions;

use tests::visitor::Visitor;

/// How many sessions there are of somebody.
async fn sessions_of(email: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = '{email}'");
    tests::rows::one(&sql).await
}

/// Lets ten minutes pass for what somebody was mailed.
async fn ten_minutes_later(visitor: &Visitor) {
    let sql = "UPDATE verification_tokens SET expires_at = expires_at - INTERVAL 10 MINUTE WHERE email";
    tests::rows::run(&format!("{sql} = '{}'", visitor.email)).await;
}
