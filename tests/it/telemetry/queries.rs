//! What operators ask the log: the questions are alike in both places, and name what lines have.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::cloud::repository;

use super::{day, template};

/// What Lambda's own lines have, and CloudWatch adds: "Lambda Telemetry API Event schema reference", "Supported logs and
/// discovered fields".
const OF_LAMBDA: [&str; 10] = [
    "type",
    "record.requestId",
    "record.metrics.initDurationMs",
    "record.metrics.billedDurationMs",
    "record.metrics.memorySizeMB",
    "record.metrics.maxMemoryUsedMB",
    "@timestamp",
    "@message",
    "@logStream",
    // Nothing here panics.
    "panic",
];

/// Commands, functions and words between them.
const WORDS: [&str; 27] = [
    "filter",
    "fields",
    "stats",
    "sort",
    "limit",
    "parse",
    "as",
    "by",
    "asc",
    "desc",
    "or",
    "and",
    "in",
    "ispresent",
    "count",
    "pct",
    "max",
    "sum",
    "latest",
    "like",
    "not",
    "display",
    "min",
    "avg",
    "dedup",
    "strlen",
    "SOURCE",
];

/// Each with its name, as the file has them.
fn of_file() -> Vec<(String, String)> {
    let text = std::fs::read_to_string(repository().join("infra/queries.logs-insights")).expect("the file");
    let parts = text.trim().split("\n\n").skip(1).map(|part| {
        let (name, query) = part.split_once('\n').expect("a name and a query");
        (name.trim_start_matches("# ").to_owned(), query.trim().to_owned())
    });
    parts.collect()
}

#[test]
fn the_file_and_the_deployment_ask_alike() {
    let monitoring = template("infra/monitoring.yaml");
    let all = monitoring["Resources"].as_object().expect("resources").values();
    let deployed: BTreeSet<_> = all
        .filter(|resource| resource["Type"] == "AWS::Logs::QueryDefinition")
        .map(|resource| {
            let of = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
            let name = of(&resource["Properties"]["Name"]["Fn::Sub"]);
            (name.trim_start_matches("${Stack}/").to_owned(), of(&resource["Properties"]["QueryString"]))
        })
        .collect();
    assert!(deployed.len() >= 7);
    assert_eq!(deployed, of_file().into_iter().collect());
}

/// The names that a query gives by itself: after `as`, and those of a `parse`.
fn given(query: &str) -> BTreeSet<String> {
    let mut given = BTreeSet::new();
    let mut words = query.split_whitespace();
    while let Some(word) = words.next() {
        let mut more = word == "as";
        // A list goes on behind a comma, unless what follows is another function.
        while more && let Some(name) = words.next().filter(|name| !name.contains('(')) {
            more = name.ends_with(',');
            given.insert(name.trim_end_matches(',').to_owned());
        }
    }
    given
}

/// The names that it looks for in lines.
fn asked(query: &str) -> BTreeSet<String> {
    // What is between quotes is looked for in values.
    let bare: String = query.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let given = given(&bare);
    let words = bare.split(|character: char| !(character.is_alphanumeric() || "@._".contains(character)));
    let names = words.filter(|word| word.starts_with(|first: char| first.is_alphabetic() || first == '@'));
    names.filter(|name| !WORDS.contains(name) && !given.contains(*name)).map(str::to_owned).collect()
}

#[tokio::test]
async fn questions_name_what_lines_have() {
    let cloud = day().await.cloud;
    let mut known: BTreeSet<String> = OF_LAMBDA.iter().map(|name| (*name).to_owned()).collect();
    for function in cloud.writers() {
        known.extend(cloud.lines(&function).into_iter().flat_map(|line| line.into_iter().map(|(name, _)| name)));
    }
    let names =
        asked("filter level = \"ERROR\" | stats max(ms) as slowest, count(*) as n by route | sort slowest desc");
    assert_eq!(names, ["level", "ms", "route"].map(str::to_owned).into());
    for (name, query) in of_file() {
        let unknown: Vec<_> = asked(&query).difference(&known).cloned().collect();
        assert!(unknown.is_empty(), "{name} asks for {unknown:?}: {query}");
    }
}
