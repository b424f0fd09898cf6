//! SAM's `Globals`: what all functions share.

use serde_json::Value;

use super::value::is_intrinsic;

/// Writes `Globals.Function` and `Globals.HttpApi` into every resource of that kind.
pub(super) fn apply(mut template: Value) -> Value {
    let globals = template["Globals"].take();
    if let Some(resources) = template["Resources"].as_object_mut() {
        for definition in resources.values_mut() {
            let shared = match definition["Type"].as_str() {
                Some("AWS::Serverless::Function") => &globals["Function"],
                Some("AWS::Serverless::HttpApi") => &globals["HttpApi"],
                _ => continue,
            };
            let own = definition["Properties"].take();
            definition["Properties"] = merge(shared, own);
        }
    }
    template
}

/// Maps merge, lists follow one another, anything else is the resource's own (SAM's documentation, "Globals").
fn merge(shared: &Value, own: Value) -> Value {
    if own.is_null() {
        return shared.clone();
    }
    if is_intrinsic(shared) || is_intrinsic(&own) {
        return own;
    }
    match (shared, own) {
        (Value::Object(shared), Value::Object(mut own)) => {
            for (key, value) in shared {
                let mine = own.remove(key).unwrap_or(Value::Null);
                own.insert(key.clone(), merge(value, mine));
            }
            Value::Object(own)
        }
        (Value::Array(shared), Value::Array(own)) => Value::Array(shared.iter().cloned().chain(own).collect()),
        (_, own) => own,
    }
}
