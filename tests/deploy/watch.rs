//! `cargo lambda watch`, as `make watch` runs it, and `cargo lambda invoke`.

use std::path::Path;

use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::Cloud,
    person::{answer, client},
    processes,
    tools::tool,
    wait::until,
};
use tokio::process::{Child, Command};

use crate::parts::{BUILDING, run};

/// The script of `make watch` and what it started.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(pid) = self.0.id() else { return };
        for pid in processes::below(pid).into_iter().chain([pid]).filter(|pid| processes::alive(*pid)) {
            processes::kill(pid);
        }
    }
}

fn watch(state: &Path, port: u16) -> Watch {
    let mut command = tool("infra/watch.sh");
    let log = std::fs::File::create(state.join("watch.log")).expect("a log file");
    command.env("STATE", state).env("PORT", port.to_string()).stdout(log.try_clone().expect("a log file")).stderr(log);
    Watch(command.spawn().expect("infra/watch.sh"))
}

fn invoke(port: u16, function: &str) -> Command {
    let mut command = tool("cargo");
    command.args(["lambda", "invoke", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()]);
    command.args(["--data-ascii", "{}", function]);
    command
}

#[tokio::test]
async fn cargo_lambda_watch_has_the_routes_and_the_environment_of_the_template() {
    let cloud = Cloud::start();
    let port = processes::free_port();
    // Each function is built when it is first asked.
    let _alone = BUILDING.lock().await;
    let _watch = watch(&cloud.state, port);
    let site = format!("http://127.0.0.1:{port}");
    until("cargo lambda watch", async || client().get(format!("{site}/login")).send().await.ok()).await;

    let ask = |method, path: &str| client().request(method, format!("{site}{path}")).bearer_auth(&cloud.ready.api_key);
    let created = answer(ask(Method::GET, "/api/desktop/video/create?recordingMode=desktopMP4&name=watched")).await;
    let video = created.body["id"].as_str().unwrap_or_else(|| panic!("{created:?}"));
    let sign = json!({ "videoId": video, "subpath": "result.mp4", "method": "put" });
    let signed = answer(ask(Method::POST, "/api/upload/signed").json(&sign)).await;
    let url = signed.body["presignedPutData"]["url"].as_str().unwrap_or_else(|| panic!("{signed:?}"));
    // What is uploaded there starts the local cloud's own transcode function.
    let recording = tests::footage::screen_recording("320x180", 1).await;
    assert_eq!(client().put(url).body(recording).send().await.expect("S3").status(), 200);
    until("the recording", async || {
        let status = answer(ask(Method::GET, &format!("/api/v1/caps/{video}/status"))).await;
        (status.body["overall"] == "ready").then_some(())
    })
    .await;
    let page = ask(Method::GET, &format!("/s/{video}")).send().await.expect("the share page");
    assert_eq!(page.status(), 200);
    assert!(page.text().await.expect("a page").contains("watched"));

    let answered = run(invoke(port, "migrate"), "cargo lambda invoke").await;
    assert!(answered.contains("null"), "{answered}");
}
