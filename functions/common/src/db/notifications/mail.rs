//! Which notifications are to be mailed, and to whom.

use mysql_async::{Row, params};

use super::{COLUMNS, Notification, notification};
use crate::{
    db::{Connection, DbError, column},
    ids::UserId,
};

/// Seconds that a notification waits: what happens together is told together, and who reads it meanwhile gets no mail.
const WAIT: u32 = 120;
/// Seconds between two mails to somebody who wants them soon.
const SOON: u32 = 15 * 60;
/// Seconds between two mails to somebody who wants one a day. A little less, so that its hour does not move.
const DAY: u32 = 24 * 3600 - 600;

/// Somebody who is to get a mail.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
}

/// What is to be mailed, within a week of its happening, of `notifications n` joined with `notification_preferences p`.
const WAITING: &str = "n.read_at IS NULL AND n.mailed_at IS NULL \
     AND n.created_at > UTC_TIMESTAMP(3) - INTERVAL 7 DAY AND COALESCE(p.digest, 'immediately') != 'never'";
/// Who may get one again, of `notification_preferences p`.
const AGAIN: &str = "(p.mailed_at IS NULL \
     OR p.mailed_at < UTC_TIMESTAMP(3) - INTERVAL IF(p.digest = 'daily', :day, :soon) SECOND)";

/// People for whom something has waited long enough, at most so many.
pub async fn due(db: &mut Connection, limit: u32) -> Result<Vec<Recipient>, DbError> {
    let sql = format!(
        "SELECT n.recipient_id, MIN(u.email) AS email FROM notifications n JOIN users u ON u.id = n.recipient_id \
         JOIN videos v ON v.id = n.video_id AND v.deleted_at IS NULL AND v.binned_at IS NULL \
         LEFT JOIN notification_preferences p ON p.user_id = u.id \
         WHERE {WAITING} AND {AGAIN} AND n.created_at < UTC_TIMESTAMP(3) - INTERVAL :wait SECOND \
         AND u.email IS NOT NULL AND u.deleted_at IS NULL GROUP BY n.recipient_id LIMIT :limit"
    );
    let params = params! { "wait" => WAIT, "day" => DAY, "soon" => SOON, "limit" => limit };
    let read = |mut row: Row| -> Result<Option<Recipient>, DbError> {
        let email = column(&mut row, "email")?;
        Ok(UserId::parse(&column::<String>(&mut row, "recipient_id")?).map(|user| Recipient { user, email }))
    };
    db.all(&sql, params).await?.into_iter().filter_map(|row| read(row).transpose()).collect()
}

/// Begins a mail to somebody; false when another invocation has, or they have had one.
pub async fn claim(db: &mut Connection, user: &UserId) -> Result<bool, DbError> {
    let sql = "INSERT INTO notification_preferences (user_id) SELECT u.id FROM users u \
               WHERE u.id = :user AND u.deleted_at IS NULL ON DUPLICATE KEY UPDATE user_id = u.id";
    db.run(sql, params! { "user" => user.as_str() }).await?;
    let sql = format!(
        "UPDATE notification_preferences p SET p.mailed_at = UTC_TIMESTAMP(3) \
         WHERE p.user_id = :user AND p.digest != 'never' AND {AGAIN}"
    );
    Ok(db.run(&sql, params! { "user" => user.as_str(), "day" => DAY, "soon" => SOON }).await? > 0)
}

/// What somebody has neither read nor had a mail of, the newest first.
pub async fn unmailed(db: &mut Connection, user: &UserId, limit: u32) -> Result<Vec<Notification>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} LEFT JOIN notification_preferences p ON p.user_id = n.recipient_id \
         WHERE n.recipient_id = :user AND {WAITING} ORDER BY n.created_at DESC, n.id DESC LIMIT :limit"
    );
    let rows = db.all(&sql, params! { "user" => user.as_str(), "limit" => limit }).await?;
    rows.into_iter().map(notification).filter_map(Result::transpose).collect()
}

/// A mail to somebody has told of these.
pub async fn mailed(db: &mut Connection, user: &UserId, told: &[Notification]) -> Result<(), DbError> {
    for notification in told {
        let sql = "UPDATE notifications SET mailed_at = UTC_TIMESTAMP(3) WHERE id = :id AND recipient_id = :user";
        db.run(sql, params! { "id" => notification.id.as_str(), "user" => user.as_str() }).await?;
    }
    Ok(())
}
