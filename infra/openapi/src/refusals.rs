//! How requests are refused. The shape follows from the path, as in `common::http`; which refusals there are, from what an
//! operation takes.

use common::http::{AgentRefusal, MessageRefusal, Refusal, Shape};
use serde_json::{Value, json};
use utoipa::PartialSchema;

/// Statuses of refusals, and what they say.
const REFUSALS: [(&str, &str); 6] = [
    ("400", "The request cannot mean anything"),
    ("401", "Nobody is signed in"),
    ("403", "Not yours to do, or not proven to be wanted by you"),
    ("404", "Not there, or not there for you"),
    ("429", "That was tried too often"),
    ("503", "The server cannot reach its storage"),
];

/// Refusals without a body, as `(path, status)`.
const EMPTY: [(&str, &str); 1] = [("/api/desktop/user/profile/image", "404")];

/// The shapes by the names that the document has for them.
pub(super) fn schemas() -> [(&'static str, Value); 3] {
    let value = |schema| serde_json::to_value(schema).expect("a schema is JSON");
    [
        ("Refusal", value(Refusal::schema())),
        ("MessageRefusal", value(MessageRefusal::schema())),
        ("AgentRefusal", value(AgentRefusal::schema())),
    ]
}

/// Each refusal in each shape, by the name that the document has for it.
pub(super) fn responses() -> impl Iterator<Item = (String, Value)> {
    let shapes = ["Refusal", "MessageRefusal", "AgentRefusal"];
    shapes.into_iter().flat_map(|shape| {
        REFUSALS.iter().map(move |(status, description)| {
            (format!("{shape}{status}"), json!({ "description": description, "content": content(shape, false) }))
        })
    })
}

/// Adds to an operation the refusals that it does not declare itself, and to those that it does the shape they have.
pub(super) fn add(method: &str, path: &str, operation: &mut Value, schemas: &Value) {
    let shape = match Shape::of(path) {
        Shape::Agent => "AgentRefusal",
        Shape::Message => "MessageRefusal",
        Shape::Plain => "Refusal",
    };
    let possible = possible(method, operation, schemas);
    let is_form = operation.pointer("/requestBody/content/application~1x-www-form-urlencoded").is_some();
    let responses = operation["responses"].as_object_mut().expect("responses");
    for (status, response) in responses.iter_mut() {
        let is_refusal = status.starts_with(['4', '5']) && !EMPTY.contains(&(path, status.as_str()));
        if is_refusal && response.get("content").is_none() {
            response["content"] = content(shape, is_form);
        }
    }
    for (status, description) in possible {
        let refusal = if is_form {
            json!({ "description": description, "content": content(shape, true) })
        } else {
            json!({ "$ref": format!("#/components/responses/{shape}{status}") })
        };
        responses.entry(status).or_insert(refusal);
    }
}

/// The refusals that follow from what an operation takes.
fn possible(method: &str, operation: &Value, schemas: &Value) -> Vec<(&'static str, &'static str)> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let takes = |name: &str, value: &str| parameters.iter().any(|parameter| parameter[name] == value);
    let has_body = operation.get("requestBody").is_some();
    let names_something = takes("in", "path") || takes("name", "videoId") || body_names_video(operation, schemas);
    let is_secured = operation["security"].as_array().is_none_or(|ways| ways.iter().all(|way| way != &json!({})));
    let writes = !matches!(method, "get" | "head");
    let is_possible = |status| match status {
        "400" => takes("in", "query") || takes("in", "header") || has_body,
        "401" => is_secured,
        "403" => is_secured || writes,
        "404" => names_something,
        "429" => writes,
        _ => true,
    };
    REFUSALS.into_iter().filter(|(status, _)| is_possible(status)).collect()
}

/// What a refusal holds. Some forms are answered with a page that says what was wrong.
fn content(shape: &str, is_form: bool) -> Value {
    let mut content = json!({ "application/json": { "schema": { "$ref": format!("#/components/schemas/{shape}") } } });
    if is_form {
        content["text/html"] = json!({ "schema": { "type": "string" } });
    }
    content
}

fn body_names_video(operation: &Value, schemas: &Value) -> bool {
    let reference = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
    let name = reference.and_then(|reference| reference.rsplit('/').next());
    name.is_some_and(|name| schemas[name]["properties"].get("videoId").is_some())
}
