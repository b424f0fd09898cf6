//! `POST /api/upload/multipart/{initiate,presign-part,complete,abort}`

use serde_json::{Value, json};
use tests::{
    desktop::{Desktop, SMALLEST_PART, md5_of},
    footage,
    person::{Answer, Person, client},
};

/// An upload in parts, as the desktop does it.
struct Upload {
    person: Person,
    video: String,
    id: String,
}

impl Upload {
    async fn begin() -> Self {
        let person = Person::new().await;
        let video = person.create("In parts").await;
        let body = json!({ "videoId": video, "contentType": "video/mp4" });
        let begun = person.post("/api/upload/multipart/initiate", body).await;
        assert_eq!((begun.status, &begun.body["provider"]), (200, &json!("s3")));
        let id = begun.body["uploadId"].as_str().expect("an upload id").to_owned();
        Self { person, video, id }
    }

    /// Stores a part; what `complete` wants to know of it.
    async fn part(&self, number: u32, bytes: Vec<u8>) -> Value {
        let body = json!({ "videoId": self.video, "uploadId": self.id, "partNumber": number });
        let signed = self.person.post("/api/upload/multipart/presign-part", body).await;
        assert_eq!(signed.status, 200, "{signed:?}");
        let url = signed.body["presignedUrl"].as_str().expect("an address");
        let size = bytes.len();
        let stored = client().put(url).body(bytes).send().await.expect("S3");
        assert_eq!(stored.status(), 200);
        // Clients strip the quotes.
        let e_tag = stored.headers()["etag"].to_str().expect("an ETag").trim_matches('"').to_owned();
        json!({ "partNumber": number, "etag": e_tag, "size": size })
    }

    async fn complete(&self, parts: &[Value]) -> Answer {
        let body = json!({ "videoId": self.video, "uploadId": self.id, "parts": parts, "durationInSecs": 1.5 });
        self.person.post("/api/upload/multipart/complete", body).await
    }
}

#[tokio::test]
async fn a_recording_in_parts_becomes_ready() {
    // Something larger than one part.
    let recording = footage::padded(footage::screen_recording("320x180", 2).await, 2 * SMALLEST_PART - 1);
    let upload = Upload::begin().await;
    let (first, rest) = recording.split_at(SMALLEST_PART);
    let parts = [upload.part(1, first.to_vec()).await, upload.part(2, rest.to_vec()).await];
    let completed = upload.complete(&parts).await;
    assert_eq!((completed.status, &completed.body["success"]), (200, &json!(true)), "{completed:?}");
    upload.person.ready(&upload.video).await;
}

#[tokio::test]
async fn a15_a_second_completion_gets_the_same_answer() {
    let upload = Upload::begin().await;
    let parts = [upload.part(1, b"one".to_vec()).await];
    let first = upload.complete(&parts).await;
    let second = upload.complete(&parts).await;
    assert_eq!((first.status, second.status), (200, 200), "{second:?}");
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn another_upload_is_not_taken_for_one_that_was_completed() {
    let first = Upload::begin().await;
    let parts = [first.part(1, b"one".to_vec()).await];
    assert_eq!(first.complete(&parts).await.status, 200);
    for etag in ["d41d8cd98f00b204e9800998ecf8427e", "zz"] {
        let bogus = json!({ "partNumber": 77, "etag": etag });
        assert_eq!(first.complete(&[bogus]).await.status, 404, "{etag}");
    }
}

#[tokio::test]
async fn the_last_upload_of_a_part_counts() {
    let upload = Upload::begin().await;
    let old = upload.part(1, b"old header".to_vec()).await;
    let new = upload.part(1, b"new header".to_vec()).await;
    assert_eq!(upload.complete(&[old]).await.status, 400);
    assert_eq!(upload.complete(&[new]).await.status, 200);
}

#[tokio::test]
async fn a15_a_wrong_list_is_refused_and_can_be_mended() {
    let upload = Upload::begin().await;
    let one = upload.part(1, vec![1; SMALLEST_PART]).await;
    let two = upload.part(2, b"two".to_vec()).await;
    let wrong = json!({ "partNumber": 2, "etag": "d41d8cd98f00b204e9800998ecf8427e" });
    let never = json!({ "partNumber": 3, "etag": "d41d8cd98f00b204e9800998ecf8427e" });
    for (parts, word) in [
        (vec![], "No parts"),
        (vec![one.clone(), wrong], "part 2"),
        (vec![one.clone(), two.clone(), never], "Part 3"),
        (vec![one.clone()], "Part 2"),
        (vec![two.clone()], "Part 1"),
        (vec![two.clone(), one.clone()], "ascending"),
        (vec![one.clone(), one.clone(), two.clone()], "ascending"),
    ] {
        let refused = upload.complete(&parts).await;
        assert_eq!(refused.status, 400, "{parts:?}");
        assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains(word)), "{refused:?}");
    }
    assert_eq!(upload.complete(&[one, two]).await.status, 200);
}

#[tokio::test]
async fn parts_that_are_too_small_are_refused() {
    let upload = Upload::begin().await;
    let parts = [upload.part(1, b"small".to_vec()).await, upload.part(2, b"last".to_vec()).await];
    let refused = upload.complete(&parts).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"].as_str().is_some_and(|sentence| sentence.contains("5 MiB")), "{refused:?}");
}

