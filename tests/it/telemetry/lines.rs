//! One line an event, and in each what it is about.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tests::logs::Line;

use super::{day, template};

/// The functions that answer requests.
const HTTP: [&str; 4] = ["auth", "metadata", "presign", "share"];

fn text<'l>(line: &'l Line, name: &str) -> &'l str {
    line.get(name).and_then(|value| value.as_str()).unwrap_or_default()
}

/// The lines of each invocation of a function.
fn invocations(lines: Vec<Line>) -> BTreeMap<String, Vec<Line>> {
    let mut invocations = BTreeMap::<_, Vec<_>>::new();
    for line in lines {
        invocations.entry(text(&line, "requestId").to_owned()).or_default().push(line);
    }
    invocations
}

#[tokio::test]
async fn every_line_says_in_which_invocation_of_what_it_was_written() {
    let cloud = day().await.cloud;
    let writers = cloud.writers();
    assert!(HTTP.iter().chain(&["mail", "transcode"]).all(|name| writers.iter().any(|writer| writer == name)));
    for function in writers {
        for line in cloud.lines(&function) {
            assert_eq!(text(&line, "function"), function, "{line:?}");
            assert!(text(&line, "requestId").len() == 36 && line["coldStart"].is_boolean(), "{line:?}");
            assert!(matches!(text(&line, "level"), "INFO" | "WARN" | "ERROR"), "{line:?}");
            let at = common::time::Millis::parse(text(&line, "timestamp"));
            assert!(at.is_some() && !text(&line, "message").is_empty(), "{line:?}");
        }
    }
}

#[tokio::test]
async fn an_environment_starts_cold_once() {
    let cloud = day().await.cloud;
    for (function, processes) in cloud.processes().await {
        let mut cold = 0;
        for (request, lines) in invocations(cloud.lines(&function)) {
            let told: BTreeSet<_> = lines.iter().map(|line| line["coldStart"].as_bool()).collect();
            assert_eq!(told.len(), 1, "{function} {request} was both");
            cold += usize::from(told.contains(&Some(true)));
        }
        // What only runs by the clock may have had nothing to say at its start.
        if HTTP.contains(&function.as_str()) {
            assert_eq!(cold, processes.len(), "{function}");
        }
    }
}

#[tokio::test]
async fn a_request_ends_with_one_line_that_names_its_route_and_not_its_path() {
    let day = day().await;
    let functions = template("template.yaml");
    let mut routes = BTreeSet::new();
    for function in functions["Resources"].as_object().expect("resources").values() {
        for event in function["Properties"]["Events"].as_object().into_iter().flat_map(|events| events.values()) {
            let of = |name: &str| event["Properties"][name].as_str().unwrap_or_default().to_owned();
            routes.insert(format!("{} {}", of("Method"), of("Path")));
        }
    }
    let mut seen = BTreeSet::new();
    for function in HTTP {
        for (request, lines) in invocations(day.cloud.lines(function)) {
            let ends: Vec<_> = lines.iter().filter(|line| line.contains_key("route")).collect();
            assert_eq!(ends.len(), 1, "{function} {request}: {lines:?}");
            let end = ends[0];
            assert!(routes.contains(text(end, "route")), "{end:?}");
            assert!(end["ms"].is_u64() && end["status"].as_u64().is_some_and(|status| status >= 200), "{end:?}");
            seen.insert((text(end, "route").to_owned(), end["status"].as_u64().unwrap_or_default()));
        }
    }
    for (route, status) in [
        ("GET /s/{code}", 200),
        ("GET /s/{code}", 404),
        ("POST /s/{code}", 403),
        ("GET /api/playlist", 302),
        ("POST /api/auth/callback/email", 303),
        ("POST /api/mobile/session/email/request", 429),
        ("GET /api/desktop/video/create", 200),
    ] {
        assert!(seen.contains(&(route.to_owned(), status)), "{route} {status}: {seen:?}");
    }
}

#[tokio::test]
async fn lines_name_the_video_and_the_person() {
    let day = day().await;
    let ends = |function: &str, route: &str| -> Vec<Line> {
        let lines = day.cloud.lines(function);
        lines.into_iter().filter(|line| text(line, "route") == route).collect()
    };
    let own = ("video", day.video.as_str());
    for (function, route, expected) in [
        ("presign", "GET /api/desktop/video/create", [own, ("user", &day.person.id)]),
        ("presign", "POST /api/upload/signed", [own, ("user", &day.person.id)]),
        ("metadata", "POST /api/videos/{id}/links", [own, ("user", &day.person.id)]),
        ("share", "GET /s/{code}", [own, ("route", "GET /s/{code}")]),
        ("share", "GET /api/playlist", [own, ("route", "GET /api/playlist")]),
        ("auth", "POST /api/auth/callback/email", [("user", &day.visitor), ("function", "auth")]),
    ] {
        let ends = ends(function, route);
        let named = ends.iter().any(|line| expected.iter().all(|(name, value)| text(line, name) == *value));
        assert!(named, "{route} {expected:?}: {ends:?}");
    }
    // What spawned tasks write, too.
    let all = invocations(day.cloud.lines("transcode"));
    let published = all.values().find(|lines| lines.iter().any(|line| text(line, "outcome") == "published"));
    let published = published.expect("a job that published");
    assert!(published.len() > 2 && published.iter().all(|line| text(line, "video") == day.video), "{published:?}");
}

#[tokio::test]
async fn a_job_ends_with_one_line_that_says_what_became_of_it() {
    let day = day().await;
    let lines = day.cloud.lines("transcode");
    let jobs: Vec<_> = lines.iter().filter(|line| line.contains_key("outcome")).collect();
    let of = |video: &str, kind: &str| {
        let found: Vec<_> =
            jobs.iter().filter(|line| text(line, "video") == video && text(line, "kind") == kind).collect();
        assert_eq!(found.len(), 1, "{kind} of {video}: {jobs:?}");
        found[0]
    };
    let published = of(&day.video, "publish");
    assert_eq!((&published["outcome"], &published["attempt"]), (&json!("published"), &json!(1)));
    for number in ["ms", "work_ms", "bytes_read", "bytes_written", "source_bytes", "calls"] {
        assert!(published[number].as_u64().is_some(), "{number}: {published:?}");
    }
    assert!(published["bytes_read"].as_u64() > Some(0) && published["bytes_written"].as_u64() > Some(0));
    assert_eq!(of(&day.video, "derive")["outcome"], "derived");
    let rejected = of(&day.rejected, "publish");
    assert_eq!(rejected["outcome"], "rejected");
    assert!(text(rejected, "reason").contains("not a video"), "{rejected:?}");
    let failed = of("0123456789abcde", "publish");
    assert_eq!(failed["outcome"], "failed");
    let why = |line: &&Line| text(line, "level") == "ERROR" && line["requestId"] == failed["requestId"];
    assert!(lines.iter().any(|line| why(&line)), "why is in the log of the same invocation");
}

#[tokio::test]
async fn the_code_of_a_link_is_in_no_line() {
    let day = day().await;
    for function in day.cloud.writers() {
        for line in day.cloud.lines(&function) {
            let text = serde_json::to_string(&line).expect("JSON");
            for secret in [day.code.as_str(), "correct horse", "battery staple", "X-Amz-", "Signature", "@example"] {
                assert!(!text.contains(secret), "{secret}: {text}");
            }
        }
    }
}
