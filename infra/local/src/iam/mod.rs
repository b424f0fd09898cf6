//! Who may do what: each function has an access key of its own, and with it what its `Policies` in the template grant. The
//! root's key, which tests and people have, may do everything. S3 and DynamoDB ask before they act.

mod pattern;
mod record;

use std::{collections::BTreeMap, path::Path};

use anyhow::Result;

pub use record::{Grant, Line};

use crate::{
    log,
    template::{Condition, ConditionKey, Function, Statement},
};
use record::Record;

/// Between the root's access key id and a function's name. Nothing that a signature's scope or an address would escape.
const SEPARATOR: char = '.';

/// The policies of all functions.
#[derive(Debug)]
pub struct Iam {
    root: String,
    policies: BTreeMap<String, Vec<Statement>>,
    record: Record,
}

/// What a function asks for, with what conditions look at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) action: String,
    /// ARN.
    pub(crate) resource: String,
    /// Partition keys of DynamoDB items.
    pub(crate) leading_keys: Vec<String>,
    /// What a listing of a bucket is limited to, if it is.
    pub(crate) prefix: Option<String>,
}

impl Request {
    pub(crate) fn new(action: &str, resource: String) -> Self {
        Self { action: action.to_owned(), resource, ..Self::default() }
    }
}

impl Iam {
    /// Takes in the functions' policies. `record` is a file to which is written which grants are used, and what is refused.
    pub fn new(root: &str, functions: &[Function], record: Option<&Path>) -> Result<Self> {
        let policies = functions.iter().map(|function| (function.name.clone(), function.policy.clone())).collect();
        Ok(Self { root: root.to_owned(), policies, record: Record::open(record)? })
    }

    /// The access key id of a function.
    #[must_use]
    pub fn key_of(root: &str, function: &str) -> String {
        format!("{root}{SEPARATOR}{function}")
    }

    /// Whether it is the root's access key id, or a function's.
    pub(crate) fn knows(&self, access_key: &str) -> bool {
        access_key == self.root || self.function(access_key).is_some()
    }

    /// The function whose access key id it is; `None` for the root's.
    pub(crate) fn function<'a>(&self, access_key: &'a str) -> Option<&'a str> {
        let function = access_key.strip_prefix(&self.root)?.strip_prefix(SEPARATOR)?;
        self.policies.contains_key(function).then_some(function)
    }

    /// Whether a function may; a refusal is written to the log and the record.
    pub(crate) fn allows(&self, function: &str, request: &Request) -> bool {
        let allowed = self.permits(function, request);
        if !allowed {
            self.refuse(function, &request.action, &request.resource);
        }
        allowed
    }

    /// Whether a function may, where it does without if it may not.
    pub(crate) fn permits(&self, function: &str, request: &Request) -> bool {
        let statements = self.policies.get(function).into_iter().flatten();
        // Only the first that grants it counts as used: one that grants nothing more is not needed.
        let Some(used) = statements.filter_map(|statement| used(function, statement, request)).next() else {
            return false;
        };
        used.into_iter().for_each(|grant| self.record.used(grant));
        true
    }

    /// Says that a function may not.
    pub(crate) fn refuse(&self, function: &str, action: &str, resource: &str) {
        log::line("iam", format!("{function} may not {action} on {resource}: no statement of its policies allows it"));
        self.record.refused(function, action, resource);
    }

    /// What AWS answers with a refusal.
    pub(crate) fn sentence(function: &str, action: &str, resource: &str) -> String {
        format!(
            "User: {function} is not authorized to perform: {action} on resource: {resource} because no identity-based \
             policy allows the {action} action"
        )
    }
}

/// Everything that a function's policy grants: each action on each resource, and each value of a condition.
#[must_use]
pub fn granted(function: &Function) -> Vec<Grant> {
    let mut granted = Vec::new();
    for statement in &function.policy {
        let grant = |what: &str, on: &str| Grant::new(&function.name, &statement.sid, what, on);
        for resource in &statement.resources {
            granted.extend(statement.actions.iter().map(|action| grant(action, resource)));
        }
        for condition in &statement.conditions {
            granted.extend(condition.patterns.iter().map(|pattern| grant(condition.key.name(), pattern)));
        }
    }
    granted
}

/// What of a statement allows a request, if it does.
fn used(function: &str, statement: &Statement, request: &Request) -> Option<Vec<Grant>> {
    let grant = |what: &str, on: &str| Grant::new(function, &statement.sid, what, on);
    if !statement.actions.contains(&request.action) {
        return None;
    }
    let resource = statement.resources.iter().find(|resource| pattern::fits(resource, &request.resource))?;
    let mut used = vec![grant(&request.action, resource)];
    for condition in &statement.conditions {
        used.extend(holds(condition, request)?.into_iter().map(|pattern| grant(condition.key.name(), pattern)));
    }
    Some(used)
}

