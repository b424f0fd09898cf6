//! A configuration before anything is deployed: what the environment names is used as the functions would use it.

mod bucket;
mod database;
mod ledger;
mod mail;

use common::{
    check::Check,
    config::{ConfigError, EncryptionConfig, SiteConfig},
};

use crate::{asked::Configuration, show::Part};

pub(crate) async fn all(given: &Configuration) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut add = |id, title: &str, checks| parts.push(Part { id, title: title.to_owned(), checks });
    if given.database {
        add("database", "Database (DATABASE_URL)", database::all().await);
    }
    let sdk = common::aws::sdk(common::aws::FOR_REQUESTS).await;
    if given.bucket {
        add("bucket", "Bucket (MEDIA_BUCKET)", bucket::all(&sdk, given.origin.as_deref()).await);
    }
    if given.ledger {
        add("ledger", "Ledger (LEDGER_TABLE)", ledger::all(&sdk).await);
    }
    if given.mail {
        add("mail", "Mail (MAIL_TRANSPORT)", mail::all(&sdk).await);
    }
    if given.secrets {
        let site = known("secret", "Login secret", "NEXTAUTH_SECRET", SiteConfig::from_env().map(drop));
        let key = known(
            "encryption_key",
            "Encryption key",
            "DATABASE_ENCRYPTION_KEY",
            EncryptionConfig::from_env().map(drop),
        );
        add("secrets", "Secrets", vec![site, key]);
    }
    parts
}

fn known(id: &str, name: &str, variable: &str, read: Result<(), ConfigError>) -> Check {
    match read {
        Ok(()) => Check::good(id, name, format!("{variable} can be used.")),
        Err(error) => misconfigured(id, name, &error),
    }
}

/// A variable that is missing or cannot be used. The error says which, and nothing of what it holds.
fn misconfigured(id: &str, name: &str, error: &ConfigError) -> Check {
    let advice =
        "Set it as template.yaml and docs/DEVELOPMENT.md describe it. A function without it does not start either.";
    Check::wrong(id, name, format!("{error}."), advice)
}
