//! DynamoDB, embedded: `dynoxide` on a loopback port, with the template's tables, behind a door that asks who may what.

mod access;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context, Result, anyhow};
use dynoxide::Database;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{http, iam::Iam, template::Table};

/// Serves the database at `path`, or one in memory, until `stop`. Tables that are missing are created; tables and
/// items that are there stay. Requests are allowed by `iam`; signatures are not checked.
pub async fn serve(
    path: Option<PathBuf>,
    tables: &[Table],
    iam: Arc<Iam>,
    port: u16,
    stop: CancellationToken,
) -> Result<SocketAddr> {
    let database = match &path {
        Some(path) => Database::new(&path.to_string_lossy()),
        None => Database::memory(),
    };
    let database = database.map_err(|error| anyhow!("the DynamoDB data cannot be opened: {error}"))?;
    for table in tables {
        create(&database, table).with_context(|| format!("DynamoDB table {}", table.name))?;
    }
    let (listener, behind) = http::listen(0).await?;
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, stop.clone().cancelled_owned()));
    access::serve(behind, tables, iam, port, stop).await
}

fn create(database: &Database, table: &Table) -> Result<()> {
    let exists = database.describe_table(serde_json::from_value(json!({ "TableName": table.name }))?).is_ok();
    if exists {
        return Ok(());
    }
    let keys = [(Some(&table.hash_key), "HASH"), (table.range_key.as_ref(), "RANGE")];
    let keys = keys.into_iter().filter_map(|(name, kind)| Some(json!({ "AttributeName": name?, "KeyType": kind })));
    let attributes =
        table.attributes.iter().map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind }));
    let request = json!({
        "TableName": table.name,
        "KeySchema": keys.collect::<Vec<_>>(),
        "AttributeDefinitions": attributes.collect::<Vec<_>>(),
        "BillingMode": "PAY_PER_REQUEST",
    });
    database.create_table(serde_json::from_value(request)?).map_err(|error| anyhow!("cannot be created: {error}"))?;
    if let Some(attribute) = &table.ttl_attribute {
        let request = json!({
            "TableName": table.name,
            "TimeToLiveSpecification": { "AttributeName": attribute, "Enabled": true },
        });
        let expiry = database.update_time_to_live(serde_json::from_value(request)?);
        expiry.map_err(|error| anyhow!("cannot be given an expiry: {error}"))?;
    }
    Ok(())
}
