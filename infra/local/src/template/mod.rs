//! `template.yaml` as the local cloud runs it. What the template says and nothing here acts on is refused by name,
//! unless it has no effect on a laptop (alarms, log groups, layers).

mod attributes;
mod events;
#[cfg(test)]
mod foreign_tests;
mod globals;
mod model;
mod node;
mod parameters;
mod policies;
mod resolve;
mod resources;
mod secrets;
#[cfg(test)]
mod secrets_tests;
#[cfg(test)]
mod tests;
mod value;

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub use attributes::{ACCOUNT_ID, REGION, STACK_NAME, bucket_arn, function_arn, stack_id, table_arn};
pub use model::{
    Bucket, Condition, ConditionKey, CorsRule, CustomResource, Expiration, Function, Method, ObjectTrigger, Route,
    Schedule, Statement, Table, Template,
};

pub use value::parse as yaml;

use node::Node;
use resolve::Resolver;

/// What a deployment gives the template.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Values of parameters by name; the others keep their defaults.
    pub parameters: BTreeMap<String, String>,
    /// Address of the API, which `!GetAtt HttpApi.ApiEndpoint` gives.
    pub api_endpoint: String,
    /// Secrets that an earlier deployment generated, by logical id.
    pub secrets: BTreeMap<String, String>,
}

impl Template {
    /// Reads a template file. Errors name the file, the place in it and what is not known there.
    pub fn load(path: &Path, inputs: &Inputs) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("Cannot read the template {}", path.display()))?;
        let file =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        Self::parse(&text, &file, inputs)
    }

    /// Reads a template's text; `file` is its name in errors.
    pub fn parse(text: &str, file: &str, inputs: &Inputs) -> Result<Self> {
        let source = globals::apply(value::parse(text, file)?);
        let parameters = parameters::read(&source, &inputs.parameters, file)?;
        let mut resolver = Resolver {
            template: &source,
            parameters,
            file,
            api_endpoint: &inputs.api_endpoint,
            secrets: BTreeMap::new(),
        };
        let mut template = Self::default();
        let Some(resources) = source["Resources"].as_object() else { bail!("{file} has no Resources") };
        for (name, definition) in resources {
            if definition["Type"] == secrets::KIND && wanted(&resolver, name, definition)? {
                let secret = secrets::read(&resolver, name, definition, inputs.secrets.get(name))?;
                if secret.generated {
                    template.secrets.insert(name.clone(), secret.value.clone());
                }
                resolver.secrets.insert(secret.id, secret.value);
            }
        }
        for (name, definition) in resources {
            if wanted(&resolver, name, definition)? {
                add(&mut template, &resolver, name, definition)?;
            }
        }
        check_references(&template, file)?;
        Ok(template)
    }
}

fn wanted(resolver: &Resolver<'_>, name: &str, definition: &Value) -> Result<bool> {
    match definition["Condition"].as_str() {
        Some(condition) => resolver.condition(condition, &format!("Resources.{name}.Condition"), 0),
        None => Ok(true),
    }
}

/// Properties that only AWS acts on, such as what is laid over a function's file system.
const WITHOUT_LOCAL_EFFECT: [&str; 2] = ["Layers", "Tags"];

fn add(template: &mut Template, resolver: &Resolver<'_>, name: &str, definition: &Value) -> Result<()> {
    let kind = definition["Type"].as_str().unwrap_or_default();
    let simulated = matches!(
        kind,
        "AWS::Serverless::Function" | "AWS::Serverless::HttpApi" | "AWS::S3::Bucket" | "AWS::DynamoDB::Table"
    );
    if !simulated && !kind.starts_with("Custom::") {
        return resources::unsimulated(kind, name, resolver.file);
    }
    let path = format!("Resources.{name}.Properties");
    let mut properties = definition["Properties"].clone();
    if let Some(map) = properties.as_object_mut() {
        map.retain(|key, _| !WITHOUT_LOCAL_EFFECT.contains(&key.as_str()));
    }
    let properties = secrets::fill_in(resolver, resolver.required(&properties, &path)?, &path)?;
    let node = Node { value: &properties, path, file: resolver.file };
    match kind {
        "AWS::Serverless::Function" => {
            template.functions.push(resources::function(name, definition, &node)?);
            events::add(template, name, &node.get("Events"))?;
        }
        "AWS::Serverless::HttpApi" => resources::http_api(&node)?,
        "AWS::S3::Bucket" => template.buckets.push(resources::bucket(resolver, name, definition, &node)?),
        "AWS::DynamoDB::Table" => template.tables.push(resources::table(resolver, name, definition, &node)?),
        _ => template.custom_resources.push(resources::custom(name, kind, &node)?),
    }
    Ok(())
}

fn check_references(template: &Template, file: &str) -> Result<()> {
    for trigger in &template.object_triggers {
        if !template.buckets.iter().any(|bucket| bucket.name == trigger.bucket) {
            bail!(
                "{file}: {} waits for objects in {}, which is not a bucket of the template",
                trigger.function,
                trigger.bucket
            );
        }
    }
    for resource in &template.custom_resources {
        if !template.functions.iter().any(|function| function.name == resource.function) {
            bail!("{file}: Resources.{}.Properties.ServiceToken is not a function of the template", resource.name);
        }
    }
    let mut routes: Vec<String> = template.routes.iter().map(Route::key).collect();
    routes.sort();
    match routes.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => bail!("{file}: the route {} is given twice", pair[0]),
        None => Ok(()),
    }
}
