//! What an owner's library shows.

use mysql_async::{Row, Value, params};

use super::{COLUMNS, Connection, DbError, VISIBLE, Video, column, list::escape_like, video};
use crate::ids::{UserId, VideoId};

/// Compares letters without case and accents, and tells signs beyond them apart. Of the columns' own collation all emoji are
/// one.
const COLLATION: &str = "utf8mb4_0900_ai_ci";
/// Words of a search text that count.
const WORDS: usize = 8;

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What was made last.
    #[default]
    Newest,
    /// What was made first.
    Oldest,
    /// By the alphabet.
    Title,
    /// What plays longest.
    Longest,
}

impl Sort {
    fn order(self) -> String {
        match self {
            Self::Newest => "v.created_at DESC, v.id DESC".to_owned(),
            Self::Oldest => "v.created_at, v.id".to_owned(),
            Self::Title => format!("v.name COLLATE {COLLATION}, v.created_at DESC, v.id DESC"),
            Self::Longest => "v.duration_ms DESC, v.created_at DESC, v.id DESC".to_owned(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Titles have each of its words. Empty for all.
    pub search: &'a str,
    /// What comes first.
    pub sort: Sort,
    /// Videos of a page.
    pub per_page: u32,
    /// From 1.
    pub page: u32,
}

/// A page of a library.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Its videos.
    pub videos: Vec<Video>,
    /// How many there are on all pages. A page behind the last one does not know.
    pub total: u64,
}

/// A page of an owner's videos, in one query. A library is its owner's alone and looked through from its beginning, so pages
/// are counted: that is what lets them be numbered.
pub async fn library(db: &mut Connection, owner: &UserId, asked: &Asked<'_>) -> Result<Page, DbError> {
    let words: Vec<_> = asked.search.split_whitespace().take(WORDS).collect();
    let has_words: String = (0..words.len())
        .map(|number| format!(" AND v.name COLLATE {COLLATION} LIKE :word{number} ESCAPE '!'"))
        .collect();
    let own = format!("v.owner_id = :owner AND {VISIBLE}{has_words}");
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT COUNT(*) FROM videos v WHERE {own}) AS total \
         FROM videos v JOIN users u ON u.id = v.owner_id WHERE {own} ORDER BY {} LIMIT :limit OFFSET :before",
        asked.sort.order()
    );
    let before = u64::from(asked.page.saturating_sub(1)) * u64::from(asked.per_page);
    let mut params: Vec<(String, Value)> = vec![
        ("owner".to_owned(), owner.as_str().into()),
        ("limit".to_owned(), asked.per_page.into()),
        ("before".to_owned(), before.into()),
    ];
    let patterns = words.iter().map(|word| format!("%{}%", escape_like(word)));
    params.extend(patterns.enumerate().map(|(number, pattern)| (format!("word{number}"), pattern.into())));
    let mut rows = db.all(&sql, mysql_async::Params::from(params)).await?;
    let total = rows.first_mut().map_or(Ok(0), |row| column(row, "total"))?;
    Ok(Page { videos: videos(rows)?, total })
}

/// Those of an owner's videos that have one of these ids.
pub async fn of_ids(db: &mut Connection, owner: &UserId, ids: &[VideoId]) -> Result<Vec<Video>, DbError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = ids.iter().map(VideoId::as_str).collect::<Vec<_>>().join(",");
    let sql = format!(
        "SELECT {COLUMNS} FROM videos v JOIN users u ON u.id = v.owner_id \
         WHERE v.owner_id = :owner AND FIND_IN_SET(v.id, :ids) AND {VISIBLE}"
    );
    videos(db.all(&sql, params! { "owner" => owner.as_str(), "ids" => ids }).await?)
}

fn videos(rows: Vec<Row>) -> Result<Vec<Video>, DbError> {
    Ok(rows.into_iter().map(video).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
