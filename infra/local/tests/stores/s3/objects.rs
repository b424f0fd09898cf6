//! Writing, copying, listing and deleting.

use std::time::Duration;

use aws_sdk_s3::{
    operation::list_objects_v2::ListObjectsV2Output,
    primitives::ByteStream,
    types::{Delete, MetadataDirective, ObjectIdentifier, Part},
};
use reqwest::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{BUCKET, Served, bytes, file_count, for_an_hour, plain_client, refusal, unquoted};

/// `printf 12345 | md5sum`
const MD5_OF_12345: &str = "827ccb0eea8a706c4c34a16891f84e7b";

#[tokio::test]
async fn an_object_comes_back_with_what_it_was_sent_with() {
    let served = Served::start().await;
    for client in [&served.client, &plain_client(served.address)] {
        let put = client
            .put_object()
            .bucket(BUCKET)
            .key("videos/raw/ä b+c.mp4")
            .content_type("video/mp4")
            .cache_control("max-age=60")
            .content_disposition("inline")
            .metadata("device", "laptop")
            .body(ByteStream::from_static(b"12345"))
            .send()
            .await
            .expect("kept");
        assert_eq!(unquoted(put.e_tag()), MD5_OF_12345);
        let got = client.get_object().bucket(BUCKET).key("videos/raw/ä b+c.mp4").send().await.expect("an object");
        assert_eq!(got.content_type(), Some("video/mp4"));
        assert_eq!(got.cache_control(), Some("max-age=60"));
        assert_eq!(got.content_disposition(), Some("inline"));
        assert_eq!(got.content_encoding(), None);
        assert_eq!(got.accept_ranges(), Some("bytes"));
        assert_eq!(got.metadata().and_then(|metadata| metadata.get("device")).map(String::as_str), Some("laptop"));
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"12345");
        let head = client.head_object().bucket(BUCKET).key("videos/raw/ä b+c.mp4").send().await.expect("an object");
        assert_eq!(head.content_length(), Some(5));
        assert_eq!(head.content_type(), Some("video/mp4"));
        assert_eq!(head.accept_ranges(), Some("bytes"));
        assert_eq!(unquoted(head.e_tag()), MD5_OF_12345);
    }
}

#[tokio::test]
async fn a_streamed_body_of_any_size_is_kept_whole() {
    let mut served = Served::start().await;
    for size in [0, 1, 70_000, 3_000_000] {
        let body = bytes(1, size);
        served.put("key", body.clone()).await;
        assert!(served.get("key").await == body, "{size}");
        assert_eq!(served.created.recv().await.expect("an event").size, size as u64);
    }
}

#[tokio::test]
async fn each_object_is_told_once_in_a_growing_order() {
    let mut served = Served::start().await;
    served.put("a b", b"12345".to_vec()).await;
    let copy = served.client.copy_object().bucket(BUCKET).key("copy").copy_source(format!("{BUCKET}/a%20b"));
    copy.send().await.expect("copied");
    let put = served.created.recv().await.expect("an event");
    assert_eq!((put.bucket.as_str(), put.key.as_str(), put.size), (BUCKET, "a b", 5));
    assert_eq!((put.event, put.e_tag.as_str()), ("ObjectCreated:Put", MD5_OF_12345));
    assert!(put.source_ip.is_loopback());
    let copied = served.created.recv().await.expect("an event");
    assert_eq!((copied.event, copied.key.as_str()), ("ObjectCreated:Copy", "copy"));

    let mut served = served.restart(None).await;
    served.put("a b", b"again".to_vec()).await;
    let again = served.created.recv().await.expect("an event");
    let sequencers = [&put.sequencer, &copied.sequencer, &again.sequencer];
    assert!(sequencers.is_sorted_by(|before, after| before < after), "{sequencers:?}");
    assert!(
        sequencers
            .iter()
            .all(|one| one.len() == 16 && one.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase()))
    );
    assert!(served.created.try_recv().is_err());
}

#[tokio::test]
async fn a_body_that_is_not_what_the_client_said_changes_nothing() {
    let mut served = Served::start().await;
    served.put("key", b"12345".to_vec()).await;
    served.created.recv().await.expect("an event");
    let put = || served.client.put_object().bucket(BUCKET).key("key").body(ByteStream::from_static(b"other"));
    let md5 = "gnzLDuqKcGxMNKFokfhOew==";
    assert_eq!(refusal(put().content_md5(md5).send().await), (400, "BadDigest".to_owned()));
    assert_eq!(refusal(put().content_md5("bm9uZQ==").send().await), (400, "InvalidDigest".to_owned()));
    assert_eq!(refusal(put().checksum_crc32("AAAAAA==").send().await), (400, "BadDigest".to_owned()));
    let sha256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(refusal(put().checksum_sha256(sha256).send().await), (400, "BadDigest".to_owned()));
    assert_eq!(served.get("key").await, b"12345");
    served.wait_for_blobs(1).await;
    assert!(served.created.try_recv().is_err());

    let right = served.client.put_object().bucket(BUCKET).key("key").content_md5(md5);
    right.body(ByteStream::from_static(b"12345")).send().await.expect("kept");
}

