//! Tinybird's Events API ("Events API Reference"): lines of JSON, appended to a data source.

use std::time::Duration;

use bytes::Bytes;
use common::{config::ForwardConfig, secret::Secret};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::Deserialize;
use tokio::time::timeout;

/// How long a batch may take, its being written down included.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(3);
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 << 10;
/// The data source, and to answer once the rows are written: only then are they out of the waiting ones.
const PATH: &str = "/v0/events?name=capstan_views&wait=true";

/// Why a batch is not taken. Nothing of what was sent is in the message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    /// The same batch will not be taken later.
    #[error("{0}")]
    ForGood(String),
    /// It may be, once the network, Tinybird or the operator has mended something.
    #[error("{0}")]
    Yet(String),
}

/// The API with what it wants.
pub(crate) struct Tinybird {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: String,
    token: Secret,
}

#[derive(Default, Deserialize)]
struct Written {
    #[serde(default)]
    quarantined_rows: u64,
}

impl Tinybird {
    pub(crate) fn new(config: ForwardConfig) -> Result<Self, std::io::Error> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.enforce_http(false);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
        let connector = tls.https_or_http().enable_http1().wrap_connector(connector);
        // Between two minutes the function may be frozen for longer than a server keeps a connection.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { client, address: format!("{}{PATH}", config.url), token: config.token })
    }

    /// Appends lines of JSON.
    pub(crate) async fn append(&self, lines: String) -> Result<(), NotTaken> {
        let request = Request::post(&self.address)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .header(header::USER_AGENT, "capstan")
            .body(Full::from(lines))
            .map_err(|_| NotTaken::Yet("TINYBIRD_URL or TINYBIRD_TOKEN cannot stand in a request".to_owned()))?;
        let answered = async {
            let answer = self.client.request(request).await.map_err(|error| NotTaken::Yet(chain(&error)))?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.ok();
            let written = body.and_then(|body| serde_json::from_slice(&body.to_bytes()).ok());
            judge(status, &written.unwrap_or_default())
        };
        timeout(PATIENCE, answered)
            .await
            .unwrap_or_else(|_| Err(NotTaken::Yet(format!("Tinybird did not answer within {} s", PATIENCE.as_secs()))))
    }
}

/// What an answer means.
fn judge(status: StatusCode, written: &Written) -> Result<(), NotTaken> {
    let reason = format!("Tinybird answered {}", status.as_u16());
    match status.as_u16() {
        200..300 if written.quarantined_rows == 0 => Ok(()),
        // Kept there, where its operator finds them.
        200..300 => {
            tracing::warn!(
                rows = written.quarantined_rows,
                "Tinybird has put views aside: the data source has other columns"
            );
            Ok(())
        }
        // Rows are written; only what follows from them at Tinybird is not. The same again would be written twice.
        422 => {
            tracing::warn!("{reason}: views are appended, but a materialised view failed");
            Ok(())
        }
        400 | 413 => Err(NotTaken::ForGood(reason)),
        _ => Err(NotTaken::Yet(reason)),
    }
}

/// An error of the connection with its causes, none of which knows what was sent.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    format!("Tinybird: {}", causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_with_the_batch_is_refused_for_good() {
        let judged = |status| judge(StatusCode::from_u16(status).expect("a status"), &Written { quarantined_rows: 1 });
        for taken in [200, 202, 422] {
            assert!(judged(taken).is_ok(), "{taken}");
        }
        for dropped in [400, 413] {
            assert!(matches!(judged(dropped), Err(NotTaken::ForGood(_))), "{dropped}");
        }
        for later in [401, 403, 404, 429, 500, 503, 302] {
            assert!(matches!(judged(later), Err(NotTaken::Yet(_))), "{later}");
        }
    }
}
