//! MySQL, private: a server of its own for one data directory, on a free loopback port.
//!
//! Beside the data directory `X` lie `X.password` (kept), `X.log` (this run's messages) and, while it starts,
//! `X.init.sql`. The server ends when [`Mysql`] is stopped or dropped and, on Linux, when this process dies.

use std::{
    fs,
    io::{ErrorKind, Write},
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{io::AsyncReadExt, net::TcpStream, time::sleep};

use crate::{ids, log};

mod process;
mod program;

use process::Process;
use program::{Kind, Program};

/// How long the server may take to make its first files or to answer: seconds, even on a busy laptop.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long an orderly stop may take before the server is killed, which it survives (see [`SAFE_WHEN_KILLED`]).
const STOP_PATIENCE: Duration = Duration::from_secs(20);
/// How often a start's progress is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// Starts that may lose their port to another program between its choice and its use.
const PORT_TRIES: usize = 5;
/// What fits into `sockaddr_un` with its end everywhere (104 bytes on macOS, 108 on Linux).
const MAX_SOCKET_PATH: usize = 100;
/// The database and its user.
const NAME: &str = "capstan";

/// Lets a killed server lose nothing that it acknowledged, without waiting for the disk at each commit.
///
/// At a commit the log is written to the system, which outlives the process; the disk follows within a second. A kill
/// can also end a page's write halfway (Linux copies it piece by piece), so pages go through the doublewrite buffer.
/// Only a power cut can lose the last second, as with `innodb_flush_log_at_trx_commit = 2` anywhere.
const SAFE_WHEN_KILLED: [&str; 2] = ["--innodb-flush-log-at-trx-commit=2", "--innodb-doublewrite=ON"];

/// Small and quiet. What a version or MariaDB does not know is marked `loose`.
const SMALL: [&str; 11] = [
    "--bind-address=127.0.0.1",
    "--loose-mysqlx=OFF",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=32M",
    "--loose-innodb-redo-log-capacity=16M",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    // As managed databases have it.
    "--default-time-zone=+00:00",
    "--max-connections=200",
];

/// Where a server keeps its data and where it comes from.
#[derive(Clone, Debug)]
pub struct MysqlOptions {
    /// Data directory; made, with a database in it, when it is not there. Its parent must exist.
    pub data: PathBuf,
    /// Root of an unpacked private server as `infra/mysql.sh` makes it. Without one there, `mysqld` from PATH is used.
    pub home: Option<PathBuf>,
}

/// A running server. Dropping it kills the server, which loses nothing; [`Mysql::stop`] is kinder.
pub struct Mysql {
    /// `mysql://user:password@127.0.0.1:port/database`. The user may do anything in databases whose name begins with
    /// `capstan`.
    pub url: String,
    process: Process,
}

impl Mysql {
    /// Starts the server and waits until it answers. Data of an earlier run, however that ended, is kept.
    ///
    /// # Errors
    /// No server of MySQL 8 or newer (or MariaDB) is found, it does not start within two minutes, or files cannot be
    /// written. The error quotes the end of the server's own messages.
    pub async fn start(options: MysqlOptions) -> Result<Self> {
        let program = Program::find(options.home.as_deref()).await?;
        if program.kind == Kind::MariaDb {
            log::line("mysql", format!("MariaDB {} stands in for MySQL, which was not found", program.version));
        }
        let files = Files::new(&options.data)?;
        if !files.data.exists() {
            initialise(&program, &files, options.home.as_deref()).await?;
        }
        let password = files.password()?;
        files.write_init(program.kind, &password)?;
        let started = start(&program, &files).await;
        files.remove_init();
        let (process, port) = started?;
        Ok(Self { url: format!("mysql://{NAME}:{password}@127.0.0.1:{port}/{NAME}"), process })
    }

    /// Stops the server in order; kills it when that takes too long.
    pub async fn stop(self) {
        self.process.stop(STOP_PATIENCE).await;
    }
}

/// What lies beside the data directory.
struct Files {
    data: PathBuf,
    log: PathBuf,
    init: PathBuf,
    password: PathBuf,
    pid: PathBuf,
    /// Path for `--socket`: beside the data, or in it and relative when the way there is too long.
    socket: PathBuf,
}

impl Files {
    fn new(data: &Path) -> Result<Self> {
        let data = std::path::absolute(data).context("the MySQL data directory has no path")?;
        let beside = |ending: &str| {
            let mut path = data.clone().into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        let socket = beside(".sock");
        let short = socket.as_os_str().len() < MAX_SOCKET_PATH;
        Ok(Self {
            log: beside(".log"),
            init: beside(".init.sql"),
            password: beside(".password"),
            pid: data.join("mysqld.pid"),
            socket: if short { socket } else { PathBuf::from("mysqld.sock") },
            data,
        })
    }

    /// The user's password, made at random the first time.
    fn password(&self) -> Result<String> {
        match fs::read_to_string(&self.password) {
            // The text goes into SQL and into a URL.
            Ok(text) if text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Ok(text),
            Ok(_) => bail!("{} is damaged: delete it and start again", self.password.display()),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let password = ids::hex::<16>()?;
                write_private(&self.password, &password)?;
                Ok(password)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.password.display())),
        }
    }

    /// Writes the statements that the server runs before it lets anyone in, one a line as it wants them.
    fn write_init(&self, kind: Kind, password: &str) -> Result<()> {
        // By the socket a client is "localhost", by the port it is its address.
        let user = format!("'{NAME}'@'%'");
        // MariaDB makes users without a password for localhost, which would come before '%'.
        let first = if kind == Kind::MariaDb {
            "DELETE FROM mysql.global_priv WHERE User = '';\nFLUSH PRIVILEGES;\n"
        } else {
            ""
        };
        let statements = format!(
            "{first}CREATE DATABASE IF NOT EXISTS {NAME} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n\
             CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{password}';\n\
             ALTER USER {user} IDENTIFIED BY '{password}';\n\
             GRANT ALL PRIVILEGES ON `{NAME}%`.* TO {user};\n"
        );
        self.remove_init();
        write_private(&self.init, &statements)
    }

    fn remove_init(&self) {
        let _ = fs::remove_file(&self.init);
    }

    /// A killed server leaves these; with another process under its number, the next one would refuse to start.
    fn remove_stale(&self) {
        let socket = self.data.join(&self.socket);
        let mut lock = socket.clone().into_os_string();
        lock.push(".lock");
        for path in [self.pid.as_path(), &socket, Path::new(&lock)] {
            let _ = fs::remove_file(path);
        }
    }

    /// The server's last messages, for an error's text.
    fn last_messages(&self) -> String {
        let text = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let told: Vec<_> = lines.iter().copied().filter(|line| line.contains("[ERROR]")).collect();
        let lines = if told.is_empty() { lines } else { told };
        let last = lines[lines.len().saturating_sub(5)..].join("\n  ");
        if last.is_empty() { "it left no message".to_owned() } else { format!("its last messages:\n  {last}") }
    }
}

