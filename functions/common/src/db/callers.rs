//! Who holds a key or a session.

use mysql_async::{Row, Value, params};

use super::{Connection, DbError, column};
use crate::{identity::Credential, ids::UserId};

/// Somebody with a key or session that is good.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub user: UserId,
    /// True when the last use that is written down is a day ago.
    pub stale: bool,
}

/// Where a credential's row is: `FROM` with the alias `w`, and the condition for it, with `:hash`.
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) holds: &'static str,
    pub(super) hash: [u8; 32],
}

/// Column of a caller's row that says whether it is stale.
pub(super) const STALE: &str = "w.last_used_at IS NULL OR w.last_used_at < UTC_TIMESTAMP(3) - INTERVAL 1 DAY AS stale";

impl Place {
    pub(super) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Key(key) => Self { table: "api_keys w", holds: "w.key_hash = :hash", hash: key.hash() },
            Credential::Session { token, .. } => Self {
                table: "sessions w",
                holds: "w.token_hash = :hash AND w.expires_at > UTC_TIMESTAMP(3)",
                hash: token.hash(),
            },
        }
    }

    pub(super) fn hash(&self) -> Value {
        self.hash.as_slice().into()
    }
}

/// Who holds this; `None` when nobody does, or no longer.
pub async fn find(db: &mut Connection, credential: &Credential) -> Result<Option<Caller>, DbError> {
    let place = Place::of(credential);
    let sql = format!("SELECT w.user_id AS caller, {STALE} FROM {} WHERE {}", place.table, place.holds);
    let row: Option<Row> = db.first(&sql, params! { "hash" => place.hash() }).await?;
    row.map_or(Ok(None), |mut row| caller(&mut row))
}

/// The caller of a row with `caller` and [`STALE`].
pub(super) fn caller(row: &mut Row) -> Result<Option<Caller>, DbError> {
    let user = UserId::parse(&column::<String>(row, "caller")?);
    let stale = column(row, "stale")?;
    Ok(user.map(|user| Caller { user, stale }))
}

/// Writes down that this is used today. A session then lasts another 30 days, but no longer than a year in all.
pub async fn used(db: &mut Connection, credential: &Credential) -> Result<(), DbError> {
    let place = Place::of(credential);
    let longer = match credential {
        Credential::Key(_) => "",
        Credential::Session { .. } => {
            ", w.expires_at = LEAST(UTC_TIMESTAMP(3) + INTERVAL 30 DAY, w.created_at + INTERVAL 1 YEAR)"
        }
    };
    let sql = format!("UPDATE {} SET w.last_used_at = UTC_TIMESTAMP(3){longer} WHERE {}", place.table, place.holds);
    db.run(&sql, params! { "hash" => place.hash() }).await?;
    Ok(())
}
