//! The API of resend.com.

use bytes::Bytes;
use common::{ids::MailId, secret::Secret};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header, http::request::Builder};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use lettre::message::Mailbox;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answered, CONNECT, SendError, SetupError};
use crate::letter::Letter;

/// Where it is.
pub(super) const API: &str = "https://api.resend.com";
/// Bytes of an answer that are read.
const MAX_ANSWER: usize = 64 << 10;

/// The API, with a key, and whom mail is from.
#[derive(Debug)]
pub struct Resend {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    api: String,
    key: Secret,
    from: String,
    domain: String,
}

/// Domains that a key may send from.
#[derive(Deserialize)]
struct Domains {
    data: Vec<Domain>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
    status: String,
}

/// What a refusal says to programs.
#[derive(Deserialize)]
struct Refusal {
    name: String,
}

impl Resend {
    pub(super) fn new(api: &str, key: Secret, from: &Mailbox) -> Result<Self, SetupError> {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT));
        connector.enforce_http(false);
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let tls = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider)?;
        let connector = tls.https_or_http().enable_http1().wrap_connector(connector);
        // Between two events the function may be frozen for longer than a server keeps a connection.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(Self { client, api: api.to_owned(), key, from: from.to_string(), domain: from.email.domain().to_owned() })
    }

    pub(super) async fn send(&self, id: &MailId, letter: &Letter) -> Result<(), SendError> {
        let headers: Map<String, Value> =
            letter.leaving().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let mut mail = json!({ "from": self.from, "to": [letter.to], "subject": letter.subject, "text": letter.text,
            "html": letter.html });
        if !headers.is_empty() {
            mail["headers"] = headers.into();
        }
        let request = Request::post(format!("{}/emails", self.api))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", id.as_str());
        let (status, body) = self.ask(request, mail.to_string()).await?;
        if status.is_success() { Ok(()) } else { judge(status, &name_of(&body)) }
    }

    /// Lists the domains that the key may send from. A key that may only send is told nothing of them.
    pub(super) async fn rehearse(&self) -> Result<Answered, SendError> {
        let (status, body) = self.ask(Request::get(format!("{}/domains", self.api)), String::new()).await?;
        let name = name_of(&body);
        if name == "restricted_api_key" {
            return Ok(Answered::Login);
        }
        if !status.is_success() {
            return Err(SendError::Later(describe(status, &name)));
        }
        let domains = serde_json::from_slice::<Domains>(&body).map(|domains| domains.data).unwrap_or_default();
        match domains.iter().find(|domain| domain.name == self.domain) {
            Some(domain) if domain.status == "verified" => Ok(Answered::Sender),
            Some(_) => Err(SendError::Later("the domain of MAIL_FROM is not verified at Resend yet".to_owned())),
            None => Err(SendError::Later("the domain of MAIL_FROM is not known to Resend".to_owned())),
        }
    }

    /// Status and body of an answer; no body where it is too large to be one.
    async fn ask(&self, request: Builder, body: String) -> Result<(StatusCode, Bytes), SendError> {
        let request = request
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key.expose()))
            .header(header::USER_AGENT, "capstan")
            .body(Full::from(body))
            .map_err(|_| SendError::Later("RESEND_API_KEY cannot stand in a header".to_owned()))?;
        let answer = self.client.request(request).await.map_err(|error| SendError::Later(chain(&error)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
        Ok((status, body.map(http_body_util::Collected::to_bytes).unwrap_or_default()))
    }
}

/// What a refusal is called; nothing where that is no name.
fn name_of(body: &[u8]) -> String {
    serde_json::from_slice::<Refusal>(body).map(|refusal| refusal.name).unwrap_or_default()
}

/// A refusal in numbers and names.
fn describe(status: StatusCode, name: &str) -> String {
    let known = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    format!("Resend answered {}{}", status.as_u16(), if known { format!(" {name}") } else { String::new() })
}

/// What a refusal means (Resend's documentation, "Errors").
fn judge(status: StatusCode, name: &str) -> Result<(), SendError> {
    let reason = describe(status, name);
    match (status.as_u16(), name) {
        // Under this id a mail was taken already; its words have changed since.
        (409, "invalid_idempotent_request") => Ok(()),
        // The operator's to mend: MAIL_FROM.
        (422, "invalid_from_address") => Err(SendError::Later(reason)),
        (400 | 422, _) => Err(SendError::Refused(reason)),
        _ => Err(SendError::Later(reason)),
    }
}

/// An error of the connection with its causes, none of which knows what was sent.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wrong_with_the_mail_is_refused_for_good() {
        let judged = |status, name| judge(StatusCode::from_u16(status).expect("a status"), name);
        for (status, name) in [(400, "validation_error"), (422, "missing_required_field"), (422, "")] {
            assert!(matches!(judged(status, name), Err(SendError::Refused(_))), "{status} {name}");
        }
        for (status, name) in [
            (401, "restricted_api_key"),
            (403, "validation_error"),
            (409, "concurrent_idempotent_requests"),
            (422, "invalid_from_address"),
            (429, "rate_limit_exceeded"),
            (500, ""),
            (503, "<html>"),
        ] {
            assert!(matches!(judged(status, name), Err(SendError::Later(_))), "{status} {name}");
        }
        assert_eq!(judged(409, "invalid_idempotent_request"), Ok(()));
        let error = judged(500, "ada@example.com").expect_err("a refusal").to_string();
        assert!(error.contains("500") && !error.contains("ada"), "{error}");
    }
}
