//! What an import works with, and the order of its steps.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use common::{
    aws,
    config::{ConfigError, DatabaseConfig, ImportConfig, ObjectsConfig},
    db::{
        Connection, Database, DbError,
        imports::{self, Journal, SourceError},
    },
    objects::{Objects, ObjectsError, Way},
};

use crate::{cap::Cap, counts, keys, report::Report, users, videos};

/// Why an import ends before everything was looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    #[error("{0}; docs/IMPORT.md says what it holds")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Source(#[from] SourceError),
    #[error("Cap's database does not answer as it should: {0}")]
    Cap(#[from] mysql_async::Error),
    #[error("Capstan's {0}; look at DATABASE_URL, and whether Capstan's migrations have run there")]
    Database(#[from] DbError),
    #[error("Cap's bucket cannot be read: {0}; look at CAP_BUCKET, CAP_S3_ENDPOINT, CAP_REGION and CAP_ACCESS_KEY_ID")]
    SourceBucket(ObjectsError),
    #[error("Capstan's bucket does not answer: {0}; look at MEDIA_BUCKET and the AWS variables")]
    Bucket(ObjectsError),
    #[error("CAP_DATABASE_URL leads to no database of Cap: it has no table {0}")]
    NoCap(&'static str),
    #[error("another import into this database is running; wait for its end")]
    Locked,
    #[error("the work on a video broke off: {0}")]
    Broken(String),
}

/// Both sides.
pub(crate) struct App {
    db: Database,
    pub(crate) journal: Journal,
    pub(crate) objects: Objects,
    /// Cap's bucket.
    pub(crate) source: Objects,
    pub(crate) dry_run: bool,
    /// Whether S3 copies by itself, until it refuses to.
    copies: AtomicBool,
}

impl App {
    pub(crate) async fn db(&self) -> Result<Connection, DbError> {
        self.db.connect().await
    }

    pub(crate) fn way(&self) -> Way {
        if self.copies.load(Ordering::Relaxed) { Way::Copied } else { Way::Carried }
    }

    /// From here on everything passes through this program.
    pub(crate) fn carry(&self) {
        if self.copies.swap(false, Ordering::Relaxed) {
            eprintln!("S3 does not copy from Cap's bucket with the keys of Capstan's: recordings pass through here.");
        }
    }
}

/// Takes everything, or counts what would be taken.
pub(crate) async fn run() -> Result<Report, ImportError> {
    let config = ImportConfig::from_env()?;
    let db = Database::new(&DatabaseConfig::from_env()?)?;
    let own = ObjectsConfig::from_env()?;
    let path_style = own.path_style || config.objects.endpoint.is_some();
    let there = ObjectsConfig { bucket: config.objects.bucket.clone(), path_style, foreign: None };
    let objects = Objects::new(own, &aws::sdk(aws::FOR_RECORDINGS).await);
    let source = Objects::new(there, &aws::sdk_of_source(&config.objects, aws::FOR_RECORDINGS).await);
    let mut cap = Cap::open(&config.database).await?;
    source.ping().await.map_err(ImportError::SourceBucket)?;
    objects.ping().await.map_err(ImportError::Bucket)?;

    // Held to the end, since the lock is the connection's.
    let mut guard = db.connect().await?;
    if !config.dry_run && !imports::lock(&mut guard).await? {
        return Err(ImportError::Locked);
    }
    let journal = Journal::open(&mut guard, !config.dry_run).await?;
    let copies = AtomicBool::new(config.objects.same_place);
    let app = Arc::new(App { db, journal, objects, source, dry_run: config.dry_run, copies });

    let mut report = Report::new(config.dry_run);
    users::take(&app, &mut cap, &mut report).await?;
    keys::take(&app, &mut cap, &mut report).await?;
    videos::take(&app, &mut cap, &mut report).await?;
    counts::count(&mut cap, &mut report).await?;
    Ok(report)
}
