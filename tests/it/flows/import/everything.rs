//! What is taken, what is not, and that it is taken once.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    cap::Cap,
    cloud::cloud,
    footage,
    person::{Person, answer, client},
    rows, store,
    visitor::{Visitor, page},
};

use super::{
    HASH, PASSWORD, comment, email, here, page_of, person, quoted, ready, recorded, segments, video, with_desktop,
};

async fn password(visitor: &Visitor, video: &str, password: &str) -> u16 {
    let path = format!("/s/{video}");
    let form = visitor.request(Method::POST, &path).header("origin", visitor.base()).form(&[("password", password)]);
    page(form).await.status
}

async fn signed_in(email: &str) -> Visitor {
    let mut visitor = Visitor::new();
    visitor.email = email.to_owned();
    visitor.sign_in().await;
    visitor
}

async fn hash_of(video: &str) -> String {
    rows::one(&format!("SELECT password_hash FROM share_links WHERE short_code = '{video}'")).await
}

#[tokio::test]
async fn people_sign_in_and_find_what_they_had() {
    let mut cap = Cap::new().await;
    let names = [
        ("name", "'Ada'"),
        ("lastName", "'Lovelace'"),
        ("created_at", "'2023-04-05 06:07:08'"),
        ("preferences", r#"'{"notifications":{"pauseViews":true}}'"#),
    ];
    let (ada, desktop) = with_desktop(&mut cap, &names).await;
    cap.run(&format!("UPDATE users SET image = 'users/{ada}/1.png' WHERE id = '{ada}'")).await;
    let picture = footage::picture("64x64", "png").await;
    cap.store(&format!("users/{ada}/1.png"), picture.clone()).await;
    cap.row("organizations", &[("id", "'0rg0rg0rg0rg001'"), ("ownerId", &quoted(&ada)), ("name", "'Engines'")]).await;
    let (title, day) = ("'Notes & \"G\"'", r#"'{"customCreatedAt":"2024-01-02T03:04:05.000Z"}'"#);
    let film = recorded(&mut cap, &ada, &[("name", title), ("metadata", day)]).await;
    let vtt = "WEBVTT\n\n00:00.000 --> 00:01.000\nThe engine weaves\n";
    cap.store(&format!("{ada}/{film}/transcription.vtt"), vtt).await;
    cap.store(&format!("{ada}/{film}/screenshot/screen-capture.jpg"), footage::picture("160x90", "jpg").await).await;

    let dry = cap.dry_run().await;
    assert!(dry.success && dry.text.contains("nothing was written"), "{dry:?}");
    assert_eq!(page_of(&film).await.0, 404);
    let told = cap.import().await;
    assert!(told.success, "{told:?}");
    assert_eq!(dry.rows(), told.rows(), "a dry run counts the same");
    for name in
        ["people", "pictures of people", "API keys", "videos", "recordings, screenshots", "thumbnails", "captions"]
    {
        assert_eq!(told.row(name), [1, 1, 0, 0], "{name}: {told:?}");
    }
    ready(&film).await;

    let browser = signed_in(&email(&ada)).await;
    assert_eq!(browser.id().await, ada);
    let profile = desktop.get("/api/desktop/user/profile").await;
    assert_eq!(
        (profile.status, &profile.body["name"]),
        (200, &json!("Ada Lovelace")),
        "the desktop's key: {profile:?}"
    );
    let shown = client().get(profile.body["imageUrl"].as_str().expect("a picture")).send().await.expect("S3");
    assert_eq!(shown.bytes().await.expect("its bytes"), picture);
    let organizations = desktop.get("/api/desktop/organizations").await.body;
    assert_eq!((&organizations[0]["id"], &organizations[0]["name"]), (&json!("0rg0rg0rg0rg001"), &json!("Engines")));
    let wanted = browser.get("/api/notifications/preferences").await.json();
    assert_eq!((&wanted["pauseViews"], &wanted["pauseComments"]), (&json!(true), &json!(false)));
    let told_of = desktop.get(&format!("/api/v1/caps/{film}")).await.body;
    assert_eq!(
        (&told_of["title"], &told_of["createdAt"]),
        (&json!("Notes & \"G\""), &json!("2024-01-02T03:04:05.000Z")),
        "{told_of}"
    );
    let said = answer(client().get(format!("{}/api/videos/{film}/captions", cloud().ready.base))).await;
    assert!(said.body.to_string().contains("The engine weaves"), "{said:?}");

    // It plays: by ranges, and the same packets as in Cap.
    let playlist = format!("{}/api/playlist?videoId={film}&videoType=mp4", cloud().ready.base);
    let played = reqwest::Client::new().get(playlist).header("range", "bytes=0-99").send().await.expect("S3");
    assert_eq!(played.status(), 206);
    let original = store::content(&format!("videos/raw/{film}.mp4")).await;
    let published = store::content(&format!("videos/processed/{film}.mp4")).await;
    assert_eq!(footage::packets(&published).await, footage::packets(&original).await);

    let (people, videos) = ([ada.as_str()], [film.as_str()]);
    let before = here(&people, &videos).await;
    let again = cap.import().await;
    assert!(again.success && again.rows().values().all(|row| row[1] == 0), "{again:?}");
    assert_eq!(again.row("videos"), [1, 0, 1, 0]);
    assert_eq!(here(&people, &videos).await, before);
    cap.remove().await;
}

#[tokio::test]
async fn c8_a_password_opens_what_it_opened_and_is_hashed_anew() {
    let mut cap = Cap::new().await;
    let ada = person(&mut cap, &[]).await;
    let own = recorded(&mut cap, &ada, &[("password", HASH)]).await;
    let of_space = recorded(&mut cap, &ada, &[]).await;
    let broken = recorded(&mut cap, &ada, &[("password", "'not a hash'")]).await;
    let space = quoted(&super::video_id());
    cap.row("spaces", &[("id", &space), ("organizationId", "'o'"), ("password", HASH)]).await;
    cap.row("space_videos", &[("id", "'s'"), ("spaceId", &space), ("videoId", &quoted(&of_space))]).await;
    let told = cap.import().await;
    assert_eq!(told.row("passwords of videos"), [2, 1, 0, 1], "{told:?}");
    assert!(told.text.contains("1  its own link wants the password of its space"), "{told:?}");

    assert!(page_of(&broken).await.1.contains("data-status=\\\"private\\\""), "what cannot be read opens nothing");
    for video in [own, of_space] {
        let visitor = Visitor::new();
        let (status, page) = page_of(&video).await;
        assert!(status == 403 && page.contains("data-status=\\\"locked\\\"") && !page.contains("Salaries"), "{page}");
        assert_eq!(password(&visitor, &video, "open says me").await, 403);
        assert!(hash_of(&video).await.starts_with("$pbkdf2-sha256$i=100000$"), "a wrong one renews nothing");
        assert_eq!(password(&visitor, &video, PASSWORD).await, 303);
        assert!(hash_of(&video).await.starts_with("$argon2id$"));
        assert_eq!(visitor.get(&format!("/s/{video}")).await.status, 200, "the browser stays in");
        assert_eq!(password(&Visitor::new(), &video, PASSWORD).await, 303, "by the new hash");
        assert_eq!(password(&Visitor::new(), &video, "open says me").await, 403);
    }
    cap.remove().await;
}

#[tokio::test]
async fn what_was_not_open_to_all_is_not_opened() {
    let mut cap = Cap::new().await;
    let ada = person(&mut cap, &[]).await;
    let organization = [("id", "'org'"), ("ownerId", "'x'"), ("name", "'X'"), ("allowedEmailDomain", "'example.com'")];
    cap.row("organizations", &organization).await;
    let open = recorded(&mut cap, &ada, &[]).await;
    let shut = recorded(&mut cap, &ada, &[("public", "FALSE")]).await;
    let shared = recorded(&mut cap, &ada, &[("public", "FALSE")]).await;
    cap.row("shared_videos", &[("id", "'s'"), ("videoId", &quoted(&shared)), ("organizationId", "'org'")]).await;
    let restricted = recorded(&mut cap, &ada, &[("orgId", "'org'")]).await;
    let silent = [("settings", r#"'{"disableComments":true,"disableTranscript":true}'"#)];
    let silent = recorded(&mut cap, &ada, &silent).await;
    cap.store(&format!("{ada}/{silent}/transcription.vtt"), "WEBVTT\n\n00:00.000 --> 00:01.000\nHush\n").await;
    comment(&mut cap, &silent, &ada, "text", "Unseen", &[]).await;
    let told = cap.import().await;
    assert_eq!(told.row("captions"), [1, 0, 0, 1], "{told:?}");
    assert!(told.text.contains("1  only its owner may watch: it was shared"), "{told:?}");
    assert!(told.text.contains("1  only its owner may watch: its organisation"), "{told:?}");
    for (video, status) in [(&open, 200), (&shut, 403), (&shared, 403), (&restricted, 403), (&silent, 200)] {
        let (got, page) = page_of(video).await;
        assert_eq!((got, page.contains("Salaries")), (status, status == 200), "{video}: {page}");
    }
    assert!(!page_of(&silent).await.1.contains("Unseen"));
    cap.remove().await;
}

#[tokio::test]
async fn recordings_of_every_kind_are_published() {
    let mut cap = Cap::new().await;
    let ada = person(&mut cap, &[]).await;
    let live = video(&mut cap, &ada, &[("source", r#"'{"type":"desktopSegments"}'"#)]).await;
    segments(&cap, &ada, &live).await;
    let browser = video(&mut cap, &ada, &[("source", r#"'{"type":"webMP4"}'"#)]).await;
    cap.store(&format!("{ada}/{browser}/raw-upload.webm"), footage::browser_recording("160x90", 1).await).await;
    let screenshot = video(&mut cap, &ada, &[("isScreenshot", "TRUE")]).await;
    let picture = footage::picture("160x90", "png").await;
    cap.store(&format!("{ada}/{screenshot}/screenshot/screen-capture.png"), picture).await;
    // Larger than a part: it passes through the import in pieces.
    let long = video(&mut cap, &ada, &[]).await;
    let recording = footage::padded(footage::screen_recording("160x90", 1).await, (20 << 20) + 7);
    cap.store(&format!("{ada}/{long}/result.mp4"), recording.clone()).await;
    let told = cap.import().await;
    assert_eq!(told.row("recordings, screenshots"), [4, 4, 0, 0], "{told:?}");
    for video in [&live, &browser, &screenshot, &long] {
        ready(video).await;
    }
    assert!(store::content(&format!("videos/raw/{long}.mp4")).await == recording, "every byte in its place");
    let seconds: f64 = rows::one(&format!("SELECT duration_ms / 1000e0 FROM videos WHERE id = '{live}'")).await;
    assert!((seconds - 4.0).abs() < 0.2, "{seconds}");
    cap.remove().await;
}

#[tokio::test]
async fn what_was_said_is_said_in_its_order_and_by_whom() {
    let mut cap = Cap::new().await;
    let (ada, desktop) = with_desktop(&mut cap, &[("name", "'Ada'")]).await;
    let bob = person(&mut cap, &[("name", "'Bob'")]).await;
    let film = recorded(&mut cap, &ada, &[]).await;
    let at = |second: u32| format!("'2024-05-06 07:08:{second:02}'");
    let first = comment(&mut cap, &film, &bob, "text", "How?", &[("timestamp", "1.5"), ("createdAt", &at(1))]).await;
    let reply =
        comment(&mut cap, &film, &ada, "text", "So.", &[("parentCommentId", &quoted(&first)), ("createdAt", &at(2))])
            .await;
    // A reply to a reply, of somebody who is gone; a reaction; and what was spoken.
    comment(&mut cap, &film, "nobody", "text", "Oh!", &[("parentCommentId", &quoted(&reply)), ("createdAt", &at(3))])
        .await;
    comment(&mut cap, &film, &bob, "emoji", "👍", &[("createdAt", &at(4))]).await;
    comment(&mut cap, &film, &bob, "video", "", &[("createdAt", &at(5))]).await;
    let told = cap.import().await;
    assert_eq!((told.row("comments"), told.row("reactions")), ([3, 3, 0, 0], [1, 1, 0, 0]), "{told:?}");
    assert!(told.text.contains("1  comments that were spoken or filmed"), "{told:?}");

    let seen = async || answer(client().get(format!("{}/api/videos/{film}/comments", cloud().ready.base))).await.body;
    let said = seen().await;
    let words = |one: &Value| {
        json!([one["content"], one["author"], one["parentCommentId"], one["timestamp"], one["createdAt"]])
    };
    let mut all: Vec<Value> = said["comments"].as_array().expect("comments").iter().map(words).collect();
    all.sort_by_key(|one| one[4].as_str().map(str::to_owned));
    let moment = |second: u32| format!("2024-05-06T07:08:{second:02}.000Z");
    assert_eq!(
        all,
        [
            json!(["How?", "Bob", null, 1.5, moment(1)]),
            json!(["So.", "Ada", first, null, moment(2)]),
            json!(["Oh!", null, first, null, moment(3)]),
            json!(["👍", "Bob", null, null, moment(4)]),
        ],
        "{said}"
    );
    let counts = desktop.get(&format!("/api/v1/caps/{film}")).await.body["counts"].clone();
    assert_eq!(counts, json!({ "comments": 3, "reactions": 1 }));
    assert_eq!(rows::one::<u64>(&format!("SELECT COUNT(*) FROM notifications WHERE video_id = '{film}'")).await, 0);

    // Deleted here, and one more in Cap: the one stays deleted, the other is new.
    assert_eq!(desktop.delete(&format!("/api/videos/{film}/comments/{first}")).await.status, 200);
    comment(&mut cap, &film, &bob, "text", "Later", &[("createdAt", &at(6))]).await;
    let again = cap.import().await;
    assert_eq!(again.row("comments"), [4, 1, 3, 0], "{again:?}");
    let said = seen().await.to_string();
    assert!(said.contains("Later") && !said.contains("How?"), "{said}");
    cap.remove().await;
}

#[tokio::test]
async fn who_has_an_account_keeps_it_and_gets_the_videos() {
    let mut cap = Cap::new().await;
    let here_already = Person::new().await;
    let id = person(&mut cap, &[("name", "'Another name'"), ("image", "'users/x/1.png'")]).await;
    cap.run(&format!("UPDATE users SET email = '{}' WHERE id = '{id}'", here_already.email().to_uppercase())).await;
    let nobody = person(&mut cap, &[]).await;
    cap.run(&format!("UPDATE users SET email = 'no mailbox' WHERE id = '{nobody}'")).await;
    let film = recorded(&mut cap, &id, &[]).await;
    let lost = recorded(&mut cap, &nobody, &[]).await;
    let empty = video(&mut cap, &id, &[("name", "'Empty'")]).await;
    cap.row("folders", &[("id", "'f'"), ("name", "'Talks'")]).await;
    cap.row("whiteboards", &[("id", "1")]).await;
    let told = cap.import().await;
    assert!(told.success, "what Cap does not have is told, and no error: {told:?}");
    assert_eq!(told.row("people"), [2, 1, 0, 1], "{told:?}");
    assert_eq!((told.row("videos"), told.row("recordings, screenshots")), ([3, 2, 0, 1], [3, 1, 0, 2]), "{told:?}");
    assert!(told.text.contains("1  folders") && told.text.contains("1  rows of the table whiteboards"), "{told:?}");
    assert!(told.complaints.contains(&lost) && told.complaints.contains(&empty), "each is named: {told:?}");

    ready(&film).await;
    assert_eq!(here_already.get("/api/desktop/user/profile").await.body["name"], "Ada");
    let owned = here_already.get(&format!("/api/v1/caps/{film}")).await;
    assert_eq!((owned.status, &owned.body["access"]), (200, &json!("owned")), "{owned:?}");
    assert!(here_already.failed(&empty).await.contains("Upload it again"));
    assert_eq!(page_of(&lost).await.0, 404);

    // The recording turns up.
    cap.store(&format!("{id}/{empty}/result.mp4"), footage::screen_recording("160x90", 1).await).await;
    let again = cap.import().await;
    assert_eq!(again.row("recordings, screenshots"), [3, 1, 1, 1], "{again:?}");
    ready(&empty).await;
    cap.remove().await;
}

#[tokio::test]
async fn c16_what_was_deleted_or_taken_back_here_does_not_come_back() {
    let mut cap = Cap::new().await;
    let (ada, desktop) = with_desktop(&mut cap, &[]).await;
    let (gone, their_desktop) = with_desktop(&mut cap, &[]).await;
    let film = recorded(&mut cap, &ada, &[]).await;
    let theirs = recorded(&mut cap, &gone, &[]).await;
    cap.import().await;
    ready(&film).await;
    ready(&theirs).await;
    let browser = signed_in(&email(&ada)).await;
    let video = |id: &str| format!("/api/desktop/video/delete?videoId={id}");
    assert_eq!(desktop.delete(&video(&film)).await.status, 200);
    let keys = browser.get("/api/settings/keys").await.json();
    let key = keys["keys"][0]["id"].as_str().expect("a key").to_owned();
    let revoked = browser.json(Method::DELETE, &format!("/api/settings/keys/{key}"), json!({})).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    rows::run(&format!("UPDATE users SET email = NULL, deleted_at = UTC_TIMESTAMP(3) WHERE id = '{gone}'")).await;

    let more = recorded(&mut cap, &gone, &[]).await;
    let again = cap.import().await;
    assert_eq!(again.row("people"), [2, 0, 2, 0], "{again:?}");
    assert_eq!((again.row("API keys"), again.row("videos")), ([2, 0, 2, 0], [3, 0, 2, 1]), "{again:?}");
    assert_eq!(desktop.get("/api/desktop/user/profile").await.status, 401);
    assert_eq!((page_of(&film).await.0, page_of(&more).await.0), (404, 404));
    drop(their_desktop);
    cap.remove().await;
}
