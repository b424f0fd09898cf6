//! What functions have written, as CloudWatch would get it.

use serde_json::{Map, Value};

use crate::cloud::Cloud;

/// A line that is an event.
pub type Line = Map<String, Value>;

impl Cloud {
    /// Everything that a function has written, line by line.
    ///
    /// # Panics
    ///
    /// When a line is no JSON object.
    #[must_use]
    pub fn lines(&self, function: &str) -> Vec<Line> {
        let text = std::fs::read_to_string(self.state.join(format!("logs/{function}.jsonl"))).unwrap_or_default();
        // The last one may still be on its way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let read = |line: &str| match serde_json::from_str(line) {
            Ok(Value::Object(line)) => line,
            _ => panic!("{function} wrote what is no event: {line}"),
        };
        whole.lines().map(read).collect()
    }

    /// The functions that have written anything.
    #[must_use]
    pub fn writers(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.state.join("logs")).expect("logs").map(|file| file.expect("a file").path());
        let name = |file: std::path::PathBuf| file.file_stem().expect("a name").to_string_lossy().into_owned();
        files.map(name).collect()
    }
}
