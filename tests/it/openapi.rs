//! openapi.json: it is what the code says, and the server does what it says.

use std::{collections::BTreeSet, fmt::Write, process::Stdio};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{
    cloud::{cloud, repository},
    person::{Person, answer, client},
    visitor::{SESSION, page},
};
use tokio::process::Command;

/// Operations that end what the requests are made with, or the video that they are about.
const ENDINGS: [&str; 16] = [
    "delete_api_desktop_video_delete",
    "delete_api_video_delete",
    "delete_api_v1_caps_id",
    "post_api_auth_signout",
    "post_api_mobile_session_revoke",
    "post_api_v1_auth_revoke",
    "post_api_v1_me_sign_out_all",
    "post_api_settings_user_delete",
    "delete_api_settings_keys_id",
    "post_api_settings_keys_id_revoke",
    "delete_api_settings_sessions",
    "post_api_settings_sessions_end",
    "delete_api_settings_sessions_id",
    "post_api_settings_sessions_id_end",
    "delete_api_videos_id_links_code",
    "patch_api_videos_id_links_code",
];

#[tokio::test]
async fn the_file_is_what_the_code_says() {
    let file = std::fs::read_to_string(repository().join("functions/metadata/openapi.json")).expect("openapi.json");
    let file: Value = serde_json::from_str(&file).expect("JSON");
    assert!(file == openapi::document(), "functions/metadata/openapi.json is of older code. Run make openapi.");
    let served = answer(client().get(format!("{}/api/openapi.json", cloud().ready.base))).await;
    assert_eq!(served.status, 200);
    assert!(served.body == file, "another document is served");
}

#[tokio::test]
async fn people_can_read_it() {
    let page = page(client().get(format!("{}/api/docs", cloud().ready.base))).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    for found in ["<code>/api/v1/caps/{id}/download</code>", "Sign the download of a video", "id=\"type-Cap\""] {
        assert!(page.text.contains(found), "{found}");
    }
}

/// Whom requests come from: a key, or a browser on a page of this site.
enum Identity {
    Key,
    Session,
}

impl Identity {
    async fn headers(&self, person: &Person) -> Vec<(&'static str, String)> {
        match self {
            Self::Key => vec![("authorization", format!("Bearer {}", person.key))],
            Self::Session => {
                let token = person.browser().await.cookie(SESSION).expect("a session");
                vec![("cookie", format!("{SESSION}={token}")), ("origin", cloud().ready.base.clone())]
            }
        }
    }
}

#[tokio::test]
async fn c19_schemathesis_finds_nothing_with_a_key() {
    schemathesis(&Identity::Key).await;
}

#[tokio::test]
async fn c19_schemathesis_finds_nothing_with_a_session() {
    schemathesis(&Identity::Session).await;
}

async fn schemathesis(identity: &Identity) {
    let document = openapi::document();
    let known: BTreeSet<_> = operations(&document).map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    for ending in ENDINGS {
        assert!(known.contains(&Some(ending)), "there is no operation {ending}");
    }
    // First what lives on, and then each ending with somebody and something to end.
    let others = ENDINGS.map(|ending| ["--exclude-operation-id", ending]);
    run_schemathesis(identity, others.as_flattened(), "coverage,fuzzing").await;
    for ending in ENDINGS {
        run_schemathesis(identity, &["--include-operation-id", ending], "coverage").await;
    }
}

async fn run_schemathesis(identity: &Identity, which: &[&str], phases: &str) {
    let person = Person::new().await;
    let video = person.create("Described").await;
    let folder = tempfile::tempdir().expect("a temporary directory");
    let ids = format!(
        "[parameters]\n\"path.id\" = \"{video}\"\n\"path.code\" = \"{video}\"\n\"query.videoId\" = \"{video}\"\n"
    );
    std::fs::write(folder.path().join("schemathesis.toml"), ids).expect("its settings");
    let mut command = Command::new(repository().join(".tools/venv/bin/schemathesis"));
    command
        .current_dir(folder.path())
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(repository().join("functions/metadata/openapi.json"))
        .args(["--url", &cloud().ready.base, "--phases", phases])
        .args(which)
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance"])
        .args(["--checks", "response_headers_conformance,response_schema_conformance,missing_required_header"])
        .args(["--max-examples", "10", "--seed", "19", "--workers", "2", "--continue-on-failure", "--no-color"])
        .stdin(Stdio::null());
    for (name, value) in identity.headers(&person).await {
        command.args(["--header", &format!("{name}: {value}")]);
    }
    let output = command.output().await.expect("schemathesis, which make test installs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Test cases:"), "{said}");
}

