//! Share links: who has one may watch, within what the link and the video allow.

use mysql_async::{Row, params};

use super::{
    Connection, DbError,
    callers::Place,
    column, instant,
    videos::{self, VISIBLE, Video},
};
use crate::{
    identity::Credential,
    ids::{ShareCode, UserId, VideoId},
    password::PasswordHash,
    time::Millis,
};

/// Links that a video may have.
pub const MOST: u64 = 50;

/// A link.
#[derive(Clone, Debug)]
pub struct Link {
    /// The last part of its address.
    pub code: ShareCode,
    /// What opens it, if not the address alone.
    pub password: Option<PasswordHash>,
    /// When it ends.
    pub expires_at: Option<Millis>,
    /// True when that is over.
    pub expired: bool,
    /// False while its owner keeps it shut.
    pub on: bool,
    /// When it was made.
    pub created_at: Millis,
}

/// A video as somebody finds it by one of its links.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The link.
    pub link: Link,
    /// What it leads to.
    pub video: Video,
    /// Who asks, if they are anybody.
    pub visitor: Option<UserId>,
    /// How many have watched it.
    pub viewers: u64,
}

/// Why somebody may not watch.
#[derive(Clone, Debug)]
pub enum Shut {
    /// Only its owner may.
    Private,
    /// The link is over, or its owner keeps it shut.
    Ended,
    /// It wants a password.
    Locked(PasswordHash),
}

impl Shared {
    /// Why whoever asks may not watch; `None` when they may. Its owner sees it by any of its links.
    #[must_use]
    pub fn shut(&self) -> Option<Shut> {
        if self.visitor.as_ref() == Some(&self.video.owner) {
            return None;
        }
        if !self.video.public {
            return Some(Shut::Private);
        }
        if self.link.expired || !self.link.on {
            return Some(Shut::Ended);
        }
        self.link.password.clone().map(Shut::Locked)
    }
}

/// What is to become of a link; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Another password, or none.
    pub password: Option<Option<PasswordHash>>,
    /// Another end, or none.
    pub expires_at: Option<Option<Millis>>,
    /// Open or shut.
    pub on: Option<bool>,
}

const COLUMNS: &str = "l.short_code, l.password_hash, ROUND(UNIX_TIMESTAMP(l.expires_at) * 1000) AS link_ends, \
     COALESCE(l.expires_at <= UTC_TIMESTAMP(3), FALSE) AS link_expired, l.is_on, \
     ROUND(UNIX_TIMESTAMP(l.created_at) * 1000) AS link_created";

fn link(row: &mut Row) -> Result<Option<Link>, DbError> {
    let Some(code) = ShareCode::parse(&column::<String>(row, "short_code")?) else { return Ok(None) };
    Ok(Some(Link {
        code,
        password: column::<Option<String>>(row, "password_hash")?.map(PasswordHash::from_row),
        expires_at: instant(row, "link_ends")?,
        expired: column(row, "link_expired")?,
        on: column(row, "is_on")?,
        created_at: instant(row, "link_created")?.unwrap_or(Millis(0)),
    }))
}

/// What a link leads to and who asks, in one round trip.
pub async fn find(
    db: &mut Connection,
    code: &ShareCode,
    credential: Option<&Credential>,
) -> Result<Option<Shared>, DbError> {
    let place = credential.map(Place::of);
    let visitor = place.as_ref().map_or_else(
        || "NULL".to_owned(),
        |place| format!("(SELECT w.user_id FROM {} WHERE {})", place.table, place.holds),
    );
    let sql = format!(
        "SELECT {COLUMNS}, {}, {visitor} AS visitor, \
         (SELECT CAST(COALESCE(SUM(w.viewers), 0) AS UNSIGNED) FROM video_views w WHERE w.video_id = v.id) AS viewers \
         FROM share_links l JOIN videos v ON v.id = l.video_id \
         JOIN users u ON u.id = v.owner_id WHERE l.short_code = :code AND {VISIBLE}",
        videos::COLUMNS
    );
    let mut params: Vec<(&str, mysql_async::Value)> = vec![("code", code.as_str().into())];
    params.extend(place.map(|place| ("hash", place.hash())));
    let Some(mut row) = db.first::<Row>(&sql, mysql_async::Params::from(params)).await? else { return Ok(None) };
    let visitor = column::<Option<String>>(&mut row, "visitor")?.as_deref().and_then(UserId::parse);
    let viewers = column(&mut row, "viewers")?;
    let Some(link) = link(&mut row)? else { return Ok(None) };
    Ok(videos::video(row)?.map(|video| Shared { link, video, visitor, viewers }))
}

