//! Parameters: what the caller gives over what the template defaults to, checked as CloudFormation checks them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use regex_lite::Regex;
use serde_json::Value;

use super::resolve::scalar_text;

/// Values of all parameters; a list type becomes a list.
pub(super) fn read(template: &Value, given: &BTreeMap<String, String>, file: &str) -> Result<BTreeMap<String, Value>> {
    let declared = template["Parameters"].as_object();
    if let Some(unknown) = given.keys().find(|name| declared.is_none_or(|declared| !declared.contains_key(*name))) {
        bail!("{file} has no parameter {unknown}");
    }
    let mut values = BTreeMap::new();
    for (name, definition) in declared.into_iter().flatten() {
        let text = given.get(name).cloned().or_else(|| scalar_text(&definition["Default"]));
        let Some(text) = text else { bail!("{file}: the parameter {name} has no default and was not given") };
        check(name, definition, &text, file)?;
        let kind = definition["Type"].as_str().unwrap_or("String");
        let value = match kind {
            "CommaDelimitedList" | "List<Number>" if text.is_empty() => Value::Array(Vec::new()),
            "CommaDelimitedList" | "List<Number>" => text.split(',').map(|item| Value::from(item.trim())).collect(),
            _ => Value::String(text),
        };
        values.insert(name.clone(), value);
    }
    Ok(values)
}

/// The value itself is never in a message: it may be a password.
fn check(name: &str, definition: &Value, text: &str, file: &str) -> Result<()> {
    let hint = definition["ConstraintDescription"].as_str().map(|hint| format!(": it {hint}")).unwrap_or_default();
    if let Some(allowed) = definition["AllowedValues"].as_array() {
        let allowed: Vec<String> = allowed.iter().filter_map(scalar_text).collect();
        if !allowed.iter().any(|value| value == text) {
            bail!("{file}: the parameter {name} must be one of {}{hint}", allowed.join(", "));
        }
    }
    if let Some(pattern) = definition["AllowedPattern"].as_str() {
        let pattern = Regex::new(&format!("^(?:{pattern})$"))
            .with_context(|| format!("{file}: Parameters.{name}.AllowedPattern cannot be checked"))?;
        if !pattern.is_match(text) {
            bail!("{file}: the parameter {name} does not fit its AllowedPattern{hint}");
        }
    }
    if definition["Type"] == "Number" {
        let number: f64 = text.parse().with_context(|| format!("{file}: the parameter {name} must be a number"))?;
        let bound = |key: &str| scalar_text(&definition[key]).and_then(|text| text.parse::<f64>().ok());
        if bound("MinValue").is_some_and(|low| number < low) || bound("MaxValue").is_some_and(|high| number > high) {
            bail!("{file}: the parameter {name} is out of its bounds{hint}");
        }
    }
    Ok(())
}
