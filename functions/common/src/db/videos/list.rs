//! Lists of an owner's videos, for programs.

use super::{COLUMNS, Connection, DbError, VISIBLE, Video, video};
use crate::{
    ids::{UserId, VideoId},
    time::Millis,
};

/// What a list shows, newest first.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only videos after this one in the list: creation time and id of the last one seen.
    pub after: Option<(Millis, VideoId)>,
    /// Only titles that contain this text.
    pub search: Option<String>,
    /// Only videos whose state or title changed after this.
    pub updated_after: Option<Millis>,
    /// At most so many.
    pub limit: u32,
}

/// A page of an owner's videos, newest first.
pub async fn list(db: &mut Connection, owner: &UserId, filter: &Filter) -> Result<Vec<Video>, DbError> {
    let mut sql = format!(
        "SELECT {COLUMNS} FROM videos v JOIN users u ON u.id = v.owner_id \
         WHERE v.owner_id = :owner AND {VISIBLE}"
    );
    if filter.after.is_some() {
        sql.push_str(" AND (v.created_at, v.id) < (FROM_UNIXTIME(:after_at / 1000), :after_id)");
    }
    if filter.search.is_some() {
        sql.push_str(" AND v.name LIKE :search ESCAPE '!'");
    }
    if filter.updated_after.is_some() {
        sql.push_str(" AND v.updated_at > FROM_UNIXTIME(:updated_after / 1000)");
    }
    sql.push_str(" ORDER BY v.created_at DESC, v.id DESC LIMIT :limit");

    let mut params: Vec<(&str, mysql_async::Value)> =
        vec![("owner", owner.as_str().into()), ("limit", filter.limit.into())];
    if let Some((at, id)) = &filter.after {
        params.push(("after_at", at.0.into()));
        params.push(("after_id", id.as_str().into()));
    }
    if let Some(text) = &filter.search {
        params.push(("search", format!("%{}%", escape_like(text)).into()));
    }
    if let Some(at) = filter.updated_after {
        params.push(("updated_after", at.0.into()));
    }
    let rows = db.all(&sql, mysql_async::Params::from(params)).await?;
    Ok(rows.into_iter().map(video).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// A text in which the wildcards of `LIKE` are letters, after `!`.
pub(super) fn escape_like(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, character| {
        if matches!(character, '!' | '%' | '_') {
            escaped.push('!');
        }
        escaped.push(character);
        escaped
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn like_wildcards_are_literal() {
        assert_eq!(super::escape_like("100%_!"), "100!%!_!!");
    }
}
