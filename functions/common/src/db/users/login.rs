//! Logins: asked for in a browser, finished there by what a mail carries.

use mysql_async::{Transaction, TxOpts, params, prelude::Queryable};

use super::create;
use crate::{
    db::{Connection, DbError, bounded, sessions},
    email::Email,
    ids::{OrganizationId, SessionToken, UserId},
};

/// How many codes may be tried.
const TRIES: u8 = 5;
/// Of how many mails the code works, the newest. Each is another one that a guess may hit.
const CODES: u8 = 2;

/// A login that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The mailbox.
    pub email: &'a Email,
    /// Hash of the browser that asks, the only one that may use what the mail carries.
    pub browser: &'a [u8; 32],
    /// Hash of the mail's link.
    pub link: &'a [u8; 32],
    /// Keyed hash of its code.
    pub code: &'a [u8; 32],
}

/// What is shown to finish a login, as hashes.
#[derive(Clone, Copy, Debug)]
pub enum Proof {
    /// The code was typed.
    Code([u8; 32]),
    /// The link was opened.
    Link([u8; 32]),
}

/// A login that is to be finished.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The mailbox.
    pub email: &'a Email,
    /// Hash of the browser.
    pub browser: &'a [u8; 32],
    /// What it shows.
    pub proof: &'a Proof,
    /// Whether the mailbox may open an account, should it have none.
    pub may_join: bool,
    /// Token of the new session.
    pub token: &'a SessionToken,
    /// What the browser calls itself.
    pub device: &'a str,
    /// The session that the browser had, which ends.
    pub before: Option<&'a SessionToken>,
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The session is good, and this person's.
    SignedIn(UserId),
    /// What was shown is wrong, used, too old, or of another browser.
    Refused,
    /// It is right, but the mailbox has no account and may not open one.
    NotAllowed,
}

/// Keeps a login that was asked for, for ten minutes.
pub async fn ask(db: &mut Connection, asked: &Asked<'_>) -> Result<(), DbError> {
    let sql = "INSERT INTO verification_tokens (link_hash, code_hash, browser_hash, email, expires_at) \
               VALUES (:link, :code, :browser, :email, UTC_TIMESTAMP(3) + INTERVAL 10 MINUTE)";
    let params = params! {
        "link" => asked.link.as_slice(), "code" => asked.code.as_slice(),
        "browser" => asked.browser.as_slice(), "email" => asked.email.as_str(),
    };
    db.run(sql, params).await.map(drop)
}

/// True while a link can be used in this browser. Looking does not use it.
pub async fn is_open(db: &mut Connection, email: &Email, browser: &[u8; 32], link: &[u8; 32]) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM verification_tokens WHERE link_hash = :link AND browser_hash = :browser \
               AND email = :email AND tries < :most AND expires_at > UTC_TIMESTAMP(3)";
    let params = params! {
        "link" => link.as_slice(), "browser" => browser.as_slice(), "email" => email.as_str(), "most" => TRIES,
    };
    let found: Option<u8> = db.first(sql, params).await?;
    Ok(found.is_some())
}

/// True while a login that was asked for with this mailbox in this browser can be finished with a code.
pub async fn is_asked(db: &mut Connection, email: &Email, browser: &[u8; 32]) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM verification_tokens WHERE browser_hash = :browser AND email = :email \
               AND expires_at > UTC_TIMESTAMP(3) LIMIT 1";
    let found: Option<u8> =
        db.first(sql, params! { "browser" => browser.as_slice(), "email" => email.as_str() }).await?;
    Ok(found.is_some())
}

/// Finishes a login: what was shown is used up, the account is there, and the new session is good. All of it happens, or
/// nothing; but a code that was tried has been tried.
pub async fn log_in(db: &mut Connection, login: &Login<'_>) -> Result<Outcome, DbError> {
    if matches!(login.proof, Proof::Code(_)) && !count_try(db, login).await? {
        return Ok(Outcome::Refused);
    }
    let (user, organization) = (UserId::random()?, OrganizationId::random()?);
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let outcome = finish(&mut transaction, login, &user, &organization).await?;
        match outcome {
            Outcome::SignedIn(_) => transaction.commit().await?,
            Outcome::Refused | Outcome::NotAllowed => transaction.rollback().await?,
        }
        Ok(outcome)
    })
    .await
}

