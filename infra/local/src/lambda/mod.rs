//! Lambda: runs the functions' real programs under the Runtime API, as many at once as they may, and no longer than
//! their timeout.

mod api;
mod asynchronous;
mod dead_letters;
mod environment;
mod function;
mod invocation;
mod logs;
mod memory;
mod process;
mod runtime_api;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use axum::body::Bytes;
use tokio_util::sync::CancellationToken;

pub use dead_letters::{DeadLetter, DeadLetters};
pub use invocation::{Failure, FailureKind, Invocation, InvokeError, Report};

use crate::{ids, template::Function};
use function::FunctionState;
use process::Spawner;

/// What the functions need to run.
pub struct LambdaOptions {
    /// The functions of the template.
    pub functions: Vec<Function>,
    /// Folder with the functions' programs, by binary name.
    pub functions_dir: PathBuf,
    /// Folder for temporary directories, logs and dead letters.
    pub state_dir: PathBuf,
    /// Environment of every function beside its own: endpoints and access keys.
    pub environment: BTreeMap<String, String>,
    /// Environments a function without reserved concurrency may have at once.
    pub concurrency: usize,
    /// Functions, by logical id, that somebody else runs: events for them are put into `events/` of the state directory.
    pub handed_over: Vec<String>,
    /// Wait before the first retry of an asynchronous event; the second waits twice as long. On AWS a minute.
    pub retry_delay: Duration,
    /// Cancelled, it kills all environments.
    pub stop: CancellationToken,
}

/// The functions, ready to be invoked.
#[derive(Clone)]
pub struct Lambda {
    inner: Arc<Inner>,
}

struct Inner {
    functions: BTreeMap<String, Arc<FunctionState>>,
    dead_letters: DeadLetters,
    handed_over: Vec<String>,
    events: PathBuf,
    retry_delay: Duration,
    stop: CancellationToken,
}

impl Lambda {
    /// Prepares the functions; none is started before its first invocation. Fails when a program is not there.
    pub fn new(options: LambdaOptions) -> Result<Self> {
        let temporary = options.state_dir.join("tmp");
        // What a killed run left behind. The state directory is locked, so nobody uses it.
        let _ = std::fs::remove_dir_all(&temporary);
        std::fs::create_dir_all(&temporary).with_context(|| format!("Cannot create {}", temporary.display()))?;
        let stop = options.stop;
        let shared = Arc::new(function::Shared {
            functions_dir: options.functions_dir,
            temporary,
            logs: Arc::new(logs::Logs::start(options.state_dir.join("logs"))?),
            environment: options.environment,
            concurrency: options.concurrency,
            spawner: Spawner::start()?,
            stop: stop.clone(),
        });
        let mut functions = BTreeMap::new();
        for spec in options.functions {
            functions.insert(spec.name.clone(), Arc::new(FunctionState::new(spec, Arc::clone(&shared))?));
        }
        let events = options.state_dir.join("events");
        for name in &options.handed_over {
            anyhow::ensure!(functions.contains_key(name), "There is no function {name} to hand over");
            let folder = events.join(name);
            std::fs::create_dir_all(&folder).with_context(|| format!("Cannot create {}", folder.display()))?;
        }
        let inner = Inner {
            functions,
            dead_letters: DeadLetters::new(options.state_dir.join("dead-letters.jsonl")),
            handed_over: options.handed_over,
            events,
            retry_delay: options.retry_delay,
            stop,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Invokes a function and waits for its answer. Goes on to its end even when the caller stops waiting.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        let function = self.function(function)?;
        let request_id = ids::uuid().map_err(InvokeError::Start)?;
        let task = tokio::spawn(async move {
            let slot = function.slot_for_request().await?;
            function.run(slot, &request_id, payload).await
        });
        task.await.map_err(|_| InvokeError::Stopped)?
    }

    /// Events that failed all their tries.
    #[must_use]
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.inner.dead_letters
    }

    /// Every function with its environments and counters, as `/_local/functions` answers.
    #[must_use]
    pub fn describe(&self) -> serde_json::Value {
        self.inner.functions.values().map(|function| function.describe()).collect()
    }

    /// Kills all environments and waits until their processes are gone. Invocations under way end with
    /// [`InvokeError::Stopped`].
    pub async fn shutdown(&self) {
        self.inner.stop.cancel();
        for function in self.inner.functions.values() {
            function.stopped().await;
        }
    }

    /// Name of a function's program, which is its name in the log.
    #[must_use]
    pub fn program<'a>(&'a self, function: &'a str) -> &'a str {
        self.inner.functions.get(function).map_or(function, |function| &function.spec.binary)
    }

    /// Finds a function by its logical id, its program's name or its ARN.
    fn function(&self, name: &str) -> Result<Arc<FunctionState>, InvokeError> {
        let name = name.strip_prefix("arn:").and_then(|arn| arn.split(':').nth(5)).unwrap_or(name);
        let functions = &self.inner.functions;
        let found = functions.get(name).or_else(|| functions.values().find(|function| function.spec.binary == name));
        found.cloned().ok_or_else(|| InvokeError::UnknownFunction(name.to_owned()))
    }
}
