use super::*;

fn video() -> VideoId {
    VideoId::parse("0123456789abcde").expect("an id")
}

#[test]
fn known_subpaths_map_to_raw_keys() {
    let key = |subpath| upload(&video(), subpath).map(|upload| upload.key);
    assert_eq!(key("result.mp4").as_deref(), Some("videos/raw/0123456789abcde.mp4"));
    assert_eq!(key("raw-upload.webm").as_deref(), Some("videos/raw/0123456789abcde.webm"));
}

#[test]
fn other_subpaths_map_to_nothing() {
    for subpath in ["", "../result.mp4", "/result.mp4", "%2e%2e/result.mp4", "result.mp4/", "RESULT.MP4", "x.mp4"] {
        assert_eq!(upload(&video(), subpath), None, "{subpath}");
    }
}

#[test]
fn raw_objects_and_publish_jobs_are_work() {
    let source = "videos/raw/0123456789abcde.webm".to_owned();
    let publish = Work::Publish { video: video(), source: source.clone() };
    assert_eq!(work(&source), publish);
    assert_eq!(work(&publish_job(&source).expect("a job")), publish);
}

#[test]
fn jobs_name_their_work() {
    let video = video();
    assert_eq!(work(&piece_job(&video, 3, 7)), Work::Piece { video: video.clone(), attempt: 3, number: 7 });
    assert_eq!(work(&derive_job(&video, 3)), Work::Derive { video: video.clone(), published: 3 });
    assert_eq!(work(&rendition_job(&video, 3, 7)), Work::Rendition { video: video.clone(), attempt: 3, number: 7 });
    assert_eq!(work(&assemble_job(&video)), Work::Assemble { video: video.clone() });
}

#[test]
fn everything_of_a_video_lies_under_its_prefixes() {
    let video = video();
    let keys = [
        processed(&video),
        poster(&video),
        piece(&video, "set", 1),
        storyboard(&video, 2),
        storyboard_cues(&video, 2),
        preview(&video, 2),
        playlist(&video, 2, "master"),
        stream(&video, 2, "720-0.mp4"),
        stream_piece(&video, 2, 0),
        piece_job(&video, 2, 0),
        derive_job(&video, 2),
        rendition_job(&video, 2, 0),
        assemble_job(&video),
        live::manifest(&video),
        live::init(&video, Track::Video),
        live::segment(&video, Track::Audio, 1),
    ];
    for key in keys {
        assert!(owned_prefixes(&video).iter().any(|prefix| key.starts_with(prefix)), "{key}");
    }
}

#[test]
fn everything_of_an_account_lies_under_its_prefixes() {
    let user = UserId::parse("0123456789abcde").expect("an id");
    for key in [avatar_upload(&user), avatar(&user, "x.png"), account_job(&user)] {
        assert!(account_prefixes(&user).iter().any(|prefix| key.starts_with(prefix)), "{key}");
    }
    assert_eq!(work(&account_job(&user)), Work::Account { user: user.clone() });
    assert_eq!(work(&avatar_upload(&user)), Work::Foreign);
}

#[test]
fn mails_are_known_by_their_keys_and_are_no_work() {
    let id = MailId::parse("0123456789abcde").expect("an id");
    assert_eq!(parse_mail(&mail(&id)), Some(id.clone()));
    assert_eq!(work(&mail(&id)), Work::Foreign);
    for key in ["outbox/", "outbox/x.json", "outbox/0123456789abcde", "jobs/0123456789abcde.json"] {
        assert_eq!(parse_mail(key), None, "{key}");
    }
}

#[test]
fn foreign_keys_are_not_work() {
    let foreign = [
        "videos/raw/",
        "videos/raw/0123456789abcde",
        "videos/raw/0123456789abcde.exe",
        "videos/raw/ilo.mp4",
        "videos/raw/a/0123456789abcde.mp4",
        "videos/processed/0123456789abcde.mp4",
        "jobs/publish/0123456789abcde/exe.json",
        "jobs/publish/0123456789abcde.json",
        "jobs/piece/0123456789abcde/+3-7.json",
        "jobs/derive/0123456789abcde/03.json",
        "jobs/rendition/0123456789abcde/3-07.json",
        "jobs/rendition/0123456789abcde/3.json",
        "jobs/account/x.json",
        "jobs/account/0123456789abcde",
        "jobs/account/0123456789abcde/1.json",
        "jobs/assemble/0123456789abcde",
        "jobs/assemble/0123456789abcde/1.json",
        "videos/live/0123456789abcde/manifest.json",
        "jobs/other/x.json",
    ];
    for key in foreign {
        assert_eq!(work(key), Work::Foreign, "{key}");
    }
}
