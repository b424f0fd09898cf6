//! Uploads that are no recordings: a reason people understand, and the object kept.

use tests::{footage, person::Person, reason, store};

/// Uploads `bytes` and returns why they fail.
async fn reason(bytes: Vec<u8>) -> String {
    let person = Person::new().await;
    let video = person.record("Bad", bytes).await;
    let reason = person.failed(&video).await;
    reason::is_for_people(&reason);
    assert_eq!(
        store::keys_of(&video).await,
        [format!("videos/raw/{video}.mp4")],
        "the upload itself is kept, nothing else"
    );
    reason
}

#[tokio::test]
async fn an_empty_object() {
    assert!(reason(Vec::new()).await.contains("empty"));
}

#[tokio::test]
async fn text_and_pages_named_mp4() {
    for text in ["Dear diary,", "<!doctype html><title>Login</title>", "{\"error\":\"expired\"}"] {
        assert!(reason(text.repeat(50).into_bytes()).await.contains("not a video"), "{text}");
    }
}

#[tokio::test]
async fn playlists_named_mp4_open_nothing() {
    let playlist = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n";
    assert!(reason(playlist.as_bytes().to_vec()).await.contains("not a video"));
    assert!(reason(b"ffconcat version 1.0\nfile /etc/passwd\n".to_vec()).await.contains("not a video"));
}

#[tokio::test]
async fn a_recording_that_was_cut_off() {
    let whole = footage::screen_recording("320x180", 2).await;
    reason(whole[..whole.len() / 2].to_vec()).await;
}

#[tokio::test]
async fn sound_without_picture() {
    reason(footage::make("-f lavfi -i sine=duration=1 -c:a aac", "mp4").await).await;
}

#[tokio::test]
async fn noise() {
    let noise = (0_u32..50_000).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    reason(noise).await;
}
