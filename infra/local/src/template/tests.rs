use std::{path::Path, time::Duration};

use serde_json::json;

use super::{Inputs, Method, Template};

const HEAD: &str = "
Parameters:
  Size: {Type: Number, Default: 512}
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
Mappings: {Sizes: {us-east-1: {Big: 1024}}}
Conditions:
  Big: !Equals [!Ref Size, 512]
  Small: !Not [!Condition Big]
  Both: !And [{Condition: Big}, !Or [!Condition Small, !Equals [a, a]]]
Globals:
  Function:
    Runtime: provided.al2023
    Environment: {Variables: {SHARED: shared, OVER: global}}
";

fn with_variables(variables: &str) -> anyhow::Result<Template> {
    let text = format!(
        "{HEAD}
Resources:
  Bucket: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: !Sub '${{AWS::StackName}}-media'}}}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{{AttributeName: pk, AttributeType: S}}]
      KeySchema: [{{AttributeName: pk, KeyType: HASH}}]
  Alarm: {{Type: 'AWS::CloudWatch::Alarm', Properties: {{Value: !Cidr [a, b]}}}}
  X:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: x}}}}
    Properties:
      AutoPublishAlias: live
      Environment: {{Variables: {{{variables}}}}}
"
    );
    Template::parse(&text, "template.yaml", &Inputs::default())
}

fn variable(value: &str) -> String {
    let template = with_variables(&format!("V: {value}")).unwrap_or_else(|error| panic!("{value}: {error:#}"));
    template.functions[0].environment.get("V").cloned().unwrap_or_default()
}

