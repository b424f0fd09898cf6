//! Rows that time has made useless.

use mysql_async::params;

use super::{Connection, DbError};

/// Tables of what ends by itself.
const TABLES: [&str; 6] =
    ["sessions", "verification_tokens", "mobile_codes", "api_keys", "agent_codes", "agent_uploads"];

/// Removes sessions, logins, tokens and the like that ended a day ago, at most `limit` of each; how many rows went. Until
/// then whoever shows one can be told that it is too old.
pub async fn remove(db: &mut Connection, limit: u32) -> Result<u64, DbError> {
    let mut removed = 0;
    for table in TABLES {
        let sql = format!(
            "DELETE FROM {table} WHERE expires_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY ORDER BY expires_at LIMIT :limit"
        );
        removed += db.run(&sql, params! { "limit" => limit }).await?;
    }
    Ok(removed)
}
