//! `Objects::append`: objects that are written from their beginning to their end.

use common::objects::{AppendedUpload, Extent, Head, ObjectsError};

use super::{BUCKET, SERVING, Served, bytes, combined_e_tag, md5, unquoted};

const MIB: usize = 1024 * 1024;
const KEY: &str = "videos/processed/1/hls/1/720-0.mp4";

async fn write(upload: &mut AppendedUpload, media: &[u8], piece: usize) {
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
async fn an_appended_object_is_exact_whatever_its_length() {
    let served = Served::start().await;
    for (extent, part) in [(Extent::Small, 5 * MIB), (Extent::Large, 8 * MIB)] {
        for (size, piece) in [
            (0, 1),
            (1, 1),
            (part - 1, 100_003),
            (part, part),
            (part, 100_003),
            (part + 1, part + 1),
            (2 * part, 3 * MIB + 1),
            (2 * part + 7, 2 * part + 7),
            (3 * part + MIB, 777_777),
        ] {
            let media = bytes(1, size);
            let mut upload = served.objects().append(KEY, SERVING, extent);
            write(&mut upload, &media, piece).await;
            upload.finish(None).await.expect("finished");
            assert!(served.get(KEY).await == media, "{size} of {extent:?}");
            let parts: Vec<_> = media.chunks(part).collect();
            let expected = if size <= part { md5(&media) } else { combined_e_tag(&parts) };
            assert_eq!(e_tag(&served).await, expected, "{size} of {extent:?}: parts of another size");
            served.assert_no_open_upload().await;
            served.client.delete_object().bucket(BUCKET).key(KEY).send().await.expect("deleted");
        }
    }
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let served = Served::start().await;
    for size in [100, 5 * MIB + 1, 17 * MIB] {
        let objects = served.objects();
        let mut upload = objects.append(KEY, SERVING, Extent::Small);
        write(&mut upload, &bytes(1, size), 3 * MIB).await;
        upload.abort().await;
        assert!(served.missing(KEY).await, "{size}");
        served.assert_no_open_upload().await;
        served.wait_for_blobs(0).await;
    }
}

#[tokio::test]
async fn an_appended_object_does_not_replace_what_was_stored_meanwhile() {
    let served = Served::start().await;
    served.put(KEY, b"newer".to_vec()).await;
    let older = Head { size: 5, e_tag: md5(b"older") };
    for size in [10, 6 * MIB] {
        for current in [None, Some(&older)] {
            let mut upload = served.objects().append(KEY, SERVING, Extent::Small);
            write(&mut upload, &bytes(1, size), MIB).await;
            let refused = upload.finish(current).await;
            assert!(matches!(refused, Err(ObjectsError::Replaced(ref key)) if key == KEY), "{refused:?}");
            assert_eq!(served.get(KEY).await, b"newer");
            served.assert_no_open_upload().await;
        }
    }
}
