//! Which tables and columns this Cap has.

use std::collections::{BTreeMap, BTreeSet};

use mysql_async::{Conn, prelude::Queryable};

/// Tables with their columns.
pub(super) struct Schema(BTreeMap<String, BTreeSet<String>>);

impl Schema {
    pub(super) async fn read(conn: &mut Conn) -> Result<Self, mysql_async::Error> {
        let sql = "SELECT c.TABLE_NAME, c.COLUMN_NAME FROM information_schema.COLUMNS c \
                   JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME \
                   WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE'";
        let all: Vec<(String, String)> = conn.query(sql).await?;
        let mut tables: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (table, column) in all {
            tables.entry(table).or_default().insert(column);
        }
        Ok(Self(tables))
    }

    pub(super) fn has(&self, table: &str, column: &str) -> bool {
        self.0.get(table).is_some_and(|columns| columns.contains(column))
    }

    pub(super) fn has_table(&self, table: &str) -> bool {
        self.0.contains_key(table)
    }

    /// A column as an expression, with the alias of its table.
    pub(super) fn column(&self, table: &str, alias: &str, column: &str) -> String {
        if self.has(table, column) { format!("{alias}.`{column}`") } else { "NULL".to_owned() }
    }

    /// As [`column`](Self::column), as text: JSON and decimals too.
    pub(super) fn text(&self, table: &str, alias: &str, column: &str) -> String {
        format!("CAST({} AS CHAR)", self.column(table, alias, column))
    }

    pub(super) fn tables(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}
