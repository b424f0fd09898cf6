//! `/api/analytics`: who watches is counted once, and only who watches.

use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::{Cloud, cloud},
    footage,
    person::{Person, answer, client},
    rows, store,
    visitor::SESSION,
    watcher::{Watcher, counted, viewers},
};
use tokio::task::JoinSet;

/// Somebody and a video of theirs that plays.
async fn published() -> (Person, String) {
    let person = Person::new().await;
    let video = person.record("Watched", footage::screen_recording("320x180", 2).await).await;
    person.ready(&video).await;
    (person, video)
}

/// As [`published`], without a recording, which counting does not look at.
async fn quick() -> (Person, String) {
    let person = Person::new().await;
    let video = person.create("Watched").await;
    rows::run(&format!("UPDATE videos SET status = 'ready', published_at = UTC_TIMESTAMP(3) WHERE id = '{video}'"))
        .await;
    (person, video)
}

async fn page(video: &str) -> String {
    let page = client().get(format!("{}/s/{video}", cloud().ready.base)).send().await.expect("the page");
    page.text().await.expect("HTML")
}

#[tokio::test]
async fn a_viewer_counts_once_and_a_quarter_once_a_play() {
    let (_, video) = quick().await;
    assert!(page(&video).await.contains(">No views yet<"));
    let watcher = Watcher::new();
    // Told twice, out of order, and with the beginning lost.
    for percent in [0, 0, 50, 25, 50] {
        watcher.watch(&video, "one", "first", percent).await;
    }
    assert_eq!(counted(&video).await, [1, 1, 1, 1, 0, 0]);
    assert!(page(&video).await.contains(">1 view<"));
    watcher.watch(&video, "one", "again", 100).await;
    assert_eq!(counted(&video).await, [1, 2, 2, 2, 1, 1], "the same viewer plays it again");
    watcher.watch(&video, "two", "third", 0).await;
    assert_eq!(counted(&video).await, [2, 3, 2, 2, 1, 1]);
    let told = viewers(&video, "30d").await;
    assert_eq!((told.status, &told.body), (200, &json!({ "count": 2 })));
    assert!(page(&video).await.contains(">2 views<"));
}

