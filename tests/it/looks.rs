//! What pages look like and how they are used, in a real browser.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{
    chromium::run,
    cloud::{cloud, repository},
    derived,
    desktop::Desktop,
    footage,
    instant::{Footage, Recording},
    person::{Person, answer},
    rows,
    visitor::SESSION,
};

use crate::routes;

/// A ready video of sixteen seconds, with all that is derived of one.
async fn complete(person: &Person, name: &str) -> String {
    let video = person.record(name, footage::screen_recording("640x360", 16).await).await;
    person.ready(&video).await;
    derived::renditions(&video, 16).await;
    derived::storyboard(&video).await;
    video
}

/// What is said in a video of sixteen seconds.
async fn captioned(person: &Person, video: &str) {
    let words = [
        "<v Ada>Welcome to the quarterly review. There is a lot to go through, so let us begin with what was decided.",
        "<v Ada>The first thing is the budget.",
        "<v Grace>Which is smaller than last year’s, and larger than anybody thought possible in spring.",
        "ובכן, נתחיל מההתחלה",
        "and_one_word_without_any_end_in_it_at_all_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on",
        "That is all.",
    ];
    let mut file = String::from("WEBVTT\n");
    for (number, words) in words.iter().enumerate() {
        let _ = write!(file, "\n00:{:02}.000 --> 00:{:02}.900\n{words}\n", number * 2, number * 2 + 1);
    }
    let request = person.request(Method::PUT, &format!("/api/videos/{video}/captions?language=en"));
    assert_eq!(answer(request.body(file)).await.status, 200);
}

#[tokio::test]
async fn an_owner_uploads_captions_that_viewers_read_search_and_go_to() {
    let person = Person::new().await;
    let video = complete(&person, "Spoken").await;
    let session = person.browser().await.cookie(SESSION).expect("a session");
    let seen = run("captions.mjs", &[&cloud().ready.base, &video, &session]).await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert!(seen["refused"].as_str().is_some_and(|text| text.starts_with("The caption of line 2 ends")), "{seen}");
    assert!(seen["uploaded"].as_str().is_some_and(|text| text.starts_with("English · 4 captions · ")), "{seen}");
    assert_eq!(seen["track"], json!(["en", "English"]), "{seen}");
    assert_eq!((&seen["lines"], &seen["open"]), (&json!(4), &json!([true, false])), "{seen}");
    assert_eq!((&seen["showing"], &seen["shown"]), (&json!("showing"), &json!("Second <i>of</i> all")), "{seen}");
    assert_eq!((&seen["found"], &seen["next"]), (&json!("1 of 2"), &json!("2 of 2")), "{seen}");
    assert_eq!(seen["marked"], 2, "{seen}");
    assert!(seen["went"].as_f64().is_some_and(|at| (6.0..8.0).contains(&at)), "{seen}");
    assert_eq!((&seen["current"], &seen["keys"]), (&json!("Third of all"), &json!(["Last", "First"])), "{seen}");
    assert_eq!(seen["other"], json!(["1:1", "First"]), "captions stay when another size is chosen: {seen}");
    assert_eq!((&seen["edited"], &seen["embedded"]), (&json!("The very first"), &json!("captions")), "{seen}");
    assert_eq!(seen["withoutScript"], json!([3, false]), "{seen}");
}

