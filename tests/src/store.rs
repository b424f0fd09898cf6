//! The objects and leases themselves.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};

use common::objects::keys;

use crate::cloud::{Cloud, cloud};

/// A client for the media bucket, with the keys that the functions have.
#[must_use]
pub fn s3() -> Client {
    s3_of(cloud())
}

/// The same of another cloud.
#[must_use]
pub fn s3_of(cloud: &Cloud) -> Client {
    let ready = &cloud.ready;
    match &ready.foreign_s3 {
        Some(foreign) => {
            client(&ready.s3_endpoint, &foreign.region, &foreign.access_key_id, &foreign.secret_access_key)
        }
        None => own_s3(cloud),
    }
}

fn own_s3(cloud: &Cloud) -> Client {
    let ready = &cloud.ready;
    client(&ready.own_s3.endpoint, "us-east-1", &ready.access_key_id, &ready.secret_access_key)
}

/// An S3 client.
#[must_use]
pub fn client(endpoint: &str, region: &str, access_key_id: &str, secret_access_key: &str) -> Client {
    let keys = Credentials::new(access_key_id, secret_access_key, None, None, "tests");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(keys);
    Client::from_conf(config.build())
}

/// Whom to ask for the object at a key, and in which bucket.
fn place(key: &str) -> (Client, &'static str) {
    let ready = &cloud().ready;
    if keys::is_work(key) { (own_s3(cloud()), &ready.own_s3.bucket) } else { (s3(), &ready.bucket) }
}

/// Keys of all objects of a video, in whichever bucket.
pub async fn keys_of(video: &str) -> Vec<String> {
    let ready = &cloud().ready;
    let mut places = vec![(s3(), &ready.bucket)];
    if ready.foreign_s3.is_some() {
        places.push((own_s3(cloud()), &ready.own_s3.bucket));
    }
    let mut keys = Vec::new();
    for (client, bucket) in places {
        let mut pages = client.list_objects_v2().bucket(bucket).into_paginator().send();
        while let Some(page) = pages.next().await {
            let objects = page.expect("a listing").contents.unwrap_or_default();
            keys.extend(objects.into_iter().filter_map(|object| object.key).filter(|key| key.contains(video)));
        }
    }
    keys
}

/// Keys of a video's upload and of what was published of it, without jobs and what is derived afterwards.
pub async fn published_keys_of(video: &str) -> Vec<String> {
    let afterwards = ["jobs/".to_owned(), format!("thumbnails/{video}/"), format!("videos/processed/{video}/hls/")];
    let mut keys = keys_of(video).await;
    keys.retain(|key| !afterwards.iter().any(|prefix| key.starts_with(prefix)));
    keys
}

/// Content of an object.
pub async fn content(key: &str) -> Vec<u8> {
    let (s3, bucket) = place(key);
    let got = s3.get_object().bucket(bucket).key(key).send().await.expect("an object");
    got.body.collect().await.expect("its content").to_vec()
}

/// Stores an object.
pub async fn store(key: &str, content: Vec<u8>) {
    let (s3, bucket) = place(key);
    s3.put_object().bucket(bucket).key(key).body(content.into()).send().await.expect("stored");
}

/// ETag of an object, if it is there.
pub async fn e_tag(key: &str) -> Option<String> {
    let (s3, bucket) = place(key);
    let head = s3.head_object().bucket(bucket).key(key).send().await.ok()?;
    head.e_tag.map(|e_tag| e_tag.trim_matches('"').to_owned())
}

/// When an object was stored, in seconds since the epoch.
pub async fn stored_at(key: &str) -> i64 {
    let (s3, bucket) = place(key);
    let head = s3.head_object().bucket(bucket).key(key).send().await.expect("an object");
    head.last_modified.expect("a time").secs()
}

/// Now, in whole seconds since the epoch.
#[must_use]
pub fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("before the end of time")
}

/// The event S3 sends for an object at `key` (AWS documentation: "Event message structure").
#[must_use]
pub fn created_event(key: &str, e_tag: &str) -> serde_json::Value {
    let bucket = &cloud().ready.bucket;
    serde_json::json!({ "Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1",
        "eventTime": "2026-01-31T12:00:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": { "principalId": "AWS:TEST" }, "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": "1", "x-amz-id-2": "2" },
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "test",
            "bucket": { "name": bucket, "ownerIdentity": { "principalId": "TEST" }, "arn": format!("arn:aws:s3:::{bucket}") },
            "object": { "key": key, "size": 1, "eTag": e_tag, "sequencer": "0055AED6DCD90281E5" },
        },
    }] })
}

/// Lets the time of a video's lease run out.
pub async fn expire_lease(video: &str) {
    let update = lease(video)
        .await
        .update_expression("SET lease_until = :past")
        .expression_attribute_values(":past", AttributeValue::N("0".to_owned()));
    update.send().await.expect("a lease");
}

/// True when the attempt that held a video's lease has given it back.
pub async fn lease_is_over(video: &str) -> bool {
    let (client, table) = ledger().await;
    let key = AttributeValue::S(format!("video#{video}"));
    let got =
        client.get_item().table_name(table).key("pk", key).consistent_read(true).send().await.expect("the ledger");
    got.item.is_some_and(|item| item.get("lease_until") == Some(&AttributeValue::N("0".to_owned())))
}

