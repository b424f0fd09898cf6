//! The private MySQL server: it starts, keeps its data however it ends, and leaves nothing running.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use local::mysql::{Mysql, MysqlOptions};
use mysql_async::{Conn, prelude::Queryable};

/// The server that `infra/mysql.sh` unpacks, if it had to.
fn options(state: &Path) -> MysqlOptions {
    let home = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/mysql"));
    MysqlOptions { data: state.join("mysql"), home: Some(home) }
}

async fn connect(mysql: &Mysql) -> Conn {
    Conn::from_url(&mysql.url).await.expect("a connection")
}

fn process_id(state: &Path) -> i32 {
    fs::read_to_string(state.join("mysql/mysqld.pid")).expect("a pid file").trim().parse().expect("a number")
}

async fn wait_until_gone(pid: i32) {
    let end = Instant::now() + Duration::from_secs(30);
    while Path::new(&format!("/proc/{pid}")).exists() {
        assert!(Instant::now() < end, "process {pid} still runs");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_database_is_there_with_the_right_character_set_and_stays_after_an_orderly_stop() {
    let state = tempfile::tempdir().expect("a folder");
    let mysql = Mysql::start(options(state.path())).await.expect("MySQL");
    let mut conn = connect(&mysql).await;
    let row: Option<(String, String, String)> =
        conn.query_first("SELECT DATABASE(), @@collation_database, @@time_zone").await.expect("an answer");
    assert_eq!(row, Some(("capstan".to_owned(), "utf8mb4_unicode_ci".to_owned(), "+00:00".to_owned())));
    conn.query_drop("CREATE TABLE kept (id INT PRIMARY KEY, doc JSON NOT NULL)").await.expect("a table");
    conn.query_drop("INSERT INTO kept VALUES (1, '{\"a\": \"é😀\"}')").await.expect("a row");
    conn.query_drop("CREATE DATABASE capstan_other").await.expect("a database beside it");
    conn.disconnect().await.expect("a goodbye");
    let pid = process_id(state.path());
    let url = mysql.url.clone();
    mysql.stop().await;
    assert!(!Path::new(&format!("/proc/{pid}")).exists(), "the server still runs");
    assert!(!state.path().join("mysql.init.sql").exists(), "the file with the password is still there");

    let mysql = Mysql::start(options(state.path())).await.expect("MySQL again");
    let secret = |url: &str| url.split('@').next().map(str::to_owned);
    assert_eq!(secret(&mysql.url), secret(&url), "the password is kept");
    let mode = fs::metadata(state.path().join("mysql.password")).expect("a password file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut conn = connect(&mysql).await;
    let kept: Option<String> = conn.query_first("SELECT doc->>'$.a' FROM kept").await.expect("an answer");
    assert_eq!(kept.as_deref(), Some("é😀"));
    drop(conn);
    mysql.stop().await;
}

#[tokio::test]
async fn what_was_committed_survives_a_kill() {
    let state = tempfile::tempdir().expect("a folder");
    let mysql = Mysql::start(options(state.path())).await.expect("MySQL");
    let mut conn = connect(&mysql).await;
    conn.query_drop("CREATE TABLE kept (id INT PRIMARY KEY AUTO_INCREMENT, text VARCHAR(200))").await.expect("a table");
    for _ in 0..50 {
        conn.query_drop("INSERT INTO kept (text) VALUES (REPEAT('x', 200))").await.expect("a row");
    }
    let pid = process_id(state.path());
    // Dropping kills at once: the last commits are milliseconds old.
    drop(mysql);
    wait_until_gone(pid).await;

    let mysql = Mysql::start(options(state.path())).await.expect("MySQL on what the killed one left");
    let rows: Option<i64> = connect(&mysql).await.query_first("SELECT COUNT(*) FROM kept").await.expect("an answer");
    assert_eq!(rows, Some(50));
    mysql.stop().await;
}

#[tokio::test]
async fn a_state_directory_with_a_long_path_works() {
    let state = tempfile::tempdir().expect("a folder");
    let deep = state.path().join("long".repeat(20)).join("path".repeat(20));
    fs::create_dir_all(&deep).expect("folders");
    let mysql = Mysql::start(options(&deep)).await.expect("MySQL");
    let one: Option<i64> = connect(&mysql).await.query_first("SELECT 1").await.expect("an answer");
    assert_eq!(one, Some(1));
    mysql.stop().await;
}

#[tokio::test]
async fn a_data_directory_that_is_none_is_told_with_the_servers_own_words() {
    let state = tempfile::tempdir().expect("a folder");
    fs::create_dir(state.path().join("mysql")).expect("a folder");
    fs::write(state.path().join("mysql/ibdata1"), "not a tablespace").expect("a file");
    let error = Mysql::start(options(state.path())).await.err().expect("an error").to_string();
    assert!(error.starts_with("MySQL did not start; its last messages:") && error.contains("[ERROR]"), "{error}");
}
