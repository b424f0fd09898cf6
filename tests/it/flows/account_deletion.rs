//! An account that is deleted, with everything that it has.

use std::time::Duration;

use common::{
    config::DatabaseConfig,
    db::{Connection, Database, api_keys, sessions, users, videos},
    email::Email,
    ids::{ApiKey, SessionToken, UserId, VideoId},
    objects::keys,
    secret::Secret,
};
use reqwest::Method;
use serde_json::json;
use tests::{
    cloud::cloud,
    footage, invocation,
    person::{Person, client},
    rows, store,
    wait::until,
};

use super::{
    failures::{encoding, no_longer_encoding, slow_recording},
    sweep::sweep,
};

const DELETE: &str = "/api/settings/user/delete";
const USER: &str = "/api/settings/user";

fn email(person: &Person) -> String {
    format!("{}@example.test", person.id)
}

async fn count(table: &str, column: &str, value: &str) -> u64 {
    rows::one(&format!("SELECT COUNT(*) FROM {table} WHERE {column} = '{value}'")).await
}

async fn connection() -> Connection {
    let config = DatabaseConfig { url: Secret::new(&cloud().ready.database_url), ca: None, pauses: false };
    Database::new(&config).expect("a database").connect().await.expect("a connection")
}

/// Deletes the account's rows as the route does, without the job that removes its objects.
async fn delete_rows(person: &Person) -> UserId {
    let id = UserId::parse(&person.id).expect("an id");
    let confirmation = Email::parse(&email(person));
    let deleted = users::delete(&mut connection().await, &id, confirmation.as_ref()).await;
    assert_eq!(deleted.expect("deleted"), users::Deletion::Deleted);
    id
}

/// Waits until no object of these videos and nothing beside them is left.
async fn nothing_is_left_of(what: &[String]) {
    until("everything to be removed", async || {
        for id in what {
            if !store::keys_of(id).await.is_empty() {
                return None;
            }
        }
        Some(())
    })
    .await;
}

#[tokio::test]
async fn c16_a_deleted_account_is_gone_everywhere() {
    let person = Person::new().await;
    let (here, elsewhere) = (person.browser().await, person.browser().await);
    let video = person.record("Private matters", footage::screen_recording("160x90", 1).await).await;
    person.ready(&video).await;
    let unfinished = person.create("Never uploaded").await;
    store::store(&format!("avatars/{}/0123456789abcde.png", person.id), b"picture".to_vec()).await;
    rows::run(&format!("UPDATE users SET avatar = '0123456789abcde.png' WHERE id = '{}'", person.id)).await;
    rows::run(&format!(
        "INSERT INTO verification_tokens (link_hash, code_hash, browser_hash, email, expires_at) VALUES \
         (RANDOM_BYTES(32), RANDOM_BYTES(32), RANDOM_BYTES(32), '{}', UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE)",
        email(&person)
    ))
    .await;

    let deleted =
        here.json(Method::POST, DELETE, json!({ "email": format!(" {} ", email(&person).to_uppercase()) })).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({ "deleted": true })));

    assert_eq!(person.get(USER).await.status, 401, "the key");
    assert_eq!(person.get("/api/v1/caps").await.status, 401, "the key");
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.status, 401, "the key");
    for session in [&here, &elsewhere] {
        assert_eq!(session.get(USER).await.status, 401);
    }
    assert_eq!(person.get(&format!("/s/{video}")).await.status, 404);
    for (table, column) in [("sessions", "user_id"), ("api_keys", "user_id"), ("organizations", "owner_id")] {
        assert_eq!(count(table, column, &person.id).await, 0, "{table}");
    }
    assert_eq!(count("verification_tokens", "email", &email(&person)).await, 0);
    assert_eq!(count("users", "email", &email(&person)).await, 0);
    let told = format!(
        "SELECT COUNT(*) FROM users u JOIN videos v ON v.owner_id = u.id WHERE u.id = '{}' AND (u.email IS NOT NULL \
         OR u.name IS NOT NULL OR u.avatar IS NOT NULL OR u.deleted_at IS NULL OR v.name <> '' OR v.deleted_at IS NULL)",
        person.id
    );
    assert_eq!(rows::one::<u64>(&told).await, 0, "nothing is known of who it was");
    nothing_is_left_of(&[video, unfinished, person.id.clone()]).await;

    // The address is free for another account.
    let (again, address) = (UserId::random().expect("random"), Email::parse(&email(&person)).expect("an address"));
    users::ensure(&mut connection().await, &again, &address, "Ada again").await.expect("an account");
    assert_eq!(count("users", "email", &email(&person)).await, 1);
}

