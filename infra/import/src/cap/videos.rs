//! Videos of a Cap, and what was said of them.

use std::collections::HashMap;

use common::time::Millis;
use mysql_async::{Row, Value};

use super::{Cap, PAGE, as_millis, flag, get, millis, places, values};

/// A video.
#[derive(Clone, Debug, Default)]
pub(crate) struct CapVideo {
    pub(crate) id: String,
    pub(crate) owner: String,
    /// The owner's address, where there is such a person.
    pub(crate) owner_email: Option<String>,
    pub(crate) name: Option<String>,
    /// Seconds.
    pub(crate) duration: Option<f64>,
    pub(crate) width: Option<f64>,
    pub(crate) height: Option<f64>,
    pub(crate) fps: Option<f64>,
    pub(crate) public: bool,
    pub(crate) password: Option<String>,
    /// True when its organisation lets in some mailboxes alone.
    pub(crate) restricted: bool,
    /// True when it was shared with an organisation or a space.
    pub(crate) shared: bool,
    /// Passwords of the spaces that it is in.
    pub(crate) space_passwords: Vec<String>,
    pub(crate) screenshot: bool,
    /// JSON: how it was recorded.
    pub(crate) source: Option<String>,
    /// JSON: its own settings, and those of its organisation.
    pub(crate) settings: [Option<String>; 2],
    /// True when its objects are in a bucket or a drive of its owner's.
    pub(crate) elsewhere: bool,
    pub(crate) created_at: Option<Millis>,
    /// Comments and reactions.
    pub(crate) comments: u64,
}

/// Something that was said of a video.
#[derive(Clone, Debug, Default)]
pub(crate) struct CapComment {
    pub(crate) id: String,
    /// `text`, `emoji`, `video` or `audio`.
    pub(crate) kind: String,
    pub(crate) content: String,
    /// Seconds.
    pub(crate) at: Option<f64>,
    pub(crate) author: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) created_at: Option<Millis>,
    /// As MySQL writes it, to go on from.
    pub(crate) order: Option<String>,
}

impl Cap {
    /// How many videos there are.
    pub(crate) async fn video_count(&mut self) -> Result<u64, mysql_async::Error> {
        self.count("videos", "id", "TRUE").await
    }

    /// The next videos by their ids.
    pub(crate) async fn videos(&mut self, after: &str) -> Result<Vec<CapVideo>, mysql_async::Error> {
        let video = |name| self.schema.column("videos", "v", name);
        let joins = self.schema.has("organizations", "id") && self.schema.has("videos", "orgId");
        let (join, of_organization) = if joins {
            let column = |name| self.schema.column("organizations", "o", name);
            let texts = format!(
                "CAST({} AS CHAR) AS org_settings, {} AS mailboxes",
                column("settings"),
                column("allowedEmailDomain")
            );
            ("LEFT JOIN organizations o ON o.id = v.orgId", texts)
        } else {
            ("", "NULL AS org_settings, NULL AS mailboxes".to_owned())
        };
        let created = format!("COALESCE({}, {})", video("effectiveCreatedAt"), video("createdAt"));
        let sql = format!(
            "SELECT v.id, v.ownerId AS owner, u.email, v.name, {} AS duration, {} AS width, {} AS height, {} AS fps, \
             {} AS public, {} AS password, {} AS screenshot, {} AS source, {} AS settings, {of_organization}, \
             ({} IS NOT NULL OR {} IS NOT NULL) AS elsewhere, {} AS created \
             FROM videos v LEFT JOIN users u ON u.id = v.ownerId {join} WHERE v.id > ? ORDER BY v.id LIMIT {PAGE}",
            self.schema.text("videos", "v", "duration"),
            self.schema.text("videos", "v", "width"),
            self.schema.text("videos", "v", "height"),
            self.schema.text("videos", "v", "fps"),
            video("public"),
            video("password"),
            video("isScreenshot"),
            self.schema.text("videos", "v", "source"),
            self.schema.text("videos", "v", "settings"),
            video("bucket"),
            video("storageIntegrationId"),
            as_millis(&created),
        );
        let rows = self.all(&sql, values(&[after])).await?;
        let mut videos: Vec<CapVideo> = rows.into_iter().map(read).collect();
        self.share(&mut videos).await?;
        Ok(videos)
    }

