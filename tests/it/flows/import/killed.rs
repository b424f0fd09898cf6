//! An import that is killed goes on where it was.

use tests::{
    cap::{self, Cap},
    footage,
    proxy::Proxy,
    rows,
};

use super::{comment, here, person, ready, recorded, segments, video, with_desktop};

/// Bytes that Cap's database and its bucket answer before nothing comes back any more: from the first page on to the midst of the
/// largest recording.
const STALLS: [(u64, u64); 9] = [
    (3_000, u64::MAX),
    (6_500, u64::MAX),
    (u64::MAX, 100),
    (u64::MAX, 3_000),
    (u64::MAX, 30_000),
    (u64::MAX, 200_000),
    (u64::MAX, 9 << 20),
    (u64::MAX, 17 << 20),
    (9_000, u64::MAX),
];

#[tokio::test]
async fn a6_killed_anywhere_it_goes_on_and_takes_everything_once() {
    let mut cap = Cap::new().await;
    let (ada, desktop) = with_desktop(&mut cap, &[("name", "'Ada'")]).await;
    cap.run(&format!("UPDATE users SET image = 'users/{ada}/1.png' WHERE id = '{ada}'")).await;
    cap.store(&format!("users/{ada}/1.png"), footage::picture("64x64", "png").await).await;
    let mut videos = Vec::new();
    for _ in 0..3 {
        videos.push(recorded(&mut cap, &ada, &[]).await);
    }
    let live = video(&mut cap, &ada, &[]).await;
    segments(&cap, &ada, &live).await;
    let long = video(&mut cap, &ada, &[]).await;
    let recording = footage::padded(footage::screen_recording("160x90", 1).await, 24 << 20);
    cap.store(&format!("{ada}/{long}/result.mp4"), recording).await;
    videos.extend([live, long]);
    let bob = person(&mut cap, &[]).await;
    for number in 0..40 {
        comment(&mut cap, &videos[number % 5], &bob, "text", &format!("Words {number}"), &[]).await;
    }

    let mut killed = 0;
    for (of_database, of_bucket) in STALLS {
        let _turn = cap::turn().await;
        let database = Proxy::new(&cap.database_address(), of_database).await;
        let bucket = Proxy::new(&cap.s3_address(), of_bucket).await;
        let mut child = cap::begun(cap.command_by(&database.address, &bucket.address));
        let stalled = tokio::select! {
            () = database.stalled() => true,
            () = bucket.stalled() => true,
            _ = child.wait() => false,
        };
        killed += usize::from(stalled);
        child.kill().await.expect("killed");
    }
    assert!(killed >= 5, "only {killed} of them stalled");

    let told = cap.import().await;
    assert!(told.success, "{told:?}");
    for (name, many) in
        [("people", 2), ("API keys", 1), ("videos", 5), ("recordings, screenshots", 5), ("comments", 40)]
    {
        let [there, taken, known, left] = told.row(name);
        assert_eq!((there, taken + known, left), (many, many, 0), "{name}: {told:?}");
    }
    for video in &videos {
        ready(video).await;
    }
    let listed = videos.iter().map(|video| format!("'{video}'")).collect::<Vec<_>>().join(", ");
    let of = |what: &str| format!("SELECT CAST({what} AS SIGNED) FROM videos WHERE id IN ({listed})");
    assert_eq!(rows::one::<i64>(&of("SUM(comment_count)")).await, 40);
    assert_eq!(rows::one::<i64>(&format!("SELECT COUNT(*) FROM comments WHERE video_id IN ({listed})")).await, 40);
    assert!(desktop.get("/api/desktop/user/profile").await.body["imageUrl"].is_string());

    let videos: Vec<&str> = videos.iter().map(String::as_str).collect();
    let before = here(&[&ada, &bob], &videos).await;
    let again = cap.import().await;
    assert!(again.rows().values().all(|row| row[1] == 0 && row[3] == 0), "{again:?}");
    assert_eq!(here(&[&ada, &bob], &videos).await, before);
    cap.remove().await;
}
