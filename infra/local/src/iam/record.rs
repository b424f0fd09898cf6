//! A file of what grants are used and what is refused, one JSON object a line, each once. It is written as things happen, so
//! that it is as true of a cloud that was killed.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::Write,
    path::Path,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// One thing that a statement of a function's policies grants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// Logical id of the function.
    pub function: String,
    /// The statement's name.
    pub sid: String,
    /// An action, or the key of a condition.
    pub what: String,
    /// A resource, or a value of the condition, as the template has it.
    pub on: String,
}

impl Grant {
    pub(super) fn new(function: &str, sid: &str, what: &str, on: &str) -> Self {
        Self { function: function.to_owned(), sid: sid.to_owned(), what: what.to_owned(), on: on.to_owned() }
    }
}

/// A line of the record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Line {
    /// A request was allowed by it.
    Used(Grant),
    /// A request was refused.
    Refused {
        /// Logical id of the function.
        function: String,
        /// What it asked for.
        action: String,
        /// ARN.
        resource: String,
    },
}

#[derive(Debug)]
pub(super) struct Record {
    file: Option<File>,
    written: Mutex<BTreeSet<Line>>,
}

impl Record {
    pub(super) fn open(path: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            let file = OpenOptions::new().create(true).append(true).open(path);
            file.with_context(|| format!("Cannot write what is permitted to {}", path.display()))
        };
        Ok(Self { file: path.map(open).transpose()?, written: Mutex::default() })
    }

    pub(super) fn used(&self, grant: Grant) {
        self.write(Line::Used(grant));
    }

    pub(super) fn refused(&self, function: &str, action: &str, resource: &str) {
        let [function, action, resource] = [function, action, resource].map(str::to_owned);
        self.write(Line::Refused { function, action, resource });
    }

    fn write(&self, line: Line) {
        let Some(mut file) = self.file.as_ref() else { return };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.contains(&line) {
            return;
        }
        // A line that is lost makes a test fail, and no request.
        if let Ok(text) = serde_json::to_string(&line) {
            let _ = file.write_all(format!("{text}\n").as_bytes());
        }
        written.insert(line);
    }
}
