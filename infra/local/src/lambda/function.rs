//! One function: its environments and how many it may have.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{Result, bail};
use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

use super::{
    environment::{self, Environment},
    invocation::{Failure, FailureKind, Invocation, InvokeError, Report},
    logs::Logs,
    process::Spawner,
    runtime_api::MAX_PAYLOAD,
};
use crate::template::Function;

/// What all functions share.
pub(super) struct Shared {
    pub(super) functions_dir: PathBuf,
    pub(super) temporary: PathBuf,
    pub(super) logs: Arc<Logs>,
    pub(super) environment: BTreeMap<String, String>,
    pub(super) concurrency: usize,
    pub(super) spawner: Spawner,
    pub(super) stop: CancellationToken,
}

/// A living environment, as `/_local/functions` shows it.
struct Living {
    pid: u32,
    request_id: Option<String>,
}

#[derive(Default)]
struct Counters {
    invocations: AtomicU64,
    errors: AtomicU64,
    timeouts: AtomicU64,
    retries: AtomicU64,
    waiting: AtomicU64,
}

pub(super) struct FunctionState {
    pub(super) spec: Function,
    shared: Arc<Shared>,
    slots: Arc<Semaphore>,
    idle: Mutex<Vec<Environment>>,
    living: Arc<watch::Sender<BTreeMap<u64, Living>>>,
    next_id: AtomicU64,
    counters: Counters,
}

/// The right to use one environment.
pub(super) struct Slot(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl FunctionState {
    pub(super) fn new(spec: Function, shared: Arc<Shared>) -> Result<Self> {
        let program = environment::program(&shared, &spec);
        if !program.is_file() {
            bail!(
                "The function {} is not built: there is no {}. Build it with cargo build.",
                spec.binary,
                program.display()
            );
        }
        let limit = spec.reserved_concurrency.and_then(|limit| usize::try_from(limit).ok());
        let slots = Arc::new(Semaphore::new(limit.unwrap_or(shared.concurrency).min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            spec,
            shared,
            slots,
            idle: Mutex::default(),
            living: Arc::new(watch::Sender::default()),
            next_id: AtomicU64::new(1),
            counters: Counters::default(),
        })
    }

    /// A slot for a caller who waits. Reserved concurrency is a promise of the template, so it throttles; the local
    /// limit is only what a laptop can bear, where AWS would start another environment, so one waits for it.
    pub(super) async fn slot_for_request(&self) -> Result<Slot, InvokeError> {
        if self.spec.reserved_concurrency.is_some() {
            let slot = Arc::clone(&self.slots).try_acquire_owned();
            return slot.map(Slot).map_err(|_| InvokeError::Throttled(self.spec.name.clone()));
        }
        self.slot_for_event().await.ok_or(InvokeError::Stopped)
    }

    /// A slot for an event, which waits its turn; `None` at shutdown.
    pub(super) async fn slot_for_event(&self) -> Option<Slot> {
        tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => None,
            slot = Arc::clone(&self.slots).acquire_owned() => slot.ok().map(Slot),
        }
    }

    /// Runs one event in a warm environment, or in a new one.
    pub(super) async fn run(&self, slot: Slot, request_id: &str, payload: Bytes) -> Result<Invocation, InvokeError> {
        if payload.len() > MAX_PAYLOAD {
            return Err(InvokeError::PayloadTooLarge);
        }
        if self.shared.stop.is_cancelled() {
            return Err(InvokeError::Stopped);
        }
        let (mut environment, cold) = match self.take_idle() {
            Some(environment) => (environment, false),
            None => (self.start().await?, true),
        };
        self.mark(&environment, Some(request_id));
        let mut report = Report { memory_mib: self.spec.memory_mib, ..Report::default() };
        let stop = &self.shared.stop;
        let mut result = Ok(Bytes::new());
        if cold {
            match environment.init(request_id, stop).await? {
                Ok(init) => report.init = Some(init),
                Err(failure) => result = Err(failure),
            }
        }
        let started = Instant::now();
        if result.is_ok() {
            result = environment.invoke(&self.spec, request_id, payload, stop).await?;
        }
        report.duration = started.elapsed();
        report.max_memory_mib = environment.peak_mib();
        self.count(&result);
        let usable = result
            .as_ref()
            .map_or_else(|failure| matches!(failure.kind, FailureKind::Error | FailureKind::TooLarge), |_| true);
        if usable && environment.alive() {
            self.mark(&environment, None);
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(environment);
        }
        drop(slot);
        Ok(Invocation { request_id: request_id.to_owned(), result, report })
    }

    async fn start(&self) -> Result<Environment, InvokeError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        // Listed before it starts and until it is gone, so that a shutdown waits for it.
        self.living.send_modify(|living| {
            living.insert(id, Living { pid: 0, request_id: None });
        });
        let living = Arc::clone(&self.living);
        let gone = move || {
            living.send_modify(|living| {
                living.remove(&id);
            });
        };
        let started = Environment::start(id, &self.spec, &self.shared, gone.clone()).await;
        started.inspect_err(|_| gone()).map_err(InvokeError::Start)
    }

    fn take_idle(&self) -> Option<Environment> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(Environment::alive)
    }

    fn mark(&self, environment: &Environment, request_id: Option<&str>) {
        self.living.send_modify(|living| {
            if let Some(entry) = living.get_mut(&environment.id) {
                *entry = Living { pid: environment.pid, request_id: request_id.map(str::to_owned) };
            }
        });
    }

    fn count(&self, result: &Result<Bytes, Failure>) {
        self.counters.invocations.fetch_add(1, Ordering::Relaxed);
        if let Err(failure) = result {
            self.counters.errors.fetch_add(1, Ordering::Relaxed);
            if failure.kind == FailureKind::Timeout {
                self.counters.timeouts.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn count_retry(&self) {
        self.counters.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// One more event that is accepted and not done, until the returned value is dropped.
    pub(super) fn waiting(self: &Arc<Self>) -> Waiting {
        self.counters.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(Arc::clone(self))
    }

    /// State for people and tests.
    pub(super) fn describe(&self) -> Value {
        let living = self.living.borrow();
        let environments: Vec<Value> = living
            .values()
            .map(|living| json!({"pid": living.pid, "busy": living.request_id.is_some(), "requestId": living.request_id}))
            .collect();
        let get = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        json!({
            "name": self.spec.name,
            "binary": self.spec.binary,
            "environments": environments,
            "counters": {
                "invocations": get(&self.counters.invocations),
                "errors": get(&self.counters.errors),
                "timeouts": get(&self.counters.timeouts),
                "retries": get(&self.counters.retries),
            },
            "asyncInFlight": get(&self.counters.waiting),
        })
    }

    /// Waits until no process of the function is left.
    pub(super) async fn stopped(&self) {
        let mut living = self.living.subscribe();
        let _ = living.wait_for(BTreeMap::is_empty).await;
    }
}

/// Counts an asynchronous event while it lives.
pub(super) struct Waiting(Arc<FunctionState>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.counters.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
