//! YAML to JSON, with CloudFormation's short tags written out in their long form.

use anyhow::{Context, Result, bail};
use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};
use serde_json::{Map, Number, Value};

/// Parses a template. `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`, `!Ref A` becomes `{"Ref": "A"}` and so on.
pub fn parse(text: &str, file: &str) -> Result<Value> {
    let mut documents = YamlOwned::load_from_str(text).with_context(|| format!("{file} is not valid YAML"))?;
    let Some(document) = documents.pop() else { bail!("{file} is empty") };
    convert(&document, "").with_context(|| format!("{file} cannot be read"))
}

fn convert(yaml: &YamlOwned, path: &str) -> Result<Value> {
    Ok(match yaml {
        YamlOwned::Value(scalar) => match scalar {
            ScalarOwned::Null => Value::Null,
            ScalarOwned::Boolean(value) => Value::Bool(*value),
            ScalarOwned::Integer(value) => Value::from(*value),
            ScalarOwned::FloatingPoint(value) => Number::from_f64(value.0).map_or(Value::Null, Value::Number),
            ScalarOwned::String(value) => Value::String(value.clone()),
        },
        YamlOwned::Representation(value, ..) => Value::String(value.clone()),
        YamlOwned::Sequence(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| convert(item, &format!("{path}[{index}]")))
            .collect::<Result<_>>()?,
        YamlOwned::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                let key = key_text(key).with_context(|| format!("a key below {path} is not text"))?;
                let value = convert(value, &join(path, &key))?;
                map.insert(key, value);
            }
            Value::Object(map)
        }
        YamlOwned::Tagged(tag, node) => short_form(&tag.suffix, convert(node, path)?),
        YamlOwned::Alias(_) => bail!("{path} is a YAML alias, which CloudFormation does not take"),
        YamlOwned::BadValue => bail!("{path} holds a value that its YAML tag does not fit"),
    })
}

fn key_text(key: &YamlOwned) -> Option<String> {
    match key {
        YamlOwned::Value(ScalarOwned::String(text)) => Some(text.clone()),
        YamlOwned::Value(ScalarOwned::Integer(number)) => Some(number.to_string()),
        YamlOwned::Value(ScalarOwned::Boolean(value)) => Some(value.to_string()),
        _ => None,
    }
}

fn short_form(name: &str, value: Value) -> Value {
    let (key, value) = match (name, value) {
        ("Ref" | "Condition", value) => (name.to_owned(), value),
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
            ("Fn::GetAtt".to_owned(), Value::from(vec![resource, attribute]))
        }
        (_, value) => (format!("Fn::{name}"), value),
    };
    Value::Object(Map::from_iter([(key, value)]))
}

/// `path.key`, or `key` at the top.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// True for a map that is a function call and not data: `{"Ref": …}`, `{"Fn::…": …}`.
pub(super) fn is_intrinsic(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::")))
}
