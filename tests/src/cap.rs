//! A self-hosted Cap to be imported: a database with its tables, and a bucket with its objects.

use std::{collections::BTreeMap, net::SocketAddr, process::Stdio, sync::Arc};

use aws_sdk_s3::Client;
use common::ids::UserId;
use local::{
    iam::Iam,
    s3::{S3Options, serve},
};
use mysql_async::{Conn, Opts, OptsBuilder, prelude::Queryable};
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    sync::{Mutex, MutexGuard, mpsc},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    cloud::{cloud, programs},
    store::client,
};

/// Cap's tables.
const SCHEMA: &str = include_str!("cap.sql");
const KEY: (&str, &str) = ("cap-key", "cap-secret");
const BUCKET: &str = "cap";

/// Cap's database and bucket. Both go with it.
pub struct Cap {
    database: String,
    /// Its rows.
    pub conn: Conn,
    /// Its objects.
    pub s3: Client,
    bucket: String,
    own: Option<(SocketAddr, DropGuard, TempDir)>,
}

/// What a run of the import has said.
#[derive(Debug)]
pub struct Told {
    /// True when it ended well.
    pub success: bool,
    /// What it printed.
    pub text: String,
    /// What it complained of.
    pub complaints: String,
}

impl Told {
    /// How many were in Cap, are here since, were here, were left out.
    #[must_use]
    pub fn row(&self, name: &str) -> [u64; 4] {
        let found = self.text.lines().find_map(|line| {
            let numbers = line.strip_prefix(name)?.split_whitespace().map(str::parse).collect::<Result<Vec<u64>, _>>();
            numbers.ok()?.try_into().ok()
        });
        found.unwrap_or_else(|| panic!("no row {name}: {self:?}"))
    }

    /// All rows by their names.
    #[must_use]
    pub fn rows(&self) -> BTreeMap<String, Vec<u64>> {
        let row = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let (name, numbers) = words.split_at(words.len().checked_sub(4)?);
            Some((name.join(" "), numbers.iter().map(|number| number.parse().ok()).collect::<Option<Vec<u64>>>()?))
        };
        self.text.lines().filter_map(row).collect()
    }
}

impl Cap {
    /// An empty one with an S3 of its own.
    pub async fn new() -> Self {
        Self::of(SCHEMA).await
    }

    /// The same with other tables.
    pub async fn of(schema: &str) -> Self {
        let folder = TempDir::new().expect("a folder");
        let stop = CancellationToken::new();
        let options = S3Options {
            root: folder.path().to_owned(),
            bucket: BUCKET.to_owned(),
            iam: Arc::new(Iam::new(KEY.0, &[], None).expect("no policies")),
            secret_key: KEY.1.to_owned(),
            port: 0,
            cors: Vec::new(),
            abort_incomplete_after: None,
        };
        let address = serve(options, mpsc::unbounded_channel().0, stop.clone()).await.expect("S3");
        let s3 = client(&format!("http://{address}"), "us-east-1", KEY.0, KEY.1);
        Self::with(schema, s3, BUCKET, Some((address, stop.drop_guard(), folder))).await
    }

    /// An empty one whose objects lie in the S3 that Capstan has.
    pub async fn beside() -> Self {
        let ready = &cloud().ready;
        let s3 = client(&ready.s3_endpoint, "us-east-1", &ready.access_key_id, &ready.secret_access_key);
        Self::with(SCHEMA, s3, &ready.bucket, None).await
    }

    async fn with(schema: &str, s3: Client, bucket: &str, own: Option<(SocketAddr, DropGuard, TempDir)>) -> Self {
        let opts = Opts::from_url(&cloud().ready.database_url).expect("an address");
        let database = format!("capstan_cap_{}", UserId::random().expect("random"));
        let mut conn = Conn::new(opts.clone()).await.expect("MySQL");
        conn.query_drop(format!("CREATE DATABASE {database} CHARACTER SET utf8mb4")).await.expect("a database");
        let opts = OptsBuilder::from_opts(opts).db_name(Some(&database));
        let mut conn = Conn::new(opts).await.expect("a connection");
        for statement in schema.split(";\n") {
            conn.query_drop(statement).await.expect(statement);
        }
        Self { database, conn, s3, bucket: bucket.to_owned(), own }
    }

