//! A finished upload starts the functions whose trigger fits.

mod support;

use std::{fs, net::Ipv4Addr, time::SystemTime};

use local::{events, s3::ObjectCreated, template::ObjectTrigger};
use serde_json::Value;
use tokio::sync::mpsc;

use support::{start, until};

fn object(key: &str) -> ObjectCreated {
    ObjectCreated {
        bucket: "media".to_owned(),
        key: key.to_owned(),
        size: 7,
        e_tag: "abc".to_owned(),
        event: "ObjectCreated:Put",
        sequencer: "01".to_owned(),
        source_ip: Ipv4Addr::LOCALHOST.into(),
        at: SystemTime::now(),
    }
}

#[tokio::test]
async fn only_a_fitting_object_starts_its_function() {
    let folder = tempfile::tempdir().expect("directory");
    let notes = folder.path().join("notes");
    let cloud = start(|function| {
        function.environment.insert("NOTES".to_owned(), notes.display().to_string());
    });
    let trigger = ObjectTrigger {
        id: "EchoFunctionUploaded".to_owned(),
        bucket: "media".to_owned(),
        events: vec!["s3:ObjectCreated:*".to_owned()],
        prefix: "videos/raw/".to_owned(),
        suffix: ".mp4".to_owned(),
        function: "EchoFunction".to_owned(),
    };
    let (created, objects) = mpsc::unbounded_channel();
    events::serve(objects, vec![trigger], cloud.lambda.clone());
    for key in ["videos/processed/a.mp4", "videos/raw/a.txt", "videos/raw/a b.mp4"] {
        created.send(object(key)).expect("sent");
    }
    let lines = || fs::read_to_string(&notes).unwrap_or_default();
    until("the event", || lines().ends_with('\n')).await;
    until("the end of the event", || cloud.function()["asyncInFlight"] == 0).await;
    let events: Vec<Value> = lines().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["Records"][0]["s3"]["object"]["key"], "videos/raw/a+b.mp4");
    assert_eq!(cloud.function()["counters"]["invocations"], 1);
    cloud.lambda.shutdown().await;
}
