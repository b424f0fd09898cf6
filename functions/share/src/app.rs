//! What the routes work with.

use common::{
    aws,
    config::{CdnConfig, DatabaseConfig, ForwardConfig, LedgerConfig, ObjectsConfig, SiteConfig},
    db::Database,
    limits::Limits,
    objects::Objects,
    views::{Events, Views},
};

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    pub(crate) site: SiteConfig,
    /// How often a password may be tried, and a view be told.
    pub(crate) limits: Limits,
    pub(crate) views: Views,
    /// What is told of views elsewhere, where that is wanted.
    pub(crate) events: Option<Events>,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_http::Error> {
        let db = Database::new(&DatabaseConfig::from_env()?)?;
        let (sdk, site) = (aws::sdk(aws::FOR_REQUESTS).await, SiteConfig::from_env()?);
        let objects = Objects::new(ObjectsConfig::from_env()?, &sdk).behind(CdnConfig::from_env()?)?;
        let ledger = LedgerConfig::from_env()?;
        let limits = Limits::new(ledger.clone(), site.secret.clone(), &sdk);
        let events = ForwardConfig::is_wanted().then(|| Events::new(ledger.clone(), &sdk));
        let views = Views::new(ledger, site.secret.clone(), &sdk);
        Ok(Self { db, objects, site, limits, views, events })
    }
}

impl AsRef<SiteConfig> for App {
    fn as_ref(&self) -> &SiteConfig {
        &self.site
    }
}
