//! What is to be looked at: a site, or the configuration of one. Read from arguments and the environment here and nowhere else.

use std::{env, fs, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use clap::Parser;
use common::secret::Secret;
use serde::Deserialize;

/// Looks at a deployment, and says what to change.
///
/// With --url, or a local cloud that runs, from outside: as browsers and apps see it. The key of somebody in `Operators`
/// is taken from CAP_API_KEY, and lets it see what the functions see.
///
/// Without, and with DATABASE_URL, MEDIA_BUCKET, LEDGER_TABLE or MAIL_TRANSPORT in the environment, at what those name, before
/// anything is deployed.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// Address of the site, such as `https://cap.example.com`
    #[arg(long)]
    url: Option<String>,
    /// A mailbox that a code is sent to, as if somebody signed in
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,
    /// Seconds that a small recording may take to be ready
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    wait: u64,
    /// What a local cloud that runs has written
    #[arg(long, default_value = ".local/ready.json", value_name = "FILE")]
    ready: PathBuf,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// A site, as its users see it.
pub(crate) struct Site {
    /// Scheme, host and port.
    pub(crate) base: String,
    pub(crate) key: Option<Secret>,
    pub(crate) mail_to: Option<String>,
    /// How long a small recording may take to be ready.
    pub(crate) wait: Duration,
}

/// Which parts of a configuration are there.
pub(crate) struct Configuration {
    pub(crate) database: bool,
    pub(crate) bucket: bool,
    pub(crate) ledger: bool,
    pub(crate) mail: bool,
    pub(crate) secrets: bool,
    /// The origin that pages will have.
    pub(crate) origin: Option<String>,
}

pub(crate) enum Asked {
    Site(Site),
    Configuration(Configuration),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    base: String,
    api_key: String,
}

impl Asked {
    pub(crate) fn new(arguments: &Arguments) -> anyhow::Result<Self> {
        let is_there = |name: &str| given(name).is_some();
        let configuration = Configuration {
            database: is_there("DATABASE_URL"),
            bucket: is_there("MEDIA_BUCKET"),
            ledger: is_there("LEDGER_TABLE"),
            mail: is_there("MAIL_TRANSPORT"),
            secrets: is_there("NEXTAUTH_SECRET") || is_there("DATABASE_ENCRYPTION_KEY"),
            origin: given("WEB_URL").map(|url| url.trim_end_matches('/').to_owned()),
        };
        let (base, key) = match &arguments.url {
            Some(url) => (origin(url)?, given("CAP_API_KEY").map(Secret::new)),
            None if configuration.any() => return Ok(Self::Configuration(configuration)),
            None => {
                let file = arguments.ready.display();
                let Ok(ready) = fs::read(&arguments.ready) else {
                    bail!(
                        "Nothing to look at: no local cloud runs ({file} is not there). Say which site, as in \
                         make doctor URL=https://cap.example.com KEY=…, or put the configuration into the environment: \
                         DATABASE_URL, MEDIA_BUCKET, LEDGER_TABLE, MAIL_TRANSPORT and what goes with them."
                    );
                };
                let ready: Ready = serde_json::from_slice(&ready).with_context(|| format!("{file} is damaged"))?;
                (origin(&ready.base)?, Some(Secret::new(ready.api_key)))
            }
        };
        let wait = Duration::from_secs(arguments.wait);
        Ok(Self::Site(Site { base, key, mail_to: arguments.mail_to.clone(), wait }))
    }
}

impl Configuration {
    fn any(&self) -> bool {
        self.database || self.bucket || self.ledger || self.mail || self.secrets
    }
}

fn given(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Scheme, host and port of an address that has nothing else.
fn origin(url: &str) -> anyhow::Result<String> {
    let origin = url.trim_end_matches('/');
    let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(['/', '@', ' ', '?', '#'])) {
        bail!("{url} is no address of a site. Write it as https://cap.example.com, without a path.");
    }
    Ok(origin.to_owned())
}
