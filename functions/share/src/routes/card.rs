//! What other sites show of a share link: in a preview, in a search's results, or as a player of their own.

use common::{
    db::videos::{Kind, Video},
    error::ApiError,
    ids::ShareCode,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// Addresses that stay good, since previews are kept: what they lead to is signed each time.
pub(super) struct Card {
    /// Its picture, once there is one.
    pub(super) image: Option<String>,
    /// Its player for other sites, once it plays.
    pub(super) player: Option<String>,
    /// What is played.
    pub(super) file: String,
    /// What describes it to sites that embed it.
    pub(super) oembed: String,
    /// The same for searches (schema.org's `VideoObject`), for a script element.
    pub(super) linked_data: Option<String>,
}

impl Card {
    /// The card of the video whose link is `{origin}/s/{code}`.
    pub(super) fn of(video: &Video, origin: &str, code: &ShareCode) -> Result<Self, ApiError> {
        let image = image(origin, code);
        let code = code.as_str();
        let link = format!("{origin}/s/{code}");
        let published = video.published_at.is_some();
        let mut card = Self {
            image: published.then_some(image),
            player: (published && video.kind == Kind::Recording).then(|| format!("{origin}/embed/{code}")),
            file: format!("{origin}/api/playlist?videoId={code}&videoType=mp4"),
            oembed: format!("{origin}/api/oembed?format=json&url={}", utf8_percent_encode(&link, NON_ALPHANUMERIC)),
            linked_data: None,
        };
        if let (Some(image), Some(player)) = (&card.image, &card.player) {
            let data = json!({
                "@context": "https://schema.org",
                "@type": "VideoObject",
                "name": video.name,
                "description": if video.description.is_empty() { &video.name } else { &video.description },
                "thumbnailUrl": image,
                "uploadDate": video.created_at,
                "duration": video.duration_ms.map(|millis| format!("PT{}S", (millis + 500) / 1000)),
                "embedUrl": player,
                "contentUrl": card.file,
                "url": link,
            });
            card.linked_data = Some(in_script(&serde_json::to_string(&data).map_err(ApiError::internal)?));
        }
        Ok(card)
    }
}

/// Where the picture of a published video is, by one of its links.
pub(super) fn image(origin: &str, code: &ShareCode) -> String {
    format!("{origin}/api/video/og?videoId={}", code.as_str())
}

/// JSON that ends no element that it stands in, whatever a title says.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_ends_the_script() {
        let written = in_script(r#"{"name":"</script><!-- & -->"}"#);
        assert!(!written.contains(['<', '>', '&']), "{written}");
        let read: serde_json::Value = serde_json::from_str(&written).expect("JSON");
        assert_eq!(read["name"], "</script><!-- & -->");
    }
}