#[tokio::test]
async fn a_player_does_what_keys_and_pointers_ask() {
    let video = complete(&Person::new().await, "Controls").await;
    let seen = run("player.mjs", &[&format!("{}/s/{video}", cloud().ready.base)]).await;
    assert_eq!(seen["problems"], json!([]), "{seen}");
    assert_eq!((&seen["starts"], &seen["native"]), (&json!([3, 2]), &json!(false)), "{seen}");
    assert_eq!(seen["time"], "0:02 / 0:16", "{seen}");
    let moves: Vec<_> = seen["moves"].as_array().expect("moves").iter().filter_map(Value::as_f64).collect();
    for (at, expected) in moves.iter().zip([14.4, 4.4, 14.4, 9.4, 14.4, 16.0, 0.0, 0.0]) {
        assert!((at - expected).abs() < 0.1, "{expected}: {seen}");
    }
    assert_eq!((&seen["muted"], &seen["speed"], &seen["paused"]), (&json!(true), &json!(1.25), &json!(true)), "{seen}");
    assert_eq!(seen["remembered"], 1.25, "{seen}");
    assert_eq!(seen["big"], false, "the large button goes once it plays: {seen}");
    assert_eq!((&seen["captionsBefore"], &seen["captions"]), (&json!(false), &json!("showing")), "{seen}");
    assert_eq!((&seen["preview"], &seen["storyboard"]), (&json!(["0:01", "0:03"]), &json!([320, 90])), "{seen}");
    assert_eq!(seen["copied"], "t=8", "{seen}");
    assert_eq!(seen["quality"][0], "master", "{seen}");
    assert_eq!(seen["sizes"], json!(["Auto", "360p", "180p", "Original"]), "{seen}");
    assert!(seen["quality"][1].as_f64() > Some(7.5), "it goes on at the same second: {seen}");
    assert_eq!(seen["wide"], json!([320, true]), "{seen}");
    assert_eq!(seen["withoutScript"], json!([true, 0, 320]), "{seen}");
}

#[tokio::test]
async fn a_player_plays_in_a_page_of_another_site_and_its_share_page_does_not_show() {
    let video = complete(&Person::new().await, "Elsewhere").await;
    let seen = run("embed.mjs", &[&cloud().ready.base, &video]).await;
    assert_eq!((&seen["title"], &seen["problems"]), (&json!("Elsewhere"), &json!([])), "{seen}");
    assert_eq!((&seen["size"], &seen["scrolls"]), (&json!([320, 180]), &json!(false)), "{seen}");
    assert_eq!(seen["refused"], true, "{seen}");
}

