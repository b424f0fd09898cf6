//! People are told what was said of their recordings: among their notifications, and in one mail for all that they have not read.

use common::{
    config::DatabaseConfig,
    db::{Database, notifications},
    ids::{UserId, VideoId},
    secret::Secret,
};
use serde_json::{Value, json};
use tests::{
    cloud::cloud,
    mail::{self, Mail},
    person::{Person, answer, client},
    rows,
    visitor::page,
    wait::until,
};

async fn say(person: &Person, video: &str, body: Value) -> String {
    let said = person.post(&format!("/api/videos/{video}/comments"), body).await;
    assert_eq!(said.status, 201, "{said:?}");
    said.body["id"].as_str().expect("an id").to_owned()
}

/// Makes what somebody was told, and mailed, look as if it were so many minutes older.
async fn later(person: &Person, minutes: u32) {
    let id = &person.id;
    rows::run(&format!(
        "UPDATE notifications SET created_at = created_at - INTERVAL {minutes} MINUTE WHERE recipient_id = '{id}'"
    ))
    .await;
    rows::run(&format!(
        "UPDATE notification_preferences SET mailed_at = mailed_at - INTERVAL {minutes} MINUTE WHERE user_id = '{id}'"
    ))
    .await;
}

/// Runs the digest as its schedule does, and then all mails that it left were sent.
async fn digest() {
    let event = json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    let (succeeded, answer) = cloud().invoke_sync("notify", &event).await;
    assert!(succeeded, "{answer}");
}

async fn mails(person: &Person) -> Vec<Mail> {
    mail::mails(cloud(), &person.email()).await
}

/// How much of somebody's notifications was mailed.
async fn mailed(person: &Person) -> u64 {
    let id = &person.id;
    rows::one(&format!("SELECT COUNT(*) FROM notifications WHERE recipient_id = '{id}' AND mailed_at IS NOT NULL"))
        .await
}

/// Waits until so much of it was: invocations of tests beside this one mail whoever is due, too.
async fn until_mailed(person: &Person, count: u64) {
    until(&format!("{count} notifications to be mailed"), async || (mailed(person).await == count).then_some(())).await;
}

async fn told(person: &Person) -> Vec<(String, String)> {
    let told = person.get("/api/notifications").await.body;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = told["notifications"].as_array().expect("a list").iter();
    all.map(|one| (text(&one["type"]), text(&one["comment"]["content"]))).collect()
}

#[tokio::test]
async fn ten_comments_make_one_mail_that_says_why_it_came_and_how_it_ends() {
    let (owner, viewer) = (Person::new().await, Person::new().await);
    let video = owner.create("Quarterly review").await;
    for number in 0..10 {
        say(&viewer, &video, json!({ "content": format!("Remark {number}") })).await;
    }
    digest().await;
    assert_eq!(mailed(&owner).await, 0, "what happens together is told together, a little later");
    later(&owner, 3).await;
    digest().await;
    let mail = mail::mail(cloud(), &owner.email(), 1).await;
    until_mailed(&owner, 10).await;
    assert!(mail.subject.starts_with("10 notifications from "), "{}", mail.subject);
    for said in ["Remark 0", "Remark 9", "commented on Quarterly review", "You get this mail because"] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    // Another one right afterwards waits for its turn, and a second run tells nothing twice.
    say(&viewer, &video, json!({ "content": "One more thing" })).await;
    later(&owner, 3).await;
    digest().await;
    assert_eq!(mailed(&owner).await, 10, "at most one mail in a quarter of an hour");
    later(&owner, 13).await;
    digest().await;
    let second = mail::mail(cloud(), &owner.email(), 2).await;
    until_mailed(&owner, 11).await;
    assert!(second.text.contains("One more thing") && !second.text.contains("Remark"), "{}", second.text);
    assert_eq!(second.subject, "Ada commented on Quarterly review");

    // The way out works without a login, and a link that is only opened changes nothing.
    let way_out = second.text.split_whitespace().find(|word| word.contains("/unsubscribe?")).expect("a way out");
    assert_eq!(page(client().get(way_out)).await.status, 200);
    assert_eq!(owner.get("/api/notifications/preferences").await.body["digest"], "immediately");
    let press = client().post(way_out).form(&[("List-Unsubscribe", "One-Click")]);
    assert_eq!(page(press).await.status, 200);
    assert_eq!(owner.get("/api/notifications/preferences").await.body["digest"], "never");
    let forged = way_out.replace(&owner.id, &viewer.id);
    assert_eq!(page(client().post(forged)).await.status, 403);
    say(&viewer, &video, json!({ "content": "Unheard" })).await;
    later(&owner, 60).await;
    digest().await;
    assert_eq!(mailed(&owner).await, 11);
}

