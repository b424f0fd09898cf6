//! A server's process, which never outlives this one.

use std::{
    fs::File,
    io,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::{sync::watch, time::timeout};

use super::program::in_path;

/// A started process. Dropping it kills it.
pub(super) struct Process {
    /// `None` once it has ended: its number may then be another's.
    pid: Arc<Mutex<Option<Pid>>>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts the command with its output in a new file at `log`.
    ///
    /// The kernel is asked to end the server when the thread that started it ends, so that thread is one that does
    /// nothing but wait for the server.
    pub(super) fn start(command: Command, log: &Path) -> io::Result<Self> {
        let mut command = with_death_signal(command);
        let log = File::create(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let (started, start) = std::sync::mpsc::channel();
        let (end, ended) = watch::channel(None);
        let pid = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&pid);
        thread::Builder::new().name("mysqld".to_owned()).spawn(move || {
            let child = command.spawn();
            let failed = child.as_ref().err().map(|error| io::Error::new(error.kind(), error.to_string()));
            if let Ok(child) = &child {
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = pid_of(child);
            }
            let _ = started.send(failed);
            if let Ok(child) = child {
                let status = wait(child, &shared);
                let _ = end.send(Some(status));
            }
        })?;
        match start.recv() {
            Ok(None) => Ok(Self { pid, ended }),
            Ok(Some(error)) => Err(error),
            Err(_) => Err(io::Error::other("the thread that starts it ended")),
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    /// Waits for its end, at most so long.
    pub(super) async fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let ended = timeout(patience, self.ended.wait_for(Option::is_some)).await.ok()?;
        ended.ok().and_then(|status| *status)
    }

    /// Asks it to end, waits so long, then kills it.
    pub(super) async fn stop(mut self, patience: Duration) {
        self.signal(Signal::TERM);
        if self.ended(patience).await.is_none() {
            self.signal(Signal::KILL);
            self.ended(patience).await;
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.pid.lock().unwrap_or_else(PoisonError::into_inner) {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Waits without collecting first, so that the number is taken away before the system may give it to another process.
fn wait(mut child: Child, pid: &Mutex<Option<Pid>>) -> ExitStatus {
    if let Some(pid) = pid_of(&child) {
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        {
        }
    }
    *pid.lock().unwrap_or_else(PoisonError::into_inner) = None;
    child.wait().unwrap_or_default()
}

fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// Through util-linux's `setpriv` where it can do that; elsewhere only stop and drop end the server.
fn with_death_signal(command: Command) -> Command {
    let Some(setpriv) = in_path("setpriv") else { return command };
    let options = ["--pdeathsig", "TERM", "--"];
    let knows = Command::new(&setpriv).args(options).arg("true").stdin(Stdio::null()).stderr(Stdio::null()).status();
    if !knows.is_ok_and(|status| status.success()) {
        return command;
    }
    let mut wrapped = Command::new(setpriv);
    wrapped.args(options).arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            wrapped.env(name, value);
        }
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}
