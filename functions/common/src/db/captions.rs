//! What is said in recordings: one text of captions a video.

use mysql_async::{Row, params};
use sha2::{Digest, Sha256};

use super::{Connection, DbError, column, instant};
use crate::{ids::VideoId, language::Language, time::Millis, tokens};

/// Hexadecimal digits of a version.
const DIGITS: usize = 16;

/// A video's captions.
#[derive(Clone, Debug)]
pub struct Captions {
    /// What is known of them without their text.
    pub about: About,
    /// How many there are.
    pub cues: u32,
    /// When they were last changed.
    pub updated_at: Millis,
    /// WebVTT, empty where it was not asked for.
    pub vtt: String,
}

/// What a video's row tells of its captions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which text of them it is: captions with the same version are the same.
    pub version: String,
    /// In which language.
    pub language: Language,
}

impl About {
    /// Of a column that is version and language.
    pub(super) fn of(text: Option<String>) -> Option<Self> {
        let text = text?;
        let (version, language) = text.split_once(' ')?;
        Some(Self { version: version.to_owned(), language: Language::parse(language)? })
    }
}

fn version(language: &Language, vtt: &str) -> String {
    let hash = Sha256::new().chain_update(language.as_str()).chain_update("\n").chain_update(vtt).finalize();
    tokens::hex(&hash).chars().take(DIGITS).collect()
}

/// The captions of a video, with their text.
pub async fn find(db: &mut Connection, video: &VideoId) -> Result<Option<Captions>, DbError> {
    read(db, video, "vtt").await
}

/// The captions of a video, without their text.
pub async fn about(db: &mut Connection, video: &VideoId) -> Result<Option<Captions>, DbError> {
    read(db, video, "''").await
}

async fn read(db: &mut Connection, video: &VideoId, vtt: &str) -> Result<Option<Captions>, DbError> {
    let sql = format!(
        "SELECT CONCAT_WS(' ', version, language) AS about, cues, {vtt} AS vtt, \
         ROUND(UNIX_TIMESTAMP(updated_at) * 1000) AS updated FROM captions WHERE video_id = :video"
    );
    let Some(mut row) = db.first::<Row>(&sql, params! { "video" => video.as_str() }).await? else { return Ok(None) };
    let Some(about) = About::of(column(&mut row, "about")?) else { return Ok(None) };
    let updated_at = instant(&mut row, "updated")?.unwrap_or(Millis(0));
    Ok(Some(Captions { about, cues: column(&mut row, "cues")?, vtt: column(&mut row, "vtt")?, updated_at }))
}

/// Gives a video captions in the place of those that it had; their version. `None` when the video was deleted meanwhile.
pub async fn put(
    db: &mut Connection,
    video: &VideoId,
    language: &Language,
    cues: usize,
    vtt: &str,
) -> Result<Option<String>, DbError> {
    let version = version(language, vtt);
    let sql = "INSERT INTO captions (video_id, language, version, cues, vtt) \
               SELECT id, :language, :version, :cues, :vtt FROM videos WHERE id = :video AND deleted_at IS NULL \
               ON DUPLICATE KEY UPDATE language = :language, version = :version, cues = :cues, vtt = :vtt, \
               updated_at = UTC_TIMESTAMP(3)";
    let params = params! {
        "video" => video.as_str(), "language" => language.as_str(), "version" => &version, "cues" => cues, "vtt" => vtt,
    };
    Ok((db.run(sql, params).await? > 0).then_some(version))
}

/// Changes the captions that had this version; their new one. `None` when they are others by now.
pub async fn change(
    db: &mut Connection,
    video: &VideoId,
    before: &About,
    cues: usize,
    vtt: &str,
) -> Result<Option<String>, DbError> {
    let version = version(&before.language, vtt);
    let sql = "UPDATE captions SET version = :version, cues = :cues, vtt = :vtt, updated_at = UTC_TIMESTAMP(3) \
               WHERE video_id = :video AND version = :before";
    let params = params! {
        "video" => video.as_str(), "before" => &before.version, "version" => &version, "cues" => cues, "vtt" => vtt,
    };
    Ok((db.run(sql, params).await? > 0).then_some(version))
}

/// Takes a video's captions away; false when it has none.
pub async fn remove(db: &mut Connection, video: &VideoId) -> Result<bool, DbError> {
    Ok(db.run("DELETE FROM captions WHERE video_id = :video", params! { "video" => video.as_str() }).await? > 0)
}
