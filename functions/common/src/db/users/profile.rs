//! What people say of themselves.

use mysql_async::{Row, TxOpts, params, prelude::Queryable};

use crate::{
    db::{Connection, DbError, bounded, column},
    ids::{OrganizationId, UserId},
};

/// Somebody with an account, as they see themselves.
#[derive(Clone, Debug)]
pub struct Profile {
    /// What they are called, if they said.
    pub name: Option<String>,
    /// Their address.
    pub email: String,
    /// Name of their picture's file, if they have one.
    pub avatar: Option<String>,
    /// Where their videos belong.
    pub organization: Option<Organization>,
}

/// An organisation.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// What it is called.
    pub name: String,
}

/// What became of a change to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It took the place of this.
    Was(Option<String>),
    /// There is no such account, or not any longer; nothing was changed.
    NoAccount,
}

/// Somebody's profile; `None` when there is no such account, or not any longer.
pub async fn profile(db: &mut Connection, id: &UserId) -> Result<Option<Profile>, DbError> {
    let sql = "SELECT u.name, u.email, u.avatar, o.id AS organization, o.name AS organization_name \
               FROM users u LEFT JOIN organizations o ON o.owner_id = u.id \
               WHERE u.id = :id AND u.deleted_at IS NULL AND u.email IS NOT NULL";
    let Some(mut row) = db.first::<Row>(sql, params! { "id" => id.as_str() }).await? else { return Ok(None) };
    let row = &mut row;
    let (organization, called): (Option<String>, Option<String>) =
        (column(row, "organization")?, column(row, "organization_name")?);
    let organization = organization.as_deref().and_then(OrganizationId::parse);
    Ok(Some(Profile {
        name: column(row, "name")?,
        email: column(row, "email")?,
        avatar: column(row, "avatar")?,
        organization: organization.map(|id| Organization { id, name: called.unwrap_or_default() }),
    }))
}

/// Calls somebody otherwise, or nothing any more; false when there is no such account.
pub async fn rename(db: &mut Connection, id: &UserId, name: Option<&str>) -> Result<bool, DbError> {
    let sql = "UPDATE users SET name = :name WHERE id = :id AND deleted_at IS NULL";
    Ok(db.run(sql, params! { "id" => id.as_str(), "name" => name }).await? > 0)
}

/// Gives somebody another picture, or none.
pub async fn set_avatar(db: &mut Connection, id: &UserId, file: Option<&str>) -> Result<Replaced, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let sql = "SELECT avatar FROM users WHERE id = :id AND deleted_at IS NULL FOR UPDATE";
        let before: Option<Option<String>> = transaction.exec_first(sql, params! { "id" => id.as_str() }).await?;
        let sql = "UPDATE users SET avatar = :file WHERE id = :id AND deleted_at IS NULL";
        transaction.exec_drop(sql, params! { "id" => id.as_str(), "file" => file }).await?;
        transaction.commit().await?;
        Ok(before.map_or(Replaced::NoAccount, Replaced::Was))
    })
    .await
}
