//! Ranges and conditions of reads.

use common::objects::ObjectsError;
use reqwest::{StatusCode, header};

use super::{BUCKET, Served, bytes, for_an_hour, plain_client, refusal};

#[tokio::test]
async fn ranges_are_answered_as_http_has_them() {
    let served = Served::start().await;
    let body = bytes(1, 600_000);
    served.put("key", body.clone()).await;
    let get = plain_client(served.address).get_object().bucket(BUCKET).key("key");
    let url = get.presigned(for_an_hour()).await.expect("signed").uri().to_owned();
    for (range, expected) in [
        ("bytes=0-0", Some(0..1)),
        ("bytes=5-9", Some(5..10)),
        ("bytes=262140-262150", Some(262_140..262_151)),
        ("bytes=599999-", Some(599_999..600_000)),
        ("bytes=500000-9999999", Some(500_000..600_000)),
        ("bytes=-10", Some(599_990..600_000)),
        ("bytes=600000-", None),
    ] {
        let answer = reqwest::Client::new().get(&url).header(header::RANGE, range).send().await.expect("an answer");
        let content_range =
            answer.headers().get(header::CONTENT_RANGE).expect("a range").to_str().expect("text").to_owned();
        match expected {
            Some(expected) => {
                assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
                assert_eq!(content_range, format!("bytes {}-{}/600000", expected.start, expected.end - 1));
                assert_eq!(answer.headers()[header::ACCEPT_RANGES], "bytes");
                assert!(answer.bytes().await.expect("a body") == body[expected], "{range}");
            }
            None => {
                assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
                assert_eq!(content_range, "bytes */600000");
            }
        }
    }
}

#[tokio::test]
async fn conditions_are_held_to() {
    let served = Served::start().await;
    let put = served.client.put_object().bucket(BUCKET).key("key").cache_control("max-age=60");
    let put = put.body(b"12345".to_vec().into()).send().await.expect("kept");
    let e_tag = put.e_tag().expect("an ETag").to_owned();
    let get = plain_client(served.address).get_object().bucket(BUCKET).key("key");
    let url = get.presigned(for_an_hour()).await.expect("signed").uri().to_owned();
    let first = reqwest::get(&url).await.expect("an answer");
    let modified = first.headers()[header::LAST_MODIFIED].to_str().expect("text").to_owned();
    let long_ago = "Mon, 01 Jan 2001 00:00:00 GMT";
    for (name, value, expected) in [
        (header::IF_NONE_MATCH, e_tag.as_str(), StatusCode::NOT_MODIFIED),
        (header::IF_NONE_MATCH, "\"other\"", StatusCode::OK),
        (header::IF_MATCH, &e_tag, StatusCode::OK),
        (header::IF_MATCH, "\"other\"", StatusCode::PRECONDITION_FAILED),
        (header::IF_MODIFIED_SINCE, &modified, StatusCode::NOT_MODIFIED),
        (header::IF_MODIFIED_SINCE, long_ago, StatusCode::OK),
        (header::IF_UNMODIFIED_SINCE, &modified, StatusCode::OK),
        (header::IF_UNMODIFIED_SINCE, long_ago, StatusCode::PRECONDITION_FAILED),
    ] {
        let answer = reqwest::Client::new().get(&url).header(&name, value).send().await.expect("an answer");
        assert_eq!(answer.status(), expected, "{name}: {value}");
        if expected == StatusCode::NOT_MODIFIED {
            assert_eq!(answer.headers()[header::ETAG], e_tag);
            assert_eq!(answer.headers()[header::CACHE_CONTROL], "max-age=60");
            assert_eq!(answer.bytes().await.expect("a body"), "");
        }
    }
}

#[tokio::test]
async fn a_reader_gets_the_object_it_began_to_read() {
    let served = Served::start().await;
    let (old, new) = (bytes(1, 3_000_000), bytes(2, 1_000_000));
    served.put("key", old.clone()).await;
    let mut reading = served.client.get_object().bucket(BUCKET).key("key").send().await.expect("an object").body;
    let mut read = reading.next().await.expect("bytes").expect("bytes").to_vec();
    served.put("key", new.clone()).await;
    while let Some(bytes) = reading.next().await {
        read.extend(bytes.expect("bytes"));
    }
    assert!(read == old);
    assert!(served.get("key").await == new);
    drop(reading);
    served.wait_for_blobs(1).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let served = Served::start().await;
    served.put("folder/key", b"x".to_vec()).await;
    for key in ["none", "folder", "folder/", "folder/key/more"] {
        assert!(served.missing(key).await, "{key}");
        let refused = served.client.get_object().bucket(BUCKET).key(key).send().await;
        assert_eq!(refusal(refused), (404, "NoSuchKey".to_owned()), "{key}");
    }
}

#[tokio::test]
async fn a_presigned_url_can_name_the_download() {
    let served = Served::start().await;
    served.put("key", b"x".to_vec()).await;
    let get = plain_client(served.address).get_object().bucket(BUCKET).key("key");
    let get = get.response_content_disposition("attachment; filename=\"talk.mp4\"").response_content_type("video/mp4");
    let presigned = get.presigned(for_an_hour()).await.expect("signed");
    let answer = reqwest::get(presigned.uri()).await.expect("an answer");
    assert_eq!(answer.headers()[header::CONTENT_DISPOSITION], "attachment; filename=\"talk.mp4\"");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "video/mp4");
}

#[tokio::test]
async fn small_objects_are_read_whole_with_one_call_and_large_ones_are_not() {
    let served = Served::start().await;
    let largest = bytes(1, 4 << 20);
    served.put("empty", Vec::new()).await;
    served.put("largest", largest.clone()).await;
    served.put("larger", bytes(1, (4 << 20) + 1)).await;
    let objects = served.objects();
    assert_eq!(objects.read_small("empty").await.expect("read"), Some(Vec::new()));
    assert_eq!(objects.read_small("missing").await.expect("read"), None);
    let metered = objects.metered();
    assert!(metered.read_small("largest").await.expect("read") == Some(largest));
    assert_eq!((metered.used().calls, metered.used().bytes_read), (1, 4 << 20));
    let refused = objects.read_small("larger").await;
    assert!(matches!(refused, Err(ObjectsError::NotSmall { ref key, .. }) if key == "larger"), "{refused:?}");
}
