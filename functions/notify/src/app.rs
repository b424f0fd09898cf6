//! What digests are made with.

use common::{
    aws,
    config::{DatabaseConfig, EncryptionConfig, ObjectsConfig, SiteConfig},
    db::Database,
    objects::Objects,
    outbox::Outbox,
    seal::Sealer,
};

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) outbox: Outbox,
    pub(crate) site: SiteConfig,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_runtime::Error> {
        let db = Database::new(&DatabaseConfig::from_env()?)?;
        let (objects, sealer) = (ObjectsConfig::from_env()?, Sealer::new(EncryptionConfig::from_env()?));
        let site = SiteConfig::from_env()?;
        let sdk = aws::sdk(aws::FOR_REQUESTS).await;
        Ok(Self { db, outbox: Outbox::new(Objects::new(objects, &sdk), sealer), site })
    }
}
