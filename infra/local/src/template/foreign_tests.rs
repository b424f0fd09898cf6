//! The real template with the media bucket at another provider's.

use std::time::Duration;

use super::tests::real;

const DATABASE: (&str, &str) = ("DatabaseUrl", "mysql://u:p@127.0.0.1:3306/capstan");
const FOREIGN: [(&str, &str); 5] = [
    ("S3Endpoint", "https://0123.r2.cloudflarestorage.com"),
    ("S3PublicEndpoint", "https://media.example.com"),
    ("S3Bucket", "media"),
    ("S3AccessKeyId", "AKID"),
    ("S3SecretAccessKey", "secret"),
];

#[test]
fn who_has_nothing_to_do_with_recordings_gets_no_keys_of_their_bucket() {
    let forwards = [("TinybirdUrl", "https://api.tinybird.co"), ("TinybirdToken", "token")];
    let template = real(&[&[DATABASE][..], &FOREIGN, &forwards].concat()).expect("template");
    let with: Vec<_> = template
        .functions
        .iter()
        .filter(|function| function.environment.get("S3_SECRET_ACCESS_KEY").is_some_and(|secret| secret == "secret"))
        .map(|function| function.binary.as_str())
        .collect();
    assert_eq!(with, ["auth", "metadata", "presign", "share", "transcode"]);
    for function in &template.functions {
        let told = ["S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"];
        let told = told.iter().filter(|name| function.environment.contains_key(**name)).count();
        assert_eq!(told, if with.contains(&function.binary.as_str()) { 3 } else { 0 }, "{}", function.binary);
    }
}

#[test]
fn jobs_and_mails_stay_in_the_own_bucket() {
    let template = real(&[&[DATABASE][..], &FOREIGN].concat()).expect("template");
    let [bucket] = template.buckets.as_slice() else { panic!("one bucket") };
    let told = template.functions.iter().filter_map(|function| function.environment.get("MEDIA_BUCKET"));
    assert!(told.clone().count() > 0 && told.clone().all(|told| *told == bucket.name));
}

#[test]
fn what_arrives_unannounced_is_looked_for_every_minute() {
    let every = |parameters: &[(&str, &str)]| {
        let template = real(parameters).expect("template");
        let sweep = template.schedules.iter().find(|schedule| schedule.function == "TranscodeFunction");
        sweep.expect("a sweep").every
    };
    assert_eq!(every(&[DATABASE]), Duration::from_secs(300));
    assert_eq!(every(&[&[DATABASE][..], &FOREIGN].concat()), Duration::from_secs(60));
}
