//! The bin: what is thrown away is out of sight at once, comes back whole, and goes for good after thirty days.

use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    footage,
    person::{Person, client},
    rows, store,
    visitor::Visitor,
    wait::until,
};

use super::sweep::sweep;

async fn post(person: &Person, video: &str, way: &str) -> Value {
    let answer = person.post(&format!("/dashboard/caps/{video}/{way}"), json!({})).await;
    assert_eq!(answer.status, 200, "{way}: {answer:?}");
    answer.body
}

/// A ready video with another link.
async fn ready() -> (Person, String, String) {
    let person = Person::new().await;
    let video = person.record("Thrown away", footage::screen_recording("320x180", 1).await).await;
    person.ready(&video).await;
    person.derived(&video).await;
    let links = person.post(&format!("/api/videos/{video}/links"), json!({})).await.body;
    let code = links["links"][1]["code"].as_str().expect("a code").to_owned();
    (person, video, code)
}

/// Status of everything that leads to a video.
async fn ways(person: &Person, browser: &Visitor, video: &str, code: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for path in [
        format!("/s/{video}"),
        format!("/s/{code}"),
        format!("/embed/{video}"),
        format!("/api/playlist?videoId={video}&videoType=mp4"),
        format!("/api/thumbnail?videoId={video}"),
        format!("/api/video/og?videoId={video}"),
        format!("/api/oembed?url={0}/s/{video}", cloud().ready.base),
        format!("/dashboard/caps/{video}"),
    ] {
        statuses.push(browser.get(&path).await.status);
        if !path.starts_with("/dashboard") {
            let stranger = client().get(format!("{}{path}", cloud().ready.base)).send().await.expect("the gateway");
            statuses.push(stranger.status().as_u16());
        }
    }
    for path in ["", "/status", "/download", "/context"] {
        statuses.push(person.get(&format!("/api/v1/caps/{video}{path}")).await.status);
    }
    statuses.push(person.get(&format!("/api/videos/{video}/sharing")).await.status);
    let sign = json!({ "videoId": video, "subpath": "result.mp4", "method": "put" });
    statuses.push(person.post("/api/upload/signed", sign).await.status);
    statuses.push(person.post("/api/upload/multipart/initiate", json!({ "videoId": video })).await.status);
    statuses
}

async fn objects(video: &str) -> usize {
    store::keys_of(video).await.len()
}