/// The patterns by which a condition holds, or `None` where it does not. Both kinds hold where a request has no value.
fn holds<'a>(condition: &'a Condition, request: &Request) -> Option<Vec<&'a str>> {
    let fitting =
        |value: &String| condition.patterns.iter().find(|pattern| pattern::fits(pattern, value)).map(String::as_str);
    match condition.key {
        ConditionKey::LeadingKeys => request.leading_keys.iter().map(fitting).collect(),
        ConditionKey::Prefix => request.prefix.iter().map(fitting).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn statement(sid: &str, action: &str, resource: &str) -> Statement {
        Statement {
            sid: sid.to_owned(),
            actions: vec![action.to_owned()],
            resources: vec![resource.to_owned()],
            conditions: Vec::new(),
        }
    }

    fn when(mut statement: Statement, key: ConditionKey, patterns: &[&str]) -> Statement {
        let patterns = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        statement.conditions.push(Condition { key, patterns });
        statement
    }

    fn function(policy: Vec<Statement>) -> Function {
        Function {
            name: "ShareFunction".to_owned(),
            binary: "share".to_owned(),
            timeout: Duration::from_secs(3),
            memory_mib: 128,
            environment: BTreeMap::new(),
            reserved_concurrency: None,
            retry_attempts: 2,
            dead_letter_queue: None,
            policy,
        }
    }

    fn iam(policy: Vec<Statement>, record: Option<&Path>) -> Iam {
        Iam::new("ROOT", &[function(policy)], record).expect("policies")
    }

    fn request(action: &str, resource: &str) -> Request {
        Request::new(action, resource.to_owned())
    }

    #[test]
    fn keys_are_the_roots_or_a_functions() {
        let iam = iam(Vec::new(), None);
        let key = Iam::key_of("ROOT", "ShareFunction");
        assert_eq!(iam.function(&key), Some("ShareFunction"));
        assert!(iam.knows("ROOT") && iam.function("ROOT").is_none());
        for unknown in ["ROOT.", "ROOT.Other", "ROOTShareFunction", "OTHER.ShareFunction", ""] {
            assert!(!iam.knows(unknown), "{unknown}");
        }
    }

    #[test]
    fn an_action_and_a_resource_must_both_be_granted() {
        let iam = iam(vec![statement("Read", "s3:GetObject", "arn:aws:s3:::b/videos/*")], None);
        assert!(iam.allows("ShareFunction", &request("s3:GetObject", "arn:aws:s3:::b/videos/a/b.mp4")));
        assert!(!iam.allows("ShareFunction", &request("s3:PutObject", "arn:aws:s3:::b/videos/a")));
        assert!(!iam.allows("ShareFunction", &request("s3:GetObject", "arn:aws:s3:::b/video")));
        assert!(!iam.allows("OtherFunction", &request("s3:GetObject", "arn:aws:s3:::b/videos/a")));
    }

    #[test]
    fn every_leading_key_must_fit_and_none_is_no_obstacle() {
        let count = statement("Count", "dynamodb:UpdateItem", "t");
        let iam = iam(vec![when(count, ConditionKey::LeadingKeys, &["limit#*", "mail#*"])], None);
        let asked = |keys: &[&str]| {
            let leading_keys = keys.iter().map(|key| (*key).to_owned()).collect();
            iam.allows("ShareFunction", &Request { leading_keys, ..request("dynamodb:UpdateItem", "t") })
        };
        assert!(asked(&["limit#a", "mail#b"]) && asked(&[]));
        assert!(!asked(&["limit#a", "job#b"]) && !asked(&["job#limit#"]));
    }

    #[test]
    fn a_prefix_must_fit_if_there_is_one() {
        let list = statement("List", "s3:ListBucket", "b");
        let iam = iam(vec![when(list, ConditionKey::Prefix, &["outbox/*"])], None);
        let asked = |prefix: Option<&str>| {
            let prefix = prefix.map(str::to_owned);
            iam.allows("ShareFunction", &Request { prefix, ..request("s3:ListBucket", "b") })
        };
        assert!(asked(None) && asked(Some("outbox/")));
        assert!(!asked(Some("")) && !asked(Some("videos/")));
    }

    #[test]
    fn the_record_tells_which_grants_are_used_and_what_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let write = when(statement("Write", "a:Put", "r/*"), ConditionKey::LeadingKeys, &["x#*", "y#*"]);
        let policy = vec![write, statement("Needless", "a:Put", "r/1")];
        let iam = iam(policy.clone(), Some(file.path()));
        let put = Request { leading_keys: vec!["x#1".to_owned()], ..request("a:Put", "r/1") };
        assert!(iam.allows("ShareFunction", &put) && iam.allows("ShareFunction", &put));
        assert!(!iam.allows("ShareFunction", &request("a:Get", "r/1")));
        let grant = |sid, what, on| Grant::new("ShareFunction", sid, what, on);
        let expected = [
            grant("Write", "a:Put", "r/*"),
            grant("Write", "dynamodb:LeadingKeys", "x#*"),
            grant("Write", "dynamodb:LeadingKeys", "y#*"),
            grant("Needless", "a:Put", "r/1"),
        ];
        assert_eq!(granted(&function(policy)), expected);
        let expected = [
            Line::Used(grant("Write", "a:Put", "r/*")),
            Line::Used(grant("Write", "dynamodb:LeadingKeys", "x#*")),
            Line::Refused {
                function: "ShareFunction".to_owned(),
                action: "a:Get".to_owned(),
                resource: "r/1".to_owned(),
            },
        ];
        let text = std::fs::read_to_string(file.path()).expect("a record");
        let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
        assert_eq!(lines, expected);
    }
}
