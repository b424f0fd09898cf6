//! What the routes work with.

use common::{
    aws,
    config::{CdnConfig, DatabaseConfig, EncryptionConfig, LedgerConfig, ObjectsConfig, SignupConfig, SiteConfig},
    db::Database,
    limits::Limits,
    objects::Objects,
    outbox::Outbox,
    seal::Sealer,
};

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    pub(crate) outbox: Outbox,
    pub(crate) limits: Limits,
    pub(crate) site: SiteConfig,
    pub(crate) signup: SignupConfig,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_http::Error> {
        let db = Database::new(&DatabaseConfig::from_env()?)?;
        let (objects, ledger) = (ObjectsConfig::from_env()?, LedgerConfig::from_env()?);
        let sealer = Sealer::new(EncryptionConfig::from_env()?);
        let sdk = aws::sdk(aws::FOR_REQUESTS).await;
        let objects = Objects::new(objects, &sdk).behind(CdnConfig::from_env()?)?;
        let site = SiteConfig::from_env()?;
        Ok(Self {
            db,
            outbox: Outbox::new(objects.clone(), sealer),
            objects,
            limits: Limits::new(ledger, site.secret.clone(), &sdk),
            site,
            signup: SignupConfig::from_env(),
        })
    }
}

impl AsRef<SiteConfig> for App {
    fn as_ref(&self) -> &SiteConfig {
        &self.site
    }
}
