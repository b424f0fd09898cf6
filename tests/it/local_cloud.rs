//! The local cloud as a program: it keeps its data, shows mail, and leaves nothing behind.

use std::{fs, net::TcpListener, process::Stdio};

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::MultiPart};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    cloud::{Cloud, cloud, command},
    footage,
    person::{Person, answer, client},
    processes::{alive, below},
    wait::until,
};

/// A cloud of one's own with a function started, and its processes.
async fn busy_cloud(state: &TempDir) -> (Cloud, Vec<u32>) {
    let own = Cloud::start_in(state.path());
    assert_eq!(client().get(format!("{}/api/status", own.ready.base)).send().await.expect("an answer").status(), 200);
    let processes = below(own.pid());
    assert!(processes.len() >= 2, "a database and a function: {processes:?}");
    (own, processes)
}

async fn assert_gone(processes: &[u32]) {
    until("every process to be gone", async || processes.iter().all(|pid| !alive(*pid)).then_some(())).await;
}

#[tokio::test]
async fn stopping_leaves_no_process_and_no_ready_file() {
    let state = TempDir::new().expect("a directory");
    let (own, processes) = busy_cloud(&state).await;
    tokio::task::spawn_blocking(|| own.stop()).await.expect("the end");
    assert_gone(&processes).await;
    assert!(!state.path().join("ready.json").exists());
}

#[tokio::test]
async fn being_killed_leaves_no_process_and_the_data_whole() {
    let state = TempDir::new().expect("a directory");
    let (own, processes) = busy_cloud(&state).await;
    let key = own.ready.api_key.clone();
    own.kill();
    assert_gone(&processes).await;
    let again = Cloud::start_in(state.path());
    assert_eq!(again.ready.api_key, key);
    let list = client().get(format!("{}/api/v1/caps", again.ready.base)).bearer_auth(&key);
    assert_eq!(answer(list).await.status, 200);
}

#[tokio::test]
async fn what_was_recorded_is_there_after_a_restart() {
    let state = TempDir::new().expect("a directory");
    let recording = state.path().join("talk.mp4");
    fs::write(&recording, footage::screen_recording("320x180", 1).await).expect("a file");
    let first = {
        let (state, recording) = (state.path().to_owned(), recording.clone());
        tokio::task::spawn_blocking(move || Cloud::start_with(&state, &[recording])).await.expect("a start")
    };
    let ready: Value =
        serde_json::from_slice(&fs::read(state.path().join("ready.json")).expect("a file")).expect("JSON");
    let (key, video) = (first.ready.api_key.clone(), ready["videoId"].as_str().expect("a video").to_owned());
    assert_eq!(ready["shareUrl"], format!("{}/s/{video}", first.ready.base));
    tokio::task::spawn_blocking(|| first.stop()).await.expect("the end");

    let again = Cloud::start_in(state.path());
    let cap = client().get(format!("{}/api/v1/caps/{video}", again.ready.base)).bearer_auth(&key);
    let cap = answer(cap).await.body;
    assert_eq!((&cap["title"], &cap["status"]["overall"]), (&json!("talk"), &json!("ready")));
    let played = reqwest::get(format!("{}/api/playlist?videoId={video}&videoType=mp4", again.ready.base)).await;
    assert_eq!(played.expect("the video").status(), 200);
}

#[tokio::test]
async fn a_taken_port_is_told_in_one_sentence() {
    let state = TempDir::new().expect("a directory");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let refused = tokio::task::spawn_blocking(move || {
        command(state.path(), port).stdin(Stdio::piped()).output().expect("capstan-local")
    });
    let refused = refused.await.expect("an end");
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains(&format!("Port {port} is in use")) && said.trim().lines().count() == 1, "{said}");
}

#[tokio::test]
async fn mail_is_caught_and_shown_newest_first() {
    let (host, port) = cloud().ready.smtp_address.split_once(':').expect("an address");
    let port = port.parse().expect("a port");
    let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).build();
    for subject in ["First <b>", "Second"] {
        let mail = Message::builder()
            .from("Capstan <login@example.test>".parse().expect("an address"))
            .to("newest-first@example.test".parse().expect("an address"))
            .subject(subject)
            .multipart(MultiPart::alternative_plain_html(".dot\nCode 123456".to_owned(), "<b>123456</b>".to_owned()));
        smtp.send(mail.expect("a mail")).await.expect("the SMTP server");
    }
    let page = Person::stranger();
    let list =
        answer(page.request(reqwest::Method::GET, "/_local/mail").header("accept", "application/json")).await.body;
    // Other tests have mail sent, too.
    let to = json!(["newest-first@example.test"]);
    let mails: Vec<_> = list.as_array().expect("a list").iter().filter(|mail| mail["to"] == to).collect();
    let subjects: Vec<_> = mails.iter().map(|mail| &mail["subject"]).collect();
    assert_eq!(subjects, ["Second", "First <b>"]);
    let mail = mails[1];
    assert_eq!(mail["from"], "login@example.test");
    assert_eq!(
        (mail["text"].as_str().map(str::trim_end), mail["html"].as_str().map(str::trim_end)),
        (Some(".dot\r\nCode 123456"), Some("<b>123456</b>"))
    );
    assert!(mail["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{mail}");
    let html = page.get("/_local/mail").await.body;
    assert!(
        html.as_str().is_some_and(|html| html.contains("First &lt;b&gt;") && !html.contains("First <b>")),
        "{html}"
    );
}

#[tokio::test]
async fn secrets_do_not_reach_the_log() {
    let state = TempDir::new().expect("a directory");
    let recording = state.path().join("talk.mp4");
    fs::write(&recording, footage::screen_recording("160x90", 1).await).expect("a file");
    let own = {
        let state = state.path().to_owned();
        tokio::task::spawn_blocking(move || Cloud::start_with(&state, &[recording])).await.expect("a start")
    };
    let ready = &own.ready;
    let page = format!("{}/s/0123456789abcde?password=hunter2", ready.base);
    client().get(page).send().await.expect("a page");
    let secrets =
        [ready.secret_access_key.clone(), ready.database_url.clone(), "X-Amz-Signature".into(), "hunter2".into()];
    tokio::task::spawn_blocking(|| own.stop()).await.expect("the end");
    let log = fs::read_to_string(state.path().join("log")).expect("the log");
    assert!(log.contains("ObjectCreated"), "{log}");
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} in the log");
    }
}
