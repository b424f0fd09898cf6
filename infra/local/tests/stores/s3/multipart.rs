//! Multipart uploads.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    operation::list_parts::ListPartsOutput,
    primitives::{ByteStream, SdkBody},
    types::{CompletedMultipartUpload, CompletedPart},
};

use super::{BUCKET, Served, bytes, combined_e_tag, plain_client, refusal, unquoted};

const KEY: &str = "videos/raw/1.mp4";
const FIVE_MIB: usize = 5 * 1024 * 1024;

async fn create(client: &Client) -> String {
    let create = client.create_multipart_upload().bucket(BUCKET).key(KEY).content_type("video/mp4");
    create.send().await.expect("an upload").upload_id.expect("an id")
}

async fn upload(client: &Client, id: &str, number: i32, body: Vec<u8>) -> String {
    let part = client.upload_part().bucket(BUCKET).key(KEY).upload_id(id).part_number(number);
    let part = part.body(ByteStream::from(body)).send().await.expect("a part");
    part.e_tag.expect("an ETag")
}

fn list(parts: &[(i32, &str)]) -> CompletedMultipartUpload {
    let part = |(number, e_tag): &(i32, &str)| CompletedPart::builder().part_number(*number).e_tag(*e_tag).build();
    CompletedMultipartUpload::builder().set_parts(Some(parts.iter().map(part).collect())).build()
}

async fn complete(client: &Client, id: &str, parts: &[(i32, &str)]) -> Result<String, (u16, String)> {
    let complete = client.complete_multipart_upload().bucket(BUCKET).key(KEY).upload_id(id);
    match complete.multipart_upload(list(parts)).send().await {
        Ok(completed) => Ok(unquoted(completed.e_tag())),
        failed => Err(refusal(failed)),
    }
}

#[tokio::test]
async fn the_listed_parts_make_the_object() {
    let mut served = Served::start().await;
    for client in [served.client.clone(), plain_client(served.address)] {
        let id = create(&client).await;
        let (first, last) = (bytes(1, FIVE_MIB), bytes(2, 1000));
        // Numbers need not be consecutive, parts come in any order, one is sent twice and one is not listed.
        let e_last = upload(&client, &id, 9, last.clone()).await;
        upload(&client, &id, 5, bytes(3, 500)).await;
        upload(&client, &id, 3, bytes(4, 700)).await;
        let e_first = upload(&client, &id, 3, first.clone()).await;
        let e_tag = complete(&client, &id, &[(3, &e_first), (9, &e_last)]).await.expect("completed");
        assert_eq!(e_tag, "2a9ad335bcc4920875ff28c8e719fd95-2");
        assert!(served.get(KEY).await == [first, last].concat());
        let head = client.head_object().bucket(BUCKET).key(KEY).send().await.expect("an object");
        assert_eq!(head.content_type(), Some("video/mp4"));
        assert_eq!(unquoted(head.e_tag()), e_tag);
        let event = served.created.recv().await.expect("an event");
        assert_eq!(event.event, "ObjectCreated:CompleteMultipartUpload");
        assert_eq!((event.key.as_str(), event.e_tag, event.size), (KEY, e_tag, FIVE_MIB as u64 + 1000));
        assert!(served.created.try_recv().is_err(), "parts are told of");
        // The parts that were not listed are gone, and so is the object that was there before.
        served.wait_for_blobs(2).await;
        let range =
            client.get_object().bucket(BUCKET).key(KEY).range("bytes=5242870-5242889").send().await.expect("a range");
        assert_eq!(range.body.collect().await.expect("a body").to_vec().len(), 20);
        let again = complete(&client, &id, &[(3, &e_first), (9, &e_last)]).await;
        assert_eq!(again, Err((404, "NoSuchUpload".to_owned())));
    }
}