#[tokio::test]
async fn an_upload_id_of_another_video_is_unknown() {
    let (mine, other) = (Upload::begin().await, Upload::begin().await);
    let stolen = Upload { id: other.id.clone(), ..mine };
    let part = json!({ "partNumber": 1, "etag": "d41d8cd98f00b204e9800998ecf8427e" });
    assert_eq!(stolen.complete(&[part]).await.status, 404);
    let body = json!({ "videoId": stolen.video, "uploadId": stolen.id });
    assert_eq!(stolen.person.post("/api/upload/multipart/abort", body).await.status, 404);
}

#[tokio::test]
async fn an_aborted_upload_cannot_be_completed() {
    let upload = Upload::begin().await;
    let part = upload.part(1, b"one".to_vec()).await;
    let body = json!({ "videoId": upload.video, "uploadId": upload.id });
    let aborted = upload.person.post("/api/upload/multipart/abort", body.clone()).await;
    assert_eq!((aborted.status, &aborted.body["success"]), (200, &json!(true)));
    assert_eq!(upload.complete(&[part]).await.status, 404);
    assert_eq!(upload.person.post("/api/upload/multipart/abort", body).await.status, 404);
}

#[tokio::test]
async fn part_numbers_are_those_of_s3() {
    let upload = Upload::begin().await;
    for number in [json!(0), json!(10_001), json!(-1), json!(1.5), json!("1"), json!(99_999_999_999_u64)] {
        let body = json!({ "videoId": upload.video, "uploadId": upload.id, "partNumber": number });
        let refused = upload.person.post("/api/upload/multipart/presign-part", body).await;
        assert_eq!(refused.status, 400, "{number}");
    }
}

#[tokio::test]
async fn a_part_with_an_md5_is_what_its_md5_says() {
    let upload = Upload::begin().await;
    let desktop = Desktop::of(&upload.person);
    let begun = tests::desktop::Upload { video: upload.video.clone(), id: upload.id.clone() };
    let md5 = md5_of(b"these bytes");
    let url = desktop.sign_part(&begun, 1, Some(&md5)).await;
    let put = |bytes: &'static str| client().put(&url).body(bytes);
    for (request, what) in [
        (put("other bytes").header("content-md5", &md5), "other bytes"),
        (put("other bytes").header("content-md5", md5_of(b"other bytes")), "another MD5"),
        (put("these bytes"), "no MD5"),
    ] {
        let status = request.send().await.expect("S3").status();
        assert!(status.is_client_error(), "{what}: {status}");
    }
    assert_eq!(put("these bytes").header("content-md5", &md5).send().await.expect("S3").status(), 200);
    // Without one no header is needed.
    let url = desktop.sign_part(&begun, 2, None).await;
    assert_eq!(client().put(url).body("any bytes").send().await.expect("S3").status(), 200);
    for md5 in ["", "x", "1B2M2Y8AsgTpgAmY7PhC", "d41d8cd98f00b204e9800998ecf8427e", "\r\nx: y"] {
        let body = json!({ "videoId": upload.video, "uploadId": upload.id, "partNumber": 1, "md5Sum": md5 });
        assert_eq!(upload.person.post("/api/upload/multipart/presign-part", body).await.status, 400, "{md5:?}");
    }
}

#[tokio::test]
async fn d12_the_parts_that_are_there_are_listed() {
    let upload = Upload::begin().await;
    let list = async || {
        let body = json!({ "videoId": upload.video, "uploadId": upload.id });
        upload.person.post("/api/upload/multipart/parts", body).await
    };
    assert_eq!((list().await.status, list().await.body), (200, json!({ "parts": [] })));
    let three = upload.part(3, b"three".to_vec()).await;
    let one = upload.part(1, b"one".to_vec()).await;
    assert_eq!(list().await.body, json!({ "parts": [one, three] }));
    let again = upload.part(1, b"one, again".to_vec()).await;
    assert_eq!(list().await.body, json!({ "parts": [again, three] }));
    let unknown = json!({ "videoId": upload.video, "uploadId": "nonsense" });
    assert_eq!(upload.person.post("/api/upload/multipart/parts", unknown).await.status, 404);
}

#[tokio::test]
async fn a_recordings_thumbnail_does_not_come_in_parts() {
    let upload = Upload::begin().await;
    let body = json!({ "videoId": upload.video, "subpath": "screenshot/screen-capture.jpg" });
    let refused = upload.person.post("/api/upload/multipart/initiate", body).await;
    assert_eq!(refused.status, 400, "{refused:?}");
}

#[tokio::test]
async fn a15_an_upload_that_is_never_completed_stays_open_and_the_video_waits() {
    let upload = Upload::begin().await;
    let part = upload.part(1, b"one".to_vec()).await;
    assert_eq!(upload.person.status(&upload.video).await["overall"], "uploading");
    // The lifecycle rule of the bucket ends it, days later; until then it can be completed.
    assert_eq!(upload.complete(&[part]).await.status, 200);
}