    /// Adds whom the videos are shared with, and how much was said of them.
    async fn share(&mut self, videos: &mut [CapVideo]) -> Result<(), mysql_async::Error> {
        let ids: Vec<String> = videos.iter().map(|video| video.id.clone()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let shared: HashMap<String, u64> =
            [self.tally("shared_videos", &ids).await?, self.tally("space_videos", &ids).await?]
                .into_iter()
                .flatten()
                .collect();
        let mut passwords = self.space_passwords(&ids).await?;
        let comments = self.tally("comments", &ids).await?;
        for video in videos {
            video.shared = shared.contains_key(&video.id);
            video.space_passwords = passwords.remove(&video.id).unwrap_or_default();
            video.comments = comments.get(&video.id).copied().unwrap_or_default();
        }
        Ok(())
    }

    /// How many rows of a table belong to each of these videos.
    async fn tally(&mut self, table: &str, videos: &[&str]) -> Result<HashMap<String, u64>, mysql_async::Error> {
        if videos.is_empty() || !self.schema.has(table, "videoId") {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT videoId AS video, COUNT(*) AS many FROM `{table}` WHERE videoId IN ({}) GROUP BY videoId",
            places(videos.len())
        );
        let read = |mut row: Row| Some((get(&mut row, "video")?, get(&mut row, "many")?));
        Ok(self.all(&sql, values(videos)).await?.into_iter().filter_map(read).collect())
    }

    async fn space_passwords(&mut self, videos: &[&str]) -> Result<HashMap<String, Vec<String>>, mysql_async::Error> {
        if videos.is_empty() || !self.schema.has("spaces", "password") || !self.schema.has("space_videos", "spaceId") {
            return Ok(HashMap::new());
        }
        let sql = format!(
            "SELECT sv.videoId AS video, s.password FROM space_videos sv JOIN spaces s ON s.id = sv.spaceId \
             WHERE s.password IS NOT NULL AND sv.videoId IN ({}) ORDER BY s.id",
            places(videos.len())
        );
        let mut found: HashMap<String, Vec<String>> = HashMap::new();
        for mut row in self.all(&sql, values(videos)).await? {
            if let (Some(video), Some(password)) = (get(&mut row, "video"), get(&mut row, "password")) {
                found.entry(video).or_default().push(password);
            }
        }
        Ok(found)
    }

    /// What was said of a video, in the order in which it was: what comes after `last`.
    pub(crate) async fn comments(
        &mut self,
        video: &str,
        last: Option<&CapComment>,
    ) -> Result<Vec<CapComment>, mysql_async::Error> {
        let column = |name| self.schema.column("comments", "c", name);
        let order = self.schema.text("comments", "c", "createdAt");
        let order = format!("COALESCE({order}, '')");
        let sql = format!(
            "SELECT c.id, c.type, c.content, CAST({} AS CHAR) AS moment, {} AS author, {} AS parent, {} AS created, \
             {order} AS place FROM comments c WHERE c.videoId = ? AND ({order}, c.id) > (?, ?) \
             ORDER BY {order}, c.id LIMIT {PAGE}",
            column("timestamp"),
            column("authorId"),
            column("parentCommentId"),
            as_millis(&column("createdAt")),
        );
        let place = last.and_then(|last| last.order.clone()).unwrap_or_default();
        let params =
            vec![Value::from(video), Value::from(place), Value::from(last.map_or("", |last| last.id.as_str()))];
        Ok(self.all(&sql, params).await?.into_iter().map(comment).collect())
    }
}

fn read(mut row: Row) -> CapVideo {
    let row = &mut row;
    let number = |row: &mut Row, name| get::<String>(row, name).and_then(|text| text.parse::<f64>().ok());
    CapVideo {
        id: get(row, "id").unwrap_or_default(),
        owner: get(row, "owner").unwrap_or_default(),
        owner_email: get(row, "email"),
        name: get(row, "name"),
        duration: number(row, "duration"),
        width: number(row, "width"),
        height: number(row, "height"),
        fps: number(row, "fps"),
        // What does not say that it is open is shut.
        public: flag(row, "public").unwrap_or_default(),
        password: get(row, "password"),
        restricted: get::<String>(row, "mailboxes").is_some_and(|list| !list.trim().is_empty()),
        shared: false,
        space_passwords: Vec::new(),
        screenshot: flag(row, "screenshot").unwrap_or_default(),
        source: get(row, "source"),
        settings: [get(row, "settings"), get(row, "org_settings")],
        elsewhere: flag(row, "elsewhere").unwrap_or_default(),
        created_at: millis(row, "created"),
        comments: 0,
    }
}

fn comment(mut row: Row) -> CapComment {
    let row = &mut row;
    CapComment {
        id: get(row, "id").unwrap_or_default(),
        kind: get(row, "type").unwrap_or_default(),
        content: get(row, "content").unwrap_or_default(),
        at: get::<String>(row, "moment").and_then(|text| text.parse().ok()),
        author: get(row, "author"),
        parent: get(row, "parent"),
        created_at: millis(row, "created"),
        order: get(row, "place"),
    }
}
