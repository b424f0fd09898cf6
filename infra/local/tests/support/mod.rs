//! A Lambda with the example function `echo` in it.

#![allow(dead_code, reason = "every test program uses a part")]

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use local::{
    lambda::{Invocation, InvokeError, Lambda, LambdaOptions},
    template::Function,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(crate) struct Cloud {
    pub(crate) lambda: Lambda,
    pub(crate) state: TempDir,
}

/// Folder of the example programs, which `cargo test` builds when it is not told to run a single target.
fn examples() -> PathBuf {
    let own = std::env::current_exe().expect("own program");
    own.ancestors().nth(2).expect("target folder").join("examples")
}

/// Starts it, with one setting of the function changed.
pub(crate) fn start(change: impl FnOnce(&mut Function)) -> Cloud {
    start_with(change, &[])
}

/// Starts it with a function that somebody else runs.
pub(crate) fn start_handed_over() -> Cloud {
    start_with(|_| {}, &["EchoFunction"])
}

fn start_with(change: impl FnOnce(&mut Function), handed_over: &[&str]) -> Cloud {
    let state = tempfile::tempdir().expect("directory");
    let mut function = Function {
        name: "EchoFunction".to_owned(),
        binary: "echo".to_owned(),
        timeout: Duration::from_secs(20),
        memory_mib: 128,
        environment: BTreeMap::from([("OWN".to_owned(), "own".to_owned())]),
        reserved_concurrency: None,
        retry_attempts: 2,
        dead_letter_queue: Some("letters".to_owned()),
        policy: Vec::new(),
    };
    change(&mut function);
    let lambda = Lambda::new(LambdaOptions {
        functions: vec![function],
        functions_dir: examples(),
        state_dir: state.path().to_owned(),
        environment: BTreeMap::from([("AWS_ENDPOINT_URL_S3".to_owned(), "http://127.0.0.1:1".to_owned())]),
        handed_over: handed_over.iter().map(|name| (*name).to_owned()).collect(),
        concurrency: 4,
        retry_delay: Duration::from_millis(1),
        stop: CancellationToken::new(),
    });
    Cloud { lambda: lambda.expect("lambda"), state }
}

impl Cloud {
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.state.path().join(name)
    }

    pub(crate) async fn invoke(&self, event: Value) -> Result<Invocation, InvokeError> {
        self.lambda.invoke("echo", event.to_string().into()).await
    }

    pub(crate) async fn answer(&self, event: Value) -> Value {
        let invocation = self.invoke(event).await.expect("invoked");
        serde_json::from_slice(&invocation.result.expect("an answer")).expect("JSON")
    }

    pub(crate) fn function(&self) -> Value {
        self.lambda.describe()[0].clone()
    }
}

/// Waits for a condition, for ten seconds at most.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !condition() {
        assert!(started.elapsed() < Duration::from_secs(10), "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
