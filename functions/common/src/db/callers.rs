//! Who holds a key or a session.

use mysql_async::{Row, Value, params};

use super::{Connection, DbError, column, instant};
use crate::{agent::Scopes, identity::Credential, ids::UserId, time::Millis};

/// Somebody with a key, a token or a session.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// True when the last use that is written down is a day ago.
    pub stale: bool,
    /// True for what a program has: a key, a token, or a session that was made for one.
    pub program: bool,
    /// What may be done with it.
    pub scopes: Scopes,
    /// When a token ends; keys do not, and a session's end is nobody's business.
    pub ends: Option<Millis>,
    /// True when that is over.
    pub expired: bool,
}

/// Where a credential's row is: `FROM` with the alias `w`, and the condition for it, with `:hash`.
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) holds: &'static str,
    pub(super) hash: [u8; 32],
    /// Columns of a [`Caller`] whose row this is.
    pub(super) columns: &'static str,
}

/// What a session may do has no bounds of its own.
const SESSION: &str = "w.user_id AS caller, w.program AS program, \
     w.last_used_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY AS stale, NULL AS scopes, NULL AS ends, FALSE AS expired";
/// Neither has what a key may do.
const UNBOUNDED: &str = "w.user_id AS caller, TRUE AS program, \
     w.last_used_at IS NULL OR w.last_used_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY AS stale, \
     NULL AS scopes, NULL AS ends, FALSE AS expired";
/// A token that has ended is found too, so that whoever shows it can be told.
const BOUNDED: &str = "w.user_id AS caller, TRUE AS program, \
     w.last_used_at IS NULL OR w.last_used_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY AS stale, \
     COALESCE(w.scopes, '') AS scopes, ROUND(UNIX_TIMESTAMP(w.expires_at) * 1000) AS ends, \
     COALESCE(w.expires_at <= UTC_TIMESTAMP(3), TRUE) AS expired";

impl Place {
    pub(super) fn of(credential: &Credential) -> Self {
        let key = |hash, columns| Self { table: "api_keys w", holds: "w.key_hash = :hash", hash, columns };
        match credential {
            Credential::Key(_) => key(credential.hash(), UNBOUNDED),
            Credential::Agent { .. } => key(credential.hash(), BOUNDED),
            Credential::Session { .. } => Self {
                table: "sessions w",
                holds: "w.token_hash = :hash AND w.expires_at > UTC_TIMESTAMP(3)",
                hash: credential.hash(),
                columns: SESSION,
            },
        }
    }

    pub(super) fn hash(&self) -> Value {
        self.hash.as_slice().into()
    }
}

/// Who holds this; `None` when nobody does, or no longer. A token that has ended is still somebody's.
pub async fn find(db: &mut Connection, credential: &Credential) -> Result<Option<Caller>, DbError> {
    let place = Place::of(credential);
    let sql = format!("SELECT {} FROM {} WHERE {}", place.columns, place.table, place.holds);
    let row: Option<Row> = db.first(&sql, params! { "hash" => place.hash() }).await?;
    row.map_or(Ok(None), |mut row| caller(&mut row))
}

/// The caller of a row with a [`Place`]'s columns.
pub(super) fn caller(row: &mut Row) -> Result<Option<Caller>, DbError> {
    let user = UserId::parse(&column::<String>(row, "caller")?);
    let (stale, expired, program) = (column(row, "stale")?, column(row, "expired")?, column(row, "program")?);
    let (scopes, ends) = (column::<Option<String>>(row, "scopes")?, instant(row, "ends")?);
    let scopes = scopes.map_or_else(Scopes::all, |scopes| Scopes::parse(&scopes));
    Ok(user.map(|user| Caller { user, stale, program, scopes, ends, expired }))
}

/// Writes down that this is used today. A session then lasts another 30 days, but no longer than a year in all.
pub async fn used(db: &mut Connection, credential: &Credential) -> Result<(), DbError> {
    let place = Place::of(credential);
    let longer = match credential {
        Credential::Key(_) | Credential::Agent { .. } => "",
        Credential::Session { .. } => {
            ", w.expires_at = LEAST(UTC_TIMESTAMP(3) + INTERVAL 30 DAY, w.created_at + INTERVAL 1 YEAR)"
        }
    };
    let sql = format!("UPDATE {} SET w.last_used_at = UTC_TIMESTAMP(3){longer} WHERE {}", place.table, place.holds);
    db.run(&sql, params! { "hash" => place.hash() }).await?;
    Ok(())
}
