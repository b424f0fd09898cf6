//! From the upload to what is played.

use std::collections::BTreeMap;

use serde_json::Value;
use tests::{footage, person::Person, rows, store};

/// Streams by kind, as FFmpeg sees them.
fn streams(probed: &Value) -> BTreeMap<&str, &Value> {
    let streams = probed["streams"].as_array().expect("streams").iter();
    streams.filter_map(|stream| Some((stream["codec_type"].as_str()?, stream))).collect()
}

/// True when the index comes before the media.
fn index_first(mp4: &[u8]) -> bool {
    let position = |name: &[u8]| mp4.windows(4).position(|window| window == name);
    position(b"moov").expect("an index") < position(b"mdat").expect("media")
}

/// True when what follows the header of the media is the same in both, up to an index that comes last.
fn ends_alike(uploaded: &[u8], played: &[u8]) -> bool {
    let media = |mp4: &[u8]| {
        let at = mp4.windows(4).position(|window| window == b"mdat").expect("media");
        let length = u32::from_be_bytes(mp4[at - 4..at].try_into().expect("four bytes"));
        mp4[at..at - 4 + usize::try_from(length).expect("a length")].to_vec()
    };
    media(uploaded) == media(played)
}

#[tokio::test]
async fn a_screen_recording_is_published_without_encoding() {
    let person = Person::new().await;
    let recording = footage::screen_recording("1920x1080", 2).await;
    assert!(!index_first(&recording), "recorders write the index last");
    let video = person.record("Screen", recording.clone()).await;
    person.ready(&video).await;
    let played = person.watch(&video).await;
    assert!(index_first(&played), "players want the index first");
    assert!(ends_alike(&recording, &played), "the media is the upload's own, byte for byte");
    let (before, after) = (footage::probe(&recording).await, footage::probe(&played).await);
    for kind in ["video", "audio"] {
        for fact in ["codec_name", "profile", "width", "height", "nb_frames", "bit_rate"] {
            assert_eq!(streams(&before)[kind][fact], streams(&after)[kind][fact], "{kind} {fact}");
        }
    }
}

#[tokio::test]
async fn a_recording_of_many_parts_is_copied_and_not_moved() {
    let person = Person::new().await;
    let recording = footage::large().await;
    let video = person.record("Large", recording.clone()).await;
    person.ready(&video).await;
    let played = person.watch(&video).await;
    assert!(index_first(&played) && ends_alike(&recording, &played), "the media is the upload's own, byte for byte");
}

#[tokio::test]
async fn a_browser_recording_is_encoded_for_phones() {
    let person = Person::new().await;
    let recording = footage::browser_recording("641x359", 2).await;
    let video = person.create("Browser").await;
    person.upload(&video, "raw-upload.webm", recording).await;
    person.ready(&video).await;
    let played = person.watch(&video).await;
    assert!(index_first(&played));
    let probed = footage::probe(&played).await;
    let (picture, sound) = (streams(&probed)["video"], streams(&probed)["audio"]);
    assert_eq!((picture["codec_name"].as_str(), picture["pix_fmt"].as_str()), (Some("h264"), Some("yuv420p")));
    assert_eq!(sound["codec_name"], "aac");
    for side in ["width", "height"] {
        assert_eq!(picture[side].as_u64().expect("pixels") % 2, 0, "{side} is even");
    }
}

#[tokio::test]
async fn a_name_is_not_a_format() {
    let person = Person::new().await;
    // The CLI stores whatever it has under result.mp4.
    let video = person.record("WebM by another name", footage::browser_recording("320x180", 1).await).await;
    person.ready(&video).await;
}

#[tokio::test]
async fn what_is_larger_than_1080p_is_scaled_when_encoded() {
    let person = Person::new().await;
    let recording = footage::make(
        "-f lavfi -i testsrc2=size=2560x1440:rate=10:duration=1 -c:v libvpx -deadline realtime -cpu-used 8",
        "webm",
    )
    .await;
    let video = person.record("Large", recording).await;
    person.ready(&video).await;
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    assert_eq!((cap["width"].as_u64(), cap["height"].as_u64()), (Some(1920), Some(1080)));
}

#[tokio::test]
async fn a_silent_recording_stays_silent() {
    let person = Person::new().await;
    let recording = footage::make("-f lavfi -i testsrc2=size=320x180:rate=30:duration=1 -pix_fmt yuv420p", "mp4").await;
    let video = person.record("Silent", recording).await;
    person.ready(&video).await;
    let probed = footage::probe(&person.watch(&video).await).await;
    assert_eq!(streams(&probed).into_keys().collect::<Vec<_>>(), ["video"]);
}

#[tokio::test]
async fn the_row_tells_length_and_size() {
    let person = Person::new().await;
    let video = person.record("Facts", footage::screen_recording("320x180", 3).await).await;
    person.ready(&video).await;
    let cap = person.get(&format!("/api/v1/caps/{video}")).await.body;
    let length = cap["durationMs"].as_u64().expect("a length");
    assert!((2900..3200).contains(&length), "{length} ms");
    assert_eq!((cap["width"].as_u64(), cap["height"].as_u64()), (Some(320), Some(180)));
    let fps: f64 = rows::one(&format!("SELECT fps FROM videos WHERE id = '{video}'")).await;
    assert!((29.5..30.5).contains(&fps), "{fps} frames a second");
    let bytes: u64 = rows::one(&format!("SELECT size_bytes FROM videos WHERE id = '{video}'")).await;
    assert_eq!(bytes, person.watch(&video).await.len() as u64);
}

#[tokio::test]
async fn real_footage_is_published() {
    let person = Person::new().await;
    for file in footage::real() {
        let video = person.record("Real", std::fs::read(&file).expect("footage")).await;
        person.ready(&video).await;
        let probed = footage::probe(&person.watch(&video).await).await;
        assert_eq!(streams(&probed)["video"]["codec_name"], "h264", "{}", file.display());
    }
}

#[tokio::test]
async fn two_uploads_at_once_finish_independently() {
    let person = Person::new().await;
    let (fine, broken) = (footage::screen_recording("320x180", 2).await, b"not a video".to_vec());
    let (first, second, third) =
        tokio::join!(person.record("One", fine.clone()), person.record("Two", fine), person.record("Three", broken));
    tokio::join!(person.ready(&first), person.ready(&second), person.failed(&third));
}

#[tokio::test]
async fn the_same_bytes_can_be_uploaded_again_after_a_failure() {
    let person = Person::new().await;
    let video = person.record("Broken", b"not a video".to_vec()).await;
    let reason = person.failed(&video).await;
    person.record_again(&video, b"not a video".to_vec()).await;
    assert_eq!(person.failed(&video).await, reason, "it does not wait for ever");
}

#[tokio::test]
async fn a16_a_newer_upload_replaces_what_plays_only_when_it_is_ready() {
    let person = Person::new().await;
    let video = person.record("Take one", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    let take_one = person.watch(&video).await;
    person.record_again(&video, b"take two is broken".to_vec()).await;
    person.failed(&video).await;
    assert_eq!(person.watch(&video).await, take_one, "what plays stays");
    person.record_again(&video, footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    assert_ne!(person.watch(&video).await, take_one);
    let keys = store::published_keys_of(&video).await;
    assert_eq!(keys.len(), 3, "an upload, a video and a poster: {keys:?}");
}
