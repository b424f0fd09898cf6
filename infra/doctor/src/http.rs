//! Requests whose answers are looked at whatever they are.

use std::{io::ErrorKind, time::Duration};

use serde_json::Value;
use ureq::{
    Agent,
    http::{HeaderMap, Request, header},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Bytes of an answer that are read.
const MOST: u64 = 4 << 20;

/// Sends requests, and follows no redirect.
pub(crate) struct Http {
    agent: Agent,
}

/// An answer.
pub(crate) struct Got {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Silence {
    /// No such name.
    Name,
    /// Nobody listens.
    Refused,
    /// Nothing came in time.
    Late,
    /// What it shows is no certificate for it.
    Certificate,
    /// Something else, in the library's words.
    Other(String),
}

impl Http {
    pub(crate) fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent("capstan-doctor");
        Self { agent: config.build().into() }
    }

    /// Sends a request with headers, and a body where there is one.
    pub(crate) fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Got, Silence> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let odd = |error: ureq::http::Error| Silence::Other(error.to_string());
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).map_err(odd)?),
            None => self.agent.run(request.body(()).map_err(odd)?),
        };
        let mut answer = answer.map_err(|error| Silence::of(&error))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.body_mut().with_config().limit(MOST).read_to_vec();
        Ok(Got { status, headers, body: body.map_err(|error| Silence::of(&error))? })
    }

    pub(crate) fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Got, Silence> {
        self.send("GET", url, headers, None)
    }
}

impl Got {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// True for a page, which neither the API nor S3 answers a program with.
    pub(crate) fn is_page(&self) -> bool {
        let start: String = self.text().trim_start().chars().take(15).collect::<String>().to_ascii_lowercase();
        self.header(header::CONTENT_TYPE.as_str()).starts_with("text/html")
            || start.starts_with("<!doctype html")
            || start.starts_with("<html")
    }

    /// Name of S3's refusal; nothing when it is none.
    pub(crate) fn refusal(&self) -> String {
        let text = self.text();
        let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        code.map_or_else(String::new, |(code, _)| code.chars().filter(char::is_ascii_alphanumeric).take(60).collect())
    }

    /// Refusal and status in a few words.
    pub(crate) fn shown(&self) -> String {
        let said = self.json();
        let name = match said["code"].as_str() {
            Some(code) => code.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect(),
            None => self.refusal(),
        };
        if name.is_empty() { self.status.to_string() } else { format!("{} {name}", self.status) }
    }
}

impl Silence {
    fn of(error: &ureq::Error) -> Self {
        match error {
            ureq::Error::HostNotFound => Self::Name,
            ureq::Error::Timeout(_) => Self::Late,
            ureq::Error::Io(error) if error.kind() == ErrorKind::ConnectionRefused => Self::Refused,
            ureq::Error::Io(error) if error.kind() == ErrorKind::TimedOut => Self::Late,
            ureq::Error::ConnectionFailed => Self::Refused,
            other => {
                let text = other.to_string();
                match text {
                    text if text.contains("certificate") => Self::Certificate,
                    // As the resolver of the system says it.
                    text if text.contains("lookup") => Self::Name,
                    text => Self::Other(text),
                }
            }
        }
    }

    /// What happened, of `host`.
    pub(crate) fn says(&self, host: &str) -> String {
        match self {
            Self::Name => format!("There is no host {host}, seen from here."),
            Self::Refused => format!("Nobody listens at {host}."),
            Self::Late => format!("{host} does not answer in time."),
            Self::Certificate => format!("{host} has no certificate that is good for this name."),
            Self::Other(why) => format!("{host} cannot be talked to: {why}."),
        }
    }
}