/// Takes a video's lease as a newer attempt does, whoever holds it.
pub async fn take_lease(video: &str) {
    let update = lease(video)
        .await
        .update_expression("SET attempt = attempt + :one, holder = :newer")
        .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
        .expression_attribute_values(":newer", AttributeValue::S("newer".to_owned()));
    update.send().await.expect("a lease");
}

/// Lets the ledger know of another upload than the newest one.
pub async fn forget_source(video: &str) {
    let update = lease(video)
        .await
        .update_expression("SET #source = :older")
        .expression_attribute_names("#source", "source")
        .expression_attribute_values(":older", AttributeValue::S("older".to_owned()));
    update.send().await.expect("a lease");
}

/// Takes a video's lease away, as its expiry after months does.
pub async fn forget_lease(video: &str) {
    forget(&format!("video#{video}")).await;
}

/// The same of the lease on what is derived from it.
pub async fn forget_deriving(video: &str) {
    forget(&format!("derive#{video}")).await;
}

async fn forget(key: &str) {
    let (client, table) = ledger().await;
    let key = AttributeValue::S(key.to_owned());
    client.delete_item().table_name(table).key("pk", key).send().await.expect("a lease");
}

/// A change to a video's lease, which must be there.
async fn lease(video: &str) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
    let (client, table) = ledger().await;
    let update = client.update_item().table_name(table).key("pk", AttributeValue::S(format!("video#{video}")));
    update.condition_expression("attribute_exists(pk)")
}

/// Lets a local cloud believe that it encodes slowly, so that it shares out what a fast machine would do at once.
pub async fn encodes_slowly(cloud: &Cloud) {
    let (client, table) = ledger_of(cloud).await;
    let number = |number: u64| AttributeValue::N(number.to_string());
    // Speeds are remembered by what FFmpeg may take of the transcode function's memory: all of the template's 3008 MiB but 384.
    let key = AttributeValue::S(format!("speed#{}", (3008_u64 - 384) << 20));
    let put = client.put_item().table_name(table).item("pk", key).item("pixels_per_second", number(40_000_000));
    put.item("expires_at", number(u64::from(u32::MAX))).send().await.expect("the ledger");
}

/// All that is in a cloud's ledger, as text.
pub async fn everything(cloud: &Cloud) -> String {
    let (client, table) = ledger_of(cloud).await;
    let mut pages = client.scan().table_name(table).into_paginator().send();
    let mut text = String::new();
    while let Some(page) = pages.next().await {
        text.push_str(&format!("{:?}", page.expect("a page").items));
    }
    text
}

/// Lets the ledger forget a day's counts of a video's views.
pub async fn forget_views(video: &str, day: i64) {
    forget(&format!("views#{video}#{day}")).await;
}

/// Lets a day's counts of a video's views be what nothing can be added to.
pub async fn spoil_views(video: &str, day: i64) {
    let (client, table) = ledger().await;
    let put = client.put_item().table_name(table).item("pk", AttributeValue::S(format!("views#{video}#{day}")));
    put.item("viewers", AttributeValue::S("many".to_owned())).send().await.expect("the ledger");
}

/// Lets what a cloud keeps to be forwarded, and how far it has forwarded, look as if it had been so for some minutes.
pub async fn age_events(cloud: &Cloud, minutes: i64) {
    let (client, table) = ledger_of(cloud).await;
    let all = client.scan().table_name(&table).send().await.expect("the ledger").items.unwrap_or_default();
    for mut item in all {
        let Some(pk) = item.get("pk").and_then(|pk| pk.as_s().ok()).cloned() else { continue };
        if pk == "forward#views" {
            let done: i64 = item["minute"].as_n().expect("a number").parse().expect("a minute");
            item.insert("minute".to_owned(), AttributeValue::N((done - minutes).to_string()));
            client.put_item().table_name(&table).set_item(Some(item)).send().await.expect("an older one");
            continue;
        }
        let Some((minute, list)) = pk.strip_prefix("event#").and_then(|rest| rest.split_once('#')) else { continue };
        let older = minute.parse::<i64>().expect("a minute") - minutes;
        item.insert("pk".to_owned(), AttributeValue::S(format!("event#{older}#{list}")));
        client.put_item().table_name(&table).set_item(Some(item)).send().await.expect("an older one");
        let key = AttributeValue::S(pk);
        client.delete_item().table_name(&table).key("pk", key).send().await.expect("no newer one");
    }
}

/// Takes a cloud's ledger away.
pub async fn no_ledger(cloud: &Cloud) {
    let (client, table) = ledger_of(cloud).await;
    client.delete_table().table_name(table).send().await.expect("no table");
}

/// Name of the ledger's table.
pub async fn ledger_table() -> String {
    ledger().await.1
}

async fn ledger() -> (aws_sdk_dynamodb::Client, String) {
    ledger_of(cloud()).await
}

/// A client of a cloud's DynamoDB, and the name of its table.
pub async fn ledger_of(cloud: &Cloud) -> (aws_sdk_dynamodb::Client, String) {
    let ready = &cloud.ready;
    let keys =
        aws_sdk_dynamodb::config::Credentials::new(&ready.access_key_id, &ready.secret_access_key, None, None, "tests");
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
        .region(aws_sdk_dynamodb::config::Region::new("us-east-1"))
        .endpoint_url(&ready.dynamodb_endpoint)
        .credentials_provider(keys);
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    let tables = client.list_tables().send().await.expect("tables").table_names.unwrap_or_default();
    (client, tables[0].clone())
}