#[tokio::test]
async fn a_wrong_completion_is_refused_and_the_right_one_still_works() {
    let mut served = Served::start().await;
    let client = served.client.clone();
    let id = create(&client).await;
    let first = upload(&client, &id, 1, bytes(1, FIVE_MIB)).await;
    let small = upload(&client, &id, 2, bytes(2, FIVE_MIB - 1)).await;
    let last = upload(&client, &id, 3, bytes(3, 10)).await;
    let [e_first, e_small, e_last] = [&first, &small, &last].map(String::as_str);
    for (id, parts, (status, code)) in [
        (id.as_str(), vec![], (400, "MalformedXML")),
        (id.as_str(), vec![(3, e_last), (1, e_first)], (400, "InvalidPartOrder")),
        (id.as_str(), vec![(1, e_first), (1, e_first)], (400, "InvalidPartOrder")),
        (id.as_str(), vec![(1, e_first), (4, e_last)], (400, "InvalidPart")),
        (id.as_str(), vec![(0, e_first)], (400, "InvalidPart")),
        (id.as_str(), vec![(1, e_last)], (400, "InvalidPart")),
        (id.as_str(), vec![(1, e_first), (2, e_small), (3, e_last)], (400, "EntityTooSmall")),
        ("no-such-id", vec![(1, e_first)], (404, "NoSuchUpload")),
        ("../../objects", vec![(1, e_first)], (404, "NoSuchUpload")),
    ] {
        let refused = complete(&client, id, &parts).await;
        assert_eq!(refused, Err((status, code.to_owned())), "{parts:?}");
        assert!(served.missing(KEY).await, "{parts:?}");
    }
    let other_key = client.complete_multipart_upload().bucket(BUCKET).key("other").upload_id(&id);
    let refused = other_key.multipart_upload(list(&[(1, &first)])).send().await;
    assert_eq!(refusal(refused), (404, "NoSuchUpload".to_owned()));
    assert!(served.created.try_recv().is_err());

    complete(&client, &id, &[(1, first.trim_matches('"')), (2, &small)]).await.expect("completed");
    assert_eq!(served.get(KEY).await.len(), 2 * FIVE_MIB - 1);
    served.created.recv().await.expect("an event");
}

