//! `capstan-doctor`: what is right has nothing wrong, and each thing that is broken is named with what to change.

mod before;
mod clouds;
mod outside;
mod proxy;
mod start;

use serde_json::Value;
use tests::cloud::{Cloud, programs};
use tokio::process::Command;

/// What it found.
#[derive(Debug)]
struct Found {
    code: i32,
    json: Value,
    /// Everything that it wrote.
    text: String,
}

/// Looks with these arguments and with nothing in the environment but this.
async fn doctor(arguments: &[&str], environment: &[(&str, &str)]) -> Found {
    let mut command = Command::new(programs().join("capstan-doctor"));
    command.arg("--json").args(arguments).env_clear().envs(environment.iter().copied());
    let output = command.output().await.expect("capstan-doctor");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let json = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Found { code: output.status.code().unwrap_or(-1), json, text }
}

/// Looks at a site with a key.
async fn visit(base: &str, key: &str, more: &[&str]) -> Found {
    doctor(&[&["--url", base][..], more].concat(), &[("CAP_API_KEY", key)]).await
}

impl Found {
    fn checks(&self) -> &[Value] {
        self.json["checks"].as_array().map(Vec::as_slice).unwrap_or_else(|| panic!("no checks: {}", self.text))
    }

    /// What is wrong, as `part/id`.
    fn wrong(&self) -> Vec<String> {
        let wrong = self.checks().iter().filter(|check| check["state"] == "wrong");
        wrong.map(|check| format!("{}/{}", check["part"], check["id"]).replace('"', "")).collect()
    }

    /// Asserts that this check is wrong, that it says so, and that it says what to change.
    fn names(&self, check: &str, says: &str, advice: &str) {
        let (part, id) = check.split_once('/').expect("part/id");
        let found = self.checks().iter().find(|check| check["part"] == part && check["id"] == id);
        let found = found.unwrap_or_else(|| panic!("no {check}: {}", self.text));
        assert_eq!(found["state"], "wrong", "{found}");
        for (field, expected) in [("says", says), ("advice", advice)] {
            assert!(found[field].as_str().is_some_and(|text| text.contains(expected)), "{expected}: {found}");
        }
        assert_eq!(self.code, 1, "{}", self.text);
    }

    /// Asserts that this is the one thing that is wrong.
    fn names_only(&self, check: &str, says: &str, advice: &str) {
        assert_eq!(self.wrong(), [check], "{}", self.text);
        self.names(check, says, advice);
    }

    /// Asserts that nothing of a cloud's secrets was written.
    fn keeps_secrets_of(&self, cloud: &Cloud) {
        for secret in [&cloud.ready.secret_access_key, &cloud.ready.database_url, &cloud.ready.api_key] {
            assert!(!self.text.contains(secret.as_str()), "{}", self.text);
        }
    }
}