#[tokio::test]
async fn a_body_that_is_cut_short_leaves_nothing() {
    let mut served = Served::start().await;
    let put = plain_client(served.address).put_object().bucket(BUCKET).key("cut");
    let presigned = put.presigned(for_an_hour()).await.expect("signed");
    let target = presigned.uri().split_once(&served.address.to_string()).expect("a path").1;
    let mut connection = TcpStream::connect(served.address).await.expect("a connection");
    let head = format!("PUT {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000\r\n\r\n", served.address);
    connection.write_all(head.as_bytes()).await.expect("written");
    connection.write_all(&[1; 500]).await.expect("written");
    served.wait_for_blobs(1).await;
    drop(connection);
    served.wait_for_blobs(0).await;
    assert!(served.missing("cut").await);
    assert!(served.created.try_recv().is_err());
}

#[tokio::test]
async fn a_body_without_a_length_is_refused() {
    let served = Served::start().await;
    let put = plain_client(served.address).put_object().bucket(BUCKET).key("key");
    let presigned = put.presigned(for_an_hour()).await.expect("signed");
    let target = presigned.uri().split_once(&served.address.to_string()).expect("a path").1;
    for (length, expected) in [
        ("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0", "411"),
        ("Connection: close", "411"),
        ("Content-Length: 0", "200"),
    ] {
        let mut connection = TcpStream::connect(served.address).await.expect("a connection");
        let request = format!("PUT {target} HTTP/1.1\r\nHost: {}\r\n{length}\r\n\r\n", served.address);
        connection.write_all(request.as_bytes()).await.expect("written");
        let mut answer = [0; 12];
        connection.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(answer, *format!("HTTP/1.1 {expected}").as_bytes(), "{length}");
    }
}

#[tokio::test]
async fn conditional_writes_hold_their_condition() {
    let served = Served::start().await;
    let put = || served.client.put_object().bucket(BUCKET).key("key").body(ByteStream::from_static(b"12345"));
    assert_eq!(refusal(put().if_match("\"other\"").send().await), (404, "NoSuchKey".to_owned()));
    put().if_none_match("*").send().await.expect("new");
    assert_eq!(refusal(put().if_none_match("*").send().await), (412, "PreconditionFailed".to_owned()));
    assert_eq!(refusal(put().if_match("\"other\"").send().await), (412, "PreconditionFailed".to_owned()));
    put().if_match(format!("\"{MD5_OF_12345}\"")).send().await.expect("replaced");
}

#[tokio::test]
async fn a_copy_is_independent_and_takes_or_replaces_the_headers() {
    let served = Served::start().await;
    let put = served.client.put_object().bucket(BUCKET).key("from").content_type("video/mp4").metadata("a", "b");
    put.body(ByteStream::from_static(b"12345")).send().await.expect("kept");
    let copy = |to: &str| served.client.copy_object().bucket(BUCKET).key(to).copy_source(format!("{BUCKET}/from"));
    copy("to").send().await.expect("copied");
    let replace = copy("other").metadata_directive(MetadataDirective::Replace).content_type("text/plain");
    replace.send().await.expect("copied");
    assert_eq!(refusal(copy("from").send().await), (400, "InvalidRequest".to_owned()));
    let conditional = copy("third").copy_source_if_match("\"other\"").send().await;
    assert_eq!(refusal(conditional), (412, "PreconditionFailed".to_owned()));
    let none = served.client.copy_object().bucket(BUCKET).key("to").copy_source(format!("{BUCKET}/none")).send().await;
    assert_eq!(refusal(none), (404, "NoSuchKey".to_owned()));
    served.client.delete_object().bucket(BUCKET).key("from").send().await.expect("deleted");
    for (key, content_type, metadata) in [("to", "video/mp4", Some("b")), ("other", "text/plain", None)] {
        let got = served.client.get_object().bucket(BUCKET).key(key).send().await.expect("an object");
        assert_eq!(got.content_type(), Some(content_type));
        assert_eq!(got.metadata().and_then(|metadata| metadata.get("a")).map(String::as_str), metadata);
        assert_eq!(got.body.collect().await.expect("a body").to_vec(), b"12345");
    }
}

