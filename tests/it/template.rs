//! What template.yaml promises, read from template.yaml.

use common::{
    ids::VideoId,
    objects::keys::{self, Work},
};
use tests::cloud::repository;

fn text() -> String {
    std::fs::read_to_string(repository().join("template.yaml")).expect("template.yaml")
}

/// Prefixes of the S3 triggers.
fn triggers() -> Vec<String> {
    let text = text();
    let prefixes = text.lines().filter_map(|line| line.split_once("{Name: prefix, Value: "));
    prefixes.filter_map(|(_, rest)| Some(rest.split_once('}')?.0.to_owned())).collect()
}

#[test]
fn triggers_are_uploads_and_jobs() {
    assert_eq!(triggers(), keys::TRIGGERS);
}

#[test]
fn no_output_starts_the_function_that_wrote_it() {
    let video = VideoId::parse("0123456789abcde").expect("an id");
    for output in [keys::processed(&video), keys::poster(&video)] {
        assert!(triggers().iter().all(|prefix| !output.starts_with(prefix)), "{output}");
    }
}

#[test]
fn a_job_leads_to_its_upload_and_to_no_further_job() {
    let video = VideoId::parse("0123456789abcde").expect("an id");
    let upload = keys::upload(&video, "raw-upload.webm").expect("an upload").key;
    let job = keys::publish_job(&upload).expect("a job");
    assert!(triggers().iter().any(|prefix| job.starts_with(prefix)));
    assert_eq!(keys::work(&job), Work::Publish { video, source: upload });
}
