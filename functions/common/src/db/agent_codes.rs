//! Codes that the `cap` command exchanges for a token, kept as hashes.

use mysql_async::{Transaction, TxOpts, params, prelude::Queryable};

use super::{Connection, DbError, bounded};
use crate::{
    agent::{AgentCode, AgentToken, Challenge, Scopes},
    ids::UserId,
    time::Millis,
};

/// What a person has allowed.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// Who.
    pub user: &'a UserId,
    /// What the command's verifier must answer.
    pub challenge: &'a Challenge,
    /// The port on which the command waits for the code.
    pub port: u16,
    /// What the token may do.
    pub scopes: Scopes,
}

/// What is shown to get a token.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The code.
    pub code: &'a AgentCode,
    /// What the verifier answers.
    pub challenge: &'a Challenge,
    /// The port that the code came to.
    pub port: u16,
}

/// A token that is good from here on.
#[derive(Clone, Debug)]
pub struct Made {
    /// Whose.
    pub user: UserId,
    /// What it may do.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Millis,
}

/// What became of a code.
#[derive(Clone, Debug)]
pub enum Redeemed {
    /// It is used up, and the token is good.
    Made(Made),
    /// It is unknown or too old, or was shown with another verifier or port than it was made for.
    Refused,
    /// It was used before. The token that was made with it is dead.
    Reused,
}

/// Keeps a code for five minutes. False when the account was deleted meanwhile.
pub async fn keep(db: &mut Connection, code: &AgentCode, grant: &Grant<'_>) -> Result<bool, DbError> {
    let sql = "INSERT INTO agent_codes (code_hash, user_id, challenge, port, scopes, expires_at) \
               SELECT :hash, u.id, :challenge, :port, :scopes, UTC_TIMESTAMP(3) + INTERVAL 5 MINUTE FROM users u \
               WHERE u.id = :user AND u.deleted_at IS NULL";
    let params = params! {
        "hash" => code.hash().as_slice(), "user" => grant.user.as_str(), "challenge" => grant.challenge.as_str(),
        "port" => grant.port, "scopes" => grant.scopes.to_string(),
    };
    Ok(db.run(sql, params).await? > 0)
}

/// Uses a code up and makes `token` with it, good for ninety days; or ends the token that was made with it before.
pub async fn redeem(
    db: &mut Connection,
    shown: &Shown<'_>,
    token: &AgentToken,
    name: &str,
) -> Result<Redeemed, DbError> {
    bounded(async {
        let mut transaction = db.0.start_transaction(TxOpts::default()).await?;
        let redeemed = exchange(&mut transaction, shown, token, name).await?;
        match redeemed {
            Redeemed::Made(_) | Redeemed::Reused => transaction.commit().await?,
            Redeemed::Refused => transaction.rollback().await?,
        }
        Ok(redeemed)
    })
    .await
}

async fn exchange(
    transaction: &mut Transaction<'_>,
    shown: &Shown<'_>,
    token: &AgentToken,
    name: &str,
) -> Result<Redeemed, mysql_async::Error> {
    type Kept = (String, String, u16, String, Option<Vec<u8>>, bool);
    let code = shown.code.hash();
    // Locked, so that of two who show it at once the second sees that it is used.
    let sql = "SELECT user_id, challenge, port, scopes, token_hash, expires_at > UTC_TIMESTAMP(3) FROM agent_codes \
               WHERE code_hash = :code FOR UPDATE";
    let kept: Option<Kept> = transaction.exec_first(sql, params! { "code" => code.as_slice() }).await?;
    let Some((user, challenge, port, scopes, used, good)) = kept else { return Ok(Redeemed::Refused) };
    if let Some(made) = used {
        let sql = "DELETE FROM api_keys WHERE key_hash = :hash";
        transaction.exec_drop(sql, params! { "hash" => made }).await?;
        return Ok(Redeemed::Reused);
    }
    let fits = shown.challenge.is(&challenge) && shown.port == port && good;
    let Some(user) = UserId::parse(&user).filter(|_| fits) else { return Ok(Redeemed::Refused) };
    let hash = token.hash();
    let sql = "INSERT INTO api_keys (key_hash, user_id, source, name, scopes, expires_at) \
               SELECT :hash, u.id, 'cli', :name, :scopes, UTC_TIMESTAMP(3) + INTERVAL 90 DAY FROM users u \
               WHERE u.id = :user AND u.deleted_at IS NULL";
    let key =
        params! { "hash" => hash.as_slice(), "user" => user.as_str(), "name" => name, "scopes" => scopes.as_str() };
    transaction.exec_drop(sql, key).await?;
    if transaction.affected_rows() == 0 {
        return Ok(Redeemed::Refused);
    }
    let sql = "UPDATE agent_codes SET token_hash = :hash WHERE code_hash = :code";
    transaction.exec_drop(sql, params! { "hash" => hash.as_slice(), "code" => code.as_slice() }).await?;
    let sql = "SELECT CAST(ROUND(UNIX_TIMESTAMP(expires_at) * 1000) AS SIGNED) FROM api_keys WHERE key_hash = :hash";
    let expires_at: Option<i64> = transaction.exec_first(sql, params! { "hash" => hash.as_slice() }).await?;
    let expires_at = Millis(expires_at.unwrap_or_default());
    Ok(Redeemed::Made(Made { user, scopes: Scopes::parse(&scopes), expires_at }))
}
