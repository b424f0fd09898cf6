//! A self-hosted Cap is taken over: its people, videos and what was said of them, by the program itself.

mod everything;
mod killed;
mod places;
mod versions;

use common::ids::{CommentId, UserId, VideoId};
use tests::{
    cap::Cap,
    cloud::cloud,
    footage,
    instant::{Footage, Track},
    person::{Person, answer, client},
    rows, store,
    wait::until,
};

/// What opens the videos that have a password, and the hash that Cap keeps of it.
const PASSWORD: &str = "open sesame";
const HASH: &str = "'AAECAwQFBgcICQoLDA0OD2N4aXT2votr92tWeAzWIglet8p83wv6exvOd4Jimdmo'";

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn video_id() -> String {
    VideoId::random().expect("random").to_string()
}

fn comment_id() -> String {
    CommentId::random().expect("random").to_string()
}

/// Somebody in Cap, whose address is written there as they typed it; their id.
async fn person(cap: &mut Cap, more: &[(&str, &str)]) -> String {
    let id = UserId::random().expect("random").to_string();
    let (own, email) = (quoted(&id), quoted(&format!("Ada.{id}@Example.TEST")));
    let mut columns = vec![("id", own.as_str()), ("email", email.as_str())];
    columns.extend(more);
    cap.row("users", &columns).await;
    id
}

/// The address under which they sign in.
fn email(id: &str) -> String {
    format!("ada.{id}@example.test")
}

/// A video in Cap, without anything in the bucket; its id.
async fn video(cap: &mut Cap, owner: &str, more: &[(&str, &str)]) -> String {
    let id = video_id();
    let (own, of) = (quoted(&id), quoted(owner));
    let mut columns = vec![("id", own.as_str()), ("ownerId", of.as_str())];
    if !more.iter().any(|(name, _)| *name == "name") {
        columns.push(("name", "'Salaries'"));
    }
    columns.extend(more);
    cap.row("videos", &columns).await;
    id
}

/// The same with a recording in one file.
async fn recorded(cap: &mut Cap, owner: &str, more: &[(&str, &str)]) -> String {
    let id = video(cap, owner, more).await;
    cap.store(&format!("{owner}/{id}/result.mp4"), footage::screen_recording("160x90", 1).await).await;
    id
}

async fn comment(cap: &mut Cap, video: &str, author: &str, kind: &str, content: &str, more: &[(&str, &str)]) -> String {
    let id = comment_id();
    let columns = [
        ("id", quoted(&id)),
        ("videoId", quoted(video)),
        ("authorId", quoted(author)),
        ("type", quoted(kind)),
        ("content", quoted(content)),
    ];
    let mut columns: Vec<(&str, &str)> = columns.iter().map(|(name, value)| (*name, value.as_str())).collect();
    columns.extend(more);
    cap.row("comments", &columns).await;
    id
}

/// Stores a recording as the desktop leaves it in instant mode, when nobody has made one file of it.
async fn segments(cap: &Cap, owner: &str, video: &str) {
    let Footage { video: picture, audio, .. } = Footage::new("160x90", 4).await;
    let prefix = format!("{owner}/{video}/segments");
    let tracks: [(&str, &Track); 2] = [("video", &picture), ("audio", audio.as_ref().expect("sound"))];
    for (name, track) in tracks {
        cap.store(&format!("{prefix}/{name}/init.mp4"), track.init.clone()).await;
        for (number, segment) in track.numbers().zip(&track.segments) {
            cap.store(&format!("{prefix}/{name}/segment_{number:03}.m4s"), segment.clone()).await;
        }
    }
    let listed = |track: &Track| -> Vec<serde_json::Value> {
        track.numbers().map(|index| serde_json::json!({ "index": index, "duration": 2.0 })).collect()
    };
    let manifest = serde_json::json!({
        "version": 2, "video_init_uploaded": true, "audio_init_uploaded": true, "is_complete": true,
        "video_segments": listed(tracks[0].1), "audio_segments": listed(tracks[1].1),
    });
    cap.store(&format!("{prefix}/manifest.json"), manifest.to_string()).await;
}

/// Waits until a video plays or is shown.
async fn ready(video: &str) {
    until(&format!("{video} to be ready"), async || {
        let status: String = rows::one(&format!("SELECT status FROM videos WHERE id = '{video}'")).await;
        assert_ne!(status, "failed", "{video}");
        (status == "ready").then_some(())
    })
    .await;
}

/// All that there is here of these videos, and of people with these ids, without what comes of a recording by itself.
async fn here(people: &[&str], videos: &[&str]) -> String {
    let listed = |ids: &[&str]| ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(", ");
    let (people, list) = (listed(people), listed(videos));
    let mut all = String::new();
    for (columns, table) in [
        ("id, email, name, avatar, created_at", format!("users WHERE id IN ({people})")),
        ("user_id, pause_views, digest", format!("notification_preferences WHERE user_id IN ({people})")),
        ("id, owner_id, name", format!("organizations WHERE owner_id IN ({people})")),
        ("id, user_id, source, name, scopes", format!("api_keys WHERE user_id IN ({people})")),
        (
            "id, owner_id, name, status, is_public, comments_on, attempt, comments_version, comment_count, created_at",
            format!("videos WHERE id IN ({list})"),
        ),
        ("short_code, video_id, password_hash, is_on", format!("share_links WHERE video_id IN ({list})")),
        ("id, author_id, parent_id, type, content, at_ms, number", format!("comments WHERE video_id IN ({list})")),
        ("video_id, language, vtt", format!("captions WHERE video_id IN ({list})")),
    ] {
        let sql = format!(
            "SELECT COALESCE(GROUP_CONCAT(CONCAT_WS('|', {columns}) ORDER BY 1 SEPARATOR '\n'), '') FROM {table}"
        );
        all.push_str(&format!("{table}\n{}\n", rows::one::<String>(&sql).await));
    }
    for video in videos {
        for key in store::keys_of(video).await {
            if key.starts_with("videos/raw/") || key.ends_with("/screen-capture.jpg") {
                all.push_str(&format!("{key} {}\n", store::stored_at(&key).await));
            }
        }
    }
    all
}

/// Somebody in Cap with a desktop that is signed in there.
async fn with_desktop(cap: &mut Cap, more: &[(&str, &str)]) -> (String, Person) {
    let (id, person) = (person(cap, more).await, Person::stranger());
    let key = quoted(&person.key);
    cap.row("auth_api_keys", &[("id", &key), ("userId", &quoted(&id)), ("source", "'desktop'")]).await;
    (id, person)
}

/// What somebody without an account gets of a video's page.
async fn page_of(video: &str) -> (u16, String) {
    let page = answer(client().get(format!("{}/s/{video}", cloud().ready.base))).await;
    (page.status, page.body.to_string())
}
