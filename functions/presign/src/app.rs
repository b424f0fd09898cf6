//! What the routes work with.

use common::{
    aws,
    config::{DatabaseConfig, ObjectsConfig, SiteConfig},
    db::Database,
    objects::Objects,
};

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    pub(crate) site: SiteConfig,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_http::Error> {
        let db = Database::new(&DatabaseConfig::from_env()?)?;
        let objects = Objects::new(ObjectsConfig::from_env()?, &aws::sdk(aws::FOR_REQUESTS).await);
        Ok(Self { db, objects, site: SiteConfig::from_env()? })
    }
}

impl AsRef<SiteConfig> for App {
    fn as_ref(&self) -> &SiteConfig {
        &self.site
    }
}