#[tokio::test]
async fn c19_nonsense_in_any_field_is_refused_with_a_message() {
    let document = openapi::document();
    let mut tried = 0;
    for identity in [Identity::Key, Identity::Session] {
        let person = Person::new().await;
        let headers = identity.headers(&person).await;
        for (method, path, operation) in operations(&document) {
            for (what, request) in nonsensical(&document, &method, path, operation) {
                let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
                assert_refused_or_taken(&page(request).await, &format!("{method} {path} with {what}"));
                tried += 1;
            }
        }
    }
    assert!(tried > 1000, "{tried} requests are too few");
}

fn assert_refused_or_taken(answer: &tests::visitor::Page, what: &str) {
    assert!(answer.status < 500, "{what}: {answer:?}");
    // The answer to a HEAD has no body.
    if answer.status >= 400 && answer.header("content-type") == "application/json" && !what.starts_with("HEAD") {
        let body = answer.json();
        let said = [&body["message"], &body["error"]].into_iter().find_map(Value::as_str).unwrap_or_default();
        // Two answers that the desktop knows by their fields have no sentence.
        assert!(said.len() > 5 || body["subscription"] == true, "{what}: {answer:?}");
    }
}

/// Every operation, with its method and its path.
fn operations(document: &Value) -> impl Iterator<Item = (Method, &String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("operations");
        operations
            .iter()
            .map(move |(method, operation)| (method.to_uppercase().parse().expect("a method"), path, operation))
    })
}

/// Requests with one field or parameter that makes no sense, among others that do.
fn nonsensical(document: &Value, method: &Method, path: &str, operation: &Value) -> Vec<(String, RequestBuilder)> {
    let url = format!(
        "{}{}",
        cloud().ready.base,
        path.replace("{id}", "0123456789abcde").replace("{code}", "0123456789abcde")
    );
    let request = |query: &str| {
        client().request(method.clone(), format!("{url}?{query}")).header("idempotency-key", "no-sense-at-all")
    };
    let mut requests = Vec::new();
    for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|one| one["in"] == "query") {
        let name = parameter["name"].as_str().expect("a name");
        for value in [
            "%00",
            "-1",
            "%F0%9F%8E%A5",
            "NaN",
            &"9".repeat(400),
            &"a".repeat(4000),
            "%FF%FE",
            "..%2F..",
            "'%20OR%201=1",
        ] {
            requests.push((format!("?{name}={value:.40}"), request(&format!("{name}={value}"))));
        }
    }
    let reference = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
    let Some(reference) = reference else { return requests };
    let schema = document.pointer(reference.trim_start_matches('#')).expect("a schema");
    let fields = schema["properties"].as_object().expect("fields");
    let sensible: Value = fields.iter().map(|(name, schema)| (name.clone(), sample(document, schema))).collect();
    for name in fields.keys() {
        for nonsense in nonsense() {
            let mut body = sensible.clone();
            body[name] = nonsense;
            let text = body.to_string();
            requests.push((format!("{text:.200}"), json_request(request(""), text)));
        }
        // Numbers that JSON has and no program does.
        for number in ["1e999", "-0.0", "99999999999999999999999999", "01"] {
            let text = format!("{{\"{name}\":{number}}}");
            requests.push((text.clone(), json_request(request(""), text)));
        }
    }
    let mut many = sensible;
    for number in 0..1000 {
        many[format!("unknown{number}")] = json!({ "deep": [number] });
    }
    requests.push(("a thousand unknown fields".to_owned(), json_request(request(""), many.to_string())));
    requests
}

fn json_request(request: RequestBuilder, body: String) -> RequestBuilder {
    request.header("content-type", "application/json").body(body)
}

/// A value that a schema allows.
fn sample(document: &Value, schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return sample(document, document.pointer(reference.trim_start_matches('#')).expect("a schema"));
    }
    let kind = schema["type"].as_array().map_or(&schema["type"], |kinds| &kinds[0]);
    match kind.as_str() {
        Some("string") => "x".into(),
        Some("integer" | "number") => 1.into(),
        Some("boolean") => true.into(),
        Some("array") => json!([sample(document, &schema["items"])]),
        _ => schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), sample(document, schema)))
            .collect(),
    }
}

fn nonsense() -> Vec<Value> {
    let mut deep = json!(1);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let mut odd = String::new();
    for character in ['\u{0}', '\u{202e}', '\u{fffd}', '\u{1f3a5}', '\u{7f}', '\n'] {
        let _ = write!(odd, "{character}{character}");
    }
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(0.5),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!(odd),
        json!("a".repeat(100_000)),
        json!([]),
        json!([null, 1, "x"]),
        json!({}),
        json!({ "$ne": null }),
        deep,
    ]
}
