//! Uploads that the `cap` command begins, by the keys under which it may ask again.
//!
//! What is remembered and the video are written in one transaction: there is no moment at which a function could die and
//! leave a key without its video. Whoever asks twice at once waits for the first answer, and gets the same.

use mysql_async::{TxOpts, params, prelude::Queryable};

use super::{
    Connection, DbError, bounded,
    videos::{self, Announced},
};
use crate::ids::{UserId, VideoId};

/// An upload that is to begin.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// Who asks.
    pub owner: &'a UserId,
    /// Hash of the key under which they may ask again.
    pub key: &'a [u8; 32],
    /// Hash of all that they said of the upload.
    pub body: &'a [u8; 32],
    /// The new video, unless there is one.
    pub video: &'a VideoId,
    /// Its title.
    pub name: &'a str,
    /// What is said of it.
    pub announced: &'a Announced,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// This is the upload's video: the new one, or the one that was made under this key within a day.
    Video(VideoId),
    /// The key was used for another upload.
    Conflict,
    /// The account was deleted meanwhile.
    NoAccount,
}

/// Creates a video, once a key.
pub async fn begin(db: &mut Connection, begin: &Begin<'_>) -> Result<Begun, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        // MySQL sets columns from left to right, so the end comes last: what is over is as if it were not there.
        let sql = "INSERT INTO agent_uploads (user_id, key_hash, body_hash, video_id, expires_at) \
                   SELECT u.id, :key, :body, :video, UTC_TIMESTAMP(3) + INTERVAL 1 DAY FROM users u WHERE u.id = :owner \
                   ON DUPLICATE KEY UPDATE \
                   body_hash = IF(agent_uploads.expires_at < UTC_TIMESTAMP(3), :body, agent_uploads.body_hash), \
                   video_id = IF(agent_uploads.expires_at < UTC_TIMESTAMP(3), :video, agent_uploads.video_id), \
                   expires_at = IF(agent_uploads.expires_at < UTC_TIMESTAMP(3), \
                   UTC_TIMESTAMP(3) + INTERVAL 1 DAY, agent_uploads.expires_at)";
        let asked = params! {
            "owner" => begin.owner.as_str(), "key" => begin.key.as_slice(), "body" => begin.body.as_slice(),
            "video" => begin.video.as_str(),
        };
        transaction.exec_drop(sql, asked).await?;
        let sql = "SELECT body_hash, video_id FROM agent_uploads WHERE user_id = :owner AND key_hash = :key FOR UPDATE";
        let key = params! { "owner" => begin.owner.as_str(), "key" => begin.key.as_slice() };
        let kept: Option<(Vec<u8>, String)> = transaction.exec_first(sql, key).await?;
        let begun = match kept.and_then(|(body, video)| Some((body, VideoId::parse(&video)?))) {
            None => Begun::NoAccount,
            Some((body, _)) if body != begin.body => Begun::Conflict,
            Some((_, video)) if video != *begin.video => Begun::Video(video),
            Some((_, video)) => {
                let made = videos::insert(&mut transaction, &video, begin.owner, begin.name, begin.announced).await?;
                if made { Begun::Video(video) } else { Begun::NoAccount }
            }
        };
        match begun {
            Begun::Video(_) => transaction.commit().await?,
            Begun::Conflict | Begun::NoAccount => transaction.rollback().await?,
        }
        Ok(begun)
    })
    .await
}
