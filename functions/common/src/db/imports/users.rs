//! People of a Cap. One whose mailbox has an account here joins that, which stays as it is.

use mysql_async::{TxOpts, params, prelude::Queryable};

use super::{Kind, note};
use crate::{
    db::{Connection, DbError, bounded, notifications::Preferences},
    email::Email,
    ids::{OrganizationId, UserId},
    time::Millis,
};

/// Somebody who is to have an account.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// Their id in Cap.
    pub source: &'a str,
    /// The id that they would have: the same, where it can be one.
    pub id: UserId,
    /// Their mailbox.
    pub email: &'a Email,
    /// What they are called.
    pub name: Option<&'a str>,
    /// Since when they have an account.
    pub created_at: Option<Millis>,
    /// Their own organisation: its id, if it can be kept, and its name.
    pub organization: (Option<OrganizationId>, &'a str),
    /// What they do not want to be told, if they said.
    pub preferences: Option<Preferences>,
    /// Whether nothing is left to be taken of them.
    pub done: bool,
}

/// What became of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenUser {
    /// They have an account.
    New(UserId),
    /// They had one.
    Joined(UserId),
}

/// Opens an account, or finds the one that the mailbox has, and writes down which it is.
pub async fn user(db: &mut Connection, new: &NewUser<'_>) -> Result<TakenUser, DbError> {
    let (fresh, organization) = (UserId::random()?, OrganizationId::random()?);
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let sql = "SELECT id FROM users WHERE email = :email";
        let found: Option<String> = transaction.exec_first(sql, params! { "email" => new.email.as_str() }).await?;
        if let Some(id) = found.as_deref().and_then(UserId::parse) {
            note(&mut transaction, Kind::User, new.source, id.as_str(), true).await?;
            transaction.commit().await?;
            return Ok(TakenUser::Joined(id));
        }
        let taken = "SELECT 1 FROM users WHERE id = :id";
        let taken: Option<u8> = transaction.exec_first(taken, params! { "id" => new.id.as_str() }).await?;
        let id = if taken.is_some() { fresh } else { new.id.clone() };
        let sql = "INSERT INTO users (id, email, name, created_at) \
                   VALUES (:id, :email, :name, COALESCE(FROM_UNIXTIME(:created / 1000), UTC_TIMESTAMP(3)))";
        let account = params! {
            "id" => id.as_str(), "email" => new.email.as_str(), "name" => new.name,
            "created" => new.created_at.map(|at| at.0),
        };
        transaction.exec_drop(sql, account).await?;
        let (kept, called) = &new.organization;
        let sql = "INSERT INTO organizations (id, owner_id, name) \
                   SELECT IF(:kept IS NULL OR EXISTS (SELECT 1 FROM organizations o WHERE o.id = :kept), :fresh, :kept), \
                   :owner, :name";
        let own = params! {
            "kept" => kept.as_ref().map(OrganizationId::as_str), "fresh" => organization.as_str(),
            "owner" => id.as_str(), "name" => *called,
        };
        transaction.exec_drop(sql, own).await?;
        if let Some(wanted) = &new.preferences {
            let sql = "INSERT INTO notification_preferences \
                       (user_id, pause_comments, pause_replies, pause_views, pause_reactions, pause_anon_views) \
                       VALUES (:user, :comments, :replies, :views, :reactions, :anonymous)";
            let preferences = params! {
                "user" => id.as_str(), "comments" => wanted.pause_comments, "replies" => wanted.pause_replies,
                "views" => wanted.pause_views, "reactions" => wanted.pause_reactions,
                "anonymous" => wanted.pause_anon_views,
            };
            transaction.exec_drop(sql, preferences).await?;
        }
        note(&mut transaction, Kind::User, new.source, id.as_str(), new.done).await?;
        transaction.commit().await?;
        Ok(TakenUser::New(id))
    })
    .await
}

/// Gives somebody a picture who has none; false when they have one, or no account any more.
pub async fn adopt_avatar(db: &mut Connection, id: &UserId, file: &str) -> Result<bool, DbError> {
    let sql = "UPDATE users SET avatar = :file WHERE id = :id AND avatar IS NULL AND deleted_at IS NULL";
    Ok(db.run(sql, params! { "id" => id.as_str(), "file" => file }).await? > 0)
}
