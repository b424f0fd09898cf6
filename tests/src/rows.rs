//! The rows themselves: what no route shows, and time that has passed.

use mysql_async::{Opts, Pool, prelude::Queryable};

use crate::cloud::cloud;

/// Runs a statement.
pub async fn run(sql: &str) {
    let pool = Pool::new(Opts::from_url(&cloud().ready.database_url).expect("an address"));
    pool.get_conn().await.expect("a connection").query_drop(sql).await.expect("a statement");
    pool.disconnect().await.expect("the end");
}

/// One value.
pub async fn one<T: mysql_async::prelude::FromValue + Send + 'static>(sql: &str) -> T {
    let pool = Pool::new(Opts::from_url(&cloud().ready.database_url).expect("an address"));
    let value = pool.get_conn().await.expect("a connection").query_first(sql).await.expect("a query");
    pool.disconnect().await.expect("the end");
    value.expect("a row")
}

/// Makes a video look as if nothing had happened to it for `seconds`.
pub async fn stand_still(video: &str, seconds: u32) {
    run(&format!(
        "UPDATE videos SET updated_at = updated_at - INTERVAL {seconds} SECOND, \
         deleted_at = deleted_at - INTERVAL {seconds} SECOND, swept_at = NULL WHERE id = '{video}'"
    ))
    .await;
}