async fn listed(person: &Person) -> usize {
    person.get("/api/v1/caps").await.body["caps"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn what_is_thrown_away_is_gone_for_everybody_and_comes_back_whole() {
    let (person, video, code) = ready().await;
    let browser = person.browser().await;
    let before = (ways(&person, &browser, &video, &code).await, objects(&video).await);
    assert!(before.0.iter().all(|status| matches!(status, 200 | 302)), "{before:?}");

    assert_eq!(post(&person, &video, "bin").await["binned"], true);
    let binned = ways(&person, &browser, &video, &code).await;
    assert!(binned.iter().all(|status| *status == 404), "{binned:?}");
    assert_eq!((listed(&person).await, objects(&video).await), (0, before.1), "nothing of it is removed");
    let library = browser.get("/dashboard/caps").await.text;
    assert!(!library.contains("Thrown away"), "{library}");
    let bin = browser.get("/dashboard/caps/deleted").await.text;
    assert!(bin.contains("Thrown away") && bin.contains("29 days left"), "{bin}");
    assert!(!Person::new().await.browser().await.get("/dashboard/caps/deleted").await.text.contains("Thrown away"));

    assert_eq!(post(&person, &video, "restore").await["binned"], false);
    assert_eq!((ways(&person, &browser, &video, &code).await, listed(&person).await), (before.0, 1));
    let twice = person.post(&format!("/dashboard/caps/{video}/restore"), json!({})).await;
    assert_eq!(twice.status, 404, "{twice:?}");
}

#[tokio::test]
async fn a_form_says_what_it_has_thrown_away_and_takes_it_back() {
    let (person, video, _) = ready().await;
    let browser = person.browser().await;
    let back = "/dashboard/caps?sort=title";
    let led = browser.form(&format!("/dashboard/caps/{video}/bin"), &[("back", back)]).await;
    assert_eq!(led.location(), format!("{}{back}&binned={video}", cloud().ready.base), "{led:?}");
    let page = browser.get(led.location()).await.text;
    assert!(page.contains("“<bdi>Thrown away</bdi>” is deleted") && page.contains(">Undo<"), "{page}");
    let led = browser.form(&format!("/dashboard/caps/{video}/restore"), &[("back", back)]).await;
    let page = browser.get(led.location()).await.text;
    assert!(page.contains("class=\"whole\" href=\"/s/"), "{page}");
}

#[tokio::test]
async fn what_is_deleted_for_good_leaves_nothing() {
    let (person, video, _) = ready().await;
    let early = person.post(&format!("/dashboard/caps/{video}/purge"), json!({})).await;
    assert_eq!(early.status, 404, "only what is in the bin: {early:?}");
    post(&person, &video, "bin").await;
    assert_eq!(post(&person, &video, "purge").await["deleted"], true);
    assert_eq!(objects(&video).await, 0);
    let restored = person.post(&format!("/dashboard/caps/{video}/restore"), json!({})).await;
    assert_eq!(restored.status, 404, "{restored:?}");
}

#[tokio::test]
async fn the_bin_is_emptied_after_thirty_days_and_not_before() {
    let (person, video, _) = ready().await;
    let (other, younger, _) = ready().await;
    for (person, video, days) in [(&person, &video, 31), (&other, &younger, 29)] {
        post(person, video, "bin").await;
        let sql = format!("UPDATE videos SET binned_at = binned_at - INTERVAL {days} DAY WHERE id = '{video}'");
        rows::run(&sql).await;
    }
    sweep().await;
    let restored = person.post(&format!("/dashboard/caps/{video}/restore"), json!({})).await;
    assert_eq!(restored.status, 404, "{restored:?}");
    rows::stand_still(&video, 600).await;
    until("its objects to be removed", async || {
        sweep().await;
        (objects(&video).await == 0).then_some(())
    })
    .await;
    post(&other, &younger, "restore").await;
    assert_eq!(other.status(&younger).await["overall"], "ready");
}

#[tokio::test]
async fn an_upload_is_prepared_in_the_bin_and_is_ready_when_it_is_taken_back() {
    let person = Person::new().await;
    let video = person.create("Late").await;
    let url = person.sign(&video, "result.mp4").await;
    post(&person, &video, "bin").await;
    let stored = client().put(url).body(footage::screen_recording("320x180", 1).await).send().await.expect("S3");
    assert!(stored.status().is_success());
    until("it to be prepared", async || {
        let ready = format!("SELECT status = 'ready' FROM videos WHERE id = '{video}'");
        rows::one::<bool>(&ready).await.then_some(())
    })
    .await;
    post(&person, &video, "restore").await;
    assert_eq!(person.status(&video).await["overall"], "ready");
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_in_its_bin() {
    let (person, video, _) = ready().await;
    post(&person, &video, "bin").await;
    let browser = person.browser().await;
    let gone = browser.form("/api/settings/user/delete", &[("email", &person.email())]).await;
    assert_eq!(gone.status, 303, "{gone:?}");
    until("its objects to be removed", async || (objects(&video).await == 0).then_some(())).await;
    assert!(rows::one::<bool>(&format!("SELECT deleted_at IS NOT NULL FROM videos WHERE id = '{video}'")).await);
}

/// Whoever discards a recording in the app, or deletes by the API, says so for good: that is what both promise.
#[tokio::test]
async fn deleting_elsewhere_is_not_throwing_away() {
    let (person, video, _) = ready().await;
    assert_eq!(person.delete(&format!("/api/v1/caps/{video}")).await.status, 200);
    let restored = person.post(&format!("/dashboard/caps/{video}/restore"), json!({})).await;
    assert_eq!((restored.status, objects(&video).await), (404, 0), "{restored:?}");
}
