//! Configuration, one struct a concern, read from the environment here and nowhere else.
//! `template.yaml` sets every variable.

mod cdn;
mod encryption;
mod import;
mod mail;
mod objects;
mod telemetry;

use std::{borrow::Cow, env};

use crate::{
    email::Email,
    secret::{AuthSecret, Secret},
};

pub use cdn::{CdnConfig, EdgeConfig, SigningKey};
pub use encryption::{EncryptionConfig, EncryptionKey};
pub use import::{ImportConfig, SourceKeys, SourceObjectsConfig};
pub use mail::{MailConfig, MailTransport, Sender, SmtpServer, SmtpTls};
pub use objects::{ForeignS3, ObjectsConfig};
pub use telemetry::TelemetryConfig;

/// A variable is missing or cannot be used; the message says which and what it must hold.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name} {problem}; template.yaml says what it holds")]
pub struct ConfigError {
    name: &'static str,
    problem: Cow<'static, str>,
}

impl ConfigError {
    pub(crate) fn new(name: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { name, problem: problem.into() }
    }
}

/// Where MySQL is.
#[derive(Clone, Debug)]
pub struct DatabaseConfig {
    /// `DATABASE_URL`: `mysql://user:password@host:3306/database`.
    pub url: Secret,
    /// `DATABASE_CA`: PEM of the authority that signed the database's certificate. When absent, a public one has, or Amazon's.
    pub ca: Option<String>,
    /// `DATABASE_PAUSES`: true when the database may be asleep, and is to be waited for.
    pub pauses: bool,
}

impl DatabaseConfig {
    /// Reads `DATABASE_URL`, `DATABASE_CA` and `DATABASE_PAUSES`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let (url, ca) = (Secret::new(required("DATABASE_URL")?), optional("DATABASE_CA"));
        Ok(Self { url, ca, pauses: optional("DATABASE_PAUSES").is_some_and(|pauses| pauses == "true") })
    }
}

/// Where leases are.
#[derive(Clone, Debug)]
pub struct LedgerConfig {
    /// `LEDGER_TABLE`: name of the DynamoDB table.
    pub table: String,
}

impl LedgerConfig {
    /// Reads `LEDGER_TABLE`.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { table: required("LEDGER_TABLE")? })
    }
}

/// Where views are told beside the database.
#[derive(Clone, Debug)]
pub struct ForwardConfig {
    /// `TINYBIRD_URL`: origin of Tinybird's API in the workspace's region.
    pub url: String,
    /// `TINYBIRD_TOKEN`: may append to the data source.
    pub token: Secret,
}

impl ForwardConfig {
    /// Reads `TINYBIRD_URL` and `TINYBIRD_TOKEN`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let url = required("TINYBIRD_URL")?.trim_end_matches('/').to_owned();
        Ok(Self { url, token: Secret::new(required("TINYBIRD_TOKEN")?) })
    }

    /// True where `TINYBIRD_URL` says that views are to be kept for forwarding. The token is another function's.
    #[must_use]
    pub fn is_wanted() -> bool {
        optional("TINYBIRD_URL").is_some()
    }
}

/// Renditions that are made beside what was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenditionsConfig {
    /// `RENDITIONS`: heights in pixels, as in `1080,720,480`, the largest first. Empty when none are made.
    pub heights: Vec<u32>,
}

/// Heights that a rendition may have, in pixels.
const RENDITION_HEIGHTS: std::ops::RangeInclusive<u32> = 120..=2160;
/// Renditions that are encoded from one decode.
const MOST_RENDITIONS: usize = 6;

impl RenditionsConfig {
    /// Reads `RENDITIONS`.
    pub fn from_env() -> Result<Self, ConfigError> {
        optional("RENDITIONS").map_or_else(|| Ok(Self::default()), |list| Self::parse(&list))
    }

    fn parse(list: &str) -> Result<Self, ConfigError> {
        let wrong = |problem: String| ConfigError::new("RENDITIONS", problem);
        let mut heights = Vec::new();
        for height in list.split(',').map(str::trim) {
            let height: u32 =
                height.parse().ok().filter(|height| RENDITION_HEIGHTS.contains(height) && height % 2 == 0).ok_or_else(
                    || wrong(format!("has {height:?}, which is not an even height of 120 to 2160 pixels")),
                )?;
            heights.push(height);
        }
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();
        if heights.len() > MOST_RENDITIONS {
            return Err(wrong(format!("names {} heights; {MOST_RENDITIONS} are possible", heights.len())));
        }
        Ok(Self { heights })
    }
}

/// How people reach the site, and what keeps their forms and login codes from being forged.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// `WEB_URL`: origin of the site, without a trailing slash. When absent, the API's own address is used.
    pub web_url: Option<String>,
    /// `NEXTAUTH_SECRET`: at least 32 characters.
    pub secret: AuthSecret,
    /// `OPERATORS`: mailboxes of who runs the server, as in `ada@example.com,bob@example.com`.
    pub operators: Vec<Email>,
}

