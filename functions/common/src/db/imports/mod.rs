//! What is taken over from a self-hosted Cap. Beside the rows themselves, a journal says what was taken: so that it can be done
//! again, and goes on where it was interrupted, and what was deleted, changed or taken back here since does not come back.

mod comments;
mod keys;
mod users;
mod videos;

use std::{collections::HashMap, time::Duration};

use mysql_async::{Conn, OptsBuilder, Params, Row, Transaction, Value, params, prelude::Queryable};

use super::{Connection, DbError, address, bounded, column};
use crate::config::{ConfigError, DatabaseConfig};

pub use comments::{NewComment, comments, known_comments};
pub use keys::{NewKey, key};
pub use users::{NewUser, TakenUser, adopt_avatar, user};
pub use videos::{NewVideo, TakenVideo, video, video_is_here};

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// People.
    User,
    /// Recordings and screenshots.
    Video,
    /// Keys, by the hexadecimal digits of their hashes.
    Key,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Video => "video",
            Self::Key => "key",
        }
    }
}

/// What the journal says of something that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id here.
    pub target: String,
    /// True when nothing of it is left to be taken.
    pub done: bool,
}

/// What was taken, as far as anything was.
#[derive(Clone, Copy, Debug)]
pub struct Journal {
    there: bool,
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS cap_imports (\
     kind ENUM('user', 'video', 'key') NOT NULL, \
     source_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, \
     target_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, \
     done BOOLEAN NOT NULL DEFAULT FALSE, \
     taken_at DATETIME(3) NOT NULL DEFAULT (UTC_TIMESTAMP(3)), \
     PRIMARY KEY (kind, source_id)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";

impl Journal {
    /// Opens the journal, and begins one where it may be `written`. It is a table of its own, which can be dropped when nothing is
    /// to be imported any more.
    pub async fn open(db: &mut Connection, written: bool) -> Result<Self, DbError> {
        if written {
            db.run(TABLE, ()).await?;
            return Ok(Self { there: true });
        }
        let sql =
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'cap_imports'";
        Ok(Self { there: db.first::<u8>(sql, ()).await?.is_some() })
    }

    /// What it says of these.
    pub async fn find(
        self,
        db: &mut Connection,
        kind: Kind,
        sources: &[&str],
    ) -> Result<HashMap<String, Entry>, DbError> {
        if !self.there || sources.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT source_id, target_id, done FROM cap_imports WHERE kind = ? AND source_id IN ({})",
            places(sources.len())
        );
        let rows = db.all(&sql, listed(Some(kind.as_str()), sources)).await?;
        let read = |mut row: Row| {
            let entry = Entry { target: column(&mut row, "target_id")?, done: column(&mut row, "done")? };
            Ok((column(&mut row, "source_id")?, entry))
        };
        rows.into_iter().map(read).collect()
    }

    /// Who these people of a Cap are here, and whether they still are: an account may have been deleted since.
    pub async fn people(
        self,
        db: &mut Connection,
        sources: &[&str],
    ) -> Result<HashMap<String, (String, bool)>, DbError> {
        if !self.there || sources.is_empty() {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT i.source_id, i.target_id, u.id IS NOT NULL AS here FROM cap_imports i \
             LEFT JOIN users u ON u.id = i.target_id AND u.deleted_at IS NULL \
             WHERE i.kind = 'user' AND i.source_id IN ({})",
            places(sources.len())
        );
        let rows = db.all(&sql, listed(None, sources)).await?;
        let read = |mut row: Row| {
            let here = (column(&mut row, "target_id")?, column(&mut row, "here")?);
            Ok((column(&mut row, "source_id")?, here))
        };
        rows.into_iter().map(read).collect()
    }
}

/// Nothing of this is left to be taken.
pub async fn done(db: &mut Connection, kind: Kind, source: &str) -> Result<(), DbError> {
    let sql = "UPDATE cap_imports SET done = TRUE WHERE kind = :kind AND source_id = :source";
    db.run(sql, params! { "kind" => kind.as_str(), "source" => source }).await.map(drop)
}

/// Keeps other imports out of this database until `db` is closed; false when there is one. One that was killed is soon gone.
pub async fn lock(db: &mut Connection) -> Result<bool, DbError> {
    let sql = "SELECT GET_LOCK(LEFT(CONCAT('capstan import ', DATABASE()), 64), 5)";
    let got: Option<Option<i64>> = db.first(sql, ()).await?;
    Ok(got.flatten() == Some(1))
}

/// A connection to a Cap's database that cannot write. What is read there is the import's business.
pub async fn source(config: &DatabaseConfig) -> Result<Conn, SourceError> {
    let names = address::Names { url: "CAP_DATABASE_URL", ca: "CAP_DATABASE_CA" };
    let opts = OptsBuilder::from_opts(address::read_named(config, names)?)
        .prefer_socket(false)
        .tcp_keepalive(Some(Duration::from_secs(60)))
        .setup(vec!["SET time_zone = '+00:00'", "SET SESSION TRANSACTION READ ONLY"]);
    Ok(bounded(Conn::new(opts)).await?)
}

/// A Cap's database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Its address cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It does not answer, or refuses.
    #[error("Cap's {0}; look at CAP_DATABASE_URL")]
    Database(#[from] DbError),
}

async fn note(
    transaction: &mut Transaction<'_>,
    kind: Kind,
    source: &str,
    target: &str,
    done: bool,
) -> Result<(), mysql_async::Error> {
    let sql = "INSERT INTO cap_imports (kind, source_id, target_id, done) VALUES (:kind, :source, :target, :done)";
    let entry = params! { "kind" => kind.as_str(), "source" => source, "target" => target, "done" => done };
    transaction.exec_drop(sql, entry).await
}

/// As many question marks, for a list of values.
fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn listed(first: Option<&str>, values: &[&str]) -> Params {
    Params::Positional(first.into_iter().chain(values.iter().copied()).map(Value::from).collect())
}