fn refusal(value: &str) -> String {
    match with_variables(&format!("V: {value}")) {
        Ok(_) => panic!("{value} was taken"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn intrinsic_functions_resolve() {
    for (value, expected) in [
        ("!Ref Size", "512"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref Bucket", "capstan-media"),
        ("!Ref Table", "capstan-Table"),
        ("!Ref X.Version", "arn:aws:lambda:us-east-1:000000000000:function:X:1"),
        ("!Ref X.Alias", "arn:aws:lambda:us-east-1:000000000000:function:X:live"),
        ("!GetAtt Bucket.Arn", "arn:aws:s3:::capstan-media"),
        ("{'Fn::GetAtt': [Table, Arn]}", "arn:aws:dynamodb:us-east-1:000000000000:table/capstan-Table"),
        ("!Sub 'a ${Size} ${Bucket.Arn} ${!Size}'", "a 512 arn:aws:s3:::capstan-media ${Size}"),
        ("!Sub ['${A}-${AWS::AccountId}', {A: !Ref Size}]", "512-000000000000"),
        ("{'Fn::Sub': '${Bucket}'}", "capstan-media"),
        ("!Join ['-', !Ref Names]", "a-b"),
        ("!Join ['', [x, !Ref Size, {Ref: 'AWS::NoValue'}]]", "x512"),
        ("!Select [1, !Split ['.', a.b.c]]", "b"),
        ("!FindInMap [Sizes, !Ref AWS::Region, Big]", "1024"),
        ("!If [Big, yes it is, no]", "yes it is"),
        ("!If [Small, a, !Ref 'AWS::NoValue']", ""),
        ("{'Fn::If': [Both, a, b]}", "a"),
    ] {
        assert_eq!(variable(value), expected, "{value}");
    }
}

#[test]
fn unknown_things_are_refused_by_name_and_place() {
    let place = "template.yaml: Resources.X.Properties.Environment.Variables.V";
    for (value, expected) in [
        ("!Cidr [a, 1, 2]", "uses Fn::Cidr, which the local cloud does not know"),
        ("{'Fn::ImportValue': a}", "uses Fn::ImportValue"),
        ("!Ref Nobody", "refers to Nobody"),
        ("!Ref X.Nothing", "refers to X.Nothing"),
        ("!GetAtt Nobody.Arn", "refers to Nobody"),
        ("!GetAtt Bucket.WebsiteURL", "uses the attribute Bucket.WebsiteURL (AWS::S3::Bucket)"),
        ("!Sub '${Bucket.Nothing}'", "uses the attribute Bucket.Nothing"),
        ("!Sub '${Nobody}'", "refers to Nobody"),
        ("!If [Nobody, a, b]", "uses the condition Nobody"),
        ("!Select [7, [a]]", "no item 7"),
        ("[a, b]", "must be a text"),
    ] {
        let message = refusal(value);
        assert!(message.contains(place) && message.contains(expected), "{value}: {message}");
    }
}

#[test]
fn globals_merge_into_functions() {
    let template = with_variables("OVER: own").expect("template");
    let environment = &template.functions[0].environment;
    assert_eq!(environment["SHARED"], "shared");
    assert_eq!(environment["OVER"], "own");
    assert_eq!(template.functions[0].timeout, Duration::from_secs(3));
    assert_eq!(template.functions[0].retry_attempts, 2);
}

#[test]
fn unknown_events_and_kinds_are_refused() {
    for (resource, expected) in [
        ("Events: {E: {Type: SQS, Properties: {}}}", "event type SQS"),
        ("Events: {E: {Type: Schedule, Properties: {Schedule: 'cron(0 * * * ? *)'}}}", "cron(0 * * * ? *)"),
        ("Events: {E: {Type: HttpApi, Properties: {Path: '/a/{x+}/b', Method: GET}}}", "must be the last segment"),
        ("Events: {E: {Type: S3, Properties: {Bucket: b, Events: 's3:ObjectRemoved:*'}}}", "s3:ObjectRemoved:*"),
        ("FunctionUrlConfig: {AuthType: NONE}", "FunctionUrlConfig"),
        ("Runtime: python3.14", "python3.14"),
    ] {
        let text = format!(
            "Globals: {{Function: {{Runtime: provided.al2023}}}}
Resources: {{F: {{Type: 'AWS::Serverless::Function', Metadata: {{BuildProperties: {{Binary: f}}}}, Properties: {{{resource}}}}}}}"
        );
        let error = Template::parse(&text, "t.yaml", &Inputs::default()).expect_err(resource);
        assert!(format!("{error:#}").contains(expected), "{resource}: {error:#}");
    }
    let state_machine = "Resources: {S: {Type: 'AWS::Serverless::StateMachine'}}";
    let error = Template::parse(state_machine, "t.yaml", &Inputs::default()).expect_err("refused");
    assert!(error.to_string().contains("AWS::Serverless::StateMachine"), "{error}");
}

/// The real template with the parameters of mail, unless others of them are given.
pub(super) fn real(parameters: &[(&str, &str)]) -> anyhow::Result<Template> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let mail = [("MailTransport", "log"), ("MailFrom", "Capstan <login@example.com>")];
    let parameters =
        mail.iter().chain(parameters).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let api_endpoint = "http://127.0.0.1:3000".to_owned();
    Template::load(&path, &Inputs { parameters, api_endpoint, ..Inputs::default() })
}

#[test]
fn the_deployed_template_resolves() {
    let database = "mysql://u:p@127.0.0.1:3306/capstan";
    let parameters = [("DatabaseUrl", database), ("DatabaseCa", "PEM"), ("Renditions", "1080,720,480")];
    let template = real(&parameters).expect("template");
    let function = |name: &str| template.functions.iter().find(|function| function.name == name).expect("function");
    let transcode = function("TranscodeFunction");
    assert_eq!(transcode.binary, "transcode");
    assert_eq!(transcode.timeout, Duration::from_secs(900));
    assert_eq!(transcode.memory_mib, 3008);
    assert_eq!(transcode.environment["DATABASE_URL"], database);
    assert_eq!(transcode.environment["DATABASE_CA"], "PEM");
    assert_eq!(transcode.dead_letter_queue.as_deref(), Some("capstan-DeadLetters"));
    assert_eq!(transcode.environment["MEDIA_BUCKET"], template.buckets[0].name);
    assert_eq!(transcode.environment["LEDGER_TABLE"], template.tables[0].name);
    assert_eq!(transcode.environment["RENDITIONS"], "1080,720,480");
    assert_eq!(template.tables[0].ttl_attribute.as_deref(), Some("expires_at"));
    assert_eq!(template.buckets[0].abort_incomplete_after, Some(Duration::from_secs(7 * 86400)));
    let expired: Vec<_> =
        template.buckets[0].expirations.iter().map(|rule| (rule.prefix.as_str(), rule.days)).collect();
    assert_eq!(expired, [("jobs/", 7), ("videos/live/", 14), ("outbox/", 1)]);
    assert!(template.buckets[0].cors[0].exposed_headers.contains(&"ETag".to_owned()));
    assert!(
        template.routes.iter().any(|route| {
            route.method == Method::Only("GET".to_owned()) && route.path.as_deref() == Some("/s/{code}")
        })
    );
    assert!(template.object_triggers.iter().any(|trigger| {
        trigger.matches(&template.buckets[0].name, "ObjectCreated:Put", "videos/raw/a.mp4")
            && !trigger.matches(&template.buckets[0].name, "ObjectCreated:Put", "videos/processed/a.mp4")
    }));
    let every = |name: &str| {
        let of = template.schedules.iter().find(|schedule| schedule.function == name);
        of.map(|schedule| schedule.every.as_secs())
    };
    assert_eq!((every("TranscodeFunction"), every("MailFunction")), (Some(300), Some(60)));
    assert_eq!(template.custom_resources[0].function, "MigrateFunction");
    assert_eq!(template.custom_resources[0].properties["ServiceTimeout"], json!("330"));
}

/// As SAM does it: a function's `AWS::NoValue` is a value of its own, and stands against the one that all share.
#[test]
fn a_function_can_do_without_what_all_have() {
    let template = with_variables("OVER: !Ref AWS::NoValue").expect("template");
    assert_eq!(template.functions[0].environment.get("OVER"), None);
    let vpc = "
Globals: {Function: {Runtime: provided.al2023, VpcConfig: {SubnetIds: [a]}}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties: {VpcConfig: !Ref 'AWS::NoValue'}
  G:
    Type: AWS::Serverless::Function
";
    let merged = super::globals::apply(super::value::parse(vpc, "t.yaml").expect("YAML"));
    assert_eq!(merged["Resources"]["F"]["Properties"]["VpcConfig"], json!({ "Ref": "AWS::NoValue" }));
    assert_eq!(merged["Resources"]["G"]["Properties"]["VpcConfig"], json!({ "SubnetIds": ["a"] }));
}

#[test]
fn the_mail_function_has_the_internet_and_no_database() {
    let database = ("DatabaseUrl", "mysql://u:p@127.0.0.1:3306/capstan");
    let subnets = [("SubnetIds", "subnet-1"), ("SecurityGroupIds", "sg-1"), ("DatabaseCa", "PEM")];
    let smtp = [("MailTransport", "smtp"), ("SmtpUrl", "smtps://u:p@mail.example.com:465")];
    let template = real(&[&[database][..], &subnets, &smtp].concat()).expect("template");
    let mail = template.functions.iter().find(|function| function.name == "MailFunction").expect("function");
    assert_eq!((mail.timeout, mail.retry_attempts), (Duration::from_secs(60), 2));
    let names: Vec<_> = mail.environment.keys().map(String::as_str).collect();
    let expected = [
        "DATABASE_ENCRYPTION_KEY",
        "LEDGER_TABLE",
        "MAIL_FROM",
        "MAIL_TRANSPORT",
        "MEDIA_BUCKET",
        "RESEND_API_KEY",
        "S3_BUCKET",
        "S3_PUBLIC_ENDPOINT",
        "S3_REGION",
        "SECRETS_EDITION",
        "SMTP_URL",
        "STACK_NAME",
    ];
    assert_eq!(names, expected);
    assert_eq!(mail.environment["SMTP_URL"], "smtps://u:p@mail.example.com:465");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let text = std::fs::read_to_string(path).expect("template.yaml");
    let merged = super::globals::apply(super::value::parse(&text, "template.yaml").expect("YAML"));
    let vpc = |name: &str| merged["Resources"][name]["Properties"]["VpcConfig"].clone();
    assert_eq!(vpc("MailFunction"), json!({ "Ref": "AWS::NoValue" }));
    assert!(vpc("ShareFunction")["Fn::If"].is_array());
}

#[test]
fn views_are_forwarded_only_where_somebody_is_to_be_told() {
    let database = ("DatabaseUrl", "mysql://u:p@127.0.0.1:3306/capstan");
    let environment = |template: &Template, name: &str| {
        let function = template.functions.iter().find(|function| function.name == name);
        function.map(|function| function.environment.clone())
    };
    let without = real(&[database]).expect("template");
    assert_eq!(environment(&without, "ForwardFunction"), None);
    assert_eq!(environment(&without, "ShareFunction").expect("function")["TINYBIRD_URL"], "");
    let given = [database, ("TinybirdUrl", "https://api.tinybird.co"), ("TinybirdToken", "t")];
    let with = real(&given).expect("template");
    let forward = environment(&with, "ForwardFunction").expect("function");
    let names: Vec<_> = forward.keys().map(String::as_str).collect();
    let expected = [
        "LEDGER_TABLE",
        "S3_BUCKET",
        "S3_PUBLIC_ENDPOINT",
        "S3_REGION",
        "SECRETS_EDITION",
        "STACK_NAME",
        "TINYBIRD_TOKEN",
        "TINYBIRD_URL",
    ];
    assert_eq!(names, expected);
    let share = environment(&with, "ShareFunction").expect("function");
    assert!(share["TINYBIRD_URL"] == "https://api.tinybird.co" && !share.contains_key("TINYBIRD_TOKEN"));
}

#[test]
fn secrets_are_given_or_generated() {
    let environment = |parameters: &[(&str, &str)]| {
        let parameters = [&[("DatabaseUrl", "mysql://a:b@c/d")], parameters].concat();
        real(&parameters).map(|template| template.functions[0].environment.clone())
    };
    let generated = environment(&[]).expect("template");
    let (secret, key) = (&generated["NEXTAUTH_SECRET"], &generated["DATABASE_ENCRYPTION_KEY"]);
    assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{secret}");
    assert!(key.len() == 64 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{key}");
    assert_eq!(generated["SECRETS_EDITION"], "1");

    let keys = format!("{},{}", "0a".repeat(32), "1F".repeat(32));
    let secret = "s".repeat(32);
    let given = [("NextAuthSecret", secret.as_str()), ("DatabaseEncryptionKey", &keys), ("SecretsEdition", "2")];
    let given = environment(&given).expect("template");
    assert_eq!((&given["NEXTAUTH_SECRET"], &given["DATABASE_ENCRYPTION_KEY"]), (&secret, &keys));
    assert_eq!(given["SECRETS_EDITION"], "2");

    for (parameter, bad) in [
        ("NextAuthSecret", "s".repeat(31)),
        ("NextAuthSecret", format!("{} ", "s".repeat(32))),
        ("DatabaseEncryptionKey", "0a".repeat(31)),
        ("DatabaseEncryptionKey", "0g".repeat(32)),
        ("DatabaseEncryptionKey", format!("{},", "0a".repeat(32))),
    ] {
        let error = environment(&[(parameter, &bad)]).expect_err(&bad).to_string();
        assert!(error.contains(parameter) && error.contains("must be") && !error.contains(&bad), "{error}");
    }
}

#[test]
fn secrets_are_where_they_are_used() {
    let template = real(&[("DatabaseUrl", "mysql://a:b@c/d")]).expect("template");
    let holders = |name: &str| -> Vec<_> {
        let holds = template.functions.iter().filter(|function| function.environment.contains_key(name));
        holds.map(|function| function.name.as_str()).collect()
    };
    let sealed = ["AuthFunction", "MailFunction", "NotifyFunction"];
    assert_eq!(holders("DATABASE_ENCRYPTION_KEY"), sealed, "those that seal mails, and the one that opens them");
    assert!(holders("NEXTAUTH_SECRET").contains(&"AuthFunction"));
    assert!(!holders("NEXTAUTH_SECRET").contains(&"TranscodeFunction"), "it decodes what strangers upload");
}

#[test]
fn renditions_are_heights_that_the_function_can_use() {
    let with = |renditions| real(&[("DatabaseUrl", "mysql://a:b@c/d"), ("Renditions", renditions)]);
    for good in ["", "120", "2160", "1080,720,480", "190,200,998,1000,1998,2158"] {
        assert!(with(good).is_ok(), "{good}");
    }
    for bad in ["720p", "721", "118", "2162", "4320", "72", "720,", ",720", "720;480", "120,122,124,126,128,130,132"] {
        let error = with(bad).expect_err(bad).to_string();
        assert!(error.contains("Renditions does not fit") && error.contains("even heights"), "{error}");
    }
}

#[test]
fn parameters_are_checked() {
    for (parameters, expected) in [
        (vec![], "Database.Outputs.CredentialsArn (AWS::CloudFormation::Stack), which the local cloud does not know"),
        (vec![("DatabaseUrl", "postgres://secret@host/x")], "DatabaseUrl does not fit"),
        (vec![("DatabaseUrl", "mysql://a:b@c/d"), ("Architecture", "mips")], "one of arm64, x86_64"),
        (vec![("DatabaseUrl", "mysql://a:b@c/d"), ("TranscodeMemory", "64")], "TranscodeMemory is out of its bounds"),
        (vec![("DatabaseUrl", "mysql://a:b@c/d"), ("Nobody", "1")], "no parameter Nobody"),
        (vec![("DatabaseUrl", "mysql://a:b@c/d"), ("MailTransport", "")], "one of resend, ses, smtp, log"),
        (vec![("DatabaseUrl", "mysql://a:b@c/d"), ("MailFrom", "Capstan")], "MailFrom does not fit"),
        (vec![("DatabaseUrl", "mysql://a:b@c/d"), ("SmtpUrl", "http://secret@c")], "SmtpUrl does not fit"),
    ] {
        let error = real(&parameters).expect_err(expected).to_string();
        assert!(error.contains(expected) && !error.contains("secret"), "{error}");
    }
}
