//! What the database has been asked, as it counts itself. Every statement is a round trip.

use std::collections::BTreeMap;

use mysql_async::{Conn, prelude::Queryable};

/// How often the server has run which kind of statement: `Com_…` by kind, `Questions` all that clients have sent.
pub type Counts = BTreeMap<String, u64>;

/// The counts since the server started.
pub async fn counts(connection: &mut Conn) -> Counts {
    let sql = "SHOW GLOBAL STATUS WHERE Variable_name LIKE 'Com\\_%' OR Variable_name = 'Questions'";
    let rows: Vec<(String, String)> = connection.query(sql).await.expect("the counters");
    rows.into_iter().filter_map(|(name, count)| Some((name, count.parse().ok()?))).collect()
}

/// What counting itself adds.
#[must_use]
pub fn of_counting() -> Counts {
    ["Com_show_status", "Questions"].map(|name| (name.to_owned(), 1)).into()
}

/// What has been asked in between.
#[must_use]
pub fn since(before: &Counts, after: &Counts) -> Counts {
    let counts = after.iter().map(|(name, count)| (name.clone(), count - before.get(name).copied().unwrap_or(0)));
    counts.filter(|(_, count)| *count > 0).collect()
}
