//! The embedded DynamoDB.

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    types::{AttributeValue, ReturnValue},
};
use local::{
    dynamo::serve,
    iam::Iam,
    template::{Condition, ConditionKey, Statement, Table, table_arn},
};
use std::{path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;

use crate::{function, statement};

fn table() -> Table {
    Table {
        name: "ledger".to_owned(),
        hash_key: "pk".to_owned(),
        range_key: None,
        attributes: vec![("pk".to_owned(), "S".to_owned())],
        ttl_attribute: Some("expires_at".to_owned()),
    }
}

async fn start(path: Option<&Path>, stop: &CancellationToken) -> Client {
    start_as("key", Vec::new(), path, stop).await
}

/// A client with an access key, where the function's policy is this.
async fn start_as(key: &str, policy: Vec<Statement>, path: Option<&Path>, stop: &CancellationToken) -> Client {
    let iam = Arc::new(Iam::new("key", &[function(policy)], None).expect("policies"));
    let address = serve(path.map(Path::to_owned), &[table()], iam, 0, stop.clone()).await.expect("DynamoDB");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .endpoint_url(format!("http://{address}"));
    Client::from_conf(config.build())
}

#[tokio::test]
async fn a_conditional_update_takes_a_lease_once() {
    let stop = CancellationToken::new();
    let client = start(None, &stop).await;
    let take = |owner: &str| {
        client
            .update_item()
            .table_name("ledger")
            .key("pk", AttributeValue::S("job#1".to_owned()))
            .update_expression(
                "SET #owner = :owner, attempt = if_not_exists(attempt, :zero) + :one, expires_at = :until",
            )
            .condition_expression("attribute_not_exists(pk) OR expires_at < :now")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_owned()))
            .expression_attribute_values(":zero", AttributeValue::N("0".to_owned()))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":until", AttributeValue::N("200".to_owned()))
            .expression_attribute_values(":now", AttributeValue::N("100".to_owned()))
            .return_values(ReturnValue::AllNew)
            .send()
    };
    let taken = take("first").await.expect("the lease").attributes.expect("the item");
    assert_eq!(taken["attempt"], AttributeValue::N("1".to_owned()));
    let error = take("second").await.expect_err("taken").into_service_error();
    assert!(error.is_conditional_check_failed_exception(), "{error:?}");
    stop.cancel();
}

#[tokio::test]
async fn a_function_may_what_its_policy_grants_and_nothing_else() {
    let mut count = statement("Count", &["dynamodb:PutItem"], &[&table_arn("ledger")]);
    count.conditions = vec![Condition { key: ConditionKey::LeadingKeys, patterns: vec!["limit#*".to_owned()] }];
    let stop = CancellationToken::new();
    let client = start_as("key.Function", vec![count], None, &stop).await;
    let key = |key: &str| AttributeValue::S(key.to_owned());
    let put = |item: &str| client.put_item().table_name("ledger").item("pk", key(item)).send();
    put("limit#a").await.expect("granted");
    let refused = put("job#a").await.expect_err("another key").into_service_error();
    assert_eq!(refused.code(), Some("AccessDeniedException"), "{refused:?}");
    let expected = "Function is not authorized to perform: dynamodb:PutItem on resource: arn:aws:dynamodb:";
    assert!(refused.message().is_some_and(|message| message.contains(expected)), "{refused:?}");
    let refused = client.get_item().table_name("ledger").key("pk", key("limit#a")).send().await;
    assert_eq!(refused.expect_err("another action").into_service_error().code(), Some("AccessDeniedException"));
    let refused = client.scan().table_name("ledger").send().await;
    assert_eq!(refused.expect_err("an unknown action").into_service_error().code(), Some("AccessDeniedException"));
    stop.cancel();
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let stop = CancellationToken::new();
    let client = start_as("key.Nobody", Vec::new(), None, &stop).await;
    let refused = client.list_tables().send().await.expect_err("unknown").into_service_error();
    assert_eq!(refused.code(), Some("UnrecognizedClientException"), "{refused:?}");
    stop.cancel();
}

#[tokio::test]
async fn tables_and_items_are_kept_and_items_have_an_expiry() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("dynamodb.sqlite");
    let stop = CancellationToken::new();
    let client = start(Some(&path), &stop).await;
    let key = || AttributeValue::S("kept".to_owned());
    client.put_item().table_name("ledger").item("pk", key()).send().await.expect("an item");
    let expiry = client.describe_time_to_live().table_name("ledger").send().await.expect("an answer");
    let expiry = expiry.time_to_live_description.expect("an expiry");
    assert_eq!(expiry.attribute_name.as_deref(), Some("expires_at"));
    stop.cancel();

    let stop = CancellationToken::new();
    let client = start(Some(&path), &stop).await;
    let found = client.get_item().table_name("ledger").key("pk", key()).send().await.expect("an answer");
    assert!(found.item.is_some());
    stop.cancel();
}
