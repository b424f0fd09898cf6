//! What jobs and the sweep work with.

use common::{
    aws,
    config::{DatabaseConfig, LambdaConfig, LedgerConfig, ObjectsConfig, RenditionsConfig},
    db::Database,
    ledger::Ledger,
    objects::Objects,
};
use media::ffmpeg::Tools;

use crate::heartbeat;

/// Bytes of the function's memory that FFmpeg does not get: what the function itself and the system need. A file that
/// asks for more than the rest then ends FFmpeg and not the function.
const NOT_FOR_FFMPEG: u64 = 384 << 20;

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    pub(crate) ledger: Ledger,
    pub(crate) tools: Tools,
    pub(crate) renditions: RenditionsConfig,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_runtime::Error> {
        let db = Database::new(&DatabaseConfig::from_env()?)?;
        let (objects, ledger) = (ObjectsConfig::from_env()?, LedgerConfig::from_env()?);
        let memory = LambdaConfig::from_env()?.memory.saturating_sub(NOT_FOR_FFMPEG);
        let renditions = RenditionsConfig::from_env()?;
        let sdk = aws::sdk(aws::FOR_RECORDINGS).await;
        let ledger = Ledger::new(ledger, &sdk);
        let tools = match Tools::locate(memory) {
            Ok(tools) => tools,
            Err(error) => {
                heartbeat::without_tools(&ledger, &error).await;
                return Err(error.into());
            }
        };
        Ok(Self { db, objects: Objects::new(objects, &sdk), ledger, tools, renditions })
    }
}