#[tokio::test]
async fn nothing_that_signs_in_begins_once_an_account_is_deleted() {
    let person = Person::new().await;
    let id = delete_rows(&person).await;
    // As of a request that was let in just before.
    let db = &mut connection().await;
    let (key, token) = (ApiKey::random().expect("random"), SessionToken::random().expect("random"));
    assert!(!api_keys::create(db, &key, &id, "settings", "late").await.expect("an answer"));
    assert!(!sessions::create(db, &id, &token, "late", false).await.expect("an answer"));
    for (table, column) in [("sessions", "user_id"), ("api_keys", "user_id")] {
        assert_eq!(count(table, column, &person.id).await, 0, "{table}");
    }
}

#[tokio::test]
async fn only_who_is_signed_in_and_means_it_deletes_an_account() {
    let person = Person::new().await;
    let session = person.browser().await;
    let by_key = person.post(DELETE, json!({ "email": email(&person) })).await;
    assert_eq!(by_key.status, 403, "{by_key:?}");
    let other = email(&Person::new().await);
    for body in [json!({}), json!({ "email": "" }), json!({ "email": "yes" }), json!({ "email": other })] {
        let refused = session.json(Method::POST, DELETE, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert!(refused.json()["error"].as_str().is_some_and(|sentence| sentence.contains("address")), "{refused:?}");
        let page = session.form(DELETE, &[]).await;
        assert_eq!(page.status, 303);
        let problem = format!("{}/dashboard/settings/account?problem=confirmation", cloud().ready.base);
        assert_eq!(page.location(), problem);
    }
    assert_eq!(session.get(USER).await.json()["email"], email(&person));
    assert_eq!(person.get(USER).await.status, 200);
}

#[tokio::test]
async fn a_form_leads_to_the_login_and_takes_the_cookie_away() {
    let person = Person::new().await;
    let session = person.browser().await;
    let sent = session.form(DELETE, &[("email", &email(&person))]).await;
    assert_eq!(sent.status, 303);
    assert_eq!(sent.location(), format!("{}/login", cloud().ready.base));
    let cookie = sent.header("set-cookie");
    assert!(cookie.starts_with("next-auth.session-token=;") && cookie.contains("Max-Age=0"), "{cookie}");
    let twice = session.form(DELETE, &[("email", &email(&person))]).await;
    assert_eq!((twice.status, twice.location()), (303, sent.location()), "twice");
    assert_eq!(
        session.json(Method::POST, DELETE, json!({ "email": email(&person) })).await.status,
        401,
        "a program is told"
    );
}

/// Videos with many objects each, one of them with more than a page of them.
async fn seed(person: &Person, videos: usize, each: usize) -> Vec<String> {
    let ids: Vec<String> = (0..videos).map(|_| VideoId::random().expect("random").to_string()).collect();
    let rows: Vec<String> = ids.iter().map(|id| format!("('{id}', '{}', 'Seeded')", person.id)).collect();
    rows::run(&format!("INSERT INTO videos (id, owner_id, name) VALUES {}", rows.join(","))).await;
    let (s3, mut storing) = (store::s3(), tokio::task::JoinSet::new());
    for (place, id) in ids.iter().enumerate() {
        let many = if place == videos / 2 { 1100 } else { each };
        let keys = (0..many).map(|number| match number % 3 {
            0 => format!("videos/processed/{id}/hls/1/360-{number}.mp4"),
            1 => format!("thumbnails/{id}/1/{number}.jpg"),
            _ => format!("videos/processed/{id}/pieces/a/{number}.mp4"),
        });
        let (s3, keys) = (s3.clone(), keys.collect::<Vec<_>>());
        storing.spawn(async move {
            for key in keys {
                let put = s3.put_object().bucket(&cloud().ready.bucket).key(key).body(vec![0].into());
                put.send().await.expect("stored");
            }
        });
        if storing.len() >= 8 {
            storing.join_next().await.expect("a task").expect("stored");
        }
    }
    storing.join_all().await;
    ids
}

#[tokio::test]
async fn a19_a_large_account_is_removed_by_as_many_invocations_as_it_takes() {
    let person = Person::new().await;
    let videos = seed(&person, 40, 30).await;
    let user = delete_rows(&person).await;
    let left = format!("SELECT COUNT(*) FROM videos WHERE owner_id = '{user}' AND swept_at IS NULL");
    let job = store::created_event(&keys::account_job(&user), "0");

    // Without any time, nothing can be done, and the chain ends instead of going on for ever.
    let error = invocation::transcode(&job, Duration::ZERO).await.expect_err("no progress");
    assert!(error.contains("the time was too short"), "{error}");
    assert_eq!(rows::one::<usize>(&left).await, videos.len());
    assert!(store::e_tag(&keys::account_job(&user)).await.is_none());

    // With little of it, one video goes, and the rest by the invocation that is asked for.
    invocation::transcode(&job, Duration::from_secs(8)).await.expect("one video");
    let after = rows::one::<usize>(&left).await;
    assert!(after < videos.len(), "{after}");
    until("the rest", async || (rows::one::<usize>(&left).await == 0).then_some(())).await;
    nothing_is_left_of(&[videos, vec![person.id.clone()]].concat()).await;
}

#[tokio::test]
async fn a_job_for_an_account_that_lives_removes_nothing() {
    let person = Person::new().await;
    let video = person.create("Stays").await;
    let (key, user) = (format!("thumbnails/{video}.jpg"), UserId::parse(&person.id).expect("an id"));
    store::store(&key, b"poster".to_vec()).await;
    for user in [user, UserId::random().expect("random")] {
        let event = store::created_event(&keys::account_job(&user), "0");
        let (succeeded, answer) = cloud().invoke_sync("transcode", &event).await;
        assert!(succeeded, "{answer}");
    }
    assert_eq!(person.get(&format!("/api/v1/caps/{video}")).await.status, 200);
    assert_eq!(store::content(&key).await, b"poster");
}

#[tokio::test]
async fn what_comes_after_deletion_does_not_stay() {
    let person = Person::new().await;
    let session = person.browser().await;
    let video = person.create("Too late").await;
    let url = person.sign(&video, "result.mp4").await;
    let deleted = session.json(Method::POST, DELETE, json!({ "email": email(&person) })).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");

    let late = footage::screen_recording("160x90", 1).await;
    assert_eq!(client().put(&url).body(late).send().await.expect("S3").status(), 200);
    nothing_is_left_of(std::slice::from_ref(&video)).await;
    let published = format!("SELECT published_at IS NOT NULL FROM videos WHERE id = '{video}'");
    assert!(!rows::one::<bool>(&published).await);

    // A request that was let in just before.
    let (id, owner) = (VideoId::random().expect("random"), UserId::parse(&person.id).expect("an id"));
    assert!(!videos::create(&mut connection().await, &id, &owner, "Too late").await.expect("an answer"));
    assert_eq!(count("videos", "id", id.as_str()).await, 0);
}

#[tokio::test]
async fn a_video_that_is_encoded_meanwhile_does_not_come_back() {
    let person = Person::new().await;
    let session = person.browser().await;
    let video = person.record("Deleted midway", slow_recording().await).await;
    encoding(&video).await;
    assert_eq!(session.json(Method::POST, DELETE, json!({ "email": email(&person) })).await.status, 200);
    no_longer_encoding(&video).await;
    nothing_is_left_of(std::slice::from_ref(&video)).await;
    let shown = format!("SELECT published_at IS NOT NULL OR deleted_at IS NULL FROM videos WHERE id = '{video}'");
    assert!(!rows::one::<bool>(&shown).await);
}

#[tokio::test]
async fn what_a_request_added_meanwhile_is_removed_by_the_job() {
    let person = Person::new().await;
    let user = delete_rows(&person).await;
    rows::run(&format!(
        "INSERT INTO sessions (token_hash, user_id, device, last_used_at, expires_at) VALUES \
         (RANDOM_BYTES(32), '{user}', 'late', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) + INTERVAL 1 DAY)"
    ))
    .await;
    store::store(&format!("avatars/{user}/upload"), b"late".to_vec()).await;
    let (succeeded, answer) =
        cloud().invoke_sync("transcode", &store::created_event(&keys::account_job(&user), "0")).await;
    assert!(succeeded, "{answer}");
    assert_eq!(count("sessions", "user_id", &person.id).await, 0);
    assert!(store::keys_of(&person.id).await.is_empty());
}

#[tokio::test]
async fn the_sweep_forgets_accounts_when_their_last_video_is_forgotten() {
    let person = Person::new().await;
    let video = person.create("Deleted with the account").await;
    let user = delete_rows(&person).await;
    let late = format!("avatars/{user}/upload");
    store::store(&late, b"late".to_vec()).await;
    let known = async || count("users", "id", &person.id).await == 1;
    sweep().await;
    assert!(known().await, "late uploads have to be recognised");
    rows::run(&format!("UPDATE users SET deleted_at = deleted_at - INTERVAL 3 DAY WHERE id = '{user}'")).await;
    sweep().await;
    assert!(known().await, "a row of a video is left");
    assert_eq!(store::content(&late).await, b"late");
    rows::stand_still(&video, 3 * 24 * 3600).await;
    until("the account to be forgotten", async || {
        sweep().await;
        (!known().await).then_some(())
    })
    .await;
    assert_eq!(count("videos", "id", &video).await, 0);
    assert!(store::keys_of(&person.id).await.is_empty());
}

#[tokio::test]
async fn the_sweep_removes_what_has_expired() {
    let person = Person::new().await;
    let user = &person.id;
    for (hours, table) in [(25, "old"), (23, "recent"), (-1, "open")] {
        rows::run(&format!(
            "INSERT INTO sessions (token_hash, user_id, device, last_used_at, expires_at) VALUES \
             (RANDOM_BYTES(32), '{user}', '{table}', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3) - INTERVAL {hours} HOUR)"
        ))
        .await;
        rows::run(&format!(
            "INSERT INTO verification_tokens (link_hash, code_hash, browser_hash, email, expires_at) VALUES \
             (RANDOM_BYTES(32), RANDOM_BYTES(32), RANDOM_BYTES(32), '{table}-{user}@example.test', \
             UTC_TIMESTAMP(3) - INTERVAL {hours} HOUR)"
        ))
        .await;
    }
    sweep().await;
    let devices = format!("SELECT GROUP_CONCAT(device ORDER BY device) FROM sessions WHERE user_id = '{user}'");
    assert_eq!(rows::one::<String>(&devices).await, "open,recent");
    let mails = format!("SELECT COUNT(*) FROM verification_tokens WHERE email LIKE '%-{user}@example.test'");
    assert_eq!(rows::one::<u64>(&mails).await, 2);

    // Tokens of the command, what they and uploads are made with, and codes of programs; keys never end.
    let ends = |hours: i32| format!("UTC_TIMESTAMP(3) - INTERVAL {hours} HOUR");
    for (hours, name) in [(25, "old"), (23, "recent")] {
        let ends = ends(hours);
        for sql in [
            format!(
                "INSERT INTO api_keys (key_hash, user_id, name, source, scopes, expires_at) VALUES (RANDOM_BYTES(32), '{user}', '{name}', 'cli', 'caps:read', {ends})"
            ),
            format!("INSERT INTO agent_codes VALUES (RANDOM_BYTES(32), '{user}', '', 1, '', NULL, {ends})"),
            format!(
                "INSERT INTO agent_uploads VALUES ('{user}', RANDOM_BYTES(32), RANDOM_BYTES(32), '{user}', {ends})"
            ),
            format!("INSERT INTO mobile_codes VALUES ('{name}-{user}@example.test', RANDOM_BYTES(32), {ends})"),
        ] {
            rows::run(&sql).await;
        }
    }
    sweep().await;
    let keys = format!("SELECT GROUP_CONCAT(source ORDER BY source) FROM api_keys WHERE user_id = '{user}'");
    assert_eq!(rows::one::<String>(&keys).await, "cli,desktop");
    for table in ["agent_codes", "agent_uploads"] {
        assert_eq!(count(table, "user_id", user).await, 1, "{table}");
    }
    let codes = format!("SELECT COUNT(*) FROM mobile_codes WHERE email LIKE '%-{user}@example.test'");
    assert_eq!(rows::one::<u64>(&codes).await, 1);
}
