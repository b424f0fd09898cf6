//! People.

mod delete;
mod login;
mod mobile;
mod profile;

use mysql_async::{Transaction, TxOpts, params, prelude::Queryable};

use super::{Connection, DbError, bounded};
use crate::{
    email::Email,
    ids::{OrganizationId, UserId},
};

pub use delete::{Deletion, bury, delete, forget, forgettable};
pub use login::{Asked, Login, Outcome, Proof, ask, is_asked, is_open, log_in};
pub use mobile::{MobileLogin, ask_mobile, is_mobile_asked, log_in_mobile};
pub use profile::{Organization, Profile, Replaced, profile, rename, set_avatar};

/// What everybody's organisation is called at first.
const ORGANIZATION: &str = "My Organization";

/// Creates an account with its personal organisation, or leaves the one with this id as it is.
pub async fn ensure(db: &mut Connection, id: &UserId, email: &Email, name: &str) -> Result<(), DbError> {
    let organization = OrganizationId::random()?;
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        create(&mut transaction, id, email, Some(name), &organization).await?;
        transaction.commit().await
    })
    .await
}

/// True when there is an account with this address.
pub async fn has_account(db: &mut Connection, email: &Email) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM users WHERE email = :email";
    let found: Option<u8> = db.first(sql, params! { "email" => email.as_str() }).await?;
    Ok(found.is_some())
}

/// Adds the rows of an account, unless there is one with this id or address.
async fn create(
    transaction: &mut Transaction<'_>,
    id: &UserId,
    email: &Email,
    name: Option<&str>,
    organization: &OrganizationId,
) -> Result<(), mysql_async::Error> {
    let sql = "INSERT INTO users (id, email, name) VALUES (:id, :email, :name) ON DUPLICATE KEY UPDATE id = users.id";
    let account = params! { "id" => id.as_str(), "email" => email.as_str(), "name" => name };
    transaction.exec_drop(sql, account).await?;
    let sql = "INSERT INTO organizations (id, owner_id, name) SELECT :organization, u.id, :name FROM users u \
               WHERE u.email = :email ON DUPLICATE KEY UPDATE id = organizations.id";
    let own = params! { "organization" => organization.as_str(), "email" => email.as_str(), "name" => ORGANIZATION };
    transaction.exec_drop(sql, own).await
}