#[tokio::test]
async fn nobody_is_mailed_what_they_did_or_have_read() {
    let (owner, viewer) = (Person::new().await, Person::new().await);
    let video = owner.create("Read at once").await;
    let first = say(&viewer, &video, json!({ "content": "Read me" })).await;
    say(&owner, &video, json!({ "content": "My own words" })).await;
    assert_eq!(told(&owner).await, [("comment".to_owned(), "Read me".to_owned())]);
    let read = owner.post("/api/v1/me/notifications/read", json!({})).await;
    assert_eq!(read.body["read"], 1, "{read:?}");
    let reply = say(&viewer, &video, json!({ "content": "Gone again", "parentCommentId": first })).await;
    viewer.delete(&format!("/api/videos/{video}/comments/{reply}")).await;
    later(&owner, 30).await;
    digest().await;
    assert_eq!((mailed(&owner).await, mails(&owner).await.len(), mails(&viewer).await.len()), (0, 0, 0));
}

#[tokio::test]
async fn once_a_day_is_once_a_day() {
    let (owner, viewer) = (Person::new().await, Person::new().await);
    let video = owner.create("Daily").await;
    owner.patch("/api/v1/me/notification-preferences", json!({ "digest": "daily" })).await;
    say(&viewer, &video, json!({ "content": "First" })).await;
    later(&owner, 3).await;
    digest().await;
    until_mailed(&owner, 1).await;
    say(&viewer, &video, json!({ "content": "Second" })).await;
    later(&owner, 12 * 60).await;
    digest().await;
    assert_eq!(mailed(&owner).await, 1, "not before a day is over");
    later(&owner, 12 * 60).await;
    digest().await;
    until_mailed(&owner, 2).await;
}

#[tokio::test]
async fn whom_something_concerns_is_told_once() {
    let (owner, viewer, third) = (Person::new().await, Person::new().await, Person::new().await);
    let video = owner.create("Told").await;
    let first = say(&viewer, &video, json!({ "content": "Why?" })).await;
    say(&third, &video, json!({ "content": "Because", "parentCommentId": first })).await;
    say(&owner, &video, json!({ "content": "Indeed", "parentCommentId": first })).await;
    for _ in 0..3 {
        third.post(&format!("/api/videos/{video}/reactions"), json!({ "content": "👍" })).await;
    }
    let kinds = |told: Vec<(String, String)>| told.into_iter().map(|(kind, _)| kind).collect::<Vec<_>>();
    assert_eq!(kinds(told(&owner).await), ["reaction", "comment", "comment"]);
    assert_eq!(kinds(told(&viewer).await), ["reply", "reply"]);
    assert!(told(&third).await.is_empty());
    let count = owner.get("/api/v1/me/notifications").await.body["count"].clone();
    assert_eq!(count, json!({ "view": 0, "comment": 2, "reply": 0, "reaction": 1 }));
    // Whoever is shown a comment has read of it.
    let seen = viewer.browser().await.get(&format!("/s/{video}?comment={first}")).await;
    assert_eq!(seen.status, 200);
    owner.delete(&format!("/api/desktop/video/delete?videoId={video}")).await;
    assert!(told(&owner).await.is_empty(), "nobody is told of what is deleted");
}

#[tokio::test]
async fn what_is_paused_is_not_told() {
    let (owner, viewer) = (Person::new().await, Person::new().await);
    let video = owner.create("Quiet").await;
    let paused = json!({ "pauseComments": true, "pauseReactions": true });
    let kept = owner.patch("/api/v1/me/notification-preferences", paused).await.body;
    assert_eq!((&kept["pauseComments"], &kept["pauseReplies"]), (&json!(true), &json!(false)), "{kept}");
    say(&viewer, &video, json!({ "content": "Hello?" })).await;
    viewer.post(&format!("/api/videos/{video}/reactions"), json!({ "content": "👍" })).await;
    assert!(told(&owner).await.is_empty());
    let wrong = owner.patch("/api/v1/me/notification-preferences", json!({ "digest": "hourly" })).await;
    assert_eq!(wrong.status, 400, "{wrong:?}");
}

#[tokio::test]
async fn the_first_view_of_each_person_and_of_nobody_is_told_once() {
    let (owner, viewer) = (Person::new().await, Person::new().await);
    let video = owner.create("Watched").await;
    let config = DatabaseConfig { url: Secret::new(&cloud().ready.database_url), ca: None, pauses: false };
    let mut db = Database::new(&config).expect("a database").connect().await.expect("a connection");
    let id = |text: &str| UserId::parse(text).expect("an id");
    let (by, to) = (id(&viewer.id), id(&owner.id));
    let watched = VideoId::parse(&video).expect("an id");
    for viewer in [Some(&by), Some(&to), None, Some(&by), None] {
        notifications::first_view(&mut db, &watched, &to, viewer).await.expect("told");
    }
    let kinds: Vec<_> = told(&owner).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(kinds.contains(&"view".to_owned()) && kinds.contains(&"anon_view".to_owned()), "{kinds:?}");
    let listed = answer(owner.request(reqwest::Method::GET, "/api/notifications")).await.body;
    assert_eq!(listed["count"]["view"], 2, "{listed}");
}
