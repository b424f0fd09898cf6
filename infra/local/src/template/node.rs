//! Reading resolved values, with errors that say where.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{resolve::scalar_text, value::join};

/// A place in the resolved template, present or not.
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
    pub(super) file: &'a str,
}

impl<'a> Node<'a> {
    /// What stands below `key`; an absent one when there is nothing.
    pub(super) fn get(&self, key: &str) -> Self {
        Self { value: &self.value[key], path: join(&self.path, key), file: self.file }
    }

    pub(super) fn exists(&self) -> bool {
        !self.value.is_null()
    }

    pub(super) fn optional_text(&self) -> Result<Option<String>> {
        if self.value.is_null() {
            return Ok(None);
        }
        scalar_text(self.value).map(Some).with_context(|| format!("{}: {} must be a text", self.file, self.path))
    }

    pub(super) fn text(&self) -> Result<String> {
        self.optional_text()?.with_context(|| format!("{}: {} is missing", self.file, self.path))
    }

    /// A whole number; texts count, since parameters are texts.
    pub(super) fn optional_number(&self) -> Result<Option<u32>> {
        let Some(text) = self.optional_text()? else { return Ok(None) };
        text.parse()
            .map(Some)
            .with_context(|| format!("{}: {} must be a whole number, not {text}", self.file, self.path))
    }

    pub(super) fn flag(&self, default: bool) -> Result<bool> {
        match self.optional_text()?.as_deref() {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(other) => bail!("{}: {} must be true or false, not {other}", self.file, self.path),
        }
    }

    /// The items of a list; a single value counts as a list of one, an absent one as empty.
    pub(super) fn items(&self) -> Vec<Node<'a>> {
        match self.value {
            Value::Null => Vec::new(),
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| Node { value, path: format!("{}[{index}]", self.path), file: self.file })
                .collect(),
            value => vec![Node { value, path: self.path.clone(), file: self.file }],
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<String>> {
        self.items().iter().map(Node::text).collect()
    }

    pub(super) fn map(&self) -> Result<Option<&'a Map<String, Value>>> {
        match self.value {
            Value::Null => Ok(None),
            Value::Object(map) => Ok(Some(map)),
            _ => bail!("{}: {} must be a map", self.file, self.path),
        }
    }

    pub(super) fn entries(&self) -> Result<Vec<(String, Node<'a>)>> {
        let entries = self.map()?.into_iter().flatten();
        Ok(entries
            .map(|(key, value)| (key.clone(), Node { value, path: join(&self.path, key), file: self.file }))
            .collect())
    }

    /// Refuses properties that would change what callers see and that nothing here acts on.
    pub(super) fn refuse(&self, names: &[&str]) -> Result<()> {
        match names.iter().find(|name| !self.value[**name].is_null()) {
            None => Ok(()),
            Some(name) => bail!("{}: {} has {name}, which the local cloud does not simulate", self.file, self.path),
        }
    }
}
