//! Which server there is, and its command lines.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::{Files, SAFE_WHEN_KILLED, SMALL};

/// Where servers live that a plain user's PATH often lacks.
const MORE_FOLDERS: [&str; 5] =
    ["/usr/local/sbin", "/usr/sbin", "/sbin", "/opt/homebrew/opt/mysql/bin", "/usr/local/opt/mysql/bin"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    MySql,
    MariaDb,
}

/// A server that can be started.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) kind: Kind,
    /// Such as `9.7.1`.
    pub(super) version: String,
    /// The program, or its dynamic loader and what comes before the server's own arguments.
    command: Vec<OsString>,
    /// `usr` of a private server.
    base: Option<PathBuf>,
}

impl Program {
    /// The private server under `home`, else MySQL from PATH, else MariaDB from PATH.
    pub(super) async fn find(home: Option<&Path>) -> Result<Self> {
        if let Some(home) = home
            && home.join("usr/sbin/mysqld").exists()
        {
            return Self::private(home).await;
        }
        let Some(path) = in_path("mysqld").or_else(|| in_path("mariadbd")) else {
            bail!(
                "there is no MySQL server: run infra/mysql.sh .tools/mysql, or install MySQL 8 or newer so that mysqld is in PATH"
            )
        };
        Self::asked(vec![path.into()], None).await
    }

    async fn private(home: &Path) -> Result<Self> {
        let home = home.canonicalize().context("the folder of MySQL has no path")?;
        let base = home.join("usr");
        let server = base.join("sbin/mysqld");
        let Some(loader) = entry(&base.join("lib64"), "ld-linux-").or_else(|| entry(&base.join("lib"), "ld-linux-"))
        else {
            bail!("{} lacks its dynamic loader: delete the folder and run infra/mysql.sh again", home.display())
        };
        let mut libraries: Vec<_> = folders(&base.join("lib")).filter(|path| ends_with(path, "-linux-gnu")).collect();
        libraries.push(base.join("lib/mysql/private"));
        let libraries = env::join_paths(libraries).context("the folder of MySQL has a ':' in its path")?;
        Self::asked(vec![loader.into(), "--library-path".into(), libraries, server.into()], Some(base)).await
    }

    /// Asks the server for its version.
    async fn asked(command: Vec<OsString>, base: Option<PathBuf>) -> Result<Self> {
        let name = command.last().map(PathBuf::from).unwrap_or_default();
        let mut asked = tokio::process::Command::from(Self::command(&command));
        let output = asked.arg("--no-defaults").arg("--version").kill_on_drop(true).output().await;
        let output = output.with_context(|| format!("{} cannot be run", name.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let Some((kind, version)) = parse_version(&text) else {
            let told = String::from_utf8_lossy(&output.stderr);
            bail!("{} does not tell its version: {}{}", name.display(), text.trim(), told.trim())
        };
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if kind == Kind::MySql && major.is_none_or(|major| major < 8) {
            bail!("{} is MySQL {version}, and 8 or newer is needed: run infra/mysql.sh .tools/mysql", name.display())
        }
        Ok(Self { kind, version, command, base })
    }

    pub(super) fn is_private(&self) -> bool {
        self.base.is_some()
    }

    /// The command that makes a data directory, with a root that only the socket's owner reaches.
    pub(super) fn initialise(&self, data: &Path) -> Command {
        let mut command = match self.kind {
            Kind::MySql => {
                let mut command = self.server();
                command.args(["--initialize-insecure", "--loose-innodb-redo-log-capacity=16M"]);
                command
            }
            Kind::MariaDb => {
                let script = in_path("mariadb-install-db").unwrap_or_else(|| "mysql_install_db".into());
                let mut command = Self::command(&[script.into()]);
                // A script: it calls the tools of its system.
                command.env("PATH", env::var_os("PATH").unwrap_or_default());
                command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
                command
            }
        };
        command.arg(argument("--datadir", data)).args(run_as());
        command
    }

    /// The command that serves a data directory.
    pub(super) fn serve(&self, files: &Files, port: u16) -> Command {
        let mut command = self.server();
        command
            .args(run_as())
            .args(SMALL)
            .args(SAFE_WHEN_KILLED)
            .arg(argument("--datadir", &files.data))
            .arg(argument("--socket", &files.socket))
            .arg(argument("--pid-file", &files.pid))
            .arg(argument("--init-file", &files.init))
            .arg(format!("--port={port}"))
            // Where a relative socket lies.
            .current_dir(&files.data);
        command
    }

    fn server(&self) -> Command {
        let mut command = Self::command(&self.command);
        command.arg("--no-defaults");
        if let Some(base) = &self.base {
            command
                .arg(argument("--basedir", base))
                .arg(argument("--lc-messages-dir", base.join("share/mysql")))
                .arg(argument("--character-sets-dir", base.join("share/mysql/charsets")))
                .arg(argument("--plugin-dir", base.join("lib/mysql/plugin")));
        }
        if self.kind == Kind::MySql {
            // The folder it was built with need not exist, and it would refuse to start. MariaDB has no such word.
            command.arg("--secure-file-priv=NULL");
        }
        command
    }

    /// Of the environment nothing is passed on: `MYSQL_…` variables would change the server.
    fn command(words: &[OsString]) -> Command {
        let (program, arguments) = words.split_first().map_or((OsStr::new(""), words), |(first, rest)| (first, rest));
        let mut command = Command::new(program);
        command.args(arguments).env_clear();
        command
    }
}

fn argument(name: &str, path: impl AsRef<OsStr>) -> OsString {
    let mut argument = OsString::from(name);
    argument.push("=");
    argument.push(path);
    argument
}

/// The server refuses to be root unless it is told so.
fn run_as() -> Option<&'static str> {
    rustix::process::geteuid().is_root().then_some("--user=root")
}

/// The first program of that name in PATH, or in one of [`MORE_FOLDERS`].
pub(super) fn in_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(MORE_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn folders(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    folder.read_dir().into_iter().flatten().flatten().map(|entry| entry.path())
}

fn entry(folder: &Path, prefix: &str) -> Option<PathBuf> {
    folders(folder).find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ending))
}

/// Reads `mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))` and its like.
fn parse_version(text: &str) -> Option<(Kind, String)> {
    let rest = text.split_once("Ver ")?.1;
    let version: String = rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let kind = if text.contains("MariaDB") { Kind::MariaDb } else { Kind::MySql };
    (!version.is_empty()).then_some((kind, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let known = [
            ("/x/mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", Some((Kind::MySql, "9.7.4"))),
            ("mysqld  Ver 8.0.36-0ubuntu0.22.04.1 for Linux on x86_64 ((Ubuntu))", Some((Kind::MySql, "8.0.36"))),
            ("mariadbd  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu", Some((Kind::MariaDb, "10.11.6"))),
            ("mysqld: unknown option", None),
        ];
        for (text, expected) in known {
            assert_eq!(parse_version(text), expected.map(|(kind, version)| (kind, version.to_owned())), "{text}");
        }
    }

    #[tokio::test]
    async fn an_old_server_is_refused_in_one_sentence() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("mysqld");
        std::fs::write(&path, "#!/bin/sh\necho 'mysqld  Ver 5.7.44 for Linux'\n").expect("script");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("permissions");
        let error = Program::asked(vec![path.into()], None).await.expect_err("too old").to_string();
        assert!(error.contains("is MySQL 5.7.44, and 8 or newer is needed"), "{error}");
    }
}