#[tokio::test]
async fn a_body_that_is_no_list_is_malformed() {
    let served = Served::start().await;
    let id = create(&served.client).await;
    for body in ["", "no xml", "<CompleteMultipartUpload></CompleteMultipartUpload>"] {
        let complete = served.client.complete_multipart_upload().bucket(BUCKET).key(KEY).upload_id(&id);
        let complete = complete.multipart_upload(list(&[(1, "x")])).customize();
        let complete = complete.mutate_request(move |request| {
            *request.body_mut() = SdkBody::from(body);
            request.headers_mut().insert("content-length", body.len().to_string());
        });
        let refused = complete.send().await;
        assert_eq!(refusal(refused), (400, "MalformedXML".to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_part_that_is_not_what_the_client_said_is_refused() {
    let served = Served::start().await;
    let id = create(&served.client).await;
    let part = |number| {
        let part = served.client.upload_part().bucket(BUCKET).key(KEY).upload_id(&id).part_number(number);
        part.body(ByteStream::from_static(b"other"))
    };
    let md5 = "gnzLDuqKcGxMNKFokfhOew==";
    assert_eq!(refusal(part(1).content_md5(md5).send().await), (400, "BadDigest".to_owned()));
    assert_eq!(refusal(part(1).checksum_crc32("AAAAAA==").send().await), (400, "BadDigest".to_owned()));
    for number in [0, 10_001] {
        assert_eq!(refusal(part(number).send().await), (400, "InvalidArgument".to_owned()));
    }
    let parts = served.client.list_parts().bucket(BUCKET).key(KEY).upload_id(&id).send().await.expect("parts");
    assert!(parts.parts().is_empty());
    served.wait_for_blobs(0).await;
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let served = Served::start().await;
    let client = &served.client;
    let id = create(client).await;
    let first = upload(client, &id, 1, bytes(1, 100)).await;
    let abort = || client.abort_multipart_upload().bucket(BUCKET).key(KEY).upload_id(&id).send();
    abort().await.expect("aborted");
    served.wait_for_blobs(0).await;
    let gone = (404, "NoSuchUpload".to_owned());
    assert_eq!(refusal(abort().await), gone);
    assert_eq!(complete(client, &id, &[(1, &first)]).await, Err(gone.clone()));
    let parts = client.list_parts().bucket(BUCKET).key(KEY).upload_id(&id).send().await;
    assert_eq!(refusal(parts), gone);
    let part = client.upload_part().bucket(BUCKET).key(KEY).upload_id(&id).part_number(1);
    assert_eq!(refusal(part.body(ByteStream::from_static(b"x")).send().await), gone);
}

#[tokio::test]
async fn uploads_and_parts_are_listed_in_pages() {
    let served = Served::start().await;
    let client = &served.client;
    let (first, second) = (create(client).await, create(client).await);
    let other = client.create_multipart_upload().bucket(BUCKET).key("videos/live/1").send().await;
    let other = other.expect("an upload").upload_id.expect("an id");
    let mut found = Vec::new();
    let (mut key, mut id) = (None, None);
    loop {
        let page = client.list_multipart_uploads().bucket(BUCKET).prefix("videos/").max_uploads(1);
        let page = page.set_key_marker(key).set_upload_id_marker(id).send().await.expect("a page");
        found.extend(page.uploads().iter().filter_map(|upload| upload.upload_id().map(str::to_owned)));
        (key, id) = (page.next_key_marker().map(str::to_owned), page.next_upload_id_marker().map(str::to_owned));
        if page.is_truncated() != Some(true) {
            break;
        }
    }
    let mut expected = vec![first.clone(), second];
    expected.sort();
    expected.insert(0, other);
    assert_eq!(found, expected);
    let raw = client.list_multipart_uploads().bucket(BUCKET).prefix("videos/raw/").send().await.expect("a page");
    assert_eq!(raw.uploads().len(), 2);

    for number in [2, 1, 3] {
        upload(client, &first, number, bytes(1, 10)).await;
    }
    let pages = client.list_parts().bucket(BUCKET).key(KEY).upload_id(&first).max_parts(2).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.expect("pages");
    let parts: Vec<_> = pages.iter().flat_map(ListPartsOutput::parts).collect();
    assert_eq!(parts.iter().map(|part| part.part_number()).collect::<Vec<_>>(), [Some(1), Some(2), Some(3)]);
    assert!(parts.iter().all(|part| part.size() == Some(10) && part.e_tag().is_some()));
}

#[tokio::test]
async fn parts_are_copied_by_range() {
    let served = Served::start().await;
    let client = &served.client;
    let source = bytes(1, FIVE_MIB + 1000);
    let source_e_tag = served.put("source", source.clone()).await;
    let id = create(client).await;
    let copy = |number, range: &str| {
        let copy = client.upload_part_copy().bucket(BUCKET).key(KEY).upload_id(&id).part_number(number);
        copy.copy_source(format!("{BUCKET}/source")).copy_source_range(range)
    };
    for (range, (status, code)) in [
        ("bytes=0-", (400, "InvalidArgument")),
        ("0-5", (400, "InvalidArgument")),
        ("bytes=0-9999999", (416, "InvalidRange")),
    ] {
        assert_eq!(refusal(copy(1, range).send().await), (status, code.to_owned()), "{range}");
    }
    let stale = copy(1, "bytes=0-9").copy_source_if_match("\"other\"").send().await;
    assert_eq!(refusal(stale), (412, "PreconditionFailed".to_owned()));
    let head = upload(client, &id, 1, bytes(2, FIVE_MIB)).await;
    let tail =
        copy(2, "bytes=10-5243879").copy_source_if_match(format!("\"{source_e_tag}\"")).send().await.expect("a part");
    let tail = tail.copy_part_result().and_then(|result| result.e_tag()).expect("an ETag").to_owned();
    // The copied bytes outlive their source.
    served.client.delete_object().bucket(BUCKET).key("source").send().await.expect("deleted");
    complete(client, &id, &[(1, &head), (2, &tail)]).await.expect("completed");
    assert!(served.get(KEY).await == [&bytes(2, FIVE_MIB)[..], &source[10..=5_243_879]].concat());
    let served = served.restart(None).await;
    assert!(served.get(KEY).await.len() == 2 * FIVE_MIB + 990);
}

#[tokio::test]
async fn ranges_are_copied_of_large_objects_only() {
    let served = Served::start().await;
    let id = create(&served.client).await;
    served.put("source", bytes(1, FIVE_MIB)).await;
    let copy = || {
        let copy = served.client.upload_part_copy().bucket(BUCKET).key(KEY).upload_id(&id).part_number(1);
        copy.copy_source(format!("{BUCKET}/source"))
    };
    let refused = copy().copy_source_range("bytes=0-9").send().await;
    assert_eq!(refusal(refused), (400, "InvalidRequest".to_owned()));
    copy().send().await.expect("the whole of it");
}

#[tokio::test]
async fn sixteen_parts_are_copied_at_once() {
    let served = Served::start().await;
    let source = bytes(1, FIVE_MIB + 16);
    served.put("source", source.clone()).await;
    let id = create(&served.client).await;
    let mut copies = tokio::task::JoinSet::new();
    for number in 1..=16 {
        let copy = served.client.upload_part_copy().bucket(BUCKET).key(KEY).upload_id(&id).part_number(number);
        let copy = copy.copy_source(format!("{BUCKET}/source"));
        let last = i32::try_from(FIVE_MIB).expect("small") + number - 1;
        let copy = copy.copy_source_range(format!("bytes={number}-{last}"));
        copies.spawn(async move {
            let part = copy.send().await.expect("a part");
            (number, part.copy_part_result.and_then(|result| result.e_tag).expect("an ETag"))
        });
    }
    let mut parts = copies.join_all().await;
    parts.sort();
    let parts: Vec<_> = parts.iter().map(|(number, e_tag)| (*number, e_tag.as_str())).collect();
    let e_tag = complete(&served.client, &id, &parts).await.expect("completed");
    let expected: Vec<_> = (1..=16).map(|number| &source[number..FIVE_MIB + number]).collect();
    assert_eq!(e_tag, combined_e_tag(&expected));
    assert!(served.get(KEY).await == expected.concat());
}

#[tokio::test]
async fn a_completion_holds_its_condition() {
    let served = Served::start().await;
    let client = &served.client;
    let id = create(client).await;
    let part = upload(client, &id, 1, bytes(1, 100)).await;
    let complete = || {
        let complete = client.complete_multipart_upload().bucket(BUCKET).key(KEY).upload_id(&id);
        complete.multipart_upload(list(&[(1, &part)]))
    };
    let gone = complete().if_match("\"other\"").send().await;
    assert_eq!(refusal(gone), (404, "NoSuchKey".to_owned()));
    let e_tag = served.put(KEY, b"12345".to_vec()).await;
    for refused in [complete().if_none_match("*"), complete().if_match("\"other\"")] {
        assert_eq!(refusal(refused.send().await), (412, "PreconditionFailed".to_owned()));
        assert_eq!(served.get(KEY).await, b"12345");
    }
    // The upload is still there.
    complete().if_match(format!("\"{e_tag}\"")).send().await.expect("completed");
    assert!(served.get(KEY).await == bytes(1, 100));
}

#[tokio::test]
async fn abandoned_uploads_are_aborted() {
    let served = Served::start().await;
    let id = create(&served.client).await;
    upload(&served.client, &id, 1, bytes(1, 100)).await;
    let served = served.restart(Some(Duration::from_secs(3600))).await;
    let uploads = served.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a page");
    assert_eq!(uploads.uploads().len(), 1, "a young one is aborted");
    let served = served.restart(Some(Duration::ZERO)).await;
    let uploads = served.client.list_multipart_uploads().bucket(BUCKET).send().await.expect("a page");
    assert!(uploads.uploads().is_empty());
    served.wait_for_blobs(0).await;
}
