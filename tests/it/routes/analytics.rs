//! How often one's videos are watched: `/api/v1/analytics`, `/api/dashboard/analytics`, and the part of a video's page.

use serde_json::json;
use tests::{desktop::Desktop, footage, person::Person, rows, watcher::Watcher};

/// What was counted of a video so many days ago: viewers, plays, and plays that got to each quarter.
async fn views(video: &str, ago: u32, counts: [u64; 6]) {
    let counts = counts.map(|count| count.to_string()).join(", ");
    rows::run(&format!("INSERT INTO video_views VALUES ('{video}', UTC_DATE() - INTERVAL {ago} DAY, {counts})")).await;
}

/// The part of the owner's page about views.
async fn part(person: &Person, video: &str, query: &str) -> String {
    let page = person.browser().await.get(&format!("/dashboard/caps/{video}{query}")).await;
    assert_eq!(page.status, 200, "{page:?}");
    let (_, rest) = page.text.split_once("<section class=\"panel views\"").expect("the part");
    rest.split_once("</section>").expect("its end").0.to_owned()
}

#[tokio::test]
async fn an_owner_is_told_of_one_video_and_of_all() {
    let person = Person::new().await;
    let (one, other) = (person.create("One").await, person.create("Other").await);
    views(&one, 0, [1, 2, 2, 1, 1, 0]).await;
    views(&one, 40, [10, 10, 0, 0, 0, 0]).await;
    views(&other, 0, [3, 4, 4, 4, 4, 4]).await;
    views(&Person::new().await.create("Somebody else's").await, 0, [7; 6]).await;
    let today: String = rows::one("SELECT CAST(UTC_DATE() AS CHAR)").await;
    let told = person.get(&format!("/api/v1/analytics?capId={one}&range=7d")).await;
    assert!(told.body["requestId"].is_string(), "{told:?}");
    let expected = json!({ "range": "7d", "viewers": 1, "plays": 2, "averageWatched": 63,
        "reached": { "quarter": 2, "half": 1, "threeQuarters": 1, "end": 0 },
        "days": [{ "day": today, "viewers": 1, "plays": 2 }] });
    let data = person.get(&format!("/api/dashboard/analytics?capId={one}&range=7d&orgId=x")).await.body;
    assert_eq!(data, json!({ "data": expected }));
    for (query, viewers) in [("", 4), ("?range=lifetime", 14), ("?range=24h", 4), ("?range=90d", 14)] {
        assert_eq!(person.get(&format!("/api/v1/analytics{query}")).await.body["viewers"], viewers, "{query}");
    }
    assert_eq!(person.delete(&format!("/api/v1/caps/{other}")).await.status, 200);
    assert_eq!(person.get("/api/v1/analytics").await.body["viewers"], 1, "a deleted video counts no longer");
    let never = person.create("Never watched").await;
    let told = person.get(&format!("/api/v1/analytics?capId={never}")).await.body;
    assert_eq!((&told["averageWatched"], &told["days"]), (&json!(null), &json!([])), "{told}");
    assert_eq!(person.get("/api/v1/analytics?range=1h").await.status, 400);
}

#[tokio::test]
async fn an_owner_sees_who_has_watched_when_and_how_far() {
    let person = Person::new().await;
    let video = person.record("Watched", footage::screen_recording("320x180", 2).await).await;
    person.ready(&video).await;
    let none = part(&person, &video, "").await;
    assert!(none.contains("Nobody has watched yet.") && !none.contains("<svg"), "{none}");
    let watcher = Watcher::new();
    for (name, percent) in [("one", 100), ("two", 50), ("three", 25), ("four", 0)] {
        watcher.watch(&video, name, name, percent).await;
    }
    views(&video, 8, [1234, 1234, 0, 0, 0, 0]).await;
    let week = part(&person, &video, "?views=7d").await;
    for shown in
        ["<dd>4</dd>", "<dd>53 %</dd>", "aria-current=\"true\">7 days<", "75 percent", "viewBox=\"0 0 70 100\""]
    {
        assert!(week.contains(shown), "{shown} in {week}");
    }
    assert!(week.contains("points=\"0,0 25,25 50,50 75,75 100,75\""), "{week}");
    assert_eq!(week.matches("<rect").count(), 1, "{week}");
    // Without a choice, and with one that there is not, a month.
    for query in ["", "?views=365d", "?views=%22%3E"] {
        let month = part(&person, &video, query).await;
        assert!(month.contains("<dd>1,238</dd>") && month.contains("aria-current=\"true\">30 days<"), "{month}");
        assert_eq!(month.matches("<rect").count(), 2, "{month}");
    }
}

#[tokio::test]
async fn a_screenshot_is_looked_at_and_has_no_quarters() {
    let person = Person::new().await;
    let screenshot = Desktop::of(&person).create("isScreenshot=true").await;
    views(&screenshot, 0, [2, 3, 0, 0, 0, 0]).await;
    let shown = part(&person, &screenshot, "").await;
    assert!(shown.contains("<dd>2</dd>") && shown.contains("<dd>3</dd>"), "{shown}");
    assert!(!shown.contains("Watched on average") && !shown.contains("How far"), "{shown}");
}
