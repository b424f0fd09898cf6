//! The one local cloud of a test binary.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    permissions,
    processes::{self, children, command as command_of},
    wait::until,
};

/// Where everything is, as `ready.json` tells scripts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ready {
    /// Origin of the site and its API.
    pub base: String,
    /// The demo account's key.
    pub api_key: String,
    /// Origin of S3.
    pub s3_endpoint: String,
    /// The media bucket.
    pub bucket: String,
    /// Where jobs and mails are, whose keys are those below.
    pub own_s3: OwnS3,
    /// What else there is to know of S3 when it is not the local cloud's own.
    pub foreign_s3: Option<ForeignS3>,
    /// The database.
    pub database_url: String,
    /// Origin of DynamoDB.
    pub dynamodb_endpoint: String,
    /// Origin of the Lambda API.
    pub lambda_endpoint: String,
    /// Host and port of the SMTP server.
    pub smtp_address: String,
    /// S3 access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

/// The local cloud's own S3.
#[derive(Debug, Deserialize)]
pub struct OwnS3 {
    /// Its origin.
    pub endpoint: String,
    /// Its bucket.
    pub bucket: String,
}

/// Another S3.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForeignS3 {
    /// What signatures name.
    pub region: String,
    /// Access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
}

/// A running local cloud. It ends when this process does: its standard input is a pipe that then closes.
pub struct Cloud {
    /// Where everything is.
    pub ready: Ready,
    /// Where it keeps what it has: `logs/` in it has a file for each function.
    pub state: PathBuf,
    child: Child,
}

/// One of a test's own ends with it, and before its directory is removed.
impl Drop for Cloud {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// The S3 that `make test S3=…` names: every local cloud has its recordings there.
#[must_use]
pub fn foreign_s3() -> Option<String> {
    std::env::var("S3").ok().filter(|endpoint| !endpoint.is_empty())
}

/// True where a test can look behind the local cloud's own S3. Elsewhere it says loudly what is not tested.
#[must_use]
pub fn behind_own_s3(what: &str) -> bool {
    let Some(endpoint) = foreign_s3() else { return true };
    // Past what the test harness captures.
    let _ = writeln!(std::io::stderr(), "SKIPPED on {endpoint}, which {what} needs more of than S3 has");
    false
}

/// Mailboxes of who runs the shared cloud, each for one test.
pub const OPERATORS: [&str; 2] = ["operator-1@example.test", "operator-2@example.test"];

/// The local cloud that all tests of this binary share, started by whichever comes first.
pub fn cloud() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    CLOUD.get_or_init(|| Cloud::with(&["Renditions=360,180", &format!("Operators={}", OPERATORS.join(","))]))
}

/// A second one, whose transcode function has ninety seconds, so that encodes of half a minute are shared out.
pub fn hurried() -> &'static Cloud {
    static CLOUD: OnceLock<Cloud> = OnceLock::new();
    CLOUD.get_or_init(|| Cloud::with(&["TranscodeTimeout=90", "Renditions=700,480,360"]))
}

/// The repository.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

impl Cloud {
    /// Starts a local cloud of one's own, on random ports, with an empty state directory that it removes itself: the
    /// shared one lives until this process is gone.
    #[must_use]
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// As [`start`](Self::start), with parameters of the template, each as `NAME=VALUE`.
    #[must_use]
    pub fn with(parameters: &[&str]) -> Self {
        Self::altered(|command, _| {
            for parameter in parameters {
                command.args(["--parameter", parameter]);
            }
        })
    }

    /// As [`start`](Self::start), after `change` has seen to how it is started: with another template, programs or variables. It
    /// is given the state directory too.
    #[must_use]
    pub fn altered(change: impl FnOnce(&mut Command, &Path)) -> Self {
        let state = tempfile::Builder::new().prefix("capstan-test-").tempdir().expect("a temporary directory").keep();
        let mut command = command(&state, 0);
        command.arg("--remove-state");
        change(&mut command, &state);
        Self::spawn(command, &state)
    }

    /// Starts a local cloud with what is in a state directory.
    #[must_use]
    pub fn start_in(state: &Path) -> Self {
        Self::start_with(state, &[])
    }

    /// As [`start_in`](Self::start_in), with parameters of the template, each as `NAME=VALUE`.
    #[must_use]
    pub fn start_in_with(state: &Path, parameters: &[&str]) -> Self {
        let mut command = command(state, 0);
        for parameter in parameters {
            command.args(["--parameter", parameter]);
        }
        Self::spawn(command, state)
    }

    /// As [`start_in`](Self::start_in), and uploads recordings as `make up FILE=…` does.
    #[must_use]
    pub fn start_with(state: &Path, uploads: &[PathBuf]) -> Self {
        let mut command = command(state, 0);
        for upload in uploads {
            command.arg("--upload").arg(upload);
        }
        Self::spawn(command, state)
    }

    fn spawn(mut command: Command, state: &Path) -> Self {
        let log = std::fs::File::create(state.join("log")).expect("a log file");
        // Left by a local cloud that was killed; it would be taken for the new one's.
        let _ = std::fs::remove_file(state.join("ready.json"));
        let mut child = command.stdin(Stdio::piped()).stdout(log).spawn().expect("capstan-local");
        let ready = wait_until_ready(&mut child, state);
        Self { ready, state: state.to_owned(), child }
    }

    /// Process id of `capstan-local`.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Lets it stop in order, as Ctrl-C does, and waits for its end.
    pub fn stop(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().expect("capstan-local's end");
        assert!(status.success(), "{status}");
    }

