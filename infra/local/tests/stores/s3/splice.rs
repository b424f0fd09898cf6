//! `Objects::splice`: a new head before media that S3 copies to itself.

use common::objects::{Head, ObjectsError, Spliced};

use super::{BUCKET, SERVING, Served, bytes, combined_e_tag, md5};

const MIB: usize = 1024 * 1024;
const PART: usize = 6 * MIB;
const SOURCE: &str = "videos/raw/1.mp4";
const KEY: &str = "videos/processed/1.mp4";

async fn put_source(served: &Served, key: &str, size: usize) -> (Vec<u8>, Head) {
    let source = bytes(7, size);
    let e_tag = served.put(key, source.clone()).await;
    (source, Head { size: size as u64, e_tag })
}

fn replaced(outcome: Result<common::objects::Moved, ObjectsError>, key: &str) {
    match outcome {
        Err(ObjectsError::Replaced(named)) => assert_eq!(named, key),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_spliced_object_is_exact_and_cut_into_parts_of_one_size() {
    let served = Served::start().await;
    let objects = served.objects();
    let (source, version) = put_source(&served, SOURCE, 40 * MIB).await;
    let head = bytes(8, 300_001);
    let media = 48..40 * MIB as u64 - 1001;
    let expected = [&head[..], &source[48..40 * MIB - 1001]].concat();
    let made_of = Spliced { head: &head, source_key: SOURCE, source: &version, media: media.clone(), known: b"" };

    let job = objects.metered();
    let moved = job.splice(KEY, None, &made_of, SERVING).await.expect("spliced");
    assert!(served.get(KEY).await == expected);
    let made = served.client.head_object().bucket(BUCKET).key(KEY).send().await.expect("an object");
    let parts: Vec<_> = expected.chunks(PART).collect();
    assert_eq!(super::unquoted(made.e_tag()), combined_e_tag(&parts), "other parts than 6 MiB each");
    assert_eq!((made.content_type(), made.cache_control()), (Some("video/mp4"), Some("private")));
    served.assert_no_open_upload().await;

    assert_eq!(moved.size, expected.len() as u64);
    assert_eq!(moved.bytes_read, (PART - head.len()) as u64);
    assert_eq!(moved.bytes_written, PART as u64);
    assert_eq!(moved.bytes_copied, (expected.len() - PART) as u64);
    // Create, read, put, complete, look; and six copies.
    assert_eq!((parts.len(), moved.calls), (7, 11));
    assert!(!moved.copying.is_zero());
    // The job's counters have it as well, and those of others have not.
    let used = job.used();
    assert_eq!(
        (used.calls, used.bytes_read, used.bytes_written, used.bytes_copied),
        (moved.calls, moved.bytes_read, moved.bytes_written, moved.bytes_copied)
    );
    assert_eq!(objects.used().calls, 0);
}

#[tokio::test]
async fn an_object_that_is_there_is_spliced_over_when_it_is_the_expected_one() {
    let served = Served::start().await;
    let objects = served.objects();
    let (source, version) = put_source(&served, SOURCE, 2 * PART).await;
    let current = Head { size: 5, e_tag: served.put(KEY, b"12345".to_vec()).await };
    let made_of =
        Spliced { head: b"head", source_key: SOURCE, source: &version, media: 0..2 * PART as u64, known: b"" };
    objects.splice(KEY, Some(&current), &made_of, SERVING).await.expect("spliced");
    assert!(served.get(KEY).await == [b"head", &source[..]].concat());
}

#[tokio::test]
async fn what_is_under_two_parts_takes_one_read_and_one_put() {
    let served = Served::start().await;
    let (source, version) = put_source(&served, SOURCE, 1000).await;
    let made_of = Spliced { head: b"head", source_key: SOURCE, source: &version, media: 10..990, known: b"" };
    let moved = served.objects().splice(KEY, None, &made_of, SERVING).await.expect("spliced");
    assert_eq!((moved.calls, moved.bytes_read, moved.bytes_written, moved.bytes_copied), (2, 980, 984, 0));
    assert!(served.get(KEY).await == [b"head", &source[10..990]].concat());
    let made = served.client.head_object().bucket(BUCKET).key(KEY).send().await.expect("an object");
    assert_eq!((made.content_type(), made.cache_control()), (Some("video/mp4"), Some("private")));

    let nothing = Spliced { media: 10..10, ..made_of };
    let moved = served.objects().splice("videos/processed/2.mp4", None, &nothing, SERVING).await.expect("spliced");
    assert_eq!((moved.calls, moved.size), (1, 4));
}

#[tokio::test]
async fn what_the_caller_has_of_the_media_is_not_read_again() {
    let served = Served::start().await;
    let (source, version) = put_source(&served, SOURCE, 3 * PART).await;
    // In parts, and whole.
    for (media, read) in [(10..3 * PART, PART - 4 - 1000), (10..9010, 8000)] {
        let known = &source[10..1010];
        let range = media.start as u64..media.end as u64;
        let made_of = Spliced { head: b"head", source_key: SOURCE, source: &version, media: range, known };
        let to = format!("videos/processed/{read}.mp4");
        let moved = served.objects().splice(&to, None, &made_of, SERVING).await.expect("spliced");
        assert_eq!(moved.bytes_read, read as u64);
        assert!(served.get(&to).await == [b"head", &source[media]].concat());
    }
}

#[tokio::test]
async fn keys_may_hold_any_character() {
    let served = Served::start().await;
    let key = "videos/raw/a b+c%20d&e=f?versionId=g#h~'é\"<界>.mp4";
    let (source, version) = put_source(&served, key, 2 * PART).await;
    // The head is a whole part: all media is copied, and nothing read.
    let head = bytes(8, PART);
    let made_of = Spliced { head: &head, source_key: key, source: &version, media: 1..2 * PART as u64, known: b"" };
    let to = key.replace("raw", "processed");
    let moved = served.objects().splice(&to, None, &made_of, SERVING).await.expect("spliced");
    assert_eq!((moved.bytes_read, moved.bytes_copied), (0, 2 * PART as u64 - 1));
    assert!(served.get(&to).await == [&head[..], &source[1..]].concat());
}

#[tokio::test]
async fn a_destination_that_changed_meanwhile_stays_as_it_is() {
    let served = Served::start().await;
    let objects = served.objects();
    let (_, version) = put_source(&served, SOURCE, 2 * PART).await;
    let there = served.put(KEY, b"newer".to_vec()).await;
    let older = Head { size: 5, e_tag: md5(b"older") };
    // In parts, and whole.
    for media in [0..2 * PART as u64, 0..10] {
        let made_of = Spliced { head: b"head", source_key: SOURCE, source: &version, media, known: b"" };
        for current in [None, Some(&older)] {
            replaced(objects.splice(KEY, current, &made_of, SERVING).await, KEY);
        }
        // One that the caller has seen is gone.
        let gone = "videos/processed/gone.mp4";
        replaced(objects.splice(gone, Some(&older), &made_of, SERVING).await, gone);
        assert!(served.missing(gone).await);
    }
    assert_eq!(md5(&served.get(KEY).await), there);
    served.assert_no_open_upload().await;
    // The source and the newer object, and nothing of the parts.
    served.wait_for_blobs(2).await;
}

#[tokio::test]
async fn a_source_that_changed_meanwhile_makes_no_object() {
    let served = Served::start().await;
    let objects = served.objects();
    let (_, version) = put_source(&served, SOURCE, 2 * PART).await;
    served.put(SOURCE, bytes(9, 2 * PART)).await;
    let whole_part = bytes(8, PART);
    // Seen by the copies alone, by them and the read, and by the read alone.
    for (head, end) in [(&whole_part[..], 2 * PART), (b"head", 2 * PART), (b"head", 10)] {
        let made_of = Spliced { head, source_key: SOURCE, source: &version, media: 0..end as u64, known: b"" };
        replaced(objects.splice(KEY, None, &made_of, SERVING).await, SOURCE);
        assert!(served.missing(KEY).await);
        served.assert_no_open_upload().await;
    }
    served.client.delete_object().bucket(BUCKET).key(SOURCE).send().await.expect("deleted");
    let made_of =
        Spliced { head: &whole_part, source_key: SOURCE, source: &version, media: 0..2 * PART as u64, known: b"" };
    replaced(objects.splice(KEY, None, &made_of, SERVING).await, SOURCE);
    served.assert_no_open_upload().await;
    served.wait_for_blobs(0).await;
}
