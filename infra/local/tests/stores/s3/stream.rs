//! `Objects::stream`: media that goes up as it comes, and a head that comes last.

use common::objects::{HEAD_RESERVE, Head, MAX_HEAD_RESERVE, Moved, ObjectsError, StreamedUpload};

use super::{BUCKET, SERVING, Served, bytes, combined_e_tag, md5, unquoted};

const MIB: usize = 1024 * 1024;
const PART: usize = 8 * MIB;
const KEY: &str = "videos/processed/1.mp4";

/// Media that is held back when the usual space is reserved.
const HOLD: usize = PART - 2 * MIB;

async fn write(upload: &mut StreamedUpload, media: &[u8], piece: usize) {
    for piece in media.chunks(piece) {
        upload.write(piece).await.expect("written");
    }
}

async fn e_tag(served: &Served) -> String {
    let made = served.client.head_object().bucket(BUCKET).key(KEY).send().await.expect("an object");
    assert_eq!((made.content_type(), made.cache_control()), (Some("video/mp4"), Some("private")));
    unquoted(made.e_tag())
}

#[tokio::test]
async fn a_streamed_object_is_exact_whatever_its_length() {
    let served = Served::start().await;
    for (size, piece, parts) in [
        (0, 1, None),
        (1, 1, None),
        (HOLD - 1, 100_003, None),
        (HOLD, HOLD, None),
        (HOLD + 1, HOLD + 1, None),
        (HOLD + PART - 1, 3 * MIB + 1, None),
        (HOLD + PART, 3 * MIB + 1, Some(2)),
        (HOLD + PART + 1, HOLD + PART + 1, Some(3)),
        (30 * MIB, 777_777, Some(4)),
    ] {
        let media = bytes(1, size);
        let job = served.objects();
        let mut upload = job.stream(KEY, SERVING, HEAD_RESERVE);
        write(&mut upload, &media, piece).await;
        let wanted = upload.head_bytes();
        assert_eq!(wanted, parts.map(|_| HEAD_RESERVE), "{size}");
        let head = bytes(2, wanted.map_or(1234, |wanted| usize::try_from(wanted).expect("a length")));
        let expected = [&head[..], &media].concat();
        let moved = upload.finish(head, None).await.expect("finished");

        assert!(served.get(KEY).await == expected, "{size}");
        let chunks: Vec<_> = expected.chunks(PART).collect();
        let (expected_e_tag, calls) = match parts {
            None => (md5(&expected), 1),
            // And create, complete, look.
            Some(parts) => (combined_e_tag(&chunks), parts + 3),
        };
        assert_eq!(e_tag(&served).await, expected_e_tag, "{size}: other parts than 8 MiB each");
        let bytes_written = expected.len() as u64;
        assert_eq!(moved, Moved { size: bytes_written, bytes_written, calls, ..moved });
        assert_eq!((moved.bytes_read, moved.bytes_copied), (0, 0));
        assert_eq!((job.used().calls, job.used().bytes_written), (calls, bytes_written));
        served.assert_no_open_upload().await;
        served.client.delete_object().bucket(BUCKET).key(KEY).send().await.expect("deleted");
    }
}

#[tokio::test]
async fn a_head_longer_than_reserved_makes_a_longer_first_part() {
    let served = Served::start().await;
    let objects = served.objects();
    let mut upload = objects.stream(KEY, SERVING, u64::MAX);
    let media = bytes(1, 20 * MIB);
    write(&mut upload, &media, 1_000_000).await;
    assert_eq!(upload.head_bytes(), Some(MAX_HEAD_RESERVE));
    let head = bytes(2, 9 * MIB);
    let held = PART - usize::try_from(MAX_HEAD_RESERVE).expect("a length");
    let first = [&head[..], &media[..held]].concat();
    upload.finish(head, None).await.expect("finished");
    let parts: Vec<_> = std::iter::once(&first[..]).chain(media[held..].chunks(PART)).collect();
    assert!(served.get(KEY).await == parts.concat());
    assert_eq!(e_tag(&served).await, combined_e_tag(&parts));
}

#[tokio::test]
async fn an_aborted_stream_leaves_nothing() {
    let served = Served::start().await;
    // Before the first part is full, while parts are on their way, and when some are there.
    for size in [100, HOLD + PART, HOLD + 3 * PART + 5] {
        let objects = served.objects();
        let mut upload = objects.stream(KEY, SERVING, HEAD_RESERVE);
        write(&mut upload, &bytes(1, size), 5 * MIB).await;
        upload.abort().await;
        assert!(served.missing(KEY).await, "{size}");
        served.assert_no_open_upload().await;
        served.wait_for_blobs(0).await;
    }
}

#[tokio::test]
async fn a_stream_does_not_replace_what_was_stored_meanwhile() {
    let served = Served::start().await;
    served.put(KEY, b"newer".to_vec()).await;
    let older = Head { size: 5, e_tag: md5(b"older") };
    for size in [10, HOLD + PART] {
        for current in [None, Some(&older)] {
            let mut upload = served.objects().stream(KEY, SERVING, HEAD_RESERVE);
            write(&mut upload, &bytes(1, size), PART).await;
            let refused = upload.finish(b"head".to_vec(), current).await;
            assert!(matches!(refused, Err(ObjectsError::Replaced(ref key)) if key == KEY), "{refused:?}");
            assert_eq!(served.get(KEY).await, b"newer");
            served.assert_no_open_upload().await;
        }
    }
    served.wait_for_blobs(1).await;
    let newer = Head { size: 5, e_tag: md5(b"newer") };
    let upload = served.objects().stream(KEY, SERVING, HEAD_RESERVE);
    upload.finish(b"newest".to_vec(), Some(&newer)).await.expect("replaced");
    assert_eq!(served.get(KEY).await, b"newest");
}

#[tokio::test]
async fn parts_that_cannot_be_stored_end_the_stream() {
    let served = Served::start().await;
    let mut upload = served.objects().stream(KEY, SERVING, HEAD_RESERVE);
    write(&mut upload, &bytes(1, HOLD + PART), PART).await;
    let open = served.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a page");
    let id = open.uploads()[0].upload_id().expect("an id");
    // As the removal of its video does.
    served.client.abort_multipart_upload().bucket(BUCKET).key(KEY).upload_id(id).send().await.expect("aborted");
    write(&mut upload, &bytes(2, PART - 1), PART).await;
    let refused = upload.finish(b"head".to_vec(), None).await;
    assert!(matches!(refused, Err(ObjectsError::Call { .. })), "{refused:?}");
    assert!(served.missing(KEY).await);
    served.wait_for_blobs(0).await;
}