    /// Lets one that lives as long as this process stop in order.
    pub async fn halt(&self) {
        processes::stop(self.pid());
        until("the cloud's end", async || (!processes::alive(self.pid())).then_some(())).await;
    }

    /// Kills it without a chance to clean up.
    pub fn kill(mut self) {
        self.child.kill().expect("capstan-local");
        self.child.wait().expect("capstan-local's end");
    }

    /// Invokes a function as AWS would asynchronously: repeated on failure, then parked.
    pub async fn invoke_async(&self, function: &str, event: &Value) {
        let answer = self.invoke(function, event, "Event").await;
        assert_eq!(answer.status(), 202);
    }

    /// Invokes a function and waits; whether it succeeded, and its answer.
    pub async fn invoke_sync(&self, function: &str, event: &Value) -> (bool, String) {
        let answer = self.invoke(function, event, "RequestResponse").await;
        let succeeded = !answer.headers().contains_key("x-amz-function-error");
        (succeeded, answer.text().await.expect("an answer"))
    }

    async fn invoke(&self, function: &str, event: &Value, kind: &str) -> reqwest::Response {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.ready.lambda_endpoint);
        let invoke = reqwest::Client::new().post(url).header("x-amz-invocation-type", kind).json(event);
        invoke.send().await.expect("the Lambda API")
    }

    /// Processes of the transcode function.
    pub async fn transcoders(&self) -> Vec<u32> {
        self.processes().await.remove("transcode").expect("transcode")
    }

    /// Processes of every function, by its program.
    pub async fn processes(&self) -> BTreeMap<String, Vec<u32>> {
        let functions = self.local("functions").await;
        let pids = |function: &Value| {
            let environments = function["environments"].as_array().expect("environments").iter();
            environments.filter_map(|environment| u32::try_from(environment["pid"].as_u64()?).ok()).collect()
        };
        let all = functions.as_array().expect("functions").iter();
        all.map(|function| (function["binary"].as_str().expect("a name").to_owned(), pids(function))).collect()
    }

    /// FFmpegs at work on a video whose command line holds this: the function's process and theirs. What they read has an
    /// address with the video's name.
    pub async fn ffmpegs(&self, video: &str, what: &str) -> Vec<(u32, u32)> {
        let functions = self.transcoders().await;
        let all =
            functions.into_iter().flat_map(|function| children(function).into_iter().map(move |pid| (function, pid)));
        let at_work = |(_, pid): &(u32, u32)| {
            let command = command_of(*pid);
            command.contains(what) && command.contains(video)
        };
        all.filter(at_work).collect()
    }

    /// Requests that have reached S3, of every kind.
    pub async fn s3_requests(&self) -> u64 {
        let url = format!("{}/_local/requests", self.ready.s3_endpoint);
        let counted: BTreeMap<String, u64> = reqwest::get(url).await.expect("S3").json().await.expect("JSON");
        counted.values().sum()
    }

    /// What the local cloud tells of its functions or dead letters.
    pub async fn local(&self, what: &str) -> Value {
        let url = format!("{}/_local/{what}", self.ready.lambda_endpoint);
        reqwest::get(url).await.expect("the Lambda API").json().await.expect("JSON")
    }
}

/// `capstan-local up` as `make up` runs it, with its data in `state`.
#[must_use]
pub fn command(state: &Path, port: u16) -> Command {
    let programs = programs();
    let mut command = Command::new(programs.join("capstan-local"));
    command
        .current_dir(repository())
        .env("PATH", path_with_layer())
        .args(["up", "--no-sample", "--stop-on-stdin-close", "--retry-delay-ms", "200"])
        .args(["--port".as_ref(), port.to_string().as_ref(), "--state".as_ref(), state.as_os_str()])
        .args(["--functions".as_ref(), programs.as_os_str()])
        .args(["--permissions".as_ref(), permissions::new_record().as_os_str()]);
    if let Some(endpoint) = foreign_s3() {
        command.args(["--s3", &endpoint]);
        if std::env::var_os("S3_BUCKET").is_none() {
            command.env("S3_BUCKET", bucket_of(state));
        }
    }
    command
}

/// A bucket for what is in a state directory, as long as that is there.
fn bucket_of(state: &Path) -> String {
    let hash = Md5::digest(state.as_os_str().as_encoded_bytes());
    hash.iter().take(8).fold("capstan-test-".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

/// `PATH` as `make up` gives it: with the layer's FFmpeg first, where it was built. What makes footage and looks at what
/// came of it is this machine's FFmpeg.
pub(crate) fn path_with_layer() -> OsString {
    let mut path = repository().join(".tools/opt/bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

/// Built programs, which lie two levels above the test's own: `target/debug/deps/it-…`.
#[must_use]
pub fn programs() -> PathBuf {
    let own = std::env::current_exe().expect("this program's path");
    own.parent().and_then(Path::parent).expect("a target directory").to_owned()
}

fn wait_until_ready(child: &mut Child, state: &Path) -> Ready {
    let end = Instant::now() + Duration::from_secs(120);
    loop {
        if let Ok(bytes) = std::fs::read(state.join("ready.json")) {
            return serde_json::from_slice(&bytes).expect("ready.json");
        }
        let ended = child.try_wait().expect("capstan-local's state");
        if ended.is_some() || Instant::now() > end {
            let mut log = String::new();
            let _ = std::fs::File::open(state.join("log")).and_then(|mut file| file.read_to_string(&mut log));
            let _ = child.kill();
            panic!("the local cloud did not come up ({ended:?}):\n{log}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}
