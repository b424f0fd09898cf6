//! What `Ref` and `Fn::GetAtt` give for the resources that exist locally.

use anyhow::Result;
use serde_json::Value;

use super::resolve::{Resolver, scalar_text};

/// The account that everything belongs to, as in AWS's own examples of emulators.
pub const ACCOUNT_ID: &str = "000000000000";
/// Region of the local cloud.
pub const REGION: &str = "us-east-1";
/// Name of the stack.
pub const STACK_NAME: &str = "capstan";

/// Id of the stack, as CloudFormation writes it.
#[must_use]
pub fn stack_id() -> String {
    format!("arn:aws:cloudformation:{REGION}:{ACCOUNT_ID}:stack/{STACK_NAME}/local")
}

/// A function's ARN.
#[must_use]
pub fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{name}")
}

/// A bucket's ARN.
#[must_use]
pub fn bucket_arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// A DynamoDB table's ARN.
#[must_use]
pub fn table_arn(name: &str) -> String {
    format!("arn:aws:dynamodb:{REGION}:{ACCOUNT_ID}:table/{name}")
}

pub(super) fn pseudo_parameter(name: &str) -> Option<String> {
    Some(match name {
        "AWS::AccountId" => ACCOUNT_ID.to_owned(),
        "AWS::Region" => REGION.to_owned(),
        "AWS::StackName" => STACK_NAME.to_owned(),
        "AWS::StackId" => stack_id(),
        "AWS::Partition" => "aws".to_owned(),
        "AWS::URLSuffix" => "amazonaws.com".to_owned(),
        _ => return None,
    })
}

/// SAM's `Function.Version` and `Function.Alias`, which exist with `AutoPublishAlias`.
pub(super) fn sam_reference(name: &str, definition: &Value, suffix: &str) -> Option<String> {
    let alias = definition["Properties"]["AutoPublishAlias"].as_str()?;
    match suffix {
        "Version" => Some(format!("{}:1", function_arn(name))),
        "Alias" => Some(format!("{}:{alias}", function_arn(name))),
        _ => None,
    }
}

/// The name a resource has, given or made from the stack's.
pub(super) fn physical_name(
    resolver: &Resolver<'_>,
    name: &str,
    definition: &Value,
    property: &str,
    path: &str,
) -> Result<String> {
    let given = &definition["Properties"][property];
    if given.is_null() {
        return Ok(format!("{STACK_NAME}-{name}"));
    }
    let resolved = resolver.required(given, path)?;
    Ok(scalar_text(&resolved).unwrap_or_default())
}

pub(super) fn reference(resolver: &Resolver<'_>, name: &str, definition: &Value, path: &str) -> Result<String> {
    let physical = |property| physical_name(resolver, name, definition, property, path);
    Ok(match definition["Type"].as_str().unwrap_or_default() {
        "AWS::S3::Bucket" => physical("BucketName")?.to_lowercase(),
        "AWS::DynamoDB::Table" => physical("TableName")?,
        "AWS::SQS::Queue" => queue_url(&physical("QueueName")?),
        "AWS::Logs::LogGroup" => physical("LogGroupName")?,
        // Secrets Manager adds six characters of its own.
        "AWS::SecretsManager::Secret" => {
            format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:{}-local0", physical("Name")?)
        }
        "AWS::Serverless::HttpApi" => "local".to_owned(),
        "AWS::Serverless::LayerVersion" => format!("arn:aws:lambda:{REGION}:{ACCOUNT_ID}:layer:{name}:1"),
        _ => name.to_owned(),
    })
}

pub(super) fn attribute(
    resolver: &Resolver<'_>,
    name: &str,
    definition: &Value,
    attribute: &str,
    path: &str,
) -> Result<Option<String>> {
    let kind = definition["Type"].as_str().unwrap_or_default();
    let physical = |property| physical_name(resolver, name, definition, property, path);
    Ok(Some(match (kind, attribute) {
        ("AWS::Serverless::Function", "Arn") => function_arn(name),
        ("AWS::S3::Bucket", "Arn") => bucket_arn(&physical("BucketName")?.to_lowercase()),
        ("AWS::DynamoDB::Table", "Arn") => table_arn(&physical("TableName")?),
        ("AWS::SQS::Queue", "Arn") => format!("arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{}", physical("QueueName")?),
        ("AWS::SQS::Queue", "QueueName") => physical("QueueName")?,
        ("AWS::SQS::Queue", "QueueUrl") => queue_url(&physical("QueueName")?),
        ("AWS::Logs::LogGroup", "Arn") => {
            format!("arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:{}:*", physical("LogGroupName")?)
        }
        ("AWS::Serverless::HttpApi", "ApiEndpoint") => resolver.api_endpoint.to_owned(),
        _ => return Ok(None),
    }))
}

fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/{name}")
}
