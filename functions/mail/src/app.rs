//! What mails are sent with.

use common::{
    aws,
    config::{EncryptionConfig, LedgerConfig, MailConfig, ObjectsConfig},
    ledger::Ledger,
    objects::Objects,
    outbox::Outbox,
    seal::Sealer,
};

use crate::transport::Transport;

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) outbox: Outbox,
    pub(crate) ledger: Ledger,
    pub(crate) transport: Transport,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_runtime::Error> {
        let (mail, sealer) = (MailConfig::from_env()?, Sealer::new(EncryptionConfig::from_env()?));
        let (objects, ledger) = (ObjectsConfig::from_env()?, LedgerConfig::from_env()?);
        let sdk = aws::sdk(aws::FOR_REQUESTS).await;
        Ok(Self {
            outbox: Outbox::new(Objects::new(objects, &sdk), sealer),
            ledger: Ledger::new(ledger, &sdk),
            transport: Transport::new(mail, &sdk)?,
        })
    }
}
