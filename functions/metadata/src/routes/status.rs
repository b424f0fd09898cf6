//! `GET /api/status`: health, with what is reachable, for everybody; and everything that can be looked at, for whoever runs
//! the server.

use std::time::Duration;

use common::{
    check::Check,
    db::{DbError, users},
    error::ApiError,
    http::{Answer, StatusCode, gateway_host, json_response},
    identity,
    ledger::LedgerError,
    objects::ObjectsError,
    time::Millis,
};
use lambda_http::Request;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{app::App, checks};

/// A health check waits no longer than this for each of its parts.
pub(crate) const PATIENCE: Duration = Duration::from_secs(4);

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

#[derive(Serialize, ToSchema)]
struct Report {
    version: &'static str,
    /// The site's own address, as links that people share begin with it.
    origin: String,
    /// What this function's clock says.
    at: Millis,
    /// How many checks are wrong.
    wrong: usize,
    checks: Vec<Check>,
}

/// Tell everything that can be looked at from inside
///
/// For whoever runs the server: with a key or a session of a mailbox in `Operators`. Each check that is wrong says what to change.
#[utoipa::path(
    get,
    path = "/api/status/report",
    tag = "Server",
    responses((status = 200, body = Report), (status = 404, description = "For everybody else")),
)]
pub(super) async fn report(app: &App, request: &Request) -> Answer {
    let credential = identity::reading(request)?;
    let mut db = app.db.connect().await?;
    let caller = identity::caller(&mut db, &credential).await?;
    let profile = users::profile(&mut db, &caller).await?;
    if !profile.is_some_and(|profile| app.site.is_operator(&profile.email)) {
        return Err(ApiError::not_found("Not Found"));
    }
    let origin = app.site.origin(&gateway_host(request));
    let found = checks::run(app, &mut db, &origin).await;
    let (version, wrong) = (env!("CARGO_PKG_VERSION"), found.wrong());
    json_response(StatusCode::OK, &Report { version, origin, at: Millis::now(), wrong, checks: found.checks })
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
