//! What the functions' programs write: kept as it is, a file a function, and shown in the console as people read it.

use std::{
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::Write as _,
    path::PathBuf,
};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::log;

/// What every line has, or CloudWatch alone reads.
const NOT_SHOWN: [&str; 9] =
    ["timestamp", "level", "message", "function", "requestId", "coldStart", "_aws", "Stack", "Function"];

/// A folder with the logs of this run.
pub(super) struct Logs {
    folder: PathBuf,
}

impl Logs {
    /// Begins anew: what an earlier run wrote goes.
    pub(super) fn start(folder: PathBuf) -> Result<Self> {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).with_context(|| format!("Cannot create {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Takes a line, its end included.
    pub(super) fn take(&self, function: &str, line: &[u8]) {
        let path = self.folder.join(format!("{function}.jsonl"));
        // One write a line, to the file's end: environments of a function write at once. A full disk is no reason to stop.
        let _ = OpenOptions::new().create(true).append(true).open(path).and_then(|mut file| file.write_all(line));
        let text = String::from_utf8_lossy(line);
        let shown = match serde_json::from_str(&text) {
            Ok(Value::Object(event)) => shown(&event),
            _ => Some(text.trim_end().to_owned()),
        };
        if let Some(shown) = shown {
            log::line(function, shown);
        }
    }
}

/// An event in one line; `None` for the end of a request, of which the gateway says more.
fn shown(event: &Map<String, Value>) -> Option<String> {
    if event.contains_key("route") {
        return None;
    }
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut line = format!("{:>5} {}", text("level"), text("message"));
    for (name, value) in event.iter().filter(|(name, _)| !NOT_SHOWN.contains(&name.as_str())) {
        let _ = match value {
            Value::String(value) => write!(line, " {name}={value}"),
            value => write!(line, " {name}={value}"),
        };
    }
    Some(line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(event: &Value) -> Option<String> {
        shown(event.as_object().expect("an object"))
    }

    #[test]
    fn events_are_shown_as_people_read_them() {
        let event = json!({ "timestamp": "t", "level": "INFO", "function": "f", "requestId": "1", "coldStart": true,
            "message": "ready", "video": "x", "took": 5, "plan": "P { a: 1 }", "_aws": {}, "Stack": "s" });
        assert_eq!(line(&event).as_deref(), Some(" INFO ready plan=P { a: 1 } took=5 video=x"));
        assert_eq!(line(&json!({ "level": "INFO", "message": "request", "route": "GET /" })), None);
    }

    #[test]
    fn lines_are_kept_as_they_are() {
        let state = tempfile::tempdir().expect("a directory");
        let logs = Logs::start(state.path().join("logs")).expect("a folder");
        logs.take("f", b"{\"a\": 1}\n");
        logs.take("f", b"no JSON\n");
        let kept = fs::read_to_string(state.path().join("logs/f.jsonl")).expect("a file");
        assert_eq!(kept, "{\"a\": 1}\nno JSON\n");
    }
}
