//! Where the two sides are, and what is said when they are not there.

use tests::{
    cap::{Cap, told},
    cloud::cloud,
    footage,
    front::Front,
    proxy::Proxy,
    rows, store,
};

use super::{person, ready, recorded, video};

/// More than one part, so that S3 could copy it.
const BYTES: usize = (20 << 20) + 5;

#[tokio::test]
async fn what_lies_in_the_same_s3_is_copied_there() {
    let mut cap = Cap::beside().await;
    let ada = person(&mut cap, &[]).await;
    let long = video(&mut cap, &ada, &[]).await;
    let recording = footage::padded(footage::screen_recording("160x90", 1).await, BYTES);
    cap.store(&format!("{ada}/{long}/result.mp4"), recording.clone()).await;
    let way = Proxy::new(&cap.s3_address(), u64::MAX).await;
    let imported = told(cap.command_by(&cap.database_address(), &way.address)).await;
    assert_eq!(imported.row("recordings, screenshots"), [1, 1, 0, 0], "{imported:?}");
    assert!(way.passed() < 1 << 20, "{} bytes passed through the import", way.passed());
    assert!(store::content(&format!("videos/raw/{long}.mp4")).await == recording, "every byte in its place");
    ready(&long).await;
    cap.remove().await;
}

#[tokio::test]
async fn what_s3_refuses_to_copy_is_carried() {
    let mut cap = Cap::new().await;
    let ada = person(&mut cap, &[]).await;
    let long = video(&mut cap, &ada, &[]).await;
    let recording = footage::padded(footage::screen_recording("160x90", 1).await, BYTES);
    cap.store(&format!("{ada}/{long}/result.mp4"), recording).await;
    // One endpoint for both, as of two accounts of one provider: neither's keys open the other's bucket.
    let here = &cloud().ready;
    let own = here.s3_endpoint.trim_start_matches("http://");
    let front = Front::before(&[(cap.bucket(), &cap.s3_address()), (&here.bucket, own)]).await;
    let mut command = cap.command_by(&cap.database_address(), &front.address);
    command.env("AWS_ENDPOINT_URL_S3", format!("http://{}", front.address));
    let imported = told(command).await;
    assert!(imported.complaints.contains("S3 does not copy from Cap's bucket"), "{imported:?}");
    assert_eq!(imported.row("recordings, screenshots"), [1, 1, 0, 0], "{imported:?}");
    ready(&long).await;
    cap.remove().await;
}

#[tokio::test]
async fn a_recording_that_was_uploaded_here_since_is_not_replaced() {
    let mut cap = Cap::new().await;
    let (ada, desktop) = super::with_desktop(&mut cap, &[]).await;
    let film = recorded(&mut cap, &ada, &[]).await;
    cap.import().await;
    ready(&film).await;
    let newer = footage::screen_recording("320x180", 1).await;
    desktop.record_again(&film, newer.clone()).await;
    // As if it had been killed just before the end of what it does with a video.
    rows::run(&format!("UPDATE cap_imports SET done = FALSE WHERE source_id = '{film}'")).await;
    let again = cap.import().await;
    assert_eq!(again.row("recordings, screenshots"), [1, 0, 1, 0], "{again:?}");
    assert!(store::content(&format!("videos/raw/{film}.mp4")).await == newer);
    cap.remove().await;
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_before_anything_is_done() {
    let cap = Cap::new().await;
    for (name, value, told_of) in [
        ("CAP_DATABASE_URL", "", "CAP_DATABASE_URL is missing"),
        ("CAP_DATABASE_URL", "mysql://u:hush@127.0.0.1:1/cap", "look at CAP_DATABASE_URL"),
        ("CAP_DATABASE_URL", "mysql://u:hush@127.0.0.1:1/cap?what=1", "CAP_DATABASE_URL cannot be used"),
        ("CAP_BUCKET", "another", "look at CAP_BUCKET"),
        ("CAP_SECRET_ACCESS_KEY", "hush", "look at CAP_BUCKET"),
        ("CAP_SECRET_ACCESS_KEY", "", "CAP_SECRET_ACCESS_KEY is missing"),
        ("MEDIA_BUCKET", "another", "look at MEDIA_BUCKET"),
        ("DRY_RUN", "yes", "DRY_RUN must be 1"),
    ] {
        let mut command = cap.command();
        command.env(name, value);
        let refused = told(command).await;
        assert!(!refused.success && refused.text.is_empty(), "{name}: {refused:?}");
        assert!(refused.complaints.contains(told_of) && !refused.complaints.contains("hush"), "{name}: {refused:?}");
    }
    let mut command = cap.command();
    let capstan = tests::cloud::cloud().ready.database_url.clone();
    command.env("CAP_DATABASE_URL", capstan);
    let refused = told(command).await;
    assert!(refused.complaints.contains("no database of Cap: it has no table videos"), "{refused:?}");
    cap.remove().await;
}
