//! infra/monitoring.yaml: what its alarms and its dashboard look at is there.

use std::collections::{BTreeMap, BTreeSet};

use common::telemetry::{Metric, NAMESPACE};
use serde_json::{Map, Value};

use super::template;

/// What AWS measures by itself, with its dimensions in alphabetical order: "Types of metrics for Lambda functions", "HTTP API
/// metrics", "Available CloudWatch metrics for Amazon SQS", "DynamoDB Metrics and dimensions", "Amazon CloudWatch metrics for
/// Amazon Aurora", "Lambda usage metrics".
const OF_AWS: [(&str, &str, &[&str]); 15] = [
    ("AWS/ApiGateway", "4xx", &["ApiId"]),
    ("AWS/ApiGateway", "5xx", &["ApiId"]),
    ("AWS/ApiGateway", "Count", &["ApiId"]),
    ("AWS/ApiGateway", "Latency", &["ApiId"]),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", &["TableName"]),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", &["TableName"]),
    ("AWS/DynamoDB", "ReadThrottleEvents", &["TableName"]),
    ("AWS/DynamoDB", "WriteThrottleEvents", &["TableName"]),
    ("AWS/Lambda", "AsyncEventAge", &["FunctionName"]),
    ("AWS/Lambda", "ConcurrentExecutions", &["FunctionName"]),
    ("AWS/Lambda", "Errors", &["FunctionName"]),
    ("AWS/Lambda", "Throttles", &["FunctionName"]),
    ("AWS/RDS", "ACUUtilization", &["DBClusterIdentifier"]),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", &["QueueName"]),
    ("AWS/Usage", "ResourceCount", &["Class", "Resource", "Service", "Type"]),
];

/// A metric that something looks at, and what looks.
struct Looked {
    by: String,
    namespace: String,
    name: String,
    dimensions: BTreeSet<String>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn resources(kind: &str) -> Vec<(String, Map<String, Value>)> {
    let monitoring = template("infra/monitoring.yaml");
    let all = monitoring["Resources"].as_object().expect("resources");
    let of = all.iter().filter(|(_, resource)| resource["Type"] == kind);
    of.map(|(name, one)| (name.clone(), one["Properties"].as_object().expect("properties").clone())).collect()
}

fn of_alarms() -> Vec<Looked> {
    let mut looked = Vec::new();
    for (by, alarm) in resources("AWS::CloudWatch::Alarm") {
        let own = Value::Object(alarm);
        let math = own["Metrics"].as_array().into_iter().flatten().filter_map(|one| one["MetricStat"].get("Metric"));
        let own = own.get("MetricName").map(|_| &own);
        for metric in own.into_iter().chain(math) {
            let names = metric["Dimensions"].as_array().into_iter().flatten().map(|one| text(&one["Name"]));
            let (namespace, name) = (text(&metric["Namespace"]), text(&metric["MetricName"]));
            looked.push(Looked { by: by.clone(), namespace, name, dimensions: names.collect() });
        }
    }
    looked
}

/// The dashboard, with nothing in the places of what the deployment knows.
fn dashboard() -> Value {
    let (_, properties) = resources("AWS::CloudWatch::Dashboard").remove(0);
    serde_json::from_str(properties["DashboardBody"]["Fn::Sub"].as_str().expect("a text")).expect("JSON")
}

fn of_dashboard() -> Vec<Looked> {
    let mut looked = Vec::new();
    for widget in dashboard()["widgets"].as_array().expect("widgets") {
        let properties = &widget["properties"];
        for metric in properties["metrics"].as_array().into_iter().flatten() {
            let words: Vec<_> = metric.as_array().expect("a metric").iter().filter_map(Value::as_str).collect();
            let dimensions = words[2..].chunks(2).map(|pair| pair[0].to_owned()).collect();
            let (namespace, name) = (words[0].to_owned(), words[1].to_owned());
            looked.push(Looked { by: text(&properties["title"]), namespace, name, dimensions });
        }
    }
    looked
}

#[test]
fn alarms_and_dashboard_look_at_metrics_that_there_are() {
    let ours = Metric::ALL.map(|metric| {
        let dimensions: BTreeSet<_> = metric.dimensions().iter().map(|name| (*name).to_owned()).collect();
        ((NAMESPACE.to_owned(), metric.name()), dimensions)
    });
    let of_aws = OF_AWS.map(|(namespace, name, dimensions)| {
        let dimensions: BTreeSet<_> = dimensions.iter().map(|name| (*name).to_owned()).collect();
        ((namespace.to_owned(), name.to_owned()), dimensions)
    });
    let known: BTreeMap<_, _> = ours.into_iter().chain(of_aws).collect();
    let (alarms, dashboard) = (of_alarms(), of_dashboard());
    assert!(alarms.len() >= 12 && dashboard.len() >= 40, "{} {}", alarms.len(), dashboard.len());
    for looked in alarms.iter().chain(&dashboard) {
        let there = known.get(&(looked.namespace.clone(), looked.name.clone()));
        let Looked { by, namespace, name, .. } = looked;
        assert_eq!(there, Some(&looked.dimensions), "{by} looks at {namespace} {name}");
    }
    // And what is measured is somewhere to be seen.
    let shown: BTreeSet<_> = dashboard.iter().map(|looked| looked.name.clone()).collect();
    let unseen: Vec<_> = Metric::ALL.into_iter().filter(|metric| !shown.contains(&metric.name())).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[test]
fn expressions_use_what_stands_beside_them() {
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let Some(metrics) = alarm.get("Metrics").and_then(Value::as_array) else { continue };
        let ids: BTreeSet<_> = metrics.iter().map(|one| text(&one["Id"])).collect();
        let expression = metrics.iter().find_map(|one| one["Expression"].as_str()).expect("an expression");
        let words = expression.split(|character: char| !character.is_alphanumeric());
        let used: BTreeSet<_> = words.filter(|word| word.starts_with(char::is_lowercase)).map(str::to_owned).collect();
        let given: BTreeSet<_> = ids.into_iter().filter(|id| id != "rate").collect();
        assert_eq!(used, given, "{name}: {expression}");
    }
}

#[test]
fn every_alarm_says_what_it_means_and_what_to_do_and_tells_somebody() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let operations = std::fs::read_to_string(tests::cloud::repository().join("docs/OPERATIONS.md")).expect("docs");
    for (name, alarm) in &alarms {
        let description = alarm["AlarmDescription"].as_str().unwrap_or_default();
        assert!(description.matches(". ").count() >= 1 && description.chars().count() <= 1024, "{name}: {description}");
        for told in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm[told], serde_json::json!([{ "Ref": "Alarms" }]), "{name}");
        }
        let at = name.trim_end_matches("Alarm");
        assert!(operations.contains(&format!("| `{at}` |")), "docs/OPERATIONS.md does not say what to do about {at}");
    }
    for metric in Metric::ALL {
        let row = format!("| `{}` | {} | {} |", metric.name(), metric.unit(), metric.dimensions().join(", "));
        assert!(operations.contains(&row), "docs/OPERATIONS.md has no row {row}");
    }
}
