//! A database beyond this machine: encrypted, and believed only when an authority vouches for it.

use std::{fs, path::Path, process::Command};

use common::{
    config::DatabaseConfig,
    db::{Database, DbError},
    secret::Secret,
};
use mysql_async::prelude::Queryable;
use tests::cloud::{Cloud, programs};

fn database(url: &str, ca: Option<&str>) -> Database {
    Database::new(&DatabaseConfig { url: Secret::new(url), ca: ca.map(str::to_owned), pauses: false })
        .expect("a database")
}

/// The connection's cipher; empty when it has none.
async fn cipher(db: &Database) -> String {
    let mut connection = db.pool().get_conn().await.expect("a connection");
    let row = connection.query_first("SHOW SESSION STATUS LIKE 'Ssl_cipher'").await.expect("a query");
    let (_, cipher): (String, String) = row.expect("a row");
    cipher
}

async fn refusal(db: &Database) -> String {
    match db.connect().await {
        Err(DbError::Unavailable(why)) => why,
        Err(other) => panic!("unavailable is what it is, not: {other}"),
        Ok(_) => panic!("nobody vouched for this server"),
    }
}

fn openssl(directory: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(directory).args(arguments).output().expect("openssl");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Gives MySQL a certificate for its address, signed by the authority that it made for itself.
fn certify(data: &Path) {
    fs::write(data.join("names"), "subjectAltName = IP:127.0.0.1\n").expect("a file");
    openssl(data, &["req", "-new", "-key", "server-key.pem", "-subj", "/CN=capstan", "-out", "request.pem"]);
    let sign = ["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-set_serial", "77"];
    openssl(data, &[&sign[..], &["-days", "2", "-extfile", "names", "-out", "server-cert.pem"]].concat());
    for file in ["names", "request.pem"] {
        fs::remove_file(data.join(file)).expect("a file");
    }
}

#[tokio::test]
async fn a_database_is_believed_when_its_authority_is_given() {
    let state = tempfile::Builder::new().prefix("capstan-test-").tempdir().expect("a temporary directory");
    let path = state.path().to_owned();
    let start = move || Cloud::start_in(&path);
    let own = tokio::task::spawn_blocking(start.clone()).await.expect("a cloud");
    let data = state.path().join("mysql");
    let ca = fs::read_to_string(data.join("ca.pem")).expect("MySQL's own authority");
    // The certificate that MySQL makes for itself is for no address at all.
    let why = refusal(&database(&own.ready.database_url, Some(&ca))).await;
    assert!(why.contains("not valid for name"), "{why}");
    let own = tokio::task::spawn_blocking(move || {
        own.stop();
        certify(&data);
        start()
    });
    let own = own.await.expect("a cloud");
    let url = &own.ready.database_url;

    assert_eq!(cipher(&database(url, None)).await, "", "this machine needs no cipher");
    assert_ne!(cipher(&database(url, Some(&ca))).await, "");
    database(url, Some(&ca)).connect().await.expect("a connection").ping().await.expect("an answer");
    assert_ne!(cipher(&database(&format!("{url}?built_in_roots=false"), Some(&ca))).await, "");
    assert_ne!(cipher(&database(&format!("{url}?require_ssl=true&verify_ca=false"), None)).await, "");

    let why = refusal(&database(&format!("{url}?require_ssl=true"), None)).await;
    assert!(why.contains("UnknownIssuer"), "{why}");
    let of_another = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Another", "-days", "2"];
    openssl(state.path(), &[&of_another[..], &["-keyout", "another-key.pem", "-out", "another.pem"]].concat());
    let another = fs::read_to_string(state.path().join("another.pem")).expect("another authority");
    let why = refusal(&database(url, Some(&another))).await;
    assert!(why.contains("UnknownIssuer"), "{why}");
    tokio::task::spawn_blocking(move || own.stop()).await.expect("the end");
}

#[test]
fn a_function_does_not_start_with_an_authority_that_is_none() {
    let started = Command::new(programs().join("migrate"))
        .env_clear()
        .env("DATABASE_URL", "mysql://user:hush@db.example.com/capstan")
        .env("DATABASE_CA", "garbage")
        .output()
        .expect("the function");
    let said = format!("{}{}", String::from_utf8_lossy(&started.stdout), String::from_utf8_lossy(&started.stderr));
    assert!(!started.status.success(), "{said}");
    assert!(said.contains("DATABASE_CA") && said.contains("BEGIN CERTIFICATE") && !said.contains("hush"), "{said}");
}
