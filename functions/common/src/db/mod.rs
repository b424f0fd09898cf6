//! MySQL. One module an aggregate; SQL is nowhere else.

mod address;
pub mod agent_codes;
pub mod agent_uploads;
pub mod api_keys;
pub mod callers;
pub mod captions;
pub mod comments;
pub mod expired;
pub mod imports;
pub mod notifications;
mod rds;
pub mod schema;
pub mod server;
pub mod sessions;
pub mod share_links;
pub mod users;
pub mod videos;
pub mod views;

use std::time::Duration;

use mysql_async::{
    Conn, OptsBuilder, Params, Pool, PoolConstraints, PoolOpts, Row,
    prelude::{FromRow, Queryable},
};
use tokio::time::timeout;

use crate::{
    config::{ConfigError, DatabaseConfig},
    time::Millis,
};

/// How long one statement or a connection may take. Longer than any query here needs, shorter than a request may last.
const PATIENCE: Duration = Duration::from_secs(8);
/// How long a connection may take to a database that may be asleep: Aurora is awake after some fifteen seconds.
const WAKING: Duration = Duration::from_secs(22);

/// Seconds that a deleted video's or account's row is kept: longer than any signed upload lives and any event is retried.
const TOMBSTONE_SECONDS: u32 = 2 * 24 * 3600;

/// What went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// It does not answer, or cut the connection: trying again makes sense.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// It answered and refused.
    #[error("database refused a statement: {0}")]
    Query(#[source] mysql_async::Error),
    /// A new row's id could not be made.
    #[error("the system has no random source: {0}")]
    Random(#[from] getrandom::Error),
}

impl DbError {
    /// The number of MySQL's own refusal, when it is one.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Query(mysql_async::Error::Server(refusal)) => Some(refusal.code),
            _ => None,
        }
    }
}

impl From<mysql_async::Error> for DbError {
    fn from(error: mysql_async::Error) -> Self {
        match &error {
            // 1040 too many connections, 1053 shutting down, 1205 lock wait timeout, 1213 deadlock, 3024 query timeout.
            mysql_async::Error::Server(refusal) if matches!(refusal.code, 1040 | 1053 | 1205 | 1213 | 3024) => {
                Self::Unavailable(refusal.to_string())
            }
            mysql_async::Error::Io(_) => Self::Unavailable(error.to_string()),
            mysql_async::Error::Driver(
                mysql_async::DriverError::ConnectionClosed | mysql_async::DriverError::PoolDisconnected,
            ) => Self::Unavailable(error.to_string()),
            _ => Self::Query(error),
        }
    }
}

/// The database, connected on first use.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    /// How long a connection may take.
    patience: Duration,
}

impl Database {
    /// Prepares to connect; does not connect yet. Fails when the address or the authority's certificate cannot be read;
    /// the address, which holds a password, is not repeated.
    pub fn new(config: &DatabaseConfig) -> Result<Self, ConfigError> {
        let address = address::read(config)?;
        // One connection an execution environment, which serves one request at a time: the pool closes what comes back to it
        // beyond its least number. Resetting it between requests would forget its prepared statements and cost a round trip.
        let pool = PoolOpts::default()
            .with_constraints(PoolConstraints::new(1, 2).unwrap_or_default())
            .with_reset_connection(false);
        let opts = OptsBuilder::from_opts(address)
            .pool_opts(pool)
            .prefer_socket(false)
            .client_found_rows(true)
            .tcp_keepalive(Some(Duration::from_secs(60)))
            .setup(vec!["SET time_zone = '+00:00'"]);
        Ok(Self { pool: Pool::new(opts), patience: if config.pauses { WAKING } else { PATIENCE } })
    }

    /// The connection; opened, or opened again when it was cut while the environment was frozen.
    pub async fn connect(&self) -> Result<Connection, DbError> {
        Ok(Connection(within(self.patience, self.pool.get_conn()).await?))
    }
}

/// A connection whose statements are bounded in time.
pub struct Connection(Conn);

impl Connection {
    async fn first<T: FromRow + Send + 'static>(
        &mut self,
        sql: &str,
        params: impl Into<Params> + Send,
    ) -> Result<Option<T>, DbError> {
        bounded(self.0.exec_first(sql, params.into())).await
    }

    async fn all(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<Vec<Row>, DbError> {
        bounded(self.0.exec(sql, params.into())).await
    }

    /// Runs a statement; the number of rows it matched, changed or not.
    async fn run(&mut self, sql: &str, params: impl Into<Params> + Send) -> Result<u64, DbError> {
        bounded(self.0.exec_drop(sql, params.into())).await?;
        Ok(self.0.affected_rows())
    }

    /// True when the database answers.
    pub async fn ping(&mut self) -> Result<(), DbError> {
        bounded(self.0.ping()).await
    }
}

async fn bounded<T>(operation: impl Future<Output = Result<T, mysql_async::Error>>) -> Result<T, DbError> {
    within(PATIENCE, operation).await
}

async fn within<T>(
    patience: Duration,
    operation: impl Future<Output = Result<T, mysql_async::Error>>,
) -> Result<T, DbError> {
    match timeout(patience, operation).await {
        Ok(result) => result.map_err(DbError::from),
        Err(_) => Err(DbError::Unavailable(format!("no answer within {} s", patience.as_secs()))),
    }
}

/// An instant by name, of a column that is `ROUND(UNIX_TIMESTAMP(…) * 1000)`.
fn instant(row: &mut Row, name: &str) -> Result<Option<Millis>, DbError> {
    // A DECIMAL, which MySQL sends as text.
    let text: Option<String> = column(row, name)?;
    Ok(text.and_then(|digits| digits.parse().ok()).map(Millis))
}

/// A column by name. A type that does not fit is our fault, not the caller's.
fn column<T: mysql_async::prelude::FromValue>(row: &mut Row, name: &str) -> Result<T, DbError> {
    row.take_opt(name)
        .and_then(Result::ok)
        .ok_or_else(|| DbError::Query(mysql_async::Error::Other(format!("column {name} does not fit").into())))
}