/// Each state of a share page and each other page, wide and narrow, light and dark. Pictures are in `target/screens`.
#[tokio::test]
async fn every_page_is_accessible_on_every_screen() {
    let person = Person::new().await;
    let long =
        "Quarterly review with everything that was decided, why, by whom, and_one_word_without_any_end_in_it_at_all";
    let uploading = person.create("On its way").await;
    let body = json!({ "videoId": uploading, "uploaded": 25, "total": 100, "updatedAt": "2026-01-31T12:00:00Z" });
    person.post("/api/desktop/video/progress", body).await;
    let footage = Footage::silent("320x180", 4).await;
    let recording = Recording::begin(&person, &footage).await;
    let mut playing = Recording::begin(&person, &footage).await;
    playing.init().await;
    playing.store([1, 2]).await;
    playing.manifest(false).await;
    let desktop = Desktop::of(&person);
    let screenshot = desktop.create("isScreenshot=true").await;
    desktop.store(&screenshot, "screenshot/screen-capture.png", footage::picture("1600x900", "png").await).await;
    person.ready(&screenshot).await;
    let processing = person.create("Arrived").await;
    rows::run(&format!("UPDATE videos SET status = 'processing' WHERE id = '{processing}'")).await;
    let failed = person.record("Broken", b"just text".to_vec()).await;
    person.failed(&failed).await;
    let shut = [
        ("locked", person.create("Locked").await, json!({ "password": "let me in" })),
        ("ended", person.create("Ended").await, json!({ "on": false })),
    ];
    for (_, video, change) in &shut {
        person.patch(&format!("/api/videos/{video}/links/{video}"), change.clone()).await;
    }
    let private = person.create("Private").await;
    person.patch(&format!("/api/videos/{private}/sharing"), json!({ "public": false })).await;
    let (ready, right_to_left) = (complete(&person, long).await, complete(&person, "סקירה רבעונית 2026").await);

    captioned(&person, &ready).await;
    let thrown_away = complete(&person, "Thrown away").await;
    person.post(&format!("/dashboard/caps/{thrown_away}/bin"), json!({})).await;
    let (watched, much) = (person.create("Watched a little").await, person.create("Watched by many").await);
    for (video, days) in [(&watched, 3_u64), (&much, 90)] {
        for ago in 0..days {
            // Some days with few, one with very many.
            let viewers = if days > 3 { (ago * 7919 % 97) * 131 + 1 } else { ago + 1 };
            let reached = [90, 70, 40, 35].map(|percent| (viewers * percent / 100).to_string()).join(", ");
            rows::run(&format!(
                "INSERT INTO video_views VALUES ('{video}', UTC_DATE() - INTERVAL {ago} DAY, {viewers}, {viewers}, {reached})"
            ))
            .await;
        }
    }

    let share = |name: &str, video: &str| json!({ "name": name, "path": format!("/s/{video}") });
    let session = person.browser().await.cookie(SESSION).expect("a session");
    let nobody = Person::new().await.browser().await.cookie(SESSION).expect("a session");
    let operator = routes::server_page::operator(1).await.browser().await.cookie(SESSION).expect("a session");
    let list = json!([
        share("uploading", &uploading),
        share("recording", &recording.video),
        share("recording-plays", &playing.video),
        share("screenshot", &screenshot),
        share("processing", &processing),
        share("failed", &failed),
        share("ready", &ready),
        share("right-to-left", &right_to_left),
        share("missing", "0123456789abcde"),
        share(shut[0].0, &shut[0].1),
        share(shut[1].0, &shut[1].1),
        share("private", &private),
        { "name": "embedded-locked", "path": format!("/embed/{}", shut[0].1) },
        { "name": "embedded", "path": format!("/embed/{ready}") },
        { "name": "embedded-failed", "path": format!("/embed/{failed}") },
        { "name": "login", "path": "/login" },
        { "name": "code", "path": "/verify-otp?email=ada@example.test" },
        { "name": "library", "path": "/dashboard/caps?view=grid", "cookie": session },
        { "name": "library-list", "path": "/dashboard/caps?view=list", "cookie": session },
        { "name": "library-nothing-found", "path": "/dashboard/caps?q=nothing", "cookie": session },
        { "name": "library-empty", "path": "/dashboard/caps", "cookie": nobody },
        { "name": "library-deleted", "path": format!("/dashboard/caps?binned={thrown_away}"), "cookie": session },
        { "name": "deleted", "path": "/dashboard/caps/deleted", "cookie": session },
        { "name": "deleted-empty", "path": "/dashboard/caps/deleted", "cookie": nobody },
        { "name": "account", "path": "/dashboard/settings/account", "cookie": session },
        { "name": "record", "path": "/dashboard/caps/record", "cookie": session },
        { "name": "video", "path": format!("/dashboard/caps/{ready}"), "cookie": session },
        { "name": "video-captions-none", "path": format!("/dashboard/caps/{right_to_left}#captions"), "cookie": session },
        { "name": "captions", "path": format!("/dashboard/caps/{ready}/captions?saved=1"), "cookie": session },
        { "name": "captions-found", "path": format!("/dashboard/caps/{ready}/captions?q=nothing+like+it"), "cookie": session },
        { "name": "server", "path": "/dashboard/settings/server", "cookie": operator },
        { "name": "captions-none", "path": format!("/dashboard/caps/{right_to_left}/captions"), "cookie": session },
        { "name": "video-links", "path": format!("/dashboard/caps/{}?saved=1", shut[0].1), "cookie": session },
        { "name": "video-failed", "path": format!("/dashboard/caps/{failed}?problem=until"), "cookie": session },
        { "name": "views", "path": format!("/dashboard/caps/{watched}"), "cookie": session },
        { "name": "views-many", "path": format!("/dashboard/caps/{much}?views=90d"), "cookie": session },
        { "name": "video-missing", "path": "/dashboard/caps/0123456789abcde", "cookie": session },
        { "name": "reference", "path": "/api/docs" },
    ]);
    let screens = repository().join("target/screens");
    let found = run("states.mjs", &[&cloud().ready.base, screens.to_string_lossy().as_ref(), &list.to_string()]).await;
    assert_eq!(found, json!([]), "{found:#}");
}
