//! Logins of programs: a code that a mail brings is exchanged for a key.
//!
//! Nothing binds the code to whoever asked, so there is one for a mailbox, and it is gone with its first try.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use mysql_async::{Transaction, TxOpts, params, prelude::Queryable};

use super::create;
use crate::{
    db::{Connection, DbError, bounded},
    email::Email,
    ids::{ApiKey, OrganizationId, UserId},
};

/// A login that is to be finished.
#[derive(Clone, Copy, Debug)]
pub struct MobileLogin<'a> {
    /// The mailbox.
    pub email: &'a Email,
    /// Keyed hash of the code that is shown.
    pub code: &'a [u8; 32],
    /// Whether the mailbox may open an account, should it have none.
    pub may_join: bool,
    /// The new key.
    pub key: &'a ApiKey,
    /// What it is called in the list.
    pub name: &'a str,
}

/// Keeps the code of a mailbox for ten minutes; the one before is worth nothing from here on.
pub async fn ask_mobile(db: &mut Connection, email: &Email, code: &[u8; 32]) -> Result<(), DbError> {
    let sql = "INSERT INTO mobile_codes (email, code_hash, expires_at) \
               VALUES (:email, :code, UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE) \
               ON DUPLICATE KEY UPDATE code_hash = :code, expires_at = UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE";
    db.run(sql, params! { "email" => email.as_str(), "code" => code.as_slice() }).await.map(drop)
}

/// True while a code of this mailbox waits for its try.
pub async fn is_mobile_asked(db: &mut Connection, email: &Email) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM mobile_codes WHERE email = :email AND expires_at > UTC_TIMESTAMP(3)";
    let found: Option<u8> = db.first(sql, params! { "email" => email.as_str() }).await?;
    Ok(found.is_some())
}

/// Finishes a login: the account is there, and the key is good and the only one of its kind. `None` when the code is wrong.
/// Either way it is used up: of however many tries at once, one is compared.
pub async fn log_in_mobile(db: &mut Connection, login: &MobileLogin<'_>) -> Result<Option<UserId>, DbError> {
    let (user, organization) = (UserId::random()?, OrganizationId::random()?);
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let right = use_up(&mut transaction, login).await?;
        let signed_in = if right { enter(&mut transaction, login, &user, &organization).await? } else { None };
        transaction.commit().await?;
        Ok(signed_in)
    })
    .await
}

/// Removes the mailbox's code; true when it was the one that is shown.
async fn use_up(transaction: &mut Transaction<'_>, login: &MobileLogin<'_>) -> Result<bool, mysql_async::Error> {
    let email = params! { "email" => login.email.as_str() };
    let sql = "SELECT code_hash FROM mobile_codes WHERE email = :email AND expires_at > UTC_TIMESTAMP(3) FOR UPDATE";
    let kept: Option<Vec<u8>> = transaction.exec_first(sql, email.clone()).await?;
    let Some(kept) = kept else { return Ok(false) };
    transaction.exec_drop("DELETE FROM mobile_codes WHERE email = :email", email).await?;
    Ok(verify_slices_are_equal(&kept, login.code).is_ok())
}

async fn enter(
    transaction: &mut Transaction<'_>,
    login: &MobileLogin<'_>,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<Option<UserId>, mysql_async::Error> {
    if login.may_join {
        create(transaction, user, login.email, None, organization).await?;
    }
    // A locking read, since somebody else may have opened the account after this transaction began.
    let sql = "SELECT id FROM users WHERE email = :email AND deleted_at IS NULL FOR SHARE";
    let found: Option<String> = transaction.exec_first(sql, params! { "email" => login.email.as_str() }).await?;
    let Some(user) = found.as_deref().and_then(UserId::parse) else { return Ok(None) };
    let sql = "DELETE FROM api_keys WHERE user_id = :user AND source = 'mobile'";
    transaction.exec_drop(sql, params! { "user" => user.as_str() }).await?;
    let sql = "INSERT INTO api_keys (key_hash, user_id, source, name) VALUES (:hash, :user, 'mobile', :name)";
    let hash = login.key.hash();
    let key = params! { "hash" => hash.as_slice(), "user" => user.as_str(), "name" => login.name };
    transaction.exec_drop(sql, key).await?;
    Ok(Some(user))
}