fn write_private(path: &Path, text: &str) -> Result<()> {
    let file = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Makes the data directory, whole or not at all. A private home keeps a first copy, which later ones are taken from.
async fn initialise(program: &Program, files: &Files, home: Option<&Path>) -> Result<()> {
    let parent = files.data.parent().context("the MySQL data directory has no parent")?;
    let new = tempfile::Builder::new().prefix(".mysql-new-").tempdir_in(parent);
    let new = new.with_context(|| format!("cannot write into {}", parent.display()))?;
    let data = new.path().join("data");
    let template = home.filter(|_| program.is_private()).map(|home| home.join(format!("template-{}", program.version)));
    match &template {
        Some(template) if template.exists() => copy(template.clone(), data.clone()).await?,
        _ => {
            make(program, files, &data).await?;
            if let Some(template) = &template {
                keep_template(&data, template).await;
            }
        }
    }
    fs::rename(&data, &files.data).with_context(|| format!("cannot make {}", files.data.display()))
}

async fn make(program: &Program, files: &Files, data: &Path) -> Result<()> {
    let mut process = Process::start(program.initialise(data), &files.log).context("MySQL cannot be started")?;
    match process.ended(PATIENCE).await {
        Some(status) if status.success() => Ok(()),
        Some(status) => bail!("MySQL could not make its first files ({status}); {}", files.last_messages()),
        None => {
            bail!("MySQL took more than {} s to make its first files; {}", PATIENCE.as_secs(), files.last_messages())
        }
    }
}

/// Without a template everything works, only slower: a home that cannot be written is no error.
async fn keep_template(data: &Path, template: &Path) {
    let Some(home) = template.parent() else { return };
    let Ok(new) = tempfile::Builder::new().prefix(".template-new-").tempdir_in(home) else { return };
    let copied = new.path().join("data");
    if copy(data.to_owned(), copied.clone()).await.is_ok() {
        // Fails when another process was faster, whose template is as good.
        let _ = fs::rename(copied, template);
    }
}

async fn copy(from: PathBuf, to: PathBuf) -> Result<()> {
    fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
        fs::create_dir(to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                copy(&entry.path(), &to)?;
            } else {
                fs::copy(entry.path(), &to)?;
            }
        }
        Ok(())
    }
    let copied = tokio::task::spawn_blocking(move || copy(&from, &to)).await.context("copying was interrupted")?;
    copied.context("cannot copy the first files of MySQL")
}

async fn start(program: &Program, files: &Files) -> Result<(Process, u16)> {
    for _ in 0..PORT_TRIES {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.context("no free port for MySQL")?.port();
        files.remove_stale();
        let mut process = Process::start(program.serve(files, port), &files.log).context("MySQL cannot be started")?;
        match ready(&mut process, files, port).await {
            Ok(()) => return Ok((process, port)),
            Err(Unready::Ended) if files.last_messages().contains("Address already in use") => {}
            Err(Unready::Ended) => bail!("MySQL did not start; {}", files.last_messages()),
            Err(Unready::Slow) => {
                process.stop(STOP_PATIENCE).await;
                bail!("MySQL did not answer within {} s; {}", PATIENCE.as_secs(), files.last_messages())
            }
        }
    }
    Err(anyhow!("MySQL found its port taken {PORT_TRIES} times; {}", files.last_messages()))
}

enum Unready {
    Ended,
    Slow,
}

/// Waits until the server greets on its port. Its process id file, written after it has the port and the socket, tells
/// that it is this server which greets and not another one that was faster to the port.
async fn ready(process: &mut Process, files: &Files, port: u16) -> std::result::Result<(), Unready> {
    let end = Instant::now() + PATIENCE;
    loop {
        if process.has_ended() {
            return Err(Unready::Ended);
        }
        if files.pid.exists() && greets(port, end).await {
            return Ok(());
        }
        if Instant::now() > end {
            return Err(Unready::Slow);
        }
        sleep(LOOK).await;
    }
}

async fn greets(port: u16, end: Instant) -> bool {
    let greeting = async {
        let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok()?;
        // The first packet's header (4 bytes) and the protocol's version: a server that refuses sends 255 there.
        let mut start = [0; 5];
        connection.read_exact(&mut start).await.ok()?;
        (start[4] == 10).then_some(())
    };
    tokio::time::timeout_at(end.into(), greeting).await.is_ok_and(|greeted| greeted.is_some())
}
