//! Nothing that a function writes may start it again without end: the real template against the real keys.

use std::{collections::BTreeMap, path::Path};

use common::{
    db::videos::Kind,
    ids::{MailId, UserId, VideoId},
    objects::keys::{self, Track, Work, live},
};
use local::template::{Inputs, Template};

const CREATED: &str = "ObjectCreated:Put";

fn template() -> Template {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let parameters = [
        ("DatabaseUrl", "mysql://user:password@127.0.0.1:3306/capstan"),
        ("MailTransport", "log"),
        ("MailFrom", "login@example.com"),
    ];
    let parameters = BTreeMap::from(parameters.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let inputs = Inputs { parameters, ..Inputs::default() };
    Template::load(&path, &inputs).expect("template.yaml")
}

/// Functions that an object at `key` starts.
fn started(template: &Template, key: &str) -> Vec<String> {
    let bucket = &template.buckets[0].name;
    let triggers = template.object_triggers.iter().filter(|trigger| trigger.matches(bucket, CREATED, key));
    triggers.map(|trigger| trigger.function.clone()).collect()
}

fn video() -> VideoId {
    VideoId::parse("0123456789abcde").expect("an id")
}

fn user() -> UserId {
    UserId::parse("0123456789abcde").expect("an id")
}

#[test]
fn no_output_starts_anything() {
    let (video, user) = (&video(), &user());
    let outputs = [
        keys::avatar_upload(user),
        keys::avatar(user, "0123456789abcde.png"),
        keys::processed(video),
        keys::poster(video),
        keys::piece(video, "set", 0),
        keys::storyboard(video, 1),
        keys::storyboard_cues(video, 1),
        keys::preview(video, 1),
        keys::playlist(video, 1, "master"),
        keys::stream(video, 1, "720-0.mp4"),
        keys::stream_piece(video, 1, 0),
        keys::client_thumbnail(video),
        keys::screenshot(video, 1),
        live::manifest(video),
        live::init(video, Track::Video),
        live::segment(video, Track::Audio, 1),
    ];
    for output in outputs {
        assert!(started(&template(), &output).is_empty(), "{output}");
        assert_eq!(keys::work(&output), Work::Foreign, "{output}");
    }
}

#[test]
fn every_upload_starts_the_transcode_function_once() {
    for name in
        ["result.mp4", "agent-upload.mp4", "raw-upload.mp4", "raw-upload.webm", "raw-upload.mov", "raw-upload.mkv"]
    {
        let upload = keys::upload(&video(), name).expect("an upload").key;
        assert_eq!(started(&template(), &upload), ["TranscodeFunction"], "{upload}");
    }
    for name in ["screenshot/screen-capture.png", "screenshot/screen-capture.jpg"] {
        let upload = keys::upload_of(&video(), Kind::Screenshot, name).expect("an upload").key;
        assert_eq!(started(&template(), &upload), ["TranscodeFunction"], "{upload}");
    }
}

#[test]
fn every_job_starts_the_transcode_function_once() {
    let (video, template) = (&video(), template());
    for job in [
        keys::assemble_job(video),
        keys::piece_job(video, 1, 0),
        keys::derive_job(video, 1),
        keys::rendition_job(video, 1, 0),
        keys::account_job(&user()),
    ] {
        assert_eq!(started(&template, &job), ["TranscodeFunction"], "{job}");
        assert_ne!(keys::work(&job), Work::Foreign, "{job}");
    }
}

#[test]
fn every_mail_starts_the_mail_function_and_no_other() {
    let (id, template) = (MailId::parse("0123456789abcde").expect("an id"), template());
    assert_eq!(started(&template, &keys::mail(&id)), ["MailFunction"]);
    let triggers = template.object_triggers.iter().filter(|trigger| trigger.function == "MailFunction");
    assert_eq!(triggers.map(|trigger| trigger.prefix.as_str()).collect::<Vec<_>>(), [keys::OUTBOX]);
}

#[test]
fn a_job_leads_to_its_upload_and_to_no_further_job() {
    let source = keys::upload(&video(), "raw-upload.webm").expect("an upload").key;
    let job = keys::publish_job(&source).expect("a job");
    assert_eq!(started(&template(), &job), ["TranscodeFunction"]);
    assert_eq!(keys::work(&job), Work::Publish { video: video(), source });
}
