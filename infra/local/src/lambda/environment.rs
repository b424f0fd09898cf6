//! One execution environment: a process, its Runtime API and its temporary directory.

use std::{
    fs,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result};
use axum::body::Bytes;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::{mpsc, oneshot, watch},
};
use tokio_util::sync::CancellationToken;

use super::{
    function::Shared,
    invocation::{Failure, FailureKind, InvokeError},
    memory,
    process::{exit_sentence, kill_group},
    runtime_api::{self, Readiness, Work},
};
use crate::{
    http, ids,
    template::{Function, REGION, function_arn},
};

/// Lambda gives a program this long to ask for its first event.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// How often the memory of a working environment is looked at.
const MEMORY_INTERVAL: Duration = Duration::from_millis(500);

/// `None` while the process lives.
type Exit = Option<Option<ExitStatus>>;

/// A started environment. Dropping it kills its processes.
pub(super) struct Environment {
    pub(super) id: u64,
    pub(super) pid: u32,
    work: mpsc::Sender<Work>,
    exit: watch::Receiver<Exit>,
    readiness: watch::Receiver<Readiness>,
    started: Instant,
    peak_kib: u64,
}

impl Environment {
    /// Starts the program; `gone` runs when its processes and files are gone.
    pub(super) async fn start(
        id: u64,
        spec: &Function,
        shared: &Shared,
        gone: impl FnOnce() + Send + 'static,
    ) -> Result<Self> {
        let (listener, address) = http::listen(0).await?;
        let temporary = shared.temporary.join(format!("{}-{id}", spec.binary));
        fs::create_dir_all(&temporary).with_context(|| format!("Cannot create {}", temporary.display()))?;
        let program = program(shared, spec);
        let mut command = shared.spawner.command(&program);
        variables(&mut command, spec, shared, &address.to_string(), &temporary);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child =
            shared.spawner.spawn(command).await.with_context(|| format!("Cannot run {}", program.display()))?;
        let pid = child.id().context("The program ended at once")?;
        forward(spec, shared, child.stdout.take());
        forward(spec, shared, child.stderr.take());

        let (work, received) = mpsc::channel(1);
        let (readiness, ready) = watch::channel(Readiness::Starting);
        let (exited, exit) = watch::channel(None);
        let served = CancellationToken::new();
        http::serve(listener, runtime_api::router(received, readiness), served.clone());
        let stop = shared.stop.clone();
        tokio::spawn(async move {
            let status = watch_over(child, pid, &stop).await;
            // Whatever it started, such as FFmpeg, must not go on without it.
            kill_group(pid);
            let _ = fs::remove_dir_all(&temporary);
            exited.send_replace(Some(status));
            served.cancel();
            gone();
        });
        Ok(Self { id, pid, work, exit, readiness: ready, started, peak_kib: 0 })
    }

    pub(super) fn alive(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Waits for the program's first request for work: how long it took, or how it failed.
    pub(super) async fn init(
        &mut self,
        request_id: &str,
        stop: &CancellationToken,
    ) -> Result<Result<Duration, Failure>, InvokeError> {
        let answered = self.readiness.wait_for(|readiness| !matches!(readiness, Readiness::Starting));
        let failure = tokio::select! {
            biased;
            readiness = answered => match readiness.as_deref() {
                Ok(Readiness::Failed(payload)) => Failure { kind: FailureKind::Error, payload: payload.clone() },
                Ok(_) => return Ok(Ok(self.started.elapsed())),
                Err(_) => Failure::new(FailureKind::Exit, "Runtime.ExitError", &exit_sentence(request_id, None)),
            },
            () = stop.cancelled() => return Err(InvokeError::Stopped),
            failure = exit_failure(self.exit.clone(), request_id) => failure,
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                let message = format!("RequestId: {request_id} Error: Init timed out after {} seconds", INIT_TIMEOUT.as_secs());
                Failure::new(FailureKind::Timeout, "Sandbox.Timedout", &message)
            }
        };
        kill_group(self.pid);
        Ok(Err(failure))
    }