    /// Adds a row; values as SQL writes them.
    pub async fn row(&mut self, table: &str, columns: &[(&str, &str)]) {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = columns.iter().map(|(_, value)| *value).collect();
        self.run(&format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))).await;
    }

    /// Runs a statement.
    pub async fn run(&mut self, sql: &str) {
        self.conn.query_drop(sql).await.expect(sql);
    }

    /// Stores an object.
    pub async fn store(&self, key: &str, content: impl Into<Vec<u8>>) {
        let put = self.s3.put_object().bucket(&self.bucket).key(key).body(content.into().into());
        put.send().await.expect("stored");
    }

    /// Name of its bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// Host and port of its database.
    #[must_use]
    pub fn database_address(&self) -> String {
        let opts = Opts::from_url(&cloud().ready.database_url).expect("an address");
        format!("{}:{}", opts.ip_or_hostname(), opts.tcp_port())
    }

    /// Host and port of its S3, which Capstan's may be.
    #[must_use]
    pub fn s3_address(&self) -> String {
        self.own.as_ref().map_or_else(
            || cloud().ready.s3_endpoint.trim_start_matches("http://").to_owned(),
            |(address, ..)| address.to_string(),
        )
    }

    /// The import, with what it is told of both sides.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command_by(&self.database_address(), &self.s3_address())
    }

    /// As [`command`](Self::command), by other ways to Cap's database and S3.
    #[must_use]
    pub fn command_by(&self, database: &str, s3: &str) -> Command {
        let ready = &cloud().ready;
        let here = Opts::from_url(&ready.database_url).expect("an address");
        let login = format!("{}:{}", here.user().expect("a user"), here.pass().expect("a password"));
        let mut command = Command::new(programs().join("capstan-import"));
        command
            .env_clear()
            .env("CAP_DATABASE_URL", format!("mysql://{login}@{database}/{}", self.database))
            .env("CAP_BUCKET", &self.bucket)
            .env("DATABASE_URL", &ready.database_url)
            .env("MEDIA_BUCKET", &ready.bucket)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL_S3", &ready.s3_endpoint)
            .env("AWS_ACCESS_KEY_ID", &ready.access_key_id)
            .env("AWS_SECRET_ACCESS_KEY", &ready.secret_access_key)
            .kill_on_drop(true)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if self.own.is_some() {
            command
                .env("CAP_S3_ENDPOINT", format!("http://{s3}"))
                .env("CAP_REGION", "us-east-1")
                .env("CAP_ACCESS_KEY_ID", KEY.0)
                .env("CAP_SECRET_ACCESS_KEY", KEY.1);
        } else {
            command.env("AWS_ENDPOINT_URL_S3", format!("http://{s3}"));
        }
        command
    }

    /// Imports everything.
    pub async fn import(&self) -> Told {
        told(self.command()).await
    }

    /// Says what would be imported.
    pub async fn dry_run(&self) -> Told {
        let mut command = self.command();
        command.env("DRY_RUN", "1");
        told(command).await
    }

    /// Takes its database away.
    pub async fn remove(mut self) {
        self.run(&format!("DROP DATABASE {}", self.database)).await;
        self.conn.disconnect().await.expect("the end");
    }
}

/// One import at a time goes into a database; tests wait for each other.
pub async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// Runs the import to its end.
pub async fn told(mut command: Command) -> Told {
    let _turn = turn().await;
    let output = command.output().await.expect("capstan-import");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Told { success: output.status.success(), text: text(output.stdout), complaints: text(output.stderr) }
}

/// Begins an import that will be killed, in one's [`turn`].
#[must_use]
pub fn begun(mut command: Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("capstan-import")
}
