//! What the routes work with.

use common::{
    aws,
    config::{CdnConfig, DatabaseConfig, LedgerConfig, MailShown, ObjectsConfig, SiteConfig},
    db::Database,
    ledger::Ledger,
    limits::Limits,
    objects::Objects,
};

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    pub(crate) ledger: Ledger,
    pub(crate) limits: Limits,
    pub(crate) site: SiteConfig,
    /// For the page of who runs the server.
    pub(crate) mail: MailShown,
    /// True when schedules leave the database asleep for longer.
    pub(crate) pauses: bool,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_http::Error> {
        let database = DatabaseConfig::from_env()?;
        let db = Database::new(&database)?;
        let (objects, ledger) = (ObjectsConfig::from_env()?, LedgerConfig::from_env()?);
        let site = SiteConfig::from_env()?;
        let sdk = aws::sdk(aws::FOR_REQUESTS).await;
        Ok(Self {
            db,
            objects: Objects::new(objects, &sdk).behind(CdnConfig::from_env()?)?,
            limits: Limits::new(ledger.clone(), site.secret.clone(), &sdk),
            ledger: Ledger::new(ledger, &sdk),
            site,
            mail: MailShown::from_env()?,
            pauses: database.pauses,
        })
    }
}

impl AsRef<SiteConfig> for App {
    fn as_ref(&self) -> &SiteConfig {
        &self.site
    }
}
