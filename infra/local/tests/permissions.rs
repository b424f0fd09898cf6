//! A whole local cloud: each function has a key of its own, and with it what the template's policies grant.

use std::{fs, path::PathBuf};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use local::{
    cloud::{LocalCloud, Options},
    iam::Line,
};
use serde_json::{Value, json};

const TEMPLATE: &str = "
Parameters:
  DatabaseUrl: {Type: String}
  WebUrl: {Type: String}
  Architecture: {Type: String}
  MailTransport: {Type: String}
  MailFrom: {Type: String}
  SmtpUrl: {Type: String}
  Operators: {Type: CommaDelimitedList}
Globals: {Function: {Runtime: provided.al2023, Timeout: 20}}
Resources:
  MediaBucket: {Type: AWS::S3::Bucket, Properties: {BucketName: media}}
  EchoFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: echo}}
    Properties:
      Policies:
        - Version: '2012-10-17'
          Statement:
            - {Sid: Read, Effect: Allow, Action: s3:GetObject, Resource: !Sub 'arn:${AWS::Partition}:s3:::media/open/*'}
  OtherFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: echo}}
";

/// Folder of the example programs.
fn examples() -> PathBuf {
    let own = std::env::current_exe().expect("own program");
    own.ancestors().nth(2).expect("target folder").join("examples")
}

/// What a function comes to that reads an object.
async fn read(cloud: &LocalCloud, function: &str, key: &str) -> Value {
    let url = format!("{}/2015-03-31/functions/{function}/invocations", cloud.lambda_endpoint);
    let order = json!({ "do": "read", "bucket": cloud.bucket, "key": key });
    reqwest::Client::new().post(url).json(&order).send().await.expect("an answer").json().await.expect("JSON")
}

#[tokio::test]
async fn a_function_without_a_grant_is_refused_and_the_record_says_so() {
    let state = tempfile::tempdir().expect("a folder");
    let template = state.path().join("template.yaml");
    fs::write(&template, TEMPLATE).expect("a template");
    let record = state.path().join("permissions.jsonl");
    let mysql = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.tools/mysql"));
    let options = Options {
        mysql_home: Some(mysql),
        permissions: Some(record.clone()),
        ..Options::new(template, examples(), state.path().join("state"))
    };
    let cloud = LocalCloud::start(options).await.expect("a cloud");

    let root = Credentials::new(&cloud.access_key_id, &cloud.secret_access_key, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(root)
        .endpoint_url(&cloud.s3_endpoint)
        .force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(config.build());
    for key in ["open/a", "shut/a"] {
        s3.put_object()
            .bucket(&cloud.bucket)
            .key(key)
            .body(b"there".to_vec().into())
            .send()
            .await
            .expect("the root may");
    }
    for (function, key, expected) in [
        ("EchoFunction", "open/a", "there"),
        ("EchoFunction", "shut/a", "AccessDenied"),
        ("OtherFunction", "open/a", "AccessDenied"),
    ] {
        assert_eq!(read(&cloud, function, key).await, expected, "{function} {key}");
    }
    cloud.shutdown().await;

    let text = fs::read_to_string(record).expect("a record");
    let lines: Vec<Line> = text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| match line {
            Line::Used(grant) => ("used", grant.function.as_str(), grant.on.as_str()),
            Line::Refused { function, resource, .. } => ("refused", function.as_str(), resource.as_str()),
        })
        .collect();
    let expected = [
        ("used", "EchoFunction", "arn:aws:s3:::media/open/*"),
        ("refused", "EchoFunction", "arn:aws:s3:::media/shut/a"),
        ("refused", "OtherFunction", "arn:aws:s3:::media/open/a"),
    ];
    assert_eq!(told, expected);
}
