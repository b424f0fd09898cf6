//! A site as browsers and apps see it: nothing is asked for that they do not ask for, and what is stored is removed again.

mod door;
mod flow;
mod inside;
mod storage;

use common::{check::Check, check::is_inside};
use serde_json::Value;

use crate::{
    asked::Site,
    http::{Got, Http, Silence},
    show::Part,
};

/// Two frames and a tone, which recorders leave like this: with the index at the end.
const RECORDING: &[u8] = include_bytes!("../../../../functions/media/fuzz/seeds/files/last.mp4");
/// What the videos are called, should one of them be left.
const TITLE: &str = "A trial of make doctor, to be deleted";

/// Everything, in the order in which a recording meets it.
pub(crate) fn all(site: &Site) -> Vec<Part> {
    let visit = Visit { site, http: Http::new() };
    let door = door::all(&visit);
    let mut parts = vec![part("outside", format!("{} from outside", site.base), door.checks)];
    if !door.answers {
        let says = "The site does not answer as one.";
        parts[0].checks.push(Check::unknown("rest", "Everything else", says, "Mend that first, and run this again."));
        return parts;
    }
    if door.signed_in {
        let (storage, uploads) = storage::all(&visit);
        parts.push(part("storage", "Storage".to_owned(), storage));
        parts.push(part("recording", "A recording".to_owned(), flow::all(&visit, &uploads)));
    }
    parts.push(part("inside", "What the functions see".to_owned(), inside::all(&visit, door.signed_in)));
    parts
}

fn part(id: &'static str, title: String, checks: Vec<Check>) -> Part {
    Part { id, title, checks }
}

/// A look at a site.
pub(crate) struct Visit<'a> {
    site: &'a Site,
    http: Http,
}

impl Visit<'_> {
    /// Asks the API, as whoever has the key.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Got, Silence> {
        let bearer = format!("Bearer {}", self.site.key.as_ref().map_or("", |key| key.expose()));
        // The agent API wants one of each mutation.
        let key = common::tokens::random_hex::<16>().unwrap_or_default();
        let mut headers = vec![("authorization", bearer.as_str()), ("idempotency-key", key.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let body = body.map(Value::to_string);
        self.http.send(method, &self.url(path), &headers, body.as_deref().map(str::as_bytes))
    }

    /// What the API answers when all is well; else what it answered instead.
    fn asked(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        match self.ask(method, path, body) {
            Ok(got) if got.status == 200 => Ok(got.json()),
            Ok(got) => Err(format!("{method} {} answers {}", bare(path), got.shown())),
            Err(silence) => Err(silence.says(host_of(&self.site.base))),
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.site.base)
    }

    /// True where pages are on https.
    fn is_https(&self) -> bool {
        self.site.base.starts_with("https://")
    }

    /// True for a site of this machine alone.
    fn is_local(&self) -> bool {
        is_inside(host_of(&self.site.base))
    }
}

/// A path without its query.
fn bare(path: &str) -> &str {
    path.split('?').next().unwrap_or(path)
}

/// Host of an address, without its port.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_stand_alone() {
        for (url, host) in [
            ("https://cap.example.com", "cap.example.com"),
            ("http://127.0.0.1:3000/api?x=1", "127.0.0.1"),
            ("http://[::1]:3000/", "[::1]"),
        ] {
            assert_eq!(host_of(url), host);
        }
    }
}
