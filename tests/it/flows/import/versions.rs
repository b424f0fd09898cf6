//! Caps of other versions.

use tests::cap::Cap;

use super::{page_of, person, quoted, ready, recorded};

/// As it was before there were passwords, organisations and keys of the desktop.
const OLD: &str = "
    CREATE TABLE users (id VARCHAR(15) NOT NULL PRIMARY KEY, name VARCHAR(255), email VARCHAR(255) NOT NULL UNIQUE);
    CREATE TABLE videos (
        id VARCHAR(15) NOT NULL PRIMARY KEY, ownerId VARCHAR(15) NOT NULL, name VARCHAR(255) NOT NULL,
        awsBucket VARCHAR(255), public BOOLEAN NOT NULL DEFAULT TRUE,
        createdAt TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    );
    CREATE TABLE shared_videos (id VARCHAR(15) NOT NULL PRIMARY KEY, videoId VARCHAR(15) NOT NULL, spaceId VARCHAR(15))";

#[tokio::test]
async fn an_old_cap_is_imported_as_far_as_it_goes() {
    let mut cap = Cap::of(OLD).await;
    let ada = person(&mut cap, &[("name", "'Ada'")]).await;
    let film = recorded(&mut cap, &ada, &[]).await;
    let hls = super::video(&mut cap, &ada, &[("public", "FALSE")]).await;
    cap.store(&format!("{ada}/{hls}/output/video_recording_000.m3u8"), "#EXTM3U\n").await;
    cap.row("shared_videos", &[("id", "'s'"), ("videoId", &quoted(&hls)), ("spaceId", "'x'")]).await;
    let told = cap.import().await;
    assert!(told.success, "{told:?}");
    assert_eq!((told.row("people"), told.row("videos")), ([1, 1, 0, 0], [2, 2, 0, 0]), "{told:?}");
    assert!(told.complaints.contains("as HLS alone"), "{told:?}");
    ready(&film).await;
    assert_eq!((page_of(&film).await.0, page_of(&hls).await.0), (200, 403));
    cap.remove().await;
}
