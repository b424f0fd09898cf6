//! Chromium, with a script of `tests/browser` at the controls.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::cloud::{cloud, repository};

/// A page that is open.
pub struct Page {
    browser: Child,
    saw: Lines<BufReader<ChildStdout>>,
}

impl Page {
    /// Opens the page of a video by a script, which is told the `rest` as well.
    #[must_use]
    pub fn of(video: &str, script: &str, rest: &[&str]) -> Self {
        let mut command = node(script, &[&format!("{}/s/{video}", cloud().ready.base)]);
        let browser = command.args(rest).stdout(Stdio::piped()).spawn();
        let mut browser = browser.expect("node, which make test installs");
        let saw = BufReader::new(browser.stdout.take().expect("its output")).lines();
        Self { browser, saw }
    }

    /// What the script says next.
    pub async fn next(&mut self) -> Value {
        let line = self.saw.next_line().await.expect("a line").expect("the browser gave up");
        serde_json::from_str(&line).expect("what the browser saw")
    }

    /// Waits until the script has closed the page and is content.
    pub async fn close(mut self) {
        assert!(self.browser.wait().await.expect("the browser's end").success());
    }
}

/// What a script saw that speaks once, at its end.
pub async fn run(script: &str, arguments: &[&str]) -> Value {
    let output = node(script, arguments).output().await.expect("node, which make test installs");
    let told = || panic!("{script} saw nothing: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| told())
}

fn node(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.arg(repository().join("tests/browser").join(script)).args(arguments).kill_on_drop(true);
    command
}
