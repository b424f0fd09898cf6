//! What jobs and the sweep work with.

use common::{
    aws,
    config::{DatabaseConfig, LedgerConfig, ObjectsConfig},
    db::Database,
    ledger::Ledger,
    objects::Objects,
};
use media::ffmpeg::Tools;

/// Bytes of memory for FFmpeg: leaves the function's own buffers room within the template's 3008 MiB.
const FFMPEG_MEMORY: u64 = 2 << 30;

/// Dependencies, made once an execution environment.
pub(crate) struct App {
    pub(crate) db: Database,
    pub(crate) objects: Objects,
    pub(crate) ledger: Ledger,
    pub(crate) tools: Tools,
}

impl App {
    pub(crate) async fn from_env() -> Result<Self, lambda_runtime::Error> {
        let db = Database::new(&DatabaseConfig::from_env()?)?;
        let (objects, ledger) = (ObjectsConfig::from_env()?, LedgerConfig::from_env()?);
        let tools = Tools::locate(memory_for_ffmpeg())?;
        let sdk = aws::sdk(aws::FOR_RECORDINGS).await;
        Ok(Self { db, objects: Objects::new(objects, &sdk), ledger: Ledger::new(ledger, &sdk), tools })
    }
}

fn memory_for_ffmpeg() -> u64 {
    FFMPEG_MEMORY
}