    /// Hands the program an event and waits for its answer; kills it at the timeout.
    pub(super) async fn invoke(
        &mut self,
        spec: &Function,
        request_id: &str,
        payload: Bytes,
        stop: &CancellationToken,
    ) -> Result<Result<Bytes, Failure>, InvokeError> {
        let (reply, answer) = oneshot::channel();
        let work = Work {
            request_id: request_id.to_owned(),
            payload,
            deadline: SystemTime::now() + spec.timeout,
            function_arn: function_arn(&spec.name),
            reply,
        };
        let exited = || Failure::new(FailureKind::Exit, "Runtime.ExitError", &exit_sentence(request_id, None));
        if self.work.send(work).await.is_err() {
            return Ok(Err(exited()));
        }
        let timeout = tokio::time::sleep(spec.timeout);
        let exit = exit_failure(self.exit.clone(), request_id);
        tokio::pin!(timeout, answer, exit);
        let mut look = tokio::time::interval_at(tokio::time::Instant::now() + MEMORY_INTERVAL, MEMORY_INTERVAL);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => {
                    self.peak_kib = self.peak_kib.max(memory::peak_kib(self.pid));
                    return Ok(answer.unwrap_or_else(|_| Err(exited())));
                }
                () = stop.cancelled() => return Err(InvokeError::Stopped),
                failure = &mut exit => return Ok(Err(failure)),
                () = &mut timeout => {
                    self.peak_kib = self.peak_kib.max(memory::tree_kib(self.pid));
                    kill_group(self.pid);
                    let at = ids::utc(SystemTime::now(), "%Y-%m-%dT%H:%M:%S%.3fZ");
                    return Ok(Err(Failure::timeout(&at, request_id, spec.timeout)));
                }
                _ = look.tick() => self.peak_kib = self.peak_kib.max(memory::tree_kib(self.pid)),
            }
        }
    }

    /// Most memory that its processes were seen to hold, in MiB.
    pub(super) fn peak_mib(&self) -> u64 {
        self.peak_kib.div_ceil(1024)
    }
}

impl Drop for Environment {
    fn drop(&mut self) {
        if self.alive() {
            kill_group(self.pid);
        }
    }
}

/// The program of a function.
pub(super) fn program(shared: &Shared, spec: &Function) -> PathBuf {
    shared.functions_dir.join(&spec.binary)
}

async fn watch_over(mut child: Child, pid: u32, stop: &CancellationToken) -> Option<ExitStatus> {
    tokio::select! {
        status = child.wait() => return status.ok(),
        () = stop.cancelled() => kill_group(pid),
    }
    child.wait().await.ok()
}

/// Resolves when the process has ended.
async fn exit_failure(mut exit: watch::Receiver<Exit>, request_id: &str) -> Failure {
    let status = exit.wait_for(Option::is_some).await.map_or(None, |status| status.flatten());
    Failure::new(FailureKind::Exit, "Runtime.ExitError", &exit_sentence(request_id, status))
}

/// The variables that Lambda sets (Lambda developer guide, "Defined runtime environment variables"), the caller's, the
/// template's. Of our own environment only PATH, where FFmpeg is found.
fn variables(command: &mut Command, spec: &Function, shared: &Shared, api: &str, temporary: &std::path::Path) {
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs([("LANG", "en_US.UTF-8"), ("TZ", ":UTC"), ("_HANDLER", "bootstrap")]);
    command.envs([("AWS_REGION", REGION), ("AWS_DEFAULT_REGION", REGION)]);
    command.env("AWS_EXECUTION_ENV", "AWS_Lambda_provided.al2023");
    command.env("AWS_LAMBDA_FUNCTION_NAME", &spec.name);
    command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mib.to_string());
    command.env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    command.env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    command.env("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{}", spec.name));
    command.env("AWS_LAMBDA_LOG_STREAM_NAME", "local");
    command.env("AWS_LAMBDA_LOG_FORMAT", "JSON");
    command.env("AWS_LAMBDA_RUNTIME_API", api);
    command.env("LAMBDA_TASK_ROOT", &shared.functions_dir);
    command.env("TMPDIR", temporary);
    command.envs(&shared.environment);
    command.envs(&spec.environment);
}

/// Keeps what the program writes as CloudWatch would, and shows it.
fn forward(spec: &Function, shared: &Shared, stream: Option<impl AsyncRead + Unpin + Send + 'static>) {
    let Some(stream) = stream else { return };
    let (name, logs) = (spec.binary.clone(), Arc::clone(&shared.logs));
    tokio::spawn(async move {
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).await.is_ok_and(|read| read > 0) {
            logs.take(&name, &line);
            line.clear();
        }
    });
}
