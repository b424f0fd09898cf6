//! What a function's policy lets it do.

use aws_sdk_s3::{
    Client,
    types::{CompletedMultipartUpload, Delete, ObjectIdentifier},
};
use local::template::{Condition, ConditionKey, Statement};
use reqwest::StatusCode;

use super::{BUCKET, Served, client, for_an_hour, refusal};
use crate::statement;

const DENIED: &str = "AccessDenied";

/// A bucket with objects, and a client with the function's key.
async fn start(policy: Vec<Statement>) -> (Served, Client) {
    let served = Served::permitting(policy).await;
    for key in ["open/a", "open/b", "shut/a"] {
        served.put(key, b"there".to_vec()).await;
    }
    let client = client(served.address, "key.Function", "secret");
    (served, client)
}

fn denied() -> (u16, String) {
    (403, DENIED.to_owned())
}

fn on_open(action: &str) -> Statement {
    statement(action, &[action], &["arn:aws:s3:::media/open/*"])
}

fn on_bucket(action: &str) -> Statement {
    statement(action, &[action], &["arn:aws:s3:::media"])
}

#[tokio::test]
async fn objects_are_read_and_written_where_that_is_granted() {
    let (served, client) = start(vec![on_open("s3:GetObject"), on_open("s3:PutObject")]).await;
    let get = |key: &str| client.get_object().bucket(BUCKET).key(key).send();
    let put = |key: &str| client.put_object().bucket(BUCKET).key(key).body(b"new".to_vec().into()).send();
    get("open/a").await.expect("granted");
    assert_eq!(refusal(get("shut/a").await), denied());
    put("open/new").await.expect("granted");
    assert_eq!(refusal(put("shut/new").await), denied());
    assert!(served.missing("shut/new").await);
    let head = client.head_object().bucket(BUCKET).key("shut/a").send().await;
    assert_eq!(refusal(head).0, 403);
    assert_eq!(refusal(client.delete_object().bucket(BUCKET).key("open/a").send().await), denied());
    assert_eq!(refusal(client.list_buckets().send().await), denied());
}

#[tokio::test]
async fn a_copy_needs_its_source_and_its_destination() {
    let (_served, client) = start(vec![on_open("s3:GetObject"), on_open("s3:PutObject")]).await;
    let copy = |from: &str, to: &str| {
        client.copy_object().bucket(BUCKET).key(to).copy_source(format!("{BUCKET}/{from}")).send()
    };
    copy("open/a", "open/new").await.expect("granted");
    assert_eq!(refusal(copy("shut/a", "open/new").await), denied());
    assert_eq!(refusal(copy("open/a", "shut/new").await), denied());
}

#[tokio::test]
async fn uploads_in_parts_need_a_grant_for_each_kind_of_step() {
    let (_served, client) = start(vec![on_open("s3:PutObject"), on_bucket("s3:ListBucket")]).await;
    let begin = |key: &str| client.create_multipart_upload().bucket(BUCKET).key(key).send();
    assert_eq!(refusal(begin("shut/new").await), denied());
    let begun = begin("open/new").await.expect("granted");
    let id = begun.upload_id().expect("an id");
    let part = client.upload_part().bucket(BUCKET).key("open/new").upload_id(id).part_number(1);
    part.body(b"part".to_vec().into()).send().await.expect("granted");
    assert_eq!(refusal(client.list_parts().bucket(BUCKET).key("open/new").upload_id(id).send().await), denied());
    assert_eq!(refusal(client.list_multipart_uploads().bucket(BUCKET).send().await), denied());
    let abort = client.abort_multipart_upload().bucket(BUCKET).key("open/new").upload_id(id).send().await;
    assert_eq!(refusal(abort), denied());
    let complete = client.complete_multipart_upload().bucket(BUCKET).key("open/new").upload_id(id);
    let complete = complete.multipart_upload(CompletedMultipartUpload::builder().build()).send().await;
    assert_ne!(refusal(complete), denied(), "an upload of no parts is refused for another reason");
}

#[tokio::test]
async fn several_are_deleted_where_that_is_granted_and_the_others_named() {
    let (served, client) = start(vec![on_open("s3:DeleteObject")]).await;
    let keys = ["open/a", "shut/a"].map(|key| ObjectIdentifier::builder().key(key).build().expect("a key"));
    let delete = Delete::builder().set_objects(Some(keys.into())).build().expect("keys");
    let deleted = client.delete_objects().bucket(BUCKET).delete(delete).send().await.expect("an answer");
    let errors: Vec<_> = deleted.errors().iter().map(|error| (error.key(), error.code())).collect();
    assert_eq!(errors, [(Some("shut/a"), Some(DENIED))]);
    assert!(served.missing("open/a").await && !served.missing("shut/a").await);
}

#[tokio::test]
async fn a_delete_that_names_a_version_needs_to_read() {
    for (policy, allowed) in
        [(vec![on_open("s3:DeleteObject")], false), (vec![on_open("s3:DeleteObject"), on_open("s3:GetObject")], true)]
    {
        let (served, client) = start(policy).await;
        let e_tag = served.put("open/a", b"version".to_vec()).await;
        let delete = client.delete_object().bucket(BUCKET).key("open/a").if_match(e_tag).send().await;
        assert_eq!(delete.is_ok(), allowed, "{delete:?}");
    }
}

#[tokio::test]
async fn only_who_may_list_is_told_that_an_object_is_missing() {
    let (_served, client) = start(vec![on_open("s3:GetObject")]).await;
    let missing = |client: &Client| client.get_object().bucket(BUCKET).key("open/missing").send();
    assert_eq!(refusal(missing(&client).await), denied());
    let (_served, client) = start(vec![on_open("s3:GetObject"), on_bucket("s3:ListBucket")]).await;
    assert_eq!(refusal(missing(&client).await), (404, "NoSuchKey".to_owned()));
}

#[tokio::test]
async fn a_listing_is_limited_to_the_prefix_that_is_granted() {
    let mut list = on_bucket("s3:ListBucket");
    list.conditions = vec![Condition { key: ConditionKey::Prefix, patterns: vec!["open/*".to_owned()] }];
    let (_served, client) = start(vec![list]).await;
    let list = |prefix: &str| client.list_objects_v2().bucket(BUCKET).prefix(prefix).send();
    assert_eq!(list("open/").await.expect("granted").key_count(), Some(2));
    assert_eq!(refusal(list("shut/").await), denied());
    client.head_bucket().bucket(BUCKET).send().await.expect("no prefix is none that does not fit");
}

#[tokio::test]
async fn a_presigned_address_is_good_for_what_its_signer_may() {
    let (_served, client) = start(vec![on_open("s3:GetObject")]).await;
    for (key, expected) in [("open/a", StatusCode::OK), ("shut/a", StatusCode::FORBIDDEN)] {
        let signed = client.get_object().bucket(BUCKET).key(key).presigned(for_an_hour()).await.expect("signed");
        assert_eq!(reqwest::get(signed.uri()).await.expect("an answer").status(), expected, "{key}");
    }
}