#[tokio::test]
async fn a_viewer_who_could_not_be_counted_is_counted_when_told_again() {
    let (_, video) = quick().await;
    let watcher = Watcher::new();
    let told = json!({ "videoId": video, "sessionId": "one", "playId": "first", "progress": 25 });
    let today: i64 = rows::one("SELECT TO_DAYS(UTC_DATE()) - 719528").await;
    // Tomorrow as well, for a test at midnight.
    for day in [today, today + 1] {
        store::spoil_views(&video, day).await;
    }
    let failed = watcher.tell(told.clone()).await;
    assert!(failed.status >= 500, "{failed:?}");
    for day in [today, today + 1] {
        store::forget_views(&video, day).await;
    }
    assert_eq!(watcher.tell(told).await.status, 200);
    assert_eq!(counted(&video).await, [1, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn many_at_once_are_all_counted_and_one_of_many_words_once() {
    let (_, video) = quick().await;
    let watcher = Watcher::new();
    let mut all = JoinSet::new();
    for number in 0..20 {
        let (watcher, video, name) = (watcher.clone(), video.clone(), format!("viewer {}", number / 2));
        all.spawn(async move { watcher.watch(&video, &name, &name, 25).await });
    }
    all.join_all().await;
    assert_eq!(counted(&video).await, [10, 10, 10, 0, 0, 0]);
}

#[tokio::test]
async fn a_client_of_cap_counts_by_its_session() {
    let (_, video) = quick().await;
    let watcher = Watcher::new();
    let told = |session: &str| {
        json!({ "videoId": video, "sessionId": session, "orgId": "x", "ownerId": null, "pathname": format!("/s/{video}"),
            "hostname": "cap.example.com", "userAgent": "Mozilla/5.0", "occurredAt": "2026-01-31T12:00:00.000Z" })
    };
    for session in ["one", "one", "two"] {
        assert_eq!(watcher.tell(told(session)).await.body, json!({ "success": true }));
    }
    assert_eq!(counted(&video).await[..2], [2, 2]);
}

#[tokio::test]
async fn a_beacon_called_text_counts_too() {
    let (_, video) = quick().await;
    let request = client().post(format!("{}/api/analytics/track", cloud().ready.base));
    let request = request.header("content-type", "text/plain;charset=UTF-8").header("user-agent", "Mozilla/5.0");
    let told = answer(request.body(json!({ "videoId": video, "sessionId": "text" }).to_string())).await;
    assert_eq!((told.status, &told.body), (200, &json!({ "success": true })));
    assert_eq!(counted(&video).await[0], 1);
}

#[tokio::test]
async fn who_gives_no_name_is_known_by_where_they_are_for_a_day() {
    let (_, video) = quick().await;
    let (mut one, other) = (Watcher::new(), Watcher::new());
    let told = || json!({ "videoId": video });
    // What a client claims of its address counts for nothing.
    for forged in ["203.0.113.1", "203.0.113.2"] {
        one.tell_with(&[("x-forwarded-for", forged)], told()).await;
    }
    assert_eq!(counted(&video).await[0], 1);
    other.tell(told()).await;
    one.agent = "Mozilla/5.0 (another browser)".to_owned();
    one.tell(told()).await;
    assert_eq!(counted(&video).await[0], 3);
    // The ledger tells nobody who that was.
    let kept = store::everything(cloud()).await;
    for trace in [one.address.as_str(), &other.address, "another browser", "203.0.113."] {
        assert!(!kept.contains(trace), "{trace} is kept");
    }
}

#[tokio::test]
async fn who_does_not_watch_does_not_count() {
    let (person, video) = quick().await;
    let told = || json!({ "videoId": video, "sessionId": "somebody" });
    let mut watcher = Watcher::new();
    let session = format!("{SESSION}={}", person.browser().await.cookie(SESSION).expect("a session"));
    let origin = cloud().ready.base.as_str();
    for (who, headers) in [
        ("its owner", [("cookie", session.as_str()), ("origin", origin)]),
        ("who asks not to be tracked", [("dnt", "1"), ("origin", origin)]),
        ("who asks not to be sold", [("sec-gpc", "1"), ("origin", origin)]),
    ] {
        assert_eq!(watcher.tell_with(&headers, told()).await.body, json!({ "success": true }), "{who}");
        assert_eq!(counted(&video).await, [0; 6], "{who}");
    }
    for bot in ["", "Mozilla/5.0 (compatible; Googlebot/2.1)", "Mozilla/5.0 HeadlessChrome/140.0.0.0 Safari/537.36"] {
        watcher.agent = bot.to_owned();
        assert_eq!(watcher.tell(told()).await.body, json!({ "success": true }), "{bot}");
        assert_eq!(counted(&video).await, [0; 6], "{bot}");
    }
    let on_its_way = person.create("On its way").await;
    Watcher::new().watch(&on_its_way, "early", "early", 0).await;
    assert_eq!(counted(&on_its_way).await, [0; 6], "before it is published");
    // Somebody else who is signed in does count, once, in whichever browser.
    let other = Person::new().await;
    for name in ["one", "other"] {
        let session = format!("{SESSION}={}", other.browser().await.cookie(SESSION).expect("a session"));
        let told = json!({ "videoId": video, "sessionId": name, "playId": name });
        Watcher::new().tell_with(&[("cookie", &session), ("origin", origin)], told).await;
    }
    assert_eq!(counted(&video).await, [1, 2, 0, 0, 0, 0]);
}

/// Kinds of what somebody was told.
async fn told(person: &Person) -> Vec<String> {
    let told = person.get("/api/notifications").await.body;
    let all = told["notifications"].as_array().expect("a list").iter();
    let mut kinds: Vec<_> = all.map(|one| one["type"].as_str().expect("a kind").to_owned()).collect();
    kinds.sort();
    kinds
}

#[tokio::test]
async fn an_owner_is_told_who_watches_first() {
    let (person, video) = quick().await;
    for name in ["one", "two", "two"] {
        Watcher::new().watch(&video, name, name, 0).await;
    }
    assert_eq!(told(&person).await, ["anon_view"], "once of all who are not signed in");
    let other = Person::new().await;
    let session = format!("{SESSION}={}", other.browser().await.cookie(SESSION).expect("a session"));
    let headers = [("cookie", session.as_str()), ("origin", cloud().ready.base.as_str())];
    for play in ["first", "again"] {
        Watcher::new().tell_with(&headers, json!({ "videoId": video, "playId": play })).await;
    }
    assert_eq!(told(&person).await, ["anon_view", "view"], "and once of each who is");
    let mut bot = Watcher::new();
    "Googlebot/2.1".clone_into(&mut bot.agent);
    let (quiet, unseen) = quick().await;
    bot.watch(&unseen, "bot", "bot", 0).await;
    assert!(told(&quiet).await.is_empty());
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (_, video) = quick().await;
    let watcher = Watcher::new();
    for body in
        [json!({}), json!([]), json!("text"), json!({ "videoId": 7 }), json!({ "videoId": video, "progress": 300 })]
    {
        let refused = watcher.tell(body.clone()).await;
        assert_eq!((refused.status, refused.body["code"].as_str()), (400, Some("INVALID_REQUEST")), "{body}");
    }
    assert_eq!(watcher.tell(json!({ "videoId": "0123456789abcde" })).await.status, 404);
    for elsewhere in ["https://evil.test", "null"] {
        let refused = watcher.tell_with(&[("origin", elsewhere)], json!({ "videoId": video })).await;
        assert_eq!(refused.status, 403, "a page of {elsewhere}");
    }
    assert_eq!(counted(&video).await, [0; 6]);
    for range in ["1h", "0d", "-1d", "x"] {
        assert_eq!(viewers(&video, range).await.status, 400, "{range}");
    }
    assert_eq!(viewers("0123456789abcde", "30d").await.status, 404);
}

#[tokio::test]
async fn ranges_are_days() {
    let (_, video) = quick().await;
    let days = [(0, 1), (1, 2), (20, 4), (100, 8)];
    for (ago, viewers) in days {
        rows::run(&format!(
            "INSERT INTO video_views (video_id, day, viewers) VALUES ('{video}', UTC_DATE() - INTERVAL {ago} DAY, {viewers})"
        ))
        .await;
    }
    for (range, count) in [("1d", 1), ("24h", 3), ("30d", 7), ("365d", 7), ("lifetime", 15)] {
        assert_eq!(viewers(&video, range).await.body, json!({ "count": count }), "{range}");
    }
    assert!(page(&video).await.contains(">15 views<"));
}

/// DynamoDB forgets, by design: what it has counted is kept where it stays.
#[tokio::test]
async fn what_was_counted_stays_when_the_counters_are_gone() {
    let (_, video) = quick().await;
    let watcher = Watcher::new();
    for name in ["one", "two"] {
        watcher.watch(&video, name, name, 100).await;
    }
    let day: i64 = rows::one("SELECT TO_DAYS(UTC_DATE()) - 719528").await;
    store::forget_views(&video, day).await;
    watcher.watch(&video, "three", "three", 0).await;
    assert_eq!(counted(&video).await, [2, 2, 2, 2, 2, 2], "a counter that begins anew takes nothing away");
}

#[tokio::test]
async fn what_is_deleted_has_no_views() {
    let (person, video) = quick().await;
    let (other, theirs) = quick().await;
    for video in [&video, &theirs] {
        Watcher::new().watch(video, "one", "one", 0).await;
        assert_eq!(counted(video).await[0], 1);
    }
    assert_eq!(person.delete(&format!("/api/v1/caps/{video}")).await.status, 200);
    assert_eq!(counted(&video).await, [0; 6]);
    let browser = other.browser().await;
    let gone = browser.json(Method::POST, "/api/settings/user/delete", json!({ "email": other.email() })).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    assert_eq!(counted(&theirs).await, [0; 6]);
    assert_eq!(Watcher::new().tell(json!({ "videoId": video })).await.status, 404);
}

#[tokio::test]
async fn one_address_tells_only_so_much() {
    let (_, video) = quick().await;
    let watcher = Watcher::new();
    let mut passed = 0;
    // Two windows let 1,200 pass.
    for _ in 0..61 {
        let mut told = JoinSet::new();
        for _ in 0..20 {
            // The same thing again counts against the address, and for nothing else.
            let (watcher, body) = (watcher.clone(), json!({ "videoId": video, "sessionId": "one" }));
            told.spawn(async move { watcher.tell(body).await.status });
        }
        let statuses = told.join_all().await;
        passed += statuses.iter().filter(|status| **status == 200).count();
        if statuses.contains(&429) {
            break;
        }
    }
    assert!((600..=1200).contains(&passed), "{passed}");
    Watcher::new().watch(&video, "two", "two", 0).await;
    assert_eq!(counted(&video).await[0], 2, "others are let in");
}

#[tokio::test]
async fn without_the_ledger_the_page_plays_and_only_counting_waits() {
    let own: &'static Cloud =
        tokio::task::spawn_blocking(|| Box::leak(Box::new(Cloud::start()))).await.expect("a cloud");
    let person = Person::on(own).await;
    let video = person.record("Watched", footage::screen_recording("320x180", 2).await).await;
    person.ready(&video).await;
    Watcher::on(own).watch(&video, "one", "one", 0).await;
    store::no_ledger(own).await;
    let told = Watcher::on(own).tell(json!({ "videoId": video })).await;
    assert_eq!((told.status, told.body["code"].as_str()), (503, Some("TEMPORARY_UNAVAILABLE")));
    let shown = client().get(format!("{}/s/{video}", own.ready.base)).send().await.expect("the page");
    assert_eq!(shown.status(), 200);
    assert!(shown.text().await.expect("HTML").contains(">1 view<"));
    assert!(!person.watch(&video).await.is_empty());
}

#[tokio::test]
async fn a_real_recording_counts_from_when_it_plays() {
    let (_, video) = published().await;
    Watcher::new().watch(&video, "one", "one", 0).await;
    assert_eq!(counted(&video).await[..2], [1, 1]);
}