/// Counts a try before anything is compared, so that however many are made at once, no more than five are. False when
/// no login is waiting for a code.
async fn count_try(db: &mut Connection, login: &Login<'_>) -> Result<bool, DbError> {
    let sql = "UPDATE verification_tokens SET tries = LEAST(tries + 1, :most + 1) \
               WHERE browser_hash = :browser AND email = :email AND expires_at > UTC_TIMESTAMP(3)";
    let params = params! {
        "most" => TRIES, "browser" => login.browser.as_slice(), "email" => login.email.as_str(),
    };
    Ok(db.run(sql, params).await? > 0)
}

async fn finish(
    transaction: &mut Transaction<'_>,
    login: &Login<'_>,
    user: &UserId,
    organization: &OrganizationId,
) -> Result<Outcome, mysql_async::Error> {
    if !use_up(transaction, login).await? {
        return Ok(Outcome::Refused);
    }
    // The other mails that were asked for on the way.
    let rest = params! { "browser" => login.browser.as_slice(), "email" => login.email.as_str() };
    transaction
        .exec_drop("DELETE FROM verification_tokens WHERE browser_hash = :browser AND email = :email", rest)
        .await?;
    if login.may_join {
        create(transaction, user, login.email, None, organization).await?;
    }
    // A locking read, since somebody else may have opened the account after this transaction began.
    let sql = "SELECT id FROM users WHERE email = :email FOR SHARE";
    let found: Option<String> = transaction.exec_first(sql, params! { "email" => login.email.as_str() }).await?;
    let Some(user) = found.as_deref().and_then(UserId::parse) else { return Ok(Outcome::NotAllowed) };
    if let Some(before) = login.before {
        let sql = "DELETE FROM sessions WHERE token_hash = :hash";
        transaction.exec_drop(sql, params! { "hash" => before.hash().as_slice() }).await?;
    }
    let hash = login.token.hash();
    let session = params! {
        "hash" => hash.as_slice(), "user" => user.as_str(), "device" => login.device, "program" => false,
    };
    transaction.exec_drop(sessions::INSERT, session).await?;
    Ok(Outcome::SignedIn(user))
}

/// Removes what was shown, if it is good. The try of a code has been counted before, a link's is none.
async fn use_up(transaction: &mut Transaction<'_>, login: &Login<'_>) -> Result<bool, mysql_async::Error> {
    let (link, tried) = match login.proof {
        Proof::Code(code) => (link_of(transaction, login, code).await?, TRIES + 1),
        Proof::Link(link) => (Some(link.to_vec()), TRIES),
    };
    let Some(link) = link else { return Ok(false) };
    let sql = "DELETE FROM verification_tokens WHERE link_hash = :link AND browser_hash = :browser AND email = :email \
               AND tries < :tried AND expires_at > UTC_TIMESTAMP(3)";
    let params = params! {
        "link" => link, "browser" => login.browser.as_slice(), "email" => login.email.as_str(), "tried" => tried,
    };
    transaction.exec_drop(sql, params).await?;
    Ok(transaction.affected_rows() > 0)
}

/// The mail that a code is of. It is looked for without a lock, since two who show a code at once would wait for each other.
async fn link_of(
    transaction: &mut Transaction<'_>,
    login: &Login<'_>,
    code: &[u8; 32],
) -> Result<Option<Vec<u8>>, mysql_async::Error> {
    let sql = "SELECT link_hash FROM (SELECT link_hash, code_hash FROM verification_tokens \
               WHERE browser_hash = :browser AND email = :email ORDER BY expires_at DESC LIMIT :codes) newest \
               WHERE code_hash = :code";
    let params = params! {
        "browser" => login.browser.as_slice(), "email" => login.email.as_str(), "codes" => CODES,
        "code" => code.as_slice(),
    };
    transaction.exec_first(sql, params).await
}
