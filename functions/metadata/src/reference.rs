//! openapi.json as a page for people.

use std::collections::BTreeMap;

use askama::Template;
use serde::Deserialize;
use serde_json::Value;

/// The routes of all functions; `make openapi` writes it.
pub(crate) const DOCUMENT: &str = include_str!("../openapi.json");

#[derive(Template)]
#[template(path = "reference.html")]
pub(crate) struct Reference<'a> {
    nonce: &'a str,
    info: Info,
    groups: Vec<Group>,
    types: Vec<Type>,
}

#[derive(Deserialize)]
struct Document {
    info: Info,
    tags: Vec<Tag>,
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
    components: Components,
    security: Vec<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct Info {
    description: String,
    version: String,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    description: String,
}

#[derive(Deserialize)]
struct Components {
    responses: BTreeMap<String, Response>,
    schemas: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Operation {
    operation_id: String,
    tags: Vec<String>,
    summary: String,
    description: Option<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    request_body: Option<Body>,
    responses: BTreeMap<String, Response>,
    security: Option<Vec<BTreeMap<String, Value>>>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    r#in: String,
    #[serde(default)]
    description: String,
    required: bool,
}

#[derive(Deserialize)]
struct Body {
    content: BTreeMap<String, Media>,
}

#[derive(Clone, Deserialize)]
struct Response {
    /// Which of the components it is, if it is one.
    #[serde(rename = "$ref")]
    reference: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    content: BTreeMap<String, Media>,
}

#[derive(Clone, Deserialize)]
struct Media {
    schema: Option<Value>,
}

/// The routes of one tag.
struct Group {
    anchor: String,
    tag: Tag,
    routes: Vec<Route>,
}

struct Route {
    id: String,
    method: String,
    path: String,
    summary: String,
    description: Option<String>,
    /// Who is let in, in words.
    door: &'static str,
    parameters: Vec<Parameter>,
    body: Vec<(String, Shown)>,
    answers: Vec<Told>,
}

/// One of a route's answers.
struct Told {
    status: String,
    description: String,
    content: Vec<(String, Shown)>,
}

/// What is said of a type: a word, and the name of what it leads to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    words: String,
    link: Option<String>,
}

/// A type that has a name: an object's fields, or a text of some form.
struct Type {
    name: String,
    words: String,
    description: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    shown: Shown,
    required: bool,
    description: String,
}

impl<'a> Reference<'a> {
    /// Reads the document.
    pub(crate) fn read(nonce: &'a str) -> Result<Self, serde_json::Error> {
        let Document { info, tags, paths, components, security } = serde_json::from_str(DOCUMENT)?;
        let mut routes: BTreeMap<String, Vec<Route>> = BTreeMap::new();
        for (path, operations) in paths {
            for (method, operation) in operations {
                let tag = operation.tags.first().cloned().unwrap_or_default();
                routes.entry(tag).or_default().push(Route::of(
                    &path,
                    &method,
                    operation,
                    &components.responses,
                    &security,
                ));
            }
        }
        let groups = tags.into_iter().map(|tag| Group {
            anchor: tag.name.to_lowercase().replace(' ', "-"),
            routes: routes.remove(&tag.name).unwrap_or_default(),
            tag,
        });
        let types = components.schemas.iter().map(|(name, schema)| Type::of(name, schema));
        Ok(Self { nonce, info, groups: groups.collect(), types: types.collect() })
    }
}

impl Route {
    fn of(
        path: &str,
        method: &str,
        operation: Operation,
        known: &BTreeMap<String, Response>,
        everywhere: &[BTreeMap<String, Value>],
    ) -> Self {
        let ways = operation.security.as_deref().unwrap_or(everywhere);
        let by = |name: &str| ways.iter().any(|way| way.contains_key(name));
        let door = match (by("bearer"), by("session")) {
            (true, _) => "With a key or a session",
            (false, true) if ways.iter().all(|way| !way.is_empty()) => "With a browser's session",
            (false, true) => "Leads to the login without a session",
            (false, false) => "For everybody",
        };
        let content = |content: BTreeMap<String, Media>| {
            content
                .into_iter()
                .map(|(kind, media)| (kind, media.schema.map(|schema| shown(&schema)).unwrap_or_default()))
        };
        let answers = operation.responses.into_iter().map(|(status, response)| {
            let name = response.reference.as_deref().and_then(|reference| reference.rsplit('/').next());
            let response = name.and_then(|name| known.get(name)).cloned().unwrap_or(response);
            Told { status, description: response.description, content: content(response.content).collect() }
        });
        Self {
            id: operation.operation_id,
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: operation.summary,
            description: operation.description,
            door,
            parameters: operation.parameters,
            answers: answers.collect(),
            body: operation.request_body.map(|body| content(body.content).collect()).unwrap_or_default(),
        }
    }
}

impl Type {
    fn of(name: &str, schema: &Value) -> Self {
        let words = shown(schema).words;
        Self { name: name.to_owned(), words, description: described(schema), fields: fields(schema, true) }
    }
}

/// An object's fields; of one among several, the fields of each, of which none is always there.
fn fields(schema: &Value, alone: bool) -> Vec<Field> {
    if let Some(all) = schema["oneOf"].as_array() {
        return all.iter().flat_map(|one| fields(one, false)).collect();
    }
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let field = |(name, schema): (&String, &Value)| Field {
        name: name.clone(),
        shown: shown(schema),
        required: alone && required.iter().any(|required| required == name),
        description: described(schema),
    };
    schema["properties"].as_object().into_iter().flatten().map(field).collect()
}

fn described(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// A schema in words.
fn shown(schema: &Value) -> Shown {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return Shown { words: name.to_owned(), link: Some(name.to_owned()) };
    }
    // What is added to an answer is shown with it; and what may be null is named by what it is else.
    for among in ["allOf", "oneOf", "anyOf"] {
        let named = schema[among].as_array().and_then(|all| all.iter().find(|one| one["type"] != "null"));
        if let Some(named) = named {
            return shown(named);
        }
    }
    if schema["type"] == "array" {
        let Shown { words, link } = shown(&schema["items"]);
        return Shown { words: format!("list of {words}"), link };
    }
    let words = match &schema["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
    };
    Shown { words, link: None }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn schemas_are_said_in_words() {
        let words = |schema| shown(&schema).words;
        assert_eq!(words(json!({ "$ref": "#/components/schemas/Cap" })), "Cap");
        assert_eq!(words(json!({ "type": "array", "items": { "$ref": "#/components/schemas/Cap" } })), "list of Cap");
        assert_eq!(words(json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Cap" }] })), "Cap");
        assert_eq!(words(json!({ "type": ["string", "null"] })), "string or null");
    }

    #[test]
    fn one_of_two_shows_the_fields_of_both() {
        let one =
            |name: &str| json!({ "type": "object", "required": [name], "properties": { name: { "type": "string" } } });
        let kind = Type::of("Signed", &json!({ "oneOf": [one("put"), one("post")] }));
        let fields: Vec<_> = kind.fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
        assert_eq!((kind.words.as_str(), fields), ("object", vec![("put", false), ("post", false)]));
    }

    #[test]
    fn every_link_of_the_page_leads_somewhere() {
        let page = Reference::read("n").expect("the document").render().expect("a page");
        for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
        }
    }

    #[test]
    fn the_page_has_every_route() {
        let page = Reference::read("n").expect("the document").render().expect("a page");
        let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
        for path in document["paths"].as_object().expect("paths").keys() {
            assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
        }
    }
}
