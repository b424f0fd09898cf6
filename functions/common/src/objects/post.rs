//! Uploads by a form: S3 checks the form against a policy that is signed with it (Amazon S3 API reference, "Authenticating
//! requests: browser-based uploads using POST"). The SDK signs no such forms.

use aws_lc_rs::hmac;
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{Objects, ObjectsError, PUT_SECONDS};
use crate::{time::Millis, tokens};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A form with which one object can be stored. The file follows the fields, as `file`.
#[derive(Clone, Debug)]
pub struct SignedForm {
    /// Where it is sent.
    pub url: String,
    /// Its fields, all of which must be sent as they are.
    pub fields: Vec<(&'static str, String)>,
}

impl Objects {
    /// As [`sign_put`](Self::sign_put), for a form: of one type, and of `most` bytes. S3 itself refuses anything else.
    pub async fn sign_post(&self, key: &str, content_type: &str, most: u64) -> Result<SignedForm, ObjectsError> {
        let problem = |reason: &str| ObjectsError::Call { call: "PostObject", reason: reason.to_owned() };
        let provider = self.credentials.as_ref().ok_or_else(|| problem("there are no credentials"))?;
        let credentials = provider.provide_credentials().await.map_err(|error| problem(&error.to_string()))?;
        let region = self.client.config().region().map(ToString::to_string).unwrap_or_default();
        let form = Form { bucket: &self.bucket, key, content_type, most };
        // The SDK knows where the bucket is; a form is sent there and names its key itself.
        let put = self.sign_put(key).await?;
        let url = put.split('?').next().and_then(|address| address.strip_suffix(key));
        let url = url.ok_or_else(|| problem("the address does not end with the key"))?;
        let fields = form.fields(&credentials, &region, Millis::now());
        Ok(SignedForm { url: url.trim_end_matches('/').to_owned(), fields })
    }
}

/// What a form may store.
struct Form<'a> {
    bucket: &'a str,
    key: &'a str,
    content_type: &'a str,
    most: u64,
}

impl Form<'_> {
    fn fields(&self, credentials: &Credentials, region: &str, now: Millis) -> Vec<(&'static str, String)> {
        let time = now.compact();
        let day = &time[..8];
        let credential = format!("{}/{day}/{region}/s3/aws4_request", credentials.access_key_id());
        let mut fields = vec![
            ("key", self.key.to_owned()),
            ("Content-Type", self.content_type.to_owned()),
            ("x-amz-algorithm", ALGORITHM.to_owned()),
            ("x-amz-credential", credential),
            ("x-amz-date", time.clone()),
        ];
        if let Some(token) = credentials.session_token() {
            fields.push(("x-amz-security-token", token.to_owned()));
        }
        let end = Millis(now.0 + 1000 * i64::try_from(PUT_SECONDS).unwrap_or(0));
        let policy = BASE64_STANDARD.encode(self.policy(&fields, end).to_string());
        let signature = sign(credentials.secret_access_key(), day, region, &policy);
        fields.extend([("policy", policy), ("x-amz-signature", signature)]);
        fields
    }

    /// Every field exactly as it is given, nothing else, and a size.
    fn policy(&self, fields: &[(&'static str, String)], end: Millis) -> Value {
        let exactly = fields.iter().map(|(name, value)| json!(["eq", format!("${name}"), value]));
        let mut conditions: Vec<Value> = exactly.collect();
        conditions.push(json!({ "bucket": self.bucket }));
        conditions.push(json!(["content-length-range", 1, self.most]));
        json!({ "expiration": end, "conditions": conditions })
    }
}

/// A signature of version 4: a key for a day, a region and a service, and what it makes of the text.
fn sign(secret: &str, day: &str, region: &str, text: &str) -> String {
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let key = [day, region, "s3", "aws4_request"]
        .into_iter()
        .fold(format!("AWS4{secret}").into_bytes(), |key, step| mac(&key, step).as_ref().to_vec());
    tokens::hex(mac(&key, text).as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_documentation() {
        // Amazon S3 API reference, "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)".
        let policy = concat!(
            "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9ucyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJz",
            "aWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJw",
            "dWJsaWMtcmVhZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBsZWJ1Y2tldC5zMy5hbWF6",
            "b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBbInN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2Uv",
            "Il0sDQogICAgeyJ4LWFtei1tZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVuY3J5cHRp",
            "b24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRl",
            "bnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1QTEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXot",
            "YWxnb3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEyMjlUMDAwMDAwWiIgfQ0KICBdDQp9",
        );
        let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        let signature = sign(secret, "20151229", "us-east-1", policy);
        assert_eq!(signature, "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e");
    }

    #[test]
    fn a_policy_binds_every_field_and_the_size() {
        let credentials = Credentials::new("AKID", "secret", Some("token".to_owned()), None, "test");
        let form = Form { bucket: "bucket", key: "videos/raw/x.mp4", content_type: "video/mp4", most: 7 };
        let fields = form.fields(&credentials, "eu-west-1", Millis(1_451_347_200_000));
        let policy = fields.iter().find(|(name, _)| *name == "policy").expect("a policy");
        let policy: Value =
            serde_json::from_slice(&BASE64_STANDARD.decode(&policy.1).expect("base64")).expect("a policy");
        assert_eq!(policy["expiration"], "2015-12-29T00:30:00.000Z");
        let conditions = policy["conditions"].as_array().expect("conditions");
        for expected in [
            json!(["eq", "$key", "videos/raw/x.mp4"]),
            json!(["eq", "$Content-Type", "video/mp4"]),
            json!(["eq", "$x-amz-credential", "AKID/20151229/eu-west-1/s3/aws4_request"]),
            json!(["eq", "$x-amz-date", "20151229T000000Z"]),
            json!(["eq", "$x-amz-security-token", "token"]),
            json!(["content-length-range", 1, 7]),
            json!({ "bucket": "bucket" }),
        ] {
            assert!(conditions.contains(&expected), "{expected} in {conditions:?}");
        }
    }
}
