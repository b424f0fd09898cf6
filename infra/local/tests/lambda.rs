//! Lambda's promises, seen from a real program under the Runtime API.

mod support;

use std::{fs, path::Path, time::Duration};

use local::lambda::{FailureKind, InvokeError};
use serde_json::{Value, json};

use support::{start, start_handed_over, until};

/// True while the process runs; a zombie, which nobody reaps in a container without init, does not.
fn runs(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).unwrap_or_default();
    stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next()).is_some_and(|state| state != "Z")
}

#[tokio::test]
async fn a_function_answers_and_stays_warm() {
    let cloud = start(|_| {});
    let cold = cloud.invoke(json!({"a": [1, "ü"]})).await.expect("invoked");
    assert!(cold.report.init.is_some() && cold.report.max_memory_mib > 0, "{:?}", cold.report);
    let first: Value = serde_json::from_slice(&cold.result.expect("an answer")).expect("JSON");
    assert_eq!(first["event"], json!({"a": [1, "ü"]}));
    assert_eq!(first["requestId"], cold.request_id);
    assert_eq!(first["arn"], "arn:aws:lambda:us-east-1:000000000000:function:EchoFunction");
    assert!(
        first["millisLeft"].as_u64().is_some_and(|left| (10_000..=20_000).contains(&left)),
        "{}",
        first["millisLeft"]
    );

    let second = cloud.answer(json!({})).await;
    assert_eq!(first["pid"], second["pid"]);
    assert_eq!(cloud.function()["environments"].as_array().map(Vec::len), Some(1));
    assert_eq!(cloud.function()["counters"]["invocations"], 2);
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn only_lambdas_environment_reaches_a_function() {
    let cloud = start(|_| {});
    let answer = cloud.answer(json!({})).await;
    let environment = answer["environment"].as_object().expect("a map");
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "EchoFunction"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"),
        ("OWN", "own"),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    // Cargo sets this one for the test itself.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && !environment.contains_key("CARGO_MANIFEST_DIR"));
    let temporary = environment["TMPDIR"].as_str().expect("a path");
    assert!(Path::new(temporary).starts_with(cloud.state.path()) && Path::new(temporary).is_dir());
    cloud.lambda.shutdown().await;
    assert!(!Path::new(temporary).exists());
    assert!(!runs(&answer["pid"].to_string()));
}

#[tokio::test]
async fn an_error_is_an_answer_and_a_crash_takes_a_new_environment() {
    let cloud = start(|_| {});
    let failure = cloud.invoke(json!({"do": "fail"})).await.expect("invoked").result.expect_err("fails");
    assert_eq!((failure.kind, failure.message().as_str()), (FailureKind::Error, "as told"));
    let failure = cloud.invoke(json!({"do": "exit"})).await.expect("invoked").result.expect_err("ends");
    assert_eq!(failure.kind, FailureKind::Exit);
    assert!(failure.message().ends_with("Runtime exited with error: exit status: 3"), "{}", failure.message());
    cloud.answer(json!({})).await;
    assert_eq!(cloud.function()["counters"]["errors"], 2);
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_timeout_kills_the_function_and_its_children() {
    let cloud = start(|function| function.timeout = Duration::from_secs(1));
    let child = cloud.file("child");
    let invocation = cloud.invoke(json!({"do": "hang", "child": child})).await.expect("invoked");
    let failure = invocation.result.expect_err("timed out");
    assert_eq!(failure.kind, FailureKind::Timeout);
    let expected = format!("{} Task timed out after 1.00 seconds", invocation.request_id);
    assert!(failure.message().ends_with(&expected), "{}", failure.message());
    let child = fs::read_to_string(child).expect("the child's id");
    until("the end of the child", || !runs(&child)).await;
    until("the end of the environment", || cloud.function()["environments"] == json!([])).await;
    assert_eq!(cloud.function()["counters"]["timeouts"], 1);
    cloud.answer(json!({})).await;
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_failed_event_is_tried_three_times_under_one_id_and_then_a_dead_letter() {
    let cloud = start(|_| {});
    let note = cloud.file("note");
    let event = json!({"do": "fail", "note": note});
    let id = cloud.lambda.invoke_async("EchoFunction", event.to_string().into(), "Event").expect("accepted");
    until("a dead letter", || !cloud.lambda.dead_letters().list().is_empty()).await;
    assert_eq!(fs::read_to_string(&note).expect("note"), format!("{id}\n{id}\n{id}\n"));
    let letter = &cloud.lambda.dead_letters().list()[0];
    assert_eq!((letter.queue.as_str(), letter.function.as_str(), letter.attempts), ("letters", "EchoFunction", 3));
    assert_eq!((&letter.request_id, &letter.event, letter.error_message.as_str()), (&id, &event, "as told"));
    assert_eq!(letter.message_attributes["RequestID"]["StringValue"], id);
    let lines = fs::read_to_string(cloud.file("dead-letters.jsonl")).expect("file");
    let line: Value = serde_json::from_str(lines.trim_end()).expect("one line of JSON");
    assert_eq!(line["requestId"], id);
    until("the end of the event", || cloud.function()["asyncInFlight"] == 0).await;
    assert_eq!(cloud.function()["counters"]["retries"], 2);
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn events_for_a_function_that_somebody_else_runs_are_put_aside_in_their_order() {
    let cloud = start_handed_over();
    for number in 0..3 {
        cloud.lambda.invoke_async("echo", json!({ "number": number }).to_string().into(), "test").expect("accepted");
    }
    let entries = fs::read_dir(cloud.file("events/EchoFunction")).expect("events");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    let numbers: Vec<Value> =
        files.iter().map(|file| serde_json::from_slice(&fs::read(file).expect("an event")).expect("JSON")).collect();
    assert_eq!(json!(numbers), json!([{ "number": 0 }, { "number": 1 }, { "number": 2 }]));
    assert_eq!(cloud.function()["environments"], json!([]), "it does not run here");
}

#[tokio::test]
async fn reserved_concurrency_throttles_callers_and_queues_events() {
    let cloud = start(|function| function.reserved_concurrency = Some(1));
    let (go, note) = (cloud.file("go"), cloud.file("note"));
    let waiting = tokio::spawn({
        let lambda = cloud.lambda.clone();
        let event = json!({"do": "wait", "until": go}).to_string();
        async move { lambda.invoke("echo", event.into()).await }
    });
    until("the first invocation", || cloud.function()["environments"][0]["busy"] == true).await;
    let refused = cloud.invoke(json!({})).await.expect_err("throttled");
    assert!(matches!(refused, InvokeError::Throttled(_)), "{refused}");
    cloud.lambda.invoke_async("echo", json!({"note": note}).to_string().into(), "Event").expect("accepted");
    assert_eq!(cloud.function()["asyncInFlight"], 1);
    assert!(!note.exists());
    fs::write(&go, "").expect("file");
    waiting.await.expect("task").expect("invoked").result.expect("an answer");
    until("the event", || note.exists()).await;
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn parallel_invocations_get_environments_of_their_own() {
    let cloud = start(|_| {});
    let go = cloud.file("go");
    let event = json!({"do": "wait", "until": go}).to_string();
    let tasks: Vec<_> = (0..6)
        .map(|_| {
            let (lambda, event) = (cloud.lambda.clone(), event.clone());
            tokio::spawn(async move { lambda.invoke("echo", event.into()).await })
        })
        .collect();
    let busy = || {
        let function = cloud.function();
        let environments = function["environments"].as_array().cloned().unwrap_or_default();
        environments.iter().filter(|environment| environment["busy"] == true).count()
    };
    until("four busy environments", || busy() == 4).await;
    fs::write(&go, "").expect("file");
    for task in tasks {
        task.await.expect("task").expect("invoked").result.expect("an answer");
    }
    assert_eq!(cloud.function()["environments"].as_array().map(Vec::len), Some(4), "the limit is four");
    cloud.lambda.shutdown().await;
}

#[tokio::test]
async fn a_shutdown_ends_what_runs() {
    let cloud = start(|_| {});
    let child = cloud.file("child");
    let running = tokio::spawn({
        let lambda = cloud.lambda.clone();
        let event = json!({"do": "hang", "child": child}).to_string();
        async move { lambda.invoke("echo", event.into()).await }
    });
    until("the child", || fs::read_to_string(&child).is_ok_and(|pid| !pid.is_empty())).await;
    cloud.lambda.shutdown().await;
    assert!(matches!(running.await.expect("task"), Err(InvokeError::Stopped)));
    let child = fs::read_to_string(child).expect("the child's id");
    until("the end of the child", || !runs(&child)).await;
    assert_eq!(cloud.function()["environments"], json!([]));
}

#[tokio::test]
async fn an_environment_killed_while_idle_is_replaced() {
    let cloud = start(|_| {});
    let first = cloud.answer(json!({})).await;
    let pid = first["pid"].to_string();
    let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill");
    assert!(killed.success());
    until("its end", || cloud.function()["environments"] == json!([])).await;
    let second = cloud.answer(json!({})).await;
    assert_ne!(first["pid"], second["pid"]);
    cloud.lambda.shutdown().await;
}
