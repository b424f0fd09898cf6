//! Resources of the template, one function a kind.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{
    attributes,
    model::{Bucket, CorsRule, CustomResource, Expiration, Function, Table},
    node::Node,
    policies,
    resolve::{Resolver, scalar_text},
};

/// Kinds that run code or answer requests and are not here would leave a hole that nobody sees; other kinds have no
/// effect on a laptop.
pub(super) fn unsimulated(kind: &str, name: &str, file: &str) -> Result<()> {
    let matters = kind.starts_with("AWS::Serverless::") && kind != "AWS::Serverless::LayerVersion";
    if matters || kind == "AWS::Lambda::Function" || kind == "AWS::CloudFormation::CustomResource" {
        bail!("{file}: Resources.{name} is a {kind}, which the local cloud does not simulate");
    }
    Ok(())
}

pub(super) fn function(name: &str, definition: &Value, node: &Node<'_>) -> Result<Function> {
    node.refuse(&["FunctionUrlConfig", "ImageUri", "InlineCode", "DurableConfig"])?;
    let runtime = node.get("Runtime").text()?;
    if !runtime.starts_with("provided.") {
        bail!("{}: {}.Runtime is {runtime}; the local cloud runs provided.al2023", node.file, node.path);
    }
    let binary = definition["Metadata"]["BuildProperties"]["Binary"].as_str().with_context(|| {
        format!("{}: Resources.{name}.Metadata.BuildProperties.Binary must name the function's program", node.file)
    })?;
    let mut environment = BTreeMap::new();
    for (key, value) in node.get("Environment").get("Variables").entries()? {
        environment.insert(key, value.text()?);
    }
    let invoke = node.get("EventInvokeConfig");
    invoke.refuse(&["DestinationConfig"])?;
    let timeout = node.get("Timeout").optional_number()?.unwrap_or(3);
    Ok(Function {
        name: name.to_owned(),
        binary: binary.to_owned(),
        timeout: Duration::from_secs(timeout.into()),
        memory_mib: node.get("MemorySize").optional_number()?.unwrap_or(128),
        environment,
        reserved_concurrency: node.get("ReservedConcurrentExecutions").optional_number()?,
        retry_attempts: invoke.get("MaximumRetryAttempts").optional_number()?.unwrap_or(2),
        dead_letter_queue: dead_letter_queue(&node.get("DeadLetterQueue"))?,
        policy: policies::read(&node.get("Policies"))?,
    })
}

fn dead_letter_queue(node: &Node<'_>) -> Result<Option<String>> {
    if !node.exists() {
        return Ok(None);
    }
    let kind = node.get("Type").text()?;
    if kind != "SQS" {
        bail!("{}: {}.Type is {kind}; the local cloud keeps dead letters of SQS only", node.file, node.path);
    }
    let arn = node.get("TargetArn").text()?;
    Ok(arn.rsplit(':').next().map(str::to_owned))
}

pub(super) fn http_api(node: &Node<'_>) -> Result<()> {
    node.refuse(&["Auth", "CorsConfiguration", "DefinitionBody", "DefinitionUri", "StageName"])
}

pub(super) fn bucket(resolver: &Resolver<'_>, name: &str, definition: &Value, node: &Node<'_>) -> Result<Bucket> {
    node.refuse(&["WebsiteConfiguration", "NotificationConfiguration", "VersioningConfiguration"])?;
    let mut cors = Vec::new();
    for rule in node.get("CorsConfiguration").get("CorsRules").items() {
        cors.push(CorsRule {
            allowed_methods: rule.get("AllowedMethods").texts()?,
            allowed_origins: rule.get("AllowedOrigins").texts()?,
            allowed_headers: rule.get("AllowedHeaders").texts()?,
            exposed_headers: rule.get("ExposedHeaders").texts()?,
            max_age_seconds: rule.get("MaxAge").optional_number()?,
        });
    }
    let (mut abort_after, mut expirations) = (None, Vec::new());
    for rule in node.get("LifecycleConfiguration").get("Rules").items() {
        if rule.get("Status").text()? != "Enabled" {
            continue;
        }
        if let Some(days) = rule.get("AbortIncompleteMultipartUpload").get("DaysAfterInitiation").optional_number()? {
            abort_after = Some(Duration::from_secs(u64::from(days) * 86400));
        }
        if let Some(days) = rule.get("ExpirationInDays").optional_number()? {
            expirations.push(Expiration { prefix: rule.get("Prefix").optional_text()?.unwrap_or_default(), days });
        }
    }
    Ok(Bucket {
        name: attributes::reference(resolver, name, definition, &node.path)?,
        cors,
        abort_incomplete_after: abort_after,
        expirations,
    })
}

pub(super) fn table(resolver: &Resolver<'_>, name: &str, definition: &Value, node: &Node<'_>) -> Result<Table> {
    node.refuse(&["GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification"])?;
    let (mut hash_key, mut range_key) = (None, None);
    for key in node.get("KeySchema").items() {
        let attribute = key.get("AttributeName").text()?;
        match key.get("KeyType").text()?.as_str() {
            "HASH" => hash_key = Some(attribute),
            "RANGE" => range_key = Some(attribute),
            other => bail!("{}: {}.KeyType is {other}; DynamoDB knows HASH and RANGE", key.file, key.path),
        }
    }
    let mut attributes = Vec::new();
    for attribute in node.get("AttributeDefinitions").items() {
        attributes.push((attribute.get("AttributeName").text()?, attribute.get("AttributeType").text()?));
    }
    let ttl = node.get("TimeToLiveSpecification");
    let ttl_attribute = if ttl.get("Enabled").flag(false)? { Some(ttl.get("AttributeName").text()?) } else { None };
    Ok(Table {
        name: attributes::reference(resolver, name, definition, &node.path)?,
        hash_key: hash_key.with_context(|| format!("{}: {}.KeySchema has no HASH key", node.file, node.path))?,
        range_key,
        attributes,
        ttl_attribute,
    })
}

pub(super) fn custom(name: &str, kind: &str, node: &Node<'_>) -> Result<CustomResource> {
    let token = node.get("ServiceToken").text()?;
    Ok(CustomResource {
        name: name.to_owned(),
        kind: kind.to_owned(),
        function: token.rsplit(':').next().unwrap_or(&token).to_owned(),
        properties: texts(node.value),
    })
}

/// CloudFormation sends every scalar of a custom resource's properties as a text.
fn texts(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), texts(value))).collect()),
        scalar => scalar_text(scalar).map_or(Value::Null, Value::String),
    }
}
