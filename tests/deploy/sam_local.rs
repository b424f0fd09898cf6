//! `sam local`, as `make sam-local` runs it, in the containers of a Docker engine that this test starts for itself.

use std::{
    fs::File,
    io::{Write, stderr},
    os::fd::AsFd,
    path::Path,
    process::Stdio,
    time::Duration,
};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tempfile::TempDir;
use tests::{
    cloud::programs,
    footage,
    person::client,
    processes,
    tools::{QUICK_BUILD, tool},
    wait::{until, within},
};
use tokio::process::Child;

use crate::parts::BUILDING;

/// How long all functions may take to build, and a recording to become ready.
const BUILD: Duration = Duration::from_secs(900);

/// The script of `make sam-local`, in namespaces of its own.
struct SamLocal {
    process: Child,
    place: TempDir,
}

/// With the namespace's first process all others in it end.
impl Drop for SamLocal {
    fn drop(&mut self) {
        if let Some(script) = self.script() {
            processes::kill(script);
        }
    }
}

impl SamLocal {
    fn start(port: u16, recording: &[u8]) -> Self {
        let place = TempDir::with_prefix("capstan-test-").expect("a temporary directory");
        let at = |name: &str| place.path().join(name);
        std::fs::write(at("From a container.mp4"), recording).expect("a recording");
        let log = File::create(at("log")).expect("a log file");
        let mut command = tool("unshare");
        command
            .args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc", "tests/deploy/containers.sh"])
            .arg(at("engine"))
            .args([".tools/venv/bin/python", "infra/sam-local.py"])
            .envs(QUICK_BUILD)
            .env("FUNCTION", programs().join("transcode"))
            .env("PORT", port.to_string())
            .env("FILE", at("From a container.mp4"))
            .env("STATE", at("state"))
            .env("SAM_BUILD_DIR", at("build"))
            .env("__SAM_CLI_APP_DIR", at("sam"))
            .env("TMPDIR", place.path())
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .stdin(Stdio::null());
        Self { process: command.spawn().expect("unshare"), place }
    }

    /// The script, which is the first process of its namespace.
    fn script(&self) -> Option<u32> {
        self.process.id().and_then(|unshare| processes::children(unshare).pop())
    }

    /// Stops it as Ctrl-C does.
    async fn stop(&mut self) {
        processes::stop(self.script().expect("the script"));
        until("the end of make sam-local", async || self.process.try_wait().expect("its state")).await;
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }

    /// Waits for a line that begins with this; the rest of it.
    async fn says(&mut self, start: &str) -> String {
        within(BUILD, start, async || {
            let log = self.log();
            let rest = log.lines().find_map(|line| line.trim_start().strip_prefix(start));
            let said = rest.map(|rest| rest.trim().to_owned());
            let ended = self.process.try_wait().expect("its state");
            assert!(said.is_some() || ended.is_none(), "make sam-local ended:\n{log}");
            said
        })
        .await
    }

    /// Puts this thread where 127.0.0.1 is the one that the script listens on.
    fn enter(&self) {
        let script = self.script().expect("the script");
        let network = File::open(format!("/proc/{script}/ns/net")).expect("its network");
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network)).expect("the way into its network");
    }
}

/// Why no engine can be started here.
fn obstacle() -> Option<&'static str> {
    let found = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(["/usr/sbin".into(), "/sbin".into()])
            .any(|folder| folder.join(program).exists())
    };
    if !rustix::process::geteuid().is_root() {
        return Some("only root can start a Docker engine");
    }
    ["dockerd", "docker", "iptables", "busybox", "ip", "unshare"].into_iter().find(|program| !found(program))
}

#[tokio::test]
async fn the_api_and_the_transcode_function_run_in_containers() {
    if let Some(obstacle) = obstacle() {
        // Past what the test harness captures.
        let _ = writeln!(stderr(), "SKIPPED: sam local in containers, for want of: {obstacle}");
        return;
    }
    let port = processes::free_port();
    let recording = footage::screen_recording("320x180", 2).await;
    let building = BUILDING.lock().await;
    let mut running = SamLocal::start(port, &recording);
    let link = running.says("Share link").await;
    drop(building);

    running.enter();
    let page = client().get(&link).send().await.expect("the share page");
    assert_eq!(page.status(), 200);
    let page = page.text().await.expect("a page");
    assert!(page.contains("From a container"), "{page}");
    let video = link.rsplit('/').next().expect("an id");
    let playlist = format!("http://127.0.0.1:{port}/api/playlist?videoId={video}&videoType=mp4");
    let led = client().get(playlist).send().await.expect("the player's address");
    let place = led.headers()["location"].to_str().expect("an address").to_owned();
    let played = client().get(place).send().await.expect("S3").bytes().await.expect("the video");
    assert_eq!(&played[4..8], b"ftyp");

    // The rest, such as pictures, comes by further events.
    let events = running.place.path().join("state/events/TranscodeFunction");
    until("the other events", async || files(&events).is_empty().then_some(())).await;

    running.stop().await;
    let kept = running.place.path().join("engine/docker/containers");
    assert_eq!(files(&kept), Vec::<String>::new(), "containers that are left");
}

/// Names of what is in a folder: of events, those that are not done and those that came to nothing.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned()).collect()
}
