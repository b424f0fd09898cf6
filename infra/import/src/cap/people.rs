//! People of a Cap, and what they sign in with.

use common::{secret::Secret, time::Millis};
use mysql_async::{Row, Value};

use super::{Cap, PAGE, as_millis, get, millis, places, values};

/// Somebody.
#[derive(Clone, Debug, Default)]
pub(crate) struct CapUser {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) email: String,
    /// A key in the bucket, or an address elsewhere.
    pub(crate) image: Option<String>,
    /// JSON.
    pub(crate) preferences: Option<String>,
    pub(crate) created_at: Option<Millis>,
    /// Their own organisation: id and name.
    pub(crate) organization: Option<(String, String)>,
}

/// A key of the desktop, the extension or the phone.
pub(crate) struct CapKey {
    pub(crate) key: Secret,
    pub(crate) user: String,
    pub(crate) source: Option<String>,
    pub(crate) created_at: Option<Millis>,
}

/// A key of the command.
#[derive(Clone, Debug)]
pub(crate) struct CapAgentKey {
    pub(crate) id: String,
    /// SHA-256 in hexadecimal digits.
    pub(crate) hash: String,
    pub(crate) user: String,
    pub(crate) name: Option<String>,
    /// JSON.
    pub(crate) scopes: Option<String>,
    pub(crate) created_at: Option<Millis>,
    pub(crate) expires_at: Option<Millis>,
    /// True when it was taken back.
    pub(crate) revoked: bool,
}

impl Cap {
    /// The next people by their ids.
    pub(crate) async fn users(&mut self, after: &str) -> Result<Vec<CapUser>, mysql_async::Error> {
        let column = |name| self.schema.column("users", "u", name);
        let sql = format!(
            "SELECT u.id, {} AS name, {} AS last_name, u.email, {} AS image, {} AS preferences, {} AS created, \
             {} AS preferred FROM users u WHERE u.id > ? ORDER BY u.id LIMIT {PAGE}",
            column("name"),
            column("lastName"),
            column("image"),
            self.schema.text("users", "u", "preferences"),
            as_millis(&column("created_at")),
            column("defaultOrgId"),
        );
        let rows = self.all(&sql, values(&[after])).await?;
        let mut people: Vec<(CapUser, Option<String>)> = rows.into_iter().map(user).collect();
        let ids: Vec<&str> = people.iter().map(|(user, _)| user.id.as_str()).collect();
        let owned = self.organizations(&ids).await?;
        for (user, preferred) in &mut people {
            let mut own = owned.iter().filter(|(owner, ..)| *owner == user.id);
            let found = own.clone().find(|(_, id, _)| preferred.as_ref() == Some(id)).or_else(|| own.next());
            user.organization = found.map(|(_, id, name)| (id.clone(), name.clone()));
        }
        Ok(people.into_iter().map(|(user, _)| user).collect())
    }

    /// Organisations of these people, the oldest first: owner, id, name.
    async fn organizations(&mut self, owners: &[&str]) -> Result<Vec<(String, String, String)>, mysql_async::Error> {
        if owners.is_empty() || !self.schema.has("organizations", "ownerId") {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT o.ownerId AS owner, o.id, o.name FROM organizations o WHERE o.ownerId IN ({}) AND {} IS NULL \
             ORDER BY {}, o.id",
            places(owners.len()),
            self.schema.column("organizations", "o", "tombstoneAt"),
            self.schema.column("organizations", "o", "createdAt"),
        );
        let read = |mut row: Row| Some((get(&mut row, "owner")?, get(&mut row, "id")?, get(&mut row, "name")?));
        Ok(self.all(&sql, values(owners)).await?.into_iter().filter_map(read).collect())
    }

    /// The next keys.
    pub(crate) async fn keys(&mut self, after: &Secret) -> Result<Vec<CapKey>, mysql_async::Error> {
        if !self.schema.has("auth_api_keys", "userId") {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT k.id, k.userId AS user, {} AS source, {} AS created FROM auth_api_keys k WHERE k.id > ? \
             ORDER BY k.id LIMIT {PAGE}",
            self.schema.column("auth_api_keys", "k", "source"),
            as_millis(&self.schema.column("auth_api_keys", "k", "createdAt")),
        );
        let read = |mut row: Row| CapKey {
            key: Secret::new(get::<String>(&mut row, "id").unwrap_or_default()),
            user: get(&mut row, "user").unwrap_or_default(),
            source: get(&mut row, "source"),
            created_at: millis(&mut row, "created"),
        };
        Ok(self.all(&sql, vec![Value::from(after.expose())]).await?.into_iter().map(read).collect())
    }

    /// The next keys of the command.
    pub(crate) async fn agent_keys(&mut self, after: &str) -> Result<Vec<CapAgentKey>, mysql_async::Error> {
        if !self.schema.has("agent_api_keys", "tokenHash") {
            return Ok(Vec::new());
        }
        let column = |name| self.schema.column("agent_api_keys", "k", name);
        let sql = format!(
            "SELECT k.id, k.tokenHash AS hash, k.userId AS user, {} AS name, {} AS scopes, {} AS created, {} AS ends, \
             {} IS NOT NULL AS revoked FROM agent_api_keys k WHERE k.id > ? ORDER BY k.id LIMIT {PAGE}",
            column("name"),
            self.schema.text("agent_api_keys", "k", "scopes"),
            as_millis(&column("createdAt")),
            as_millis(&column("expiresAt")),
            column("revokedAt"),
        );
        let read = |mut row: Row| CapAgentKey {
            id: get(&mut row, "id").unwrap_or_default(),
            hash: get(&mut row, "hash").unwrap_or_default(),
            user: get(&mut row, "user").unwrap_or_default(),
            name: get(&mut row, "name"),
            scopes: get(&mut row, "scopes"),
            created_at: millis(&mut row, "created"),
            expires_at: millis(&mut row, "ends"),
            revoked: super::flag(&mut row, "revoked").unwrap_or_default(),
        };
        Ok(self.all(&sql, values(&[after])).await?.into_iter().map(read).collect())
    }
}

fn user(mut row: Row) -> (CapUser, Option<String>) {
    let row = &mut row;
    let user = CapUser {
        id: get(row, "id").unwrap_or_default(),
        name: get(row, "name"),
        last_name: get(row, "last_name"),
        email: get(row, "email").unwrap_or_default(),
        image: get(row, "image"),
        preferences: get(row, "preferences"),
        created_at: millis(row, "created"),
        organization: None,
    };
    let preferred = get(row, "preferred");
    (user, preferred)
}
