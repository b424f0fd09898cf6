//! What the server finds when it looks at itself: for the page of who runs it, and for `capstan-doctor`. Whatever does not
//! answer is what this is for, so that nothing that fails makes it fail.

mod database;
mod storage;
mod workers;

use std::{fmt::Display, time::Instant};

use common::{
    check::{Check, is_inside},
    db::{
        Connection, DbError,
        server::{self, Videos},
    },
    http::origin_of,
    ledger::Worker,
    objects::keys,
};
use tokio::time::timeout;
use words::checks as said;

use crate::{app::App, routes::PATIENCE};

/// What was found.
pub(crate) struct Findings {
    pub(crate) checks: Vec<Check>,
    /// Videos by where they stand, where the database tells.
    pub(crate) videos: Option<Videos>,
}

impl Findings {
    /// How many checks are wrong.
    pub(crate) fn wrong(&self) -> usize {
        self.checks.iter().filter(|check| check.is_wrong()).count()
    }
}

/// Looks at everything at once. `origin` is the site's, as it is written in links.
pub(crate) async fn run(app: &App, db: &mut Connection, origin: &str) -> Findings {
    let (database, bucket, cors, abandoned, outbox, expires, transcode, mail) = tokio::join!(
        answered(async {
            let asked = Instant::now();
            let about = server::about(db).await?;
            let took = asked.elapsed().as_millis();
            let migration = server::migration(db).await?;
            Ok::<_, DbError>((about, took, migration, server::videos(db).await?))
        }),
        answered(app.objects.ping()),
        answered(app.objects.lets_pages_store(origin)),
        answered(app.objects.drops_abandoned_uploads()),
        answered(app.objects.waiting_mails()),
        answered(app.ledger.expires()),
        answered(app.ledger.told(Worker::Transcode)),
        answered(app.ledger.told(Worker::Mail)),
    );
    let signed = app.objects.sign_get(keys::OUTBOX).await;
    let storage = signed.as_deref().map(origin_of).unwrap_or_default();
    let videos = database.as_ref().ok().map(|(.., videos)| videos.clone());
    let mut checks = vec![address(app, origin), storage_address(origin, storage)];
    checks.extend(database::all(database.map(|(about, took, migration, _)| (about, took, migration))));
    checks.extend([storage::bucket(bucket), storage::stores(cors), storage::abandoned(abandoned), ledger(expires)]);
    checks.extend(workers::transcode(transcode, app.pauses));
    checks.extend([workers::provider(&app.mail), workers::mail(mail), workers::outbox(outbox)]);
    checks.push(database::recordings(videos.as_ref()));
    Findings { checks, videos }
}

/// What came in time. Why something did not is in the log and not in the answer, since it may name addresses.
async fn answered<T, E: Display>(asked: impl Future<Output = Result<T, E>>) -> Result<T, &'static str> {
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(%error, "a check of the server failed");
            Err(said().refuses)
        }
        Err(_) => Err(said().silent),
    }
}

fn address(app: &App, origin: &str) -> Check {
    let (id, name) = ("address", said().address);
    match &app.site.web_url {
        Some(_) => Check::good(id, name, origin),
        None => Check::unknown(id, name, said().own_address(origin), said().own_address_advice),
    }
}

/// Where signed addresses lead: browsers and apps must get there from wherever they are.
fn storage_address(origin: &str, storage: &str) -> Check {
    let (id, name) = ("storage_address", said().storage_address);
    let host = |origin: &str| {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        host.rsplit_once(':').map_or(host, |(host, _)| host).to_owned()
    };
    if origin.starts_with("https://") && !storage.starts_with("https://") {
        return Check::wrong(id, name, said().storage_unencrypted(storage), said().storage_unencrypted_advice);
    }
    if is_inside(&host(storage)) && !is_inside(&host(origin)) {
        return Check::wrong(id, name, said().storage_inside(storage), said().storage_inside_advice);
    }
    Check::good(id, name, storage)
}

fn ledger(answer: Result<bool, &'static str>) -> Check {
    let (id, name) = ("ledger", said().ledger);
    match answer {
        Ok(true) => Check::good(id, name, said().ledger_good),
        Ok(false) => Check::wrong(id, name, said().ledger_keeps, said().ledger_keeps_advice),
        Err(why) => Check::wrong(id, name, why, said().ledger_advice),
    }
}

#[cfg(test)]
mod tests {
    use common::check::State;

    use super::*;

    #[test]
    fn d1_d2_storage_that_browsers_cannot_use_is_wrong() {
        for (origin, storage, state) in [
            ("https://cap.example.com", "https://s3.eu-central-1.amazonaws.com", State::Good),
            ("http://127.0.0.1:3000", "http://127.0.0.1:9000", State::Good),
            ("http://localhost:3000", "http://minio:9000", State::Good),
            ("https://cap.example.com", "http://s3.example.com", State::Wrong),
            ("https://cap.example.com", "https://minio:9000", State::Wrong),
            ("http://cap.example.com", "http://localhost:9000", State::Wrong),
        ] {
            let check = storage_address(origin, storage);
            assert_eq!(check.state, state, "{check:?}");
            assert_eq!(check.advice.is_some(), state == State::Wrong, "{check:?}");
        }
    }
}
