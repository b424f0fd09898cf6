//! `/api/videos/{id}/captions`, and the transcript of the agent API.

use common::tokens;
use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    footage,
    person::{Answer, Person, answer, client},
    rows,
    visitor::{Page, Visitor, page},
};
use tokio::task::JoinSet;

const SRT: &str = "1\r\n00:00:01,000 --> 00:00:02,500\r\nHello\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nAT&T\r\n";
const VTT: &str = "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHello\n\n00:00:03.000 --> 00:00:04.000\nAT&amp;T\n";

async fn put(person: &Person, video: &str, query: &str, file: impl Into<reqwest::Body>) -> Answer {
    answer(person.request(Method::PUT, &format!("/api/videos/{video}/captions{query}")).body(file)).await
}

/// Somebody with a video that has captions.
async fn owner() -> (Person, String) {
    let person = Person::new().await;
    let video = person.create("Talk").await;
    let written = put(&person, &video, "?language=en-GB", SRT).await;
    assert_eq!((written.status, &written.body["cues"]), (200, &json!(2)), "{written:?}");
    (person, video)
}

/// What a viewer gets.
async fn seen(video: &str, query: &str) -> Page {
    page(client().get(format!("{}/api/videos/{video}/captions{query}", cloud().ready.base))).await
}

async fn transcript(person: &Person, video: &str) -> Value {
    person.get(&format!("/api/v1/caps/{video}/transcript")).await.body
}

#[tokio::test]
async fn viewers_get_captions_in_every_format() {
    let (_, video) = owner().await;
    let page = seen(&video, "").await;
    assert_eq!((page.status, page.text.as_str()), (200, VTT));
    assert_eq!((page.header("content-type"), page.header("content-language")), ("text/vtt; charset=utf-8", "en-GB"));
    assert_eq!(page.header("content-disposition"), "");
    assert_eq!(seen(&video, "?format=text").await.text, "Hello\nAT&T\n");
    assert_eq!(
        seen(&video, "?format=json").await.json()[1],
        json!({ "index": 1, "startMs": 3000, "endMs": 4000, "speaker": null, "text": "AT&T" })
    );
    let saved = seen(&video, "?format=srt&download=1").await;
    assert_eq!(saved.text, SRT.replace("\r\n", "\n") + "\n");
    assert!(saved.header("content-disposition").starts_with("attachment; filename=\"Talk.en-GB.srt\""), "{saved:?}");
    assert_eq!(seen(&video, "?format=docx").await.status, 400);
    let playlist = format!("{}/api/playlist?videoId={video}&fileType=transcription", cloud().ready.base);
    assert_eq!(tests::visitor::page(client().get(playlist)).await.text, VTT);
}

#[tokio::test]
async fn browsers_keep_captions_until_they_are_others() {
    let (person, video) = owner().await;
    let first = seen(&video, "").await;
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let again = async || {
        let address = format!("{}/api/videos/{video}/captions", cloud().ready.base);
        page(client().get(address).header("if-none-match", first.header("etag"))).await
    };
    let same = again().await;
    assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", first.header("etag")));
    put(&person, &video, "", "WEBVTT\n\n00:01.0 --> 00:02.0\nOther").await;
    assert_eq!(again().await.status, 200);
}

#[tokio::test]
async fn programs_read_and_write_the_transcript() {
    let person = Person::new().await;
    let video = person.create("Talk").await;
    let status = format!("/api/video/transcribe/status?videoId={video}");
    let stands = async || {
        let cap = person.get(&format!("/api/v1/caps/{video}/context")).await.body;
        json!([cap["cap"]["status"]["transcript"]["status"], cap["transcript"]["status"], cap["transcript"]["text"]])
    };
    assert_eq!(person.get(&format!("/api/v1/caps/{video}/transcript")).await.status, 404);
    assert_eq!(person.get(&status).await.body, json!({ "transcriptionStatus": null }));
    assert_eq!(stands().await, json!(["not_started", "unavailable", null]));
    let put = person.request(Method::PUT, &format!("/api/v1/caps/{video}/transcript")).body(SRT);
    assert_eq!(answer(put).await.status, 200);
    assert_eq!(person.get(&status).await.body, json!({ "transcriptionStatus": "COMPLETE" }));
    assert_eq!(stands().await, json!(["complete", "complete", "Hello\nAT&T\n"]));
    let told = transcript(&person, &video).await;
    assert_eq!((&told["language"], &told["cues"][0]["text"]), (&json!("und"), &json!("Hello")), "{told}");
    for (format, expected) in [("vtt", VTT), ("text", "Hello\nAT&T\n")] {
        let told = person.get(&format!("/api/v1/caps/{video}/transcript?format={format}")).await;
        assert_eq!(told.body, expected, "{format}");
    }
}

