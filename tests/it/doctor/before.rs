//! Configurations before anything is deployed.

use mysql_async::prelude::Queryable;
use tests::{cloud::Cloud, rows::connection, store};

use super::{
    Found,
    clouds::{NOBODY, deaf, right},
    doctor,
    proxy::{before, console},
};

/// What a cloud's functions have in their environment, for DynamoDB and S3.
async fn environment(cloud: &Cloud) -> Vec<(&'static str, String)> {
    let ready = &cloud.ready;
    vec![
        ("DATABASE_URL", ready.database_url.clone()),
        ("MEDIA_BUCKET", ready.bucket.clone()),
        ("LEDGER_TABLE", store::ledger_of(cloud).await.1),
        ("MAIL_TRANSPORT", "smtp".to_owned()),
        ("MAIL_FROM", "Capstan <login@example.com>".to_owned()),
        ("SMTP_URL", format!("smtp://{}", ready.smtp_address)),
        ("NEXTAUTH_SECRET", "0123456789abcdef0123456789abcdef".to_owned()),
        ("DATABASE_ENCRYPTION_KEY", "0f".repeat(32)),
        ("AWS_ACCESS_KEY_ID", ready.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", ready.secret_access_key.clone()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL_S3", ready.s3_endpoint.clone()),
        ("AWS_ENDPOINT_URL_DYNAMODB", ready.dynamodb_endpoint.clone()),
    ]
}

