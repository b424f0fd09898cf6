//! Programs of the checkout, run as a developer runs them.

use std::{ffi::OsString, path::Path, process::Stdio};

use tokio::process::Command;

use crate::cloud::repository;

/// A program of the checkout or in `PATH`, with nothing of whoever runs the tests: every parameter of the template has a
/// variable that a deployment would take.
#[must_use]
pub fn tool(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command
        .env_clear()
        .envs(KEPT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .env("PATH", path())
        .env("SAM_CLI_TELEMETRY", "0")
        .current_dir(repository())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What cargo needs of the environment, and what makes it build as the tests themselves were built.
const KEPT: [&str; 6] = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "CI"];

/// How the tests have SAM build: with cargo's own linker, and without the minutes that optimising takes. What is built
/// lies where no release is built.
pub const QUICK_BUILD: [(&str, &str); 3] =
    [("SAM_BUILD_MODE", "debug"), ("CARGO_LAMBDA_COMPILER", "cargo"), ("CARGO_PROFILE_DEV_DEBUG", "0")];

/// `PATH` as the Makefile gives it: with the checkout's own tools first.
fn path() -> OsString {
    let mut path = repository().join(".tools/venv/bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}
