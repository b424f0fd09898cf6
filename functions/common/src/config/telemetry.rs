//! What is told, and of which deployment.

use lambda_http::tracing::subscriber::filter::LevelFilter;

use super::optional;

/// How a function tells of itself.
#[derive(Clone, Debug)]
pub struct TelemetryConfig {
    /// `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets, or `RUST_LOG`: `info` where neither is there or can be read.
    pub level: LevelFilter,
    /// `STACK_NAME`: the deployment that measures belong to.
    pub stack: String,
    /// `AWS_LAMBDA_INITIALIZATION_TYPE`: true when Lambda started the environment before anybody waited for it.
    pub prepared: bool,
}

impl TelemetryConfig {
    /// Reads all of them. Nothing is wrong enough here to keep a function from its work.
    #[must_use]
    pub fn from_env() -> Self {
        let level = optional("AWS_LAMBDA_LOG_LEVEL").or_else(|| optional("RUST_LOG"));
        Self {
            level: level.and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO),
            stack: optional("STACK_NAME").unwrap_or_else(|| "capstan".to_owned()),
            prepared: optional("AWS_LAMBDA_INITIALIZATION_TYPE").is_some_and(|kind| kind != "on-demand"),
        }
    }
}