#[tokio::test]
async fn an_edit_of_what_somebody_else_has_changed_is_refused() {
    let (person, video) = owner().await;
    let path = format!("/api/videos/{video}/captions");
    let version = transcript(&person, &video).await["version"].clone();
    let edit = |version: &Value, index: usize, text: &str| json!({ "version": version, "edits": [{ "index": index, "text": text }] });
    let first = person.patch(&path, edit(&version, 0, "Hi <b>there</b>")).await;
    assert_eq!((first.status, &first.body["cues"]), (200, &json!(2)), "{first:?}");
    let stale = person.patch(&path, edit(&version, 1, "Lost")).await;
    assert_eq!((stale.status, &stale.body["code"]), (409, &json!("CONFLICT")), "{stale:?}");
    assert!(stale.body["error"].as_str().is_some_and(|text| text.contains("Load them again")), "{stale:?}");
    let newer = &first.body["version"];
    assert_eq!(person.patch(&path, edit(newer, 2, "Nowhere")).await.status, 400);
    assert_eq!(person.patch(&path, edit(newer, 1, "")).await.body["cues"], 1);
    assert_eq!(seen(&video, "").await.text, "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\nHi &lt;b&gt;there&lt;/b&gt;\n");
}

#[tokio::test]
async fn of_many_edits_at_once_one_counts() {
    let (person, video) = owner().await;
    let (path, version) =
        (format!("/api/videos/{video}/captions"), transcript(&person, &video).await["version"].clone());
    let mut edits = JoinSet::new();
    for number in 0..8 {
        let body = json!({ "version": version, "edits": [{ "index": 0, "text": format!("By {number}") }] });
        edits.spawn(answer(person.request(Method::PATCH, &path).json(&body)));
    }
    let mut done: Vec<u16> = edits.join_all().await.into_iter().map(|edit| edit.status).collect();
    done.sort_unstable();
    assert_eq!(done, [200, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said() {
    let (person, video) = owner().await;
    for (file, sentence) in [
        (b"1\n00:00:01,000 --> 00:00:02,500\nGr\xfc\xdfe".as_slice(), "Line 3 has characters that are not UTF-8."),
        (b"1\n00:00:02,000 --> 00:00:01,000\nHello", "The caption of line 2 ends before it begins."),
        (b"", "There is no caption in this file."),
        (&vec![b'a'; 3 << 20], "These captions are too large"),
    ] {
        let refused = put(&person, &video, "", file.to_vec()).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert!(refused.body["error"].as_str().is_some_and(|text| text.starts_with(sentence)), "{refused:?}");
    }
    // Lambda takes no request as large as this.
    assert!(matches!(put(&person, &video, "", vec![b'a'; 10 << 20]).await.status, 400 | 413));
    let refused = put(&person, &video, "?language=%22%3E", SRT).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert_eq!(seen(&video, "").await.text, VTT, "what was there stays");
}

#[tokio::test]
async fn c14_what_is_written_in_captions_is_shown_as_words() {
    let (person, video) = owner().await;
    let words = "<script>alert(1)</script> \u{202e}\u{1f3a5} </textarea><img src=x onerror=alert(1)>";
    let vtt = format!("WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n{words}\n");
    assert_eq!(put(&person, &video, "", vtt.clone()).await.status, 200);
    let shown = seen(&video, "").await;
    assert_eq!((shown.text.as_str(), shown.header("x-content-type-options")), (vtt.as_str(), "nosniff"));
    // SubRip has no such tags: there they are words.
    let srt = format!("1\n00:00:01,000 --> 00:00:02,500\n{words}\n");
    assert_eq!(put(&person, &video, "", srt).await.status, 200);
    assert_eq!(transcript(&person, &video).await["cues"][0]["text"], words);
    let edited = person.browser().await.get(&format!("/dashboard/caps/{video}/captions")).await;
    assert!(edited.text.contains("&#60;script&#62;alert(1)") && !edited.text.contains("<script>alert"), "{edited:?}");
}

#[tokio::test]
async fn captions_go_with_their_video_and_account() {
    let (person, video) = owner().await;
    let removed = person.delete(&format!("/api/videos/{video}/captions")).await;
    assert_eq!(removed.body, json!({ "removed": true }));
    assert_eq!(seen(&video, "").await.status, 404);
    put(&person, &video, "", SRT).await;
    let browser = person.browser().await;
    let email = json!({ "email": person.email() });
    assert_eq!(browser.json(Method::POST, "/api/settings/user/delete", email).await.status, 200);
    let left = format!("SELECT COUNT(*) FROM captions WHERE video_id = '{video}'");
    assert_eq!(rows::one::<u64>(&left).await, 0);
    assert_eq!(seen(&video, "").await.status, 404);
}

/// Sends a file as the page's form does.
async fn upload(browser: &Visitor, video: &str, file: &[u8]) -> Page {
    let boundary = tokens::random_hex::<8>().expect("random");
    let mut body = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"language\"\r\n\r\nde\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"file\"; filename=\"a.srt\"\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let request = browser.request(Method::POST, &format!("/dashboard/caps/{video}/captions"));
    let kind = format!("multipart/form-data; boundary={boundary}");
    page(request.header("origin", browser.base()).header("content-type", kind).body(body)).await
}

#[tokio::test]
async fn an_owners_page_takes_files_and_words_without_script() {
    let person = Person::new().await;
    let (browser, video) = (person.browser().await, person.create("Talk").await);
    let path = format!("/dashboard/caps/{video}/captions");
    assert!(browser.get(&path).await.text.contains("No captions yet"));
    let refused = upload(&browser, &video, b"1\n00:00:02,000 --> 00:00:01,000\nHello").await;
    assert!(refused.status == 400 && refused.text.contains("The caption of line 2 ends before"), "{refused:?}");
    let done = upload(&browser, &video, SRT.as_bytes()).await;
    assert_eq!(done.status, 303, "{done:?}");
    let shown = browser.get(done.location().split('#').next().unwrap_or_default()).await;
    assert!(shown.text.contains("Deutsch · 2 captions"), "{shown:?}");
    let list = browser.get(&path).await;
    let version = list.field("version");
    let words = [("change", "edit"), ("version", &version), ("cue-0", "Hallo\r\n\r\nWelt"), ("cue-1", "AT&T")];
    let saved = browser.form(&path, &words).await;
    assert_eq!(saved.status, 303, "{saved:?}");
    assert!(browser.get(saved.location()).await.text.contains("Saved."));
    assert_eq!(seen(&video, "").await.text, VTT.replace("Hello", "Hallo\nWelt"));
    let stale = browser.form(&path, &words).await;
    assert!(stale.status == 409 && stale.text.contains("Load them again"), "{stale:?}");
    let found = browser.get(&format!("{path}?q=welt")).await;
    assert!(found.text.contains("cue-0") && !found.text.contains("cue-1"), "{found:?}");
    browser.form(&path, &[("change", "remove")]).await;
    assert_eq!(seen(&video, "").await.status, 404);
}

#[tokio::test]
async fn a_talk_of_ten_thousand_captions_is_stored_and_edited() {
    let person = Person::new().await;
    let (browser, video) = (person.browser().await, person.create("Long").await);
    let cue = |number: u32| {
        let (minutes, seconds) = (number / 60, number % 60);
        format!("{minutes:02}:{seconds:02}.000 --> {minutes:02}:{seconds:02}.900\nWord {number}\n\n")
    };
    let file: String = (0..3600).chain(0..3600).chain(0..2800).map(cue).collect();
    assert_eq!(put(&person, &video, "", format!("WEBVTT\n\n{file}")).await.body["cues"], 10_000);
    assert_eq!(transcript(&person, &video).await["cues"].as_array().map(Vec::len), Some(10_000));
    let page = browser.get(&format!("/dashboard/caps/{video}/captions?from=9800")).await;
    assert!(page.text.contains("9801 to 9900 of 10000") && page.text.len() < 60_000, "{}", page.text.len());
}

#[tokio::test]
async fn viewers_save_the_file_where_its_owner_lets_them() {
    let person = Person::new().await;
    let video = person.record("Quarterly: \u{e4}", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    let (path, share) = (format!("/api/videos/{video}/download"), format!("/s/{video}"));
    let (viewer, owner) = (Visitor::new(), person.browser().await);
    assert_eq!(viewer.get(&path).await.status, 403);
    assert!(!viewer.get(&share).await.text.contains(&path) && owner.get(&share).await.text.contains(&path));
    assert_eq!(owner.get(&path).await.status, 302, "its owner always may");
    let sharing = person.patch(&format!("/api/videos/{video}/sharing"), json!({ "downloads": true })).await;
    assert_eq!((&sharing.body["downloads"], &sharing.body["public"]), (&json!(true), &json!(true)));
    assert!(viewer.get(&share).await.text.contains(&path));
    let led = viewer.get(&path).await;
    assert_eq!(led.status, 302);
    let file = reqwest::get(led.location()).await.expect("S3");
    let name = file.headers()["content-disposition"].to_str().expect("a name").to_owned();
    assert!(name.ends_with("filename*=UTF-8''Quarterly-%20%C3%A4.mp4"), "{name}");
    assert_eq!(file.bytes().await.expect("a file").to_vec(), person.watch(&video).await);
    let code = format!("/api/videos/{video}/links/{video}");
    person.patch(&code, json!({ "password": "let me in" })).await;
    assert_eq!(viewer.get(&path).await.status, 403, "a password shuts it");
}
