//! openapi.json: the routes of all functions as their code declares them, with what `common::http` does to every answer.

mod refusals;

use serde_json::{Value, json};
use utoipa::OpenApi;

/// The methods that an OpenAPI path has operations under.
const METHODS: [&str; 6] = ["get", "head", "post", "put", "patch", "delete"];

/// Routes with a second address, as `(method and path, the one that its handler declares)`.
const SECOND_ADDRESSES: &[(&str, &str)] = &[
    ("delete /api/video/delete", "delete /api/desktop/video/delete"),
    ("get /api/desktop/currency", "get /api/currency"),
    ("post /api/desktop/s3/config/test", "post /api/desktop/s3/config"),
    ("delete /api/desktop/storage/google-drive/disconnect", "delete /api/desktop/s3/config/delete"),
    // What a form can only POST, a program may DELETE.
    ("post /api/settings/keys/{id}/revoke", "delete /api/settings/keys/{id}"),
    ("post /api/settings/sessions/end", "delete /api/settings/sessions"),
    ("post /api/settings/sessions/{id}/end", "delete /api/settings/sessions/{id}"),
];

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Capstan",
        description = "Record, upload, share a link: what Cap Desktop, the cap command, browsers and scripts ask the server.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(),
    ),
    tags(
        (name = "Uploads", description = "A video begins, its files are stored straight in S3, and a recording ends."),
        (name = "Uploads in parts", description = "Large files, part by part; an upload that was interrupted goes on where it was."),
        (name = "Videos", description = "One's own videos: the agent API, which takes tokens of the cap command too."),
        (name = "Sharing", description = "Who may watch: links with passwords and ends, or the owner alone."),
        (name = "Captions", description = "What is said in a video: to show, to read, to correct."),
        (name = "Watching", description = "Whoever has the link may watch."),
        (name = "Comments", description = "What viewers say of a video, reply, and react to."),
        (name = "Notifications", description = "What somebody is told of that, and what they want to be told."),
        (name = "Login", description = "By a mail; and how Cap Desktop, the cap command and scripts get their keys from a person."),
        (name = "Account", description = "A person's name, picture, keys and sessions."),
        (name = "Cap Desktop", description = "What the app asks for beside its recordings."),
        (name = "Pages", description = "Pages for people."),
        (name = "Server", description = "The server itself."),
    ),
)]
struct Frame;

/// The whole document.
#[must_use]
pub fn document() -> Value {
    let mut api = Frame::openapi();
    for part in [auth::Api::openapi(), presign::Api::openapi(), metadata::Api::openapi(), share::Api::openapi()] {
        api.merge(part);
    }
    let mut document = serde_json::to_value(api).expect("a document of texts and numbers is JSON");
    document["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    document["servers"] = json!([{ "url": "/" }]);
    document["security"] = json!([{ "bearer": [] }, { "session": [] }]);
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, a session's token or, below /api/v1, a token of the cap command.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "next-auth.session-token",
            "description": "A browser's session. What changes something also wants an Origin of this site, or its x-csrf-token.",
        },
    });
    for (second, first) in SECOND_ADDRESSES {
        let declared = operation(&mut document, first).clone();
        *operation(&mut document, second) = declared;
    }
    for (name, schema) in refusals::schemas() {
        document["components"]["schemas"][name] = schema;
    }
    for (name, response) in refusals::responses() {
        document["components"]["responses"][name] = response;
    }
    finish(&mut document);
    document
}

/// Says of every operation what no handler has to.
fn finish(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (path, item) in document["paths"].as_object_mut().expect("paths") {
        for method in METHODS {
            let Some(operation) = item.get_mut(method) else { continue };
            operation["operationId"] = name(method, path).into();
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                never_null(&mut parameter["schema"]);
            }
            refusals::add(method, path, operation, &schemas);
            if path.starts_with("/api/v1/") {
                add_request_id(operation);
            }
            if method == "head" {
                drop_content(operation);
            }
        }
    }
}

/// Where the document has an operation, given as its method and path.
fn operation<'a>(document: &'a mut Value, key: &str) -> &'a mut Value {
    let (method, path) = key.split_once(' ').expect("a method and a path");
    &mut document["paths"][path][method]
}

/// `get /api/v1/caps/{id}` is `get_api_v1_caps_id`.
fn name(method: &str, path: &str) -> String {
    let words = path.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// A parameter may be left out; there is no way to write one that is null.
fn never_null(schema: &mut Value) {
    if let Some(kind) = schema["type"].as_array().and_then(|kinds| kinds.iter().find(|kind| *kind != "null").cloned()) {
        schema["type"] = kind;
    }
}

/// The agent API says of each answer what the request is called in the logs.
fn add_request_id(operation: &mut Value) {
    for (status, response) in operation["responses"].as_object_mut().expect("responses") {
        let Some(schema) = response.pointer_mut("/content/application~1json/schema") else { continue };
        if status.starts_with('2') {
            let id = json!({ "type": "object", "required": ["requestId"], "properties": { "requestId": { "type": "string" } } });
            *schema = json!({ "allOf": [schema.take(), id] });
        }
    }
}

fn drop_content(operation: &mut Value) {
    for response in operation["responses"].as_object_mut().expect("responses").values_mut() {
        if let Some(response) = response.as_object_mut() {
            response.remove("content");
        }
    }
}
