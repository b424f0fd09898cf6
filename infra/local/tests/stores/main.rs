//! The stores of the local cloud, each through the client that the functions use.

mod dynamo;
mod mail;
mod mysql;
mod s3;

use std::{collections::BTreeMap, time::Duration};

use local::template::{Function, Statement};

/// A function with a policy, for what asks who may what.
fn function(policy: Vec<Statement>) -> Function {
    Function {
        name: "Function".to_owned(),
        binary: "echo".to_owned(),
        timeout: Duration::from_secs(3),
        memory_mib: 128,
        environment: BTreeMap::new(),
        reserved_concurrency: None,
        retry_attempts: 2,
        dead_letter_queue: None,
        policy,
    }
}

fn statement(sid: &str, actions: &[&str], resources: &[&str]) -> Statement {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Statement { sid: sid.to_owned(), actions: texts(actions), resources: texts(resources), conditions: Vec::new() }
}
