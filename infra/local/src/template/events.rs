//! What starts a function: SAM's `Events`.

use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::{
    model::{Method, ObjectTrigger, Route, Schedule, Template},
    node::Node,
};

/// The longest an HTTP API waits for a function.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn add(template: &mut Template, function: &str, events: &Node<'_>) -> Result<()> {
    for (name, event) in events.entries()? {
        let properties = event.get("Properties");
        match event.get("Type").text()?.as_str() {
            "HttpApi" => template.routes.push(route(function, &properties)?),
            "S3" => template.object_triggers.push(object_trigger(function, &name, &properties)?),
            "Schedule" => template.schedules.extend(schedule(function, &name, &properties)?),
            other => {
                bail!("{}: {} has the event type {other}, which the local cloud does not know", event.file, event.path)
            }
        }
    }
    Ok(())
}

fn route(function: &str, properties: &Node<'_>) -> Result<Route> {
    properties.refuse(&["Auth", "RouteSettings"])?;
    if let Some(version) = properties.get("PayloadFormatVersion").optional_text()?
        && version != "2.0"
    {
        bail!("{}: {} has payload format {version}; the local cloud knows 2.0", properties.file, properties.path);
    }
    let path = properties.get("Path").optional_text()?.filter(|path| path != "$default");
    if let Some(path) = &path {
        check_path(path).with_context(|| format!("{}: {}.Path cannot be routed", properties.file, properties.path))?;
    }
    let method = match properties.get("Method").optional_text()?.map(|method| method.to_uppercase()) {
        None => Method::Any,
        Some(method) if method == "ANY" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD" => Method::Any,
        Some(method) => Method::Only(method),
    };
    let timeout = properties.get("TimeoutInMillis").optional_number()?;
    let timeout = timeout.map_or(INTEGRATION_TIMEOUT, |millis| Duration::from_millis(millis.into()));
    Ok(Route { method, path, function: function.to_owned(), timeout: timeout.min(INTEGRATION_TIMEOUT) })
}

fn check_path(path: &str) -> Result<()> {
    let Some(rest) = path.strip_prefix('/') else { bail!("{path} does not start with a slash") };
    let segments: Vec<&str> = rest.split('/').collect();
    for (index, segment) in segments.iter().enumerate() {
        let variable = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
        match variable {
            None if segment.contains(['{', '}']) => bail!("{path}: a variable must be a whole segment"),
            Some(name) if name.ends_with('+') && index + 1 < segments.len() => {
                bail!("{path}: {{{name}}} must be the last segment")
            }
            _ => {}
        }
    }
    Ok(())
}

fn object_trigger(function: &str, name: &str, properties: &Node<'_>) -> Result<ObjectTrigger> {
    let (mut prefix, mut suffix) = (String::new(), String::new());
    for rule in properties.get("Filter").get("S3Key").get("Rules").items() {
        let value = rule.get("Value").text()?;
        match rule.get("Name").text()?.to_lowercase().as_str() {
            "prefix" => prefix = value,
            "suffix" => suffix = value,
            other => bail!("{}: {} filters by {other}; S3 knows prefix and suffix", rule.file, rule.path),
        }
    }
    let events = properties.get("Events");
    let patterns = events.texts()?;
    if let Some(pattern) = patterns.iter().find(|pattern| !pattern.starts_with("s3:ObjectCreated:")) {
        bail!("{}: {} is {pattern}; the local cloud sends only s3:ObjectCreated events", events.file, events.path);
    }
    Ok(ObjectTrigger {
        id: format!("{function}{name}"),
        bucket: properties.get("Bucket").text()?,
        events: patterns,
        prefix,
        suffix,
        function: function.to_owned(),
    })
}

fn schedule(function: &str, name: &str, properties: &Node<'_>) -> Result<Option<Schedule>> {
    properties.refuse(&["RetryPolicy", "DeadLetterConfig"])?;
    if !properties.get("Enabled").flag(true)? || properties.get("State").optional_text()?.as_deref() == Some("DISABLED")
    {
        return Ok(None);
    }
    let expression = properties.get("Schedule");
    let text = expression.text()?;
    let every = rate(&text).with_context(|| {
        format!("{}: {} is {text}; the local cloud knows rate(N minutes|hours|days)", expression.file, expression.path)
    })?;
    let input = properties.get("Input");
    let input = input
        .optional_text()?
        .map(|text| serde_json::from_str(&text).with_context(|| format!("{}: {} is not JSON", input.file, input.path)));
    Ok(Some(Schedule {
        name: properties.get("Name").optional_text()?.unwrap_or_else(|| format!("{function}{name}")),
        every,
        input: input.transpose()?,
        function: function.to_owned(),
    }))
}

/// `rate(5 minutes)` as a duration; `None` for anything else.
fn rate(expression: &str) -> Option<Duration> {
    let (count, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let seconds: u64 = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3600,
        "day" => 86400,
        _ => return None,
    };
    count.checked_mul(seconds).map(Duration::from_secs)
}