/// Looks at what a cloud has, with some of it otherwise.
async fn configured(cloud: &Cloud, changes: &[(&'static str, &str)]) -> Found {
    let mut environment = environment(cloud).await;
    for (name, value) in changes {
        environment.retain(|(known, _)| known != name);
        environment.push((name, (*value).to_owned()));
    }
    let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let found = doctor(&[], &environment).await;
    found.keeps_secrets_of(cloud);
    found
}

#[tokio::test]
async fn a_configuration_that_is_right_has_nothing_wrong() {
    let found = configured(right().await, &[]).await;
    assert_eq!((found.code, found.wrong()), (0, Vec::new()), "{}", found.text);
    for part in ["database", "bucket", "ledger", "mail", "secrets"] {
        assert!(found.checks().iter().any(|check| check["part"] == part), "{part}: {}", found.text);
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named() {
    let cloud = right().await;
    let url = &cloud.ready.database_url;
    let (head, rest) = url.rsplit_once('@').expect("a password");
    let user = head.rsplit_once(':').expect("a user").0;
    let host = rest.split('/').next().expect("a host");
    for (url, check, says, advice) in [
        (
            format!("{user}:wrong@{rest}"),
            "database/database",
            "refuses user or password",
            "Correct them in DATABASE_URL",
        ),
        (format!("{head}@{host}/nowhere"), "database/database", "there is none of that name", "CREATE DATABASE"),
        (format!("{head}@{NOBODY}/capstan"), "database/database", "Nobody listens", "start the database"),
        (format!("{url}?require_ssl=true"), "database/database", "nobody here knows", "DATABASE_CA"),
        ("postgres://u:p@127.0.0.1/d".to_owned(), "database/database", "DATABASE_URL", "template.yaml"),
    ] {
        configured(cloud, &[("DATABASE_URL", &url)]).await.names_only(check, says, advice);
    }
    // Everybody may read it, and nobody may change it.
    let found = configured(cloud, &[("DATABASE_URL", &format!("{head}@{host}/information_schema"))]).await;
    found.names("database/privileges", "may not do what migrations do", "GRANT ALL");
    found.names("database/charset", "does not have all letters", "utf8mb4");
}

#[tokio::test]
async fn d8_a_rehearsed_migration_leaves_nothing() {
    let cloud = right().await;
    configured(cloud, &[]).await;
    let left: Vec<String> = connection(cloud).await.query("SHOW TABLES LIKE 'capstan_doctor%'").await.expect("tables");
    assert_eq!(left, Vec::<String>::new());
    let objects = store::s3_of(cloud).list_objects_v2().bucket(&cloud.ready.bucket).prefix("doctor/").send().await;
    assert_eq!(objects.expect("a listing").contents, None);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_named() {
    let cloud = right().await;
    let console = console().await;
    let nobody = format!("http://{NOBODY}");
    for (changes, says, advice) in [
        ([("MEDIA_BUCKET", "another-bucket")], "no bucket of the name", "Create it"),
        ([("AWS_ENDPOINT_URL_S3", console.as_str())], "not the API of S3", "9000, and not 9001"),
        ([("AWS_ENDPOINT_URL_S3", nobody.as_str())], "Nobody answers", "start the storage"),
    ] {
        configured(cloud, &changes).await.names_only("bucket/bucket", says, advice);
    }
    let found = configured(cloud, &[("AWS_SECRET_ACCESS_KEY", "wrong")]).await;
    found.names("bucket/bucket", "not the one of this access key", "AWS_SECRET_ACCESS_KEY");
}

/// What the bucket itself tells of its rules, and to whom it is open: signatures are for the storage's own host, so something in
/// front of it answers these itself and passes nothing else on.
#[tokio::test]
async fn d4_d11_a_bucket_without_rules_that_anybody_lists_is_named() {
    let cloud = right().await;
    let storage = before(&cloud.ready.s3_endpoint, |exchange| {
        let told = |status, body: &str| (status, body.as_bytes().to_vec());
        let path = exchange.path.clone();
        (exchange.status, exchange.body) = match exchange.method.as_str() {
            "GET" if path.contains("cors") => told(404, "<Error><Code>NoSuchCORSConfiguration</Code></Error>"),
            "GET" if path.contains("lifecycle") => {
                told(404, "<Error><Code>NoSuchLifecycleConfiguration</Code></Error>")
            }
            "GET" if path.contains("versioning") => {
                told(200, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>")
            }
            "GET" if path.contains("list-type") => told(200, "<ListBucketResult/>"),
            "GET" => told(200, "{}"),
            _ => told(200, ""),
        };
    });
    let found = configured(cloud, &[("AWS_ENDPOINT_URL_S3", &storage.await)]).await;
    found.names("bucket/cors", "do not let pages of this site store", "expose ETag");
    found.names("bucket/abandoned_uploads", "keeps pieces of uploads", "aborts incomplete multipart uploads");
    found.names("bucket/versions", "what people delete stays", "Suspend versioning");
    found.names("bucket/anonymous", "Anybody may list", "Block public access");
}

#[tokio::test]
async fn a_table_that_cannot_be_used_is_named() {
    let cloud = right().await;
    let found = configured(cloud, &[("LEDGER_TABLE", "nowhere")]).await;
    found.names_only("ledger/ledger", "no table of the name", "the key pk");
    let nobody = format!("http://{NOBODY}");
    let found = configured(cloud, &[("AWS_ENDPOINT_URL_DYNAMODB", &nobody)]).await;
    found.names_only("ledger/ledger", "DynamoDB does not answer", "AWS_ENDPOINT_URL_DYNAMODB");
    let found = configured(deaf().await, &[]).await;
    found.names_only("ledger/ledger_expires", "does not remove what is over", "expires_at");
}

#[tokio::test]
async fn d7_mail_and_secrets_that_cannot_be_used_are_named() {
    let cloud = right().await;
    let nobody = format!("smtp://{NOBODY}");
    for (changes, check, says, advice) in [
        ([("SMTP_URL", nobody.as_str())], "mail/mail", "the connection failed", "SMTP_URL"),
        ([("MAIL_TRANSPORT", "pigeon")], "mail/mail", "resend, ses, smtp or log", "does not start"),
        ([("MAIL_TRANSPORT", "log")], "mail/mail", "written to the log", "Choose resend, ses or smtp"),
        ([("MAIL_FROM", "nobody")], "mail/mail", "MAIL_FROM", "does not start"),
        ([("NEXTAUTH_SECRET", "short")], "secrets/secret", "fewer than 32", "does not start"),
        ([("DATABASE_ENCRYPTION_KEY", "0f")], "secrets/encryption_key", "64 hexadecimal digits", "does not start"),
    ] {
        configured(cloud, &changes).await.names_only(check, says, advice);
    }
}