/// A video's links, in the order in which they were made: the first one is the one that the clients show.
pub async fn list(db: &mut Connection, video: &VideoId) -> Result<Vec<Link>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM share_links l WHERE l.video_id = :video ORDER BY l.short_code != :video, l.created_at, l.short_code"
    );
    let rows = db.all(&sql, params! { "video" => video.as_str() }).await?;
    Ok(rows.into_iter().map(|mut row| link(&mut row)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// Adds a link. False when the video has as many as it may have.
pub async fn create(
    db: &mut Connection,
    video: &VideoId,
    code: &ShareCode,
    password: Option<&PasswordHash>,
    expires_at: Option<Millis>,
) -> Result<bool, DbError> {
    let sql = "INSERT INTO share_links (short_code, video_id, password_hash, expires_at) \
               SELECT :code, :video, :password, FROM_UNIXTIME(:ends / 1000) FROM DUAL \
               WHERE (SELECT COUNT(*) FROM share_links l WHERE l.video_id = :video) < :most";
    let params = params! {
        "code" => code.as_str(), "video" => video.as_str(), "password" => password.map(PasswordHash::as_str),
        "ends" => expires_at.map(|at| at.0), "most" => MOST,
    };
    Ok(db.run(sql, params).await? > 0)
}

/// Changes a link of a video; false when it has none of that code.
pub async fn change(db: &mut Connection, video: &VideoId, code: &ShareCode, change: &Change) -> Result<bool, DbError> {
    let password = change.password.as_ref().map(|password| password.as_ref().map(|hash| hash.as_str().to_owned()));
    let ends = change.expires_at.map(|ends| ends.map(|at| at.0));
    let sql = "UPDATE share_links SET password_hash = IF(:new_password, :password, password_hash), \
               expires_at = IF(:new_end, FROM_UNIXTIME(:ends / 1000), expires_at), is_on = COALESCE(:is_on, is_on) \
               WHERE short_code = :code AND video_id = :video";
    let params = params! {
        "new_password" => password.is_some(), "password" => password.flatten(), "new_end" => ends.is_some(),
        "ends" => ends.flatten(), "is_on" => change.on, "code" => code.as_str(), "video" => video.as_str(),
    };
    Ok(db.run(sql, params).await? > 0)
}

/// Keeps another hash of the password that a link has; false when its password is another one by now.
pub async fn renew_password(
    db: &mut Connection,
    code: &ShareCode,
    before: &PasswordHash,
    after: &PasswordHash,
) -> Result<bool, DbError> {
    let sql = "UPDATE share_links SET password_hash = :after WHERE short_code = :code AND password_hash = :before";
    let params = params! { "code" => code.as_str(), "before" => before.as_str(), "after" => after.as_str() };
    Ok(db.run(sql, params).await? > 0)
}

/// Removes a link for good; false when the video has none of that code.
pub async fn remove(db: &mut Connection, video: &VideoId, code: &ShareCode) -> Result<bool, DbError> {
    let sql = "DELETE FROM share_links WHERE short_code = :code AND video_id = :video";
    Ok(db.run(sql, params! { "code" => code.as_str(), "video" => video.as_str() }).await? > 0)
}
