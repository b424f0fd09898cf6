//! CloudWatch's embedded metric format: "Specification: Embedded metric format" in its user guide.

use serde_json::{Map, Value};

/// Units that a metric may have, but for those by the second.
const UNITS: [&str; 16] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "None",
];
/// Bytes of the longest event that CloudWatch takes metrics from.
const LONGEST: usize = 256 << 10;

/// A metric, as CloudWatch would list it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its dimensions and their values.
    pub dimensions: Vec<(String, String)>,
    /// Its unit.
    pub unit: String,
    /// What was measured.
    pub value: f64,
}

/// What CloudWatch takes from a line; an error says what in it is not as the specification has it.
pub fn read(line: &Map<String, Value>) -> Result<Vec<Measured>, String> {
    let Some(about) = line.get("_aws") else { return Ok(Vec::new()) };
    let about = members(about, &["Timestamp", "CloudWatchMetrics"], &[])?;
    if serde_json::to_string(line).map_or(0, |line| line.len()) > LONGEST {
        return Err("the event is too long".to_owned());
    }
    about["Timestamp"].as_i64().filter(|at| *at > 0).ok_or("Timestamp is no number of milliseconds")?;
    let mut found = Vec::new();
    for directive in list(&about["CloudWatchMetrics"])? {
        let directive = members(directive, &["Namespace", "Dimensions", "Metrics"], &[])?;
        let namespace = text(&directive["Namespace"], 1024)?;
        let (sets, metrics) = (list(&directive["Dimensions"])?, list(&directive["Metrics"])?);
        if sets.is_empty() || metrics.is_empty() || metrics.len() > 100 {
            return Err("a directive needs a set of dimensions, and one to a hundred metrics".to_owned());
        }
        for set in sets {
            let names = list(set)?;
            if names.len() > 30 {
                return Err("a set has thirty dimensions at most".to_owned());
            }
            let dimensions = names.iter().map(|name| {
                let name = text(name, 250)?;
                Ok((name.clone(), text(target(line, &name)?, 1024)?))
            });
            let dimensions = dimensions.collect::<Result<Vec<_>, String>>()?;
            for metric in metrics {
                let metric = members(metric, &["Name"], &["Unit", "StorageResolution"])?;
                let name = text(&metric["Name"], 1024)?;
                let unit = metric.get("Unit").map_or(Ok("None".to_owned()), |unit| text(unit, 32))?;
                if !UNITS.contains(&unit.trim_end_matches("/Second")) {
                    return Err(format!("{unit} is no unit"));
                }
                if metric.get("StorageResolution").is_some_and(|seconds| *seconds != 1 && *seconds != 60) {
                    return Err("StorageResolution is neither 1 nor 60".to_owned());
                }
                for value in values(target(line, &name)?)? {
                    let (namespace, name) = (namespace.clone(), name.clone());
                    found.push(Measured { namespace, name, dimensions: dimensions.clone(), unit: unit.clone(), value });
                }
            }
        }
    }
    Ok(found)
}

/// An object with these members, and perhaps those.
fn members<'v>(value: &'v Value, required: &[&str], optional: &[&str]) -> Result<&'v Map<String, Value>, String> {
    let object = value.as_object().ok_or_else(|| format!("{value} is no object"))?;
    if let Some(missing) = required.iter().find(|name| !object.contains_key(**name)) {
        return Err(format!("{missing} is missing"));
    }
    let known = |name: &str| required.contains(&name) || optional.contains(&name);
    object.keys().find(|name| !known(name)).map_or(Ok(object), |other| Err(format!("{other} does not belong here")))
}

fn list(value: &Value) -> Result<&Vec<Value>, String> {
    value.as_array().ok_or_else(|| format!("{value} is no list"))
}

fn text(value: &Value, most: usize) -> Result<String, String> {
    let text = value.as_str().filter(|text| (1..=most).contains(&text.chars().count()));
    text.map(str::to_owned).ok_or_else(|| format!("{value} is no text of 1 to {most} characters"))
}

/// What is referred to is at the top, and nowhere deeper.
fn target<'l>(line: &'l Map<String, Value>, name: &str) -> Result<&'l Value, String> {
    line.get(name).ok_or_else(|| format!("{name} is named, and not there"))
}

fn values(value: &Value) -> Result<Vec<f64>, String> {
    let number = |value: &Value| value.as_f64().ok_or_else(|| format!("{value} is no number"));
    match value {
        Value::Array(values) if (1..=100).contains(&values.len()) => values.iter().map(number).collect(),
        value => Ok(vec![number(value)?]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(line: &Value) -> Result<Vec<Measured>, String> {
        read(line.as_object().expect("an object"))
    }

    /// The example of the specification.
    fn example() -> Value {
        json!({
            "_aws": {
                "Timestamp": 1_574_109_732_004_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "lambda-function-metrics",
                    "Dimensions": [["functionVersion"]],
                    "Metrics": [{ "Name": "time", "Unit": "Milliseconds", "StorageResolution": 60 }],
                }],
            },
            "functionVersion": "$LATEST",
            "time": 100,
            "requestId": "989ffbf8-9ace-4817-a57c-e4dd734019ee",
        })
    }

    #[test]
    fn the_specifications_example_is_read() {
        let measured = Measured {
            namespace: "lambda-function-metrics".to_owned(),
            name: "time".to_owned(),
            dimensions: vec![("functionVersion".to_owned(), "$LATEST".to_owned())],
            unit: "Milliseconds".to_owned(),
            value: 100.0,
        };
        assert_eq!(of(&example()), Ok(vec![measured]));
        assert_eq!(of(&json!({ "message": "no metrics" })), Ok(Vec::new()));
    }

    #[test]
    fn what_is_not_as_specified_is_told() {
        let directive = "/_aws/CloudWatchMetrics/0";
        for (at, wrong) in [
            ("/_aws/Timestamp".to_owned(), json!("now")),
            ("/_aws/CloudWatchMetrics".to_owned(), json!({})),
            (format!("{directive}/Namespace"), json!("")),
            (format!("{directive}/Dimensions"), json!([])),
            (format!("{directive}/Dimensions"), json!(["functionVersion"])),
            (format!("{directive}/Dimensions/0/0"), json!("nowhere")),
            (format!("{directive}/Metrics"), json!([])),
            (format!("{directive}/Metrics/0/Name"), json!("nowhere")),
            (format!("{directive}/Metrics/0/Unit"), json!("Recordings")),
            (format!("{directive}/Metrics/0/StorageResolution"), json!(5)),
            (format!("{directive}/Metrics/0"), json!({ "Name": "time", "Value": 1 })),
            ("/functionVersion".to_owned(), json!(1)),
            ("/time".to_owned(), json!("100")),
            ("/time".to_owned(), json!(vec![1; 101])),
        ] {
            let mut line = example();
            *line.pointer_mut(&at).expect("a place") = wrong.clone();
            assert!(of(&line).is_err(), "{at}: {wrong}");
        }
    }
}
