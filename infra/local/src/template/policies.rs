//! `Policies` of functions: what each may do. What cannot be checked here is refused by name, since a grant that is not
//! understood would be one that nobody sees.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use super::{
    model::{Condition, ConditionKey, Statement},
    node::Node,
};

/// The statements of all policies of a function.
pub(super) fn read(node: &Node<'_>) -> Result<Vec<Statement>> {
    let (mut statements, mut sids) = (Vec::new(), BTreeSet::new());
    for document in node.items() {
        if !document.get("Statement").exists() {
            bail!(
                "{}: {} has no Statement; the local cloud knows neither managed policies nor SAM's policy templates",
                document.file,
                document.path
            );
        }
        known(&document, &["Version", "Statement"])?;
        for item in document.get("Statement").items() {
            let statement = statement(&item)?;
            if !sids.insert(statement.sid.clone()) {
                bail!("{}: {}.Sid is {}, which another statement has", item.file, item.path, statement.sid);
            }
            statements.push(statement);
        }
    }
    Ok(statements)
}

fn statement(node: &Node<'_>) -> Result<Statement> {
    known(node, &["Sid", "Effect", "Action", "Resource", "Condition"])?;
    let effect = node.get("Effect");
    if effect.text()? != "Allow" {
        bail!("{}: {} is {}; the local cloud knows Allow", effect.file, effect.path, effect.text()?);
    }
    Ok(Statement {
        sid: node.get("Sid").text()?,
        actions: named(&node.get("Action"), |action| action.contains(['*', '?']))?,
        resources: named(&node.get("Resource"), |resource| resource == "*")?,
        conditions: conditions(&node.get("Condition"))?,
    })
}

/// Least privilege is told by names: an action with an asterisk grants what nobody has thought of.
fn named(node: &Node<'_>, starred: impl Fn(&str) -> bool) -> Result<Vec<String>> {
    let texts = node.texts()?;
    if texts.is_empty() {
        bail!("{}: {} is missing", node.file, node.path);
    }
    match texts.iter().find(|text| starred(text)) {
        Some(text) => bail!("{}: {} has {text}: name each that the function needs", node.file, node.path),
        None => Ok(texts),
    }
}

fn conditions(node: &Node<'_>) -> Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    for (operator, keys) in node.entries()? {
        for (key, patterns) in keys.entries()? {
            let key = match (operator.as_str(), key.as_str()) {
                ("ForAllValues:StringLike", "dynamodb:LeadingKeys") => ConditionKey::LeadingKeys,
                ("StringLikeIfExists", "s3:prefix") => ConditionKey::Prefix,
                _ => bail!("{}: {} is a condition that the local cloud cannot check", patterns.file, patterns.path),
            };
            conditions.push(Condition { key, patterns: patterns.texts()? });
        }
    }
    Ok(conditions)
}

fn known(node: &Node<'_>, names: &[&str]) -> Result<()> {
    match node.entries()?.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        Some((name, _)) => bail!("{}: {} has {name}, which the local cloud does not know", node.file, node.path),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(policies: &Value) -> Result<Vec<Statement>> {
        read(&Node { value: policies, path: "Policies".to_owned(), file: "template.yaml" })
    }

    fn with(change: impl FnOnce(&mut Value)) -> Value {
        let mut statement =
            json!({ "Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" });
        change(&mut statement);
        json!([{ "Version": "2012-10-17", "Statement": [statement] }])
    }

    #[test]
    fn statements_are_read_with_one_action_or_several() {
        let prefix = json!({ "StringLikeIfExists": { "s3:prefix": "outbox/*" } });
        let read = parse(&with(|statement| statement["Condition"] = prefix)).expect("statements");
        assert_eq!(read[0].actions, ["s3:GetObject"]);
        let condition = Condition { key: ConditionKey::Prefix, patterns: vec!["outbox/*".to_owned()] };
        assert_eq!(read[0].conditions, [condition]);
        let read = parse(&with(|statement| statement["Action"] = json!(["s3:GetObject", "s3:PutObject"])));
        assert_eq!(read.expect("statements")[0].actions.len(), 2);
        assert!(parse(&Value::Null).expect("no statements").is_empty());
    }

    #[test]
    fn what_cannot_be_checked_is_refused_by_name_and_place() {
        for (policies, expected) in [
            (with(|statement| statement["Action"] = json!("s3:*")), "Policies[0].Statement[0].Action has s3:*"),
            (
                with(|statement| statement["Action"] = json!(["s3:GetObject", "s3:Put?bject"])),
                "Action has s3:Put?bject",
            ),
            (with(|statement| statement["Action"] = Value::Null), "Policies[0].Statement[0].Action is missing"),
            (with(|statement| statement["Resource"] = json!("*")), "Policies[0].Statement[0].Resource has *"),
            (with(|statement| statement["Effect"] = json!("Deny")), "Policies[0].Statement[0].Effect is Deny"),
            (with(|statement| statement["Sid"] = Value::Null), "Policies[0].Statement[0].Sid is missing"),
            (
                with(|statement| statement["NotAction"] = json!("s3:GetObject")),
                "Policies[0].Statement[0] has NotAction",
            ),
            (
                with(|statement| statement["Condition"] = json!({ "StringEquals": { "s3:prefix": "a" } })),
                "Policies[0].Statement[0].Condition.StringEquals.s3:prefix is a condition that",
            ),
            (json!(["AmazonS3ReadOnlyAccess"]), "Policies[0] has no Statement"),
            (json!([{ "S3ReadPolicy": { "BucketName": "b" } }]), "Policies[0] has no Statement"),
        ] {
            let message = parse(&policies).expect_err("a refusal").to_string();
            assert!(message.starts_with("template.yaml: ") && message.contains(expected), "{message}");
        }
        let twice = json!([with(|_| ())[0], with(|_| ())[0]]);
        assert!(parse(&twice).expect_err("a refusal").to_string().contains("Sid is Read, which another statement has"));
    }
}