/// Characters that `NEXTAUTH_SECRET` has at least.
const SECRET_CHARACTERS: usize = 32;

impl SiteConfig {
    /// Reads `WEB_URL`, `NEXTAUTH_SECRET` and `OPERATORS`.
    pub fn from_env() -> Result<Self, ConfigError> {
        let secret = required("NEXTAUTH_SECRET")?;
        if secret.len() < SECRET_CHARACTERS {
            let problem = format!("has fewer than {SECRET_CHARACTERS} characters");
            return Err(ConfigError::new("NEXTAUTH_SECRET", problem));
        }
        let web_url = optional("WEB_URL").map(|url| url.trim_end_matches('/').to_owned());
        let operators = optional("OPERATORS").unwrap_or_default();
        let operators = operators.split(',').filter_map(|address| Email::parse(address.trim())).collect();
        Ok(Self { web_url, secret: AuthSecret::new(secret.as_bytes()), operators })
    }

    /// True when people reach the site over TLS: always, but on a machine of one's own.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.web_url.as_ref().is_none_or(|url| url.starts_with("https://"))
    }

    /// True for a mailbox of somebody who runs the server.
    #[must_use]
    pub fn is_operator(&self, email: &str) -> bool {
        self.operators.iter().any(|operator| operator.as_str() == email)
    }

    /// The site's origin: scheme, host and port. `gateway_host` is the host that API Gateway was reached at.
    #[must_use]
    pub fn origin(&self, gateway_host: &str) -> String {
        self.web_url.clone().unwrap_or_else(|| format!("https://{gateway_host}"))
    }

    /// Address of a share link.
    #[must_use]
    pub fn share_url(&self, gateway_host: &str, code: &str) -> String {
        format!("{}/s/{code}", self.origin(gateway_host))
    }
}

/// Who may open an account.
#[derive(Clone, Debug, Default)]
pub struct SignupConfig {
    /// `CAP_ALLOWED_SIGNUP_DOMAINS`: domains, as in `example.com,example.org`. Empty when anybody may.
    pub domains: Vec<String>,
}

impl SignupConfig {
    /// Reads `CAP_ALLOWED_SIGNUP_DOMAINS`.
    #[must_use]
    pub fn from_env() -> Self {
        let list = optional("CAP_ALLOWED_SIGNUP_DOMAINS").unwrap_or_default();
        let domains = list.split(',').map(|domain| domain.trim().trim_start_matches('@').to_ascii_lowercase());
        Self { domains: domains.filter(|domain| !domain.is_empty()).collect() }
    }

    /// True when somebody with this address may open an account.
    #[must_use]
    pub fn allows(&self, email: &Email) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|domain| domain == email.domain())
    }
}

/// How mail leaves, as far as a page tells it: no credential is among it.
#[derive(Clone, Debug)]
pub struct MailShown {
    /// `MAIL_TRANSPORT`.
    pub transport: String,
    /// `MAIL_FROM`.
    pub from: String,
}

impl MailShown {
    /// Reads `MAIL_TRANSPORT` and `MAIL_FROM`.
    pub fn from_env() -> Result<Self, ConfigError> {
        Ok(Self { transport: required("MAIL_TRANSPORT")?, from: required("MAIL_FROM")? })
    }
}

/// What Lambda gives the function.
#[derive(Clone, Copy, Debug)]
pub struct LambdaConfig {
    /// `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, in bytes.
    pub memory: u64,
}

impl LambdaConfig {
    /// Reads `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`, which Lambda sets in MiB.
    pub fn from_env() -> Result<Self, ConfigError> {
        let name = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
        let mebibytes: u32 = required(name)?.parse().map_err(|_| ConfigError::new(name, "is not a number of MiB"))?;
        Ok(Self { memory: u64::from(mebibytes) << 20 })
    }
}

fn optional(name: &'static str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &'static str) -> Result<String, ConfigError> {
    optional(name).ok_or_else(|| ConfigError::new(name, "is missing or empty"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sign_up_is_limited_to_whole_domains() {
        let allows = |domains: &[&str], email: &str| {
            let config = SignupConfig { domains: domains.iter().map(|domain| (*domain).to_owned()).collect() };
            config.allows(&Email::parse(email).expect("an address"))
        };
        assert!(allows(&[], "ada@example.org"));
        assert!(allows(&["example.com", "example.org"], "ada@EXAMPLE.org"));
        for other in ["ada@example.com.evil.test", "ada@evil-example.com", "ada@sub.example.com"] {
            assert!(!allows(&["example.com"], other), "{other}");
        }
    }

    #[test]
    fn renditions_are_heights_in_order() {
        let parsed = |list| RenditionsConfig::parse(list).map(|renditions| renditions.heights);
        assert_eq!(parsed("480, 1080,720,480").expect("heights"), [1080, 720, 480]);
        for wrong in ["720p", "", "720,", "721", "0", "4320", "-720", "160,180,200,220,240,260,280"] {
            let error = parsed(wrong).expect_err(wrong).to_string();
            assert!(error.contains("RENDITIONS"), "{error}");
        }
    }
}