#[tokio::test]
async fn what_is_deleted_is_gone_from_the_disk_too() {
    let served = Served::start().await;
    for key in ["a", "b", "c"] {
        served.put(key, key.as_bytes().to_vec()).await;
    }
    served.put("a", b"a again".to_vec()).await;
    served.wait_for_blobs(3).await;
    served.client.delete_object().bucket(BUCKET).key("a").send().await.expect("deleted");
    served.client.delete_object().bucket(BUCKET).key("a").send().await.expect("deleted twice");
    let keys = ["b", "c", "never"].map(|key| ObjectIdentifier::builder().key(key).build().expect("a key"));
    let delete = Delete::builder().set_objects(Some(keys.to_vec())).build().expect("keys");
    let deleted = served.client.delete_objects().bucket(BUCKET).delete(delete).send().await.expect("deleted");
    assert_eq!(deleted.deleted().len(), 3);
    assert!(deleted.errors().is_empty());
    for key in ["a", "b", "c"] {
        assert!(served.missing(key).await, "{key}");
    }
    served.wait_for_blobs(0).await;
    assert_eq!(file_count(&served.folder.path().join(BUCKET).join("objects")), 0);
}

#[tokio::test]
async fn a_version_that_was_replaced_is_not_deleted() {
    let served = Served::start().await;
    served.put("key", b"12345".to_vec()).await;
    let delete = |version: &str| served.client.delete_object().bucket(BUCKET).key("key").if_match(version).send();
    assert_eq!(refusal(delete("\"other\"").await), (412, "PreconditionFailed".to_owned()));
    assert_eq!(served.get("key").await, b"12345");
    let own = format!("\"{MD5_OF_12345}\"");
    delete(&own).await.expect("deleted");
    assert_eq!(refusal(delete(&own).await), (404, "NoSuchKey".to_owned()));
}

#[tokio::test]
async fn objects_are_listed_by_prefix_in_pages() {
    let served = Served::start().await;
    for key in ["videos/1/a", "videos/1/b", "videos/2/a", "videos/3", "thumbnails/1"] {
        served.put(key, key.as_bytes().to_vec()).await;
    }
    let pages = served.client.list_objects_v2().bucket(BUCKET).prefix("videos/").max_keys(3).into_paginator().send();
    let pages: Vec<_> = pages.try_collect().await.expect("pages");
    assert_eq!(pages.len(), 2);
    let keys: Vec<_> = pages.iter().flat_map(ListObjectsV2Output::contents).filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["videos/1/a", "videos/1/b", "videos/2/a", "videos/3"]);
    let first = &pages[0].contents()[0];
    assert_eq!((first.size(), first.e_tag().is_some(), first.last_modified().is_some()), (Some(10), true, true));

    let folders = served.client.list_objects_v2().bucket(BUCKET).prefix("videos/").delimiter("/").send().await;
    let folders = folders.expect("a page");
    let prefixes: Vec<_> = folders.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!(prefixes, ["videos/1/", "videos/2/"]);
    assert_eq!(folders.contents().len(), 1);
}

#[tokio::test]
async fn the_bucket_is_there_and_no_other() {
    let served = Served::start().await;
    served.client.head_bucket().bucket(BUCKET).send().await.expect("the bucket");
    let refused = served.client.head_bucket().bucket("other").send().await.expect_err("no bucket");
    assert!(refused.into_service_error().is_not_found());
    let refused = served.client.get_object().bucket("other").key("key").send().await;
    assert_eq!(refusal(refused), (404, "NoSuchBucket".to_owned()));
    let refused = served.client.create_bucket().bucket(BUCKET).send().await;
    assert_eq!(refusal(refused), (409, "BucketAlreadyOwnedByYou".to_owned()));
    let status = reqwest::get(format!("http://{}/", served.address)).await.expect("an answer").status();
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let served = Served::start().await;
    served.put("kept", bytes(3, 100_000)).await;
    let upload = served.client.create_multipart_upload().bucket(BUCKET).key("parts").content_type("video/mp4").send();
    let id = upload.await.expect("an upload").upload_id.expect("an id");
    let part = served.client.upload_part().bucket(BUCKET).key("parts").upload_id(&id).part_number(7);
    part.body(ByteStream::from(bytes(4, 1000))).send().await.expect("a part");
    // What a kill in the middle of a body leaves.
    std::fs::write(served.folder.path().join(BUCKET).join("blobs/orphan"), "x").expect("a file");

    let served = served.restart(Some(Duration::from_secs(3600))).await;
    served.wait_for_blobs(2).await;
    assert!(served.get("kept").await == bytes(3, 100_000));
    let parts = served.client.list_parts().bucket(BUCKET).key("parts").upload_id(&id).send().await.expect("parts");
    assert_eq!(parts.parts().iter().map(Part::part_number).collect::<Vec<_>>(), [Some(7)]);
}
