//! Processes that die in the middle.

use std::process::Command;

use serde_json::Value;
use tests::{cloud::cloud, footage, person::Person, rows, store, wait::until};

use super::sweep::sweep;

/// Long enough to encode that it can be interrupted.
async fn slow_recording() -> Vec<u8> {
    footage::make("-f lavfi -i testsrc2=size=1280x720:rate=30:duration=15 -c:v mjpeg -q:v 12", "mkv").await
}

/// Process ids below `parent`, with their names.
fn children(parent: u64) -> Vec<(u64, String)> {
    let listed = Command::new("ps").args(["-o", "pid=,comm=", "--ppid", &parent.to_string()]).output().expect("ps");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let read = |line: &str| {
        let (pid, name) = line.trim().split_once(' ')?;
        Some((pid.parse().ok()?, name.trim().to_owned()))
    };
    listed.lines().filter_map(read).collect()
}

/// The transcode process that works on the video, once its FFmpeg encodes: both ids.
async fn encoding(video: &str) -> (u64, u64) {
    until("FFmpeg to encode", async || {
        let processing: i64 =
            rows::one(&format!("SELECT COUNT(*) FROM videos WHERE id = '{video}' AND status = 'processing'")).await;
        if processing == 0 {
            return None;
        }
        let functions = cloud().local("functions").await;
        let transcode = functions.as_array()?.iter().find(|function| function["binary"] == "transcode")?;
        transcode["environments"].as_array()?.iter().find_map(|environment: &Value| {
            let pid = environment["pid"].as_u64()?;
            let ffmpeg = children(pid).into_iter().find(|(_, name)| name == "ffmpeg")?.0;
            let arguments = std::fs::read_to_string(format!("/proc/{ffmpeg}/cmdline")).ok()?;
            let folder = std::fs::read_link(format!("/proc/{ffmpeg}/cwd")).ok()?;
            (arguments.contains(video) || folder.to_string_lossy().contains(video)).then_some((pid, ffmpeg))
        })
    })
    .await
}

fn kill(pid: u64) {
    assert!(Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("kill").success());
}

#[tokio::test]
async fn killing_the_function_in_the_middle_still_ends_in_ready() {
    let person = Person::new().await;
    let video = person.record("Killed once", slow_recording().await).await;
    let (function, _) = encoding(&video).await;
    kill(function);
    person.ready(&video).await;
    assert_eq!(rows::one::<u64>(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await, 2);
    assert_eq!(store::keys_of(&video).await.len(), 3);
}

#[tokio::test]
async fn killing_ffmpeg_in_the_middle_still_ends_in_ready() {
    let person = Person::new().await;
    let video = person.record("FFmpeg killed once", slow_recording().await).await;
    let (_, ffmpeg) = encoding(&video).await;
    kill(ffmpeg);
    person.ready(&video).await;
    assert_eq!(rows::one::<u64>(&format!("SELECT attempt FROM videos WHERE id = '{video}'")).await, 2);
}

#[tokio::test]
async fn a_recording_that_kills_every_attempt_fails_for_good() {
    let person = Person::new().await;
    let video = person.record("Killed always", slow_recording().await).await;
    let mut last = 0;
    for _ in 0..3 {
        let (function, _) = until("the next attempt", async || {
            let found = encoding(&video).await;
            (found.0 != last).then_some(found)
        })
        .await;
        last = function;
        kill(function);
    }
    until("the event to be parked", async || {
        let letters = cloud().local("dead-letters").await.to_string();
        letters.contains(&video).then_some(())
    })
    .await;
    // Nobody is left to write the reason: the sweep does, once the lease of the last attempt is over.
    store::expire_lease(&video).await;
    rows::stand_still(&video, 3600).await;
    sweep().await;
    assert!(person.failed(&video).await.contains("three times"));
}

#[tokio::test]
async fn deleting_while_it_is_encoded_leaves_nothing() {
    let person = Person::new().await;
    let video = person.record("Deleted midway", slow_recording().await).await;
    encoding(&video).await;
    assert_eq!(person.delete(&format!("/api/v1/caps/{video}")).await.status, 200);
    until("the attempt to end", async || {
        let functions = cloud().local("functions").await;
        let busy = functions.as_array()?.iter().any(|function| {
            function["environments"].as_array().is_some_and(|environments| {
                environments.iter().any(|environment| {
                    let pid = environment["pid"].as_u64().unwrap_or_default();
                    children(pid).iter().any(|(child, _)| {
                        std::fs::read_link(format!("/proc/{child}/cwd"))
                            .is_ok_and(|folder| folder.to_string_lossy().contains(&video))
                    })
                })
            })
        });
        (!busy).then_some(())
    })
    .await;
    until("everything to be gone", async || store::keys_of(&video).await.is_empty().then_some(())).await;
}
