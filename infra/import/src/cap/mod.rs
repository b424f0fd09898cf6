//! Cap's database, read and never written. All SQL of Cap's tables is here. Columns that an older Cap does not have are read as
//! NULL, tables that it does not have as empty.

mod people;
mod schema;
mod videos;

use common::{config::DatabaseConfig, db::imports, time::Millis};
use mysql_async::{
    Conn, Params, Row, Value,
    prelude::{FromValue, Queryable},
};

pub(crate) use people::{CapAgentKey, CapKey, CapUser};
pub(crate) use videos::{CapComment, CapVideo};

use crate::app::ImportError;
use schema::Schema;

/// Rows that are read at once.
pub(crate) const PAGE: usize = 200;

/// A Cap's database.
pub(crate) struct Cap {
    conn: Conn,
    schema: Schema,
}

impl Cap {
    pub(crate) async fn open(config: &DatabaseConfig) -> Result<Self, ImportError> {
        let mut conn = imports::source(config).await?;
        let schema = Schema::read(&mut conn).await?;
        for (table, column) in [("users", "email"), ("videos", "ownerId")] {
            if !schema.has(table, column) {
                return Err(ImportError::NoCap(table));
            }
        }
        Ok(Self { conn, schema })
    }

    async fn all(&mut self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, mysql_async::Error> {
        let params = if params.is_empty() { Params::Empty } else { Params::Positional(params) };
        self.conn.exec(sql, params).await
    }

    /// How many rows a table has, of which a condition holds; none where there is no such table or column.
    pub(crate) async fn count(&mut self, table: &str, column: &str, of: &str) -> Result<u64, mysql_async::Error> {
        let there = if column.is_empty() { self.schema.has_table(table) } else { self.schema.has(table, column) };
        if !there {
            return Ok(0);
        }
        let counted = self.conn.query_first(format!("SELECT COUNT(*) FROM `{table}` WHERE {of}")).await?;
        Ok(counted.unwrap_or_default())
    }

    /// Names of all tables.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.schema.tables()
    }
}

/// A column by name; nothing where it is NULL or no such thing. What Cap has written is not ours to complain of.
fn get<T: FromValue>(row: &mut Row, name: &str) -> Option<T> {
    row.take_opt::<Option<T>, _>(name).and_then(Result::ok).flatten()
}

/// A column that is true or false, in any of the ways in which MySQL says so.
fn flag(row: &mut Row, name: &str) -> Option<bool> {
    get::<i64>(row, name).map(|value| value != 0)
}

/// A column that is milliseconds as a number of any kind.
fn millis(row: &mut Row, name: &str) -> Option<Millis> {
    let text: String = get(row, name)?;
    text.parse().ok().map(Millis)
}

/// An expression for the milliseconds of a point in time.
fn as_millis(column: &str) -> String {
    format!("CAST(ROUND(UNIX_TIMESTAMP({column}) * 1000) AS CHAR)")
}

/// As many question marks.
fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn values(texts: &[&str]) -> Vec<Value> {
    texts.iter().map(|text| Value::from(*text)).collect()
}
