//! `GET /api/status`: health, with what is reachable.

use std::time::Duration;

use common::{
    db::DbError,
    http::{Answer, StatusCode, json_response},
    ledger::LedgerError,
    objects::ObjectsError,
};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::app::App;

/// A health check waits no longer than this for each of its parts.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// Each part is `ok`, `unreachable` or `no answer`.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok` or `degraded`.
    status: &'static str,
    version: &'static str,
    database: &'static str,
    objects: &'static str,
    ledger: &'static str,
}

/// Tell what is reachable
///
/// 200 when everything answers, else 503; either way it says which part does.
#[utoipa::path(
    get,
    path = "/api/status",
    tag = "Server",
    security(()),
    responses((status = 200, body = Health), (status = 503, description = "Something does not answer", body = Health)),
)]
pub(super) async fn status(app: &App) -> Answer {
    let (database, objects, ledger) = tokio::join!(
        timeout(PATIENCE, async { app.db.connect().await?.ping().await.map_err(Unreachable::from) }),
        timeout(PATIENCE, async { app.objects.ping().await.map_err(Unreachable::from) }),
        timeout(PATIENCE, async { app.ledger.ping().await.map_err(Unreachable::from) }),
    );
    let parts = [("database", database), ("objects", objects), ("ledger", ledger)].map(|(part, answer)| match answer {
        Ok(Ok(())) => "ok",
        Ok(Err(Unreachable(reason))) => {
            tracing::error!(part, reason, "health check failed");
            "unreachable"
        }
        Err(_) => "no answer",
    });
    let well = parts.iter().all(|part| *part == "ok");
    let [database, objects, ledger] = parts;
    let health = Health {
        status: if well { "ok" } else { "degraded" },
        version: env!("CARGO_PKG_VERSION"),
        database,
        objects,
        ledger,
    };
    json_response(if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, &health)
}

struct Unreachable(String);

impl From<DbError> for Unreachable {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

impl From<ObjectsError> for Unreachable {
    fn from(error: ObjectsError) -> Self {
        Self(error.to_string())
    }
}

impl From<LedgerError> for Unreachable {
    fn from(error: LedgerError) -> Self {
        Self(error.to_string())
    }
}
