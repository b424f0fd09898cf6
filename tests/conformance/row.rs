//! What one row of the table is.

use std::pin::Pin;

/// A check that is under way. It panics when something came that was not expected.
pub(crate) type Running = Pin<Box<dyn Future<Output = ()>>>;

/// How much a client needs what a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tag {
    Important,
    Essential,
}

impl Tag {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Essential => "ESSENTIAL",
            Self::Important => "IMPORTANT",
        }
    }
}

/// A row: one thing that the contract says, and how it is looked at.
pub(crate) struct Row {
    /// Section and name as in the contract: `1.3 GET /api/desktop/plan`.
    pub(crate) anchor: &'static str,
    pub(crate) tag: Tag,
    /// What is looked at.
    pub(crate) what: &'static str,
    /// Of what this server does not do yet: what stands in the failure. A row that passes nevertheless, or fails otherwise,
    /// is an error, so that the list stays true.
    pub(crate) missing: Option<&'static str>,
    pub(crate) check: Box<dyn FnOnce() -> Running>,
}

pub(crate) fn essential<F>(anchor: &'static str, what: &'static str, check: impl FnOnce() -> F + 'static) -> Row
where
    F: Future<Output = ()> + 'static,
{
    Row { anchor, tag: Tag::Essential, what, missing: None, check: Box::new(|| Box::pin(check())) }
}

pub(crate) fn important<F>(anchor: &'static str, what: &'static str, check: impl FnOnce() -> F + 'static) -> Row
where
    F: Future<Output = ()> + 'static,
{
    Row { tag: Tag::Important, ..essential(anchor, what, check) }
}

impl Row {
    /// Not there yet; `failure` is part of what is then said.
    pub(crate) fn missing(self, failure: &'static str) -> Self {
        Self { missing: Some(failure), ..self }
    }

    /// The number of the section, and what it is called; a point of the checklist has a number only.
    pub(crate) fn place(&self) -> (String, &'static str) {
        match self.anchor.split_once(' ') {
            Some(("0", point)) => (format!("§0.{point}"), ""),
            Some((section, name)) => (format!("§{section}"), name),
            None => (format!("§{}", self.anchor), ""),
        }
    }
}
