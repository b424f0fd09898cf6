//! The rows themselves: what no route shows, and time that has passed.

use mysql_async::{Conn, Opts, prelude::Queryable};

use crate::cloud::{Cloud, cloud};

/// A connection to a cloud's database.
pub async fn connection(cloud: &Cloud) -> Conn {
    let opts = Opts::from_url(&cloud.ready.database_url).expect("an address");
    Conn::new(opts).await.expect("a connection")
}

/// Runs a statement on the shared cloud.
pub async fn run(sql: &str) {
    let mut connection = connection(cloud()).await;
    connection.query_drop(sql).await.expect("a statement");
    connection.disconnect().await.expect("the end");
}

/// One value, from the shared cloud.
pub async fn one<T: mysql_async::prelude::FromValue + Send + 'static>(sql: &str) -> T {
    let mut connection = connection(cloud()).await;
    let value = connection.query_first(sql).await.expect("a query");
    connection.disconnect().await.expect("the end");
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
