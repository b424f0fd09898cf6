//! Child processes that do not outlive the local cloud.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::mpsc,
};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, Command},
    runtime::Handle,
    sync::oneshot,
};

type Request = (Command, Handle, oneshot::Sender<std::io::Result<Child>>);

/// Starts processes from one thread that lives as long as this value: the kernel sends the death signal when the
/// thread that started the process ends, and threads of the async runtime come and go.
pub(super) struct Spawner {
    requests: mpsc::Sender<Request>,
    setpriv: Option<PathBuf>,
}

impl Spawner {
    pub(super) fn start() -> Result<Self> {
        let (requests, received) = mpsc::channel::<Request>();
        std::thread::Builder::new()
            .name("spawner".to_owned())
            .spawn(move || {
                for (mut command, runtime, reply) in received {
                    let _entered = runtime.enter();
                    let _ = reply.send(command.spawn());
                }
            })
            .context("Cannot start a thread")?;
        Ok(Self { requests, setpriv: find_program("setpriv") })
    }

    /// A command for a program: in a process group of its own, killed with us where util-linux is installed.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = match &self.setpriv {
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "KILL", "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        command.process_group(0).kill_on_drop(true);
        command
    }

    pub(super) async fn spawn(&self, command: Command) -> Result<Child> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send((command, Handle::current(), reply)).ok();
        let child = match sent {
            Some(()) => answer.await.ok(),
            None => None,
        };
        child.context("The thread that starts programs has ended")?.context("The program cannot be started")
    }
}

/// Kills a process and all it started. A group that is gone already is fine.
pub(super) fn kill_group(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// How a process ended, in Lambda's words.
pub(super) fn exit_sentence(request_id: &str, status: Option<ExitStatus>) -> String {
    let how = match status {
        Some(status) => status.to_string(),
        None => "unknown status".to_owned(),
    };
    format!("RequestId: {request_id} Error: Runtime exited with error: {how}")
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
