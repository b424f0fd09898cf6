use std::collections::BTreeMap;

use super::{Inputs, Template};

const NAMED: &str = "Properties: {SecretString: 'a:b {{x}}'}";
const JSON: &str = "Properties: {SecretString: '{\"user\": \"capstan\", \"port\": 1}'}";

/// A template of one secret and one function with one variable.
fn deployed(secret: &str, variable: &str, secrets: &BTreeMap<String, String>) -> anyhow::Result<Template> {
    let text = format!(
        "Resources:
  S: {{Type: 'AWS::SecretsManager::Secret', {secret}}}
  X:
    Type: AWS::Serverless::Function
    Metadata: {{BuildProperties: {{Binary: x}}}}
    Properties: {{Runtime: provided.al2023, Environment: {{Variables: {{V: {variable}}}}}}}
"
    );
    Template::parse(&text, "t.yaml", &Inputs { secrets: secrets.clone(), ..Inputs::default() })
}

fn variable(secret: &str, variable: &str) -> anyhow::Result<String> {
    Ok(deployed(secret, variable, &BTreeMap::new())?.functions[0].environment["V"].clone())
}

#[test]
fn a_secret_is_written_where_it_is_referred_to() {
    for (secret, text, expected) in [
        (NAMED, "!Ref S", "arn:aws:secretsmanager:us-east-1:000000000000:secret:capstan-S-local0"),
        (NAMED, "!Sub '{{resolve:secretsmanager:${S}}}'", "a:b {{x}}"),
        (
            NAMED,
            "!Sub '<{{resolve:secretsmanager:${S}:SecretString}}> {{resolve:secretsmanager:${S}}}'",
            "<a:b {{x}}> a:b {{x}}",
        ),
        (JSON, "!Sub '{{resolve:secretsmanager:${S}:SecretString:user}}'", "capstan"),
    ] {
        assert_eq!(variable(secret, text).expect(text), expected, "{text}");
    }
}

#[test]
fn references_that_lead_nowhere_are_refused_by_name() {
    for (secret, text, expected) in [
        (NAMED, "'{{resolve:ssm:/a/b}}'", "uses {{resolve:ssm,"),
        (NAMED, "'{{resolve:ssm-secure:/a/b:1}}'", "uses {{resolve:ssm-secure,"),
        (NAMED, "'{{resolve:secretsmanager:other}}'", "refers to other, which is not a secret"),
        (NAMED, "!Sub '{{resolve:secretsmanager:${S}x}}'", "is not a secret"),
        (NAMED, "!Sub '{{resolve:secretsmanager:${S}:SecretBinary}}'", ":SecretBinary, which the local cloud does not"),
        (NAMED, "!Sub '{{resolve:secretsmanager:${S}:SecretString::AWSPREVIOUS}}'", ":AWSPREVIOUS, which the local"),
        (NAMED, "!Sub '{{resolve:secretsmanager:${S}:SecretString:user}}'", "the key user of a secret that is no JSON"),
        (JSON, "!Sub '{{resolve:secretsmanager:${S}:SecretString:port}}'", "the key port"),
        (NAMED, "!Sub '{{resolve:secretsmanager:${S}'", "without its }}"),
    ] {
        let error = format!("{:#}", variable(secret, text).expect_err(text));
        let place = "t.yaml: Resources.X.Properties.Environment.Variables.V";
        assert!(error.contains(place) && error.contains(expected), "{text}: {error}");
        assert!(!error.contains("a:b") && !error.contains("capstan\""), "no value is told: {error}");
    }
}

#[test]
fn what_is_generated_has_the_form_that_was_asked_for() {
    let reference = "!Sub '{{resolve:secretsmanager:${S}}}'";
    let hexadecimal = "PasswordLength: 64, ExcludePunctuation: true, ExcludeUppercase: true, \
                       ExcludeCharacters: ghijklmnopqrstuvwxyz, RequireEachIncludedType: false";
    let made = |options: &str| {
        variable(&format!("Properties: {{GenerateSecretString: {{{options}}}}}"), reference).expect(options)
    };
    let key = made(hexadecimal);
    assert!(key.len() == 64 && key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{key}");
    assert_ne!(made(hexadecimal), key);
    assert!((0..20).flat_map(|_| made(hexadecimal).into_bytes()).any(|byte| byte == b'f'), "the last of the alphabet");
    assert_eq!(made("ExcludeNumbers: false").len(), 32);
    for _ in 0..20 {
        let short = made("PasswordLength: 4");
        assert!(short.chars().any(|one| one.is_ascii_uppercase()) && short.chars().any(|one| one.is_ascii_lowercase()));
        assert!(short.chars().any(|one| one.is_ascii_digit()) && short.chars().any(|one| one.is_ascii_punctuation()));
    }
    for (options, expected) in [
        ("IncludeSpace: true", "has IncludeSpace, which the local cloud does not simulate"),
        ("SecretStringTemplate: '{}', GenerateStringKey: a", "has GenerateStringKey"),
        ("ExcludeNumbers: maybe", "must be true or false"),
        ("ExcludeCharacters: '0123456789'", "no secret can be made"),
        ("PasswordLength: 3", "no secret can be made"),
        ("PasswordLength: 0, RequireEachIncludedType: false", "no secret can be made"),
    ] {
        let secret = format!("Properties: {{GenerateSecretString: {{{options}}}}}");
        let error = format!("{:#}", variable(&secret, reference).expect_err(options));
        assert!(error.contains("t.yaml: Resources.S.Properties") && error.contains(expected), "{options}: {error}");
    }
}

#[test]
fn a_generated_secret_stays_what_it_is() {
    let generated = "Properties: {GenerateSecretString: {PasswordLength: 40}}";
    let reference = "!Sub '{{resolve:secretsmanager:${S}}}'";
    let first = deployed(generated, reference, &BTreeMap::new()).expect("a template");
    assert_eq!(first.secrets["S"], first.functions[0].environment["V"]);
    let second = deployed(generated, reference, &first.secrets).expect("a template");
    assert_eq!(second.functions[0].environment["V"], first.secrets["S"]);
    let given = deployed(NAMED, reference, &first.secrets).expect("a template");
    assert_eq!(given.functions[0].environment["V"], "a:b {{x}}", "what is given wins");
    assert!(given.secrets.is_empty(), "and is nothing to keep");
}

#[test]
fn a_secret_is_given_or_generated() {
    for secret in ["Properties: {}", "Properties: {SecretString: a, GenerateSecretString: {PasswordLength: 8}}"] {
        let error = format!("{:#}", variable(secret, "a").expect_err(secret));
        assert!(error.contains("needs either SecretString or GenerateSecretString"), "{error}");
    }
}
