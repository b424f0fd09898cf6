//! What these tests share: a database with nothing in it, and programs that must succeed.

use std::path::Path;

use local::mysql::{Mysql, MysqlOptions};
use mysql_async::{Conn, Opts, prelude::Queryable};
use tests::cloud::repository;
use tokio::process::Command;

/// Selects a row for every migration that the database has had.
pub(crate) const APPLIED: &str = "SELECT CAST(version AS CHAR) FROM refinery_schema_history";

/// How many there are.
pub(crate) fn migrations() -> usize {
    std::fs::read_dir(repository().join("migrations")).expect("migrations").count()
}

/// A MySQL with an empty database, in a directory that outlives it.
pub(crate) async fn database(place: &Path) -> Mysql {
    let options = MysqlOptions { data: place.join("mysql"), home: Some(repository().join(".tools/mysql")) };
    Mysql::start(options).await.expect("MySQL")
}

/// The rows of one column of text.
pub(crate) async fn column(url: &str, sql: &str) -> Vec<String> {
    let mut connection = Conn::new(Opts::from_url(url).expect("an address")).await.expect("a connection");
    let rows = connection.query(sql).await.expect("a query");
    connection.disconnect().await.expect("the end");
    rows
}

/// Runs a program that must succeed; what it said.
pub(crate) async fn run(mut command: Command, what: &str) -> String {
    let output = command.kill_on_drop(true).output().await.expect(what);
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{what} failed:\n{said}");
    said
}
