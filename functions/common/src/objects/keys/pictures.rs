//! Pictures that clients take: screenshots, and the thumbnail that the desktop makes of a recording itself.

use super::{RAW, Upload, raw_prefix};
use crate::{db::videos::Kind, ids::VideoId};

/// What clients call either.
const NAMES: [(&str, &str, &str); 3] = [
    ("screenshot/screen-capture.png", "png", "image/png"),
    ("screenshot/screen-capture.jpg", "jpg", "image/jpeg"),
    ("screenshot/screen-capture.jpeg", "jpg", "image/jpeg"),
];

/// Maps the name a client gives a file of a video to a key. A screenshot's picture is an upload like a recording, and is
/// looked at before anybody sees it; a recording's is only the client's idea of its poster.
#[must_use]
pub fn upload_of(video: &VideoId, kind: Kind, subpath: &str) -> Option<Upload> {
    let picture = NAMES.iter().find(|(name, ..)| *name == subpath);
    match (kind, picture) {
        (Kind::Screenshot, Some((_, ending, content_type))) => {
            Some(Upload { key: format!("{RAW}{video}.{ending}"), content_type })
        }
        (Kind::Recording, Some((_, ending, content_type))) => {
            Some(Upload { key: thumbnail(video, ending), content_type })
        }
        (Kind::Screenshot, None) => None,
        (Kind::Recording, None) => super::upload(video, subpath),
    }
}

impl Upload {
    /// True when it is published once it is there, and so may be large enough for parts.
    #[must_use]
    pub fn is_published(&self, video: &VideoId) -> bool {
        self.key.starts_with(&raw_prefix(video))
    }
}

/// What the desktop thinks that a recording looks like: a JPEG, of whose content nothing is known.
#[must_use]
pub fn client_thumbnail(video: &VideoId) -> String {
    thumbnail(video, "jpg")
}

fn thumbnail(video: &VideoId, ending: &str) -> String {
    format!("thumbnails/{video}/screen-capture.{ending}")
}

/// A screenshot as it is shown. Like what is derived from a recording it lies under the attempt that published it, so that
/// no older attempt can put its picture over a newer one's.
#[must_use]
pub fn screenshot(video: &VideoId, published: u64) -> String {
    format!("thumbnails/{video}/{published}/screen-capture")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::keys::{Work, owned_prefixes, publish_job, work};

    fn video() -> VideoId {
        VideoId::parse("0123456789abcde").expect("an id")
    }

    fn key(kind: Kind, subpath: &str) -> Option<String> {
        upload_of(&video(), kind, subpath).map(|upload| upload.key)
    }

    #[test]
    fn a_picture_is_an_upload_of_a_screenshot_and_a_thumbnail_of_a_recording() {
        for (subpath, raw, thumbnail) in [
            ("screenshot/screen-capture.png", "0123456789abcde.png", "0123456789abcde/screen-capture.png"),
            ("screenshot/screen-capture.jpg", "0123456789abcde.jpg", "0123456789abcde/screen-capture.jpg"),
            ("screenshot/screen-capture.jpeg", "0123456789abcde.jpg", "0123456789abcde/screen-capture.jpg"),
        ] {
            assert_eq!(key(Kind::Screenshot, subpath), Some(format!("videos/raw/{raw}")));
            assert_eq!(key(Kind::Recording, subpath), Some(format!("thumbnails/{thumbnail}")));
        }
        assert_eq!(key(Kind::Recording, "result.mp4").as_deref(), Some("videos/raw/0123456789abcde.mp4"));
        assert_eq!(key(Kind::Screenshot, "result.mp4"), None, "what is no picture is no screenshot");
    }

    #[test]
    fn c13_other_names_of_pictures_map_to_nothing() {
        for subpath in [
            "screenshot/../screen-capture.png",
            "/screenshot/screen-capture.png",
            "screenshot%2Fscreen-capture.png",
            "screenshot/screen-capture.gif",
            "screenshot/screen-capture",
            "screen-capture.png",
            "SCREENSHOT/screen-capture.png",
            "",
        ] {
            for kind in [Kind::Recording, Kind::Screenshot] {
                assert_eq!(key(kind, subpath), None, "{subpath}");
            }
        }
    }

    #[test]
    fn a_screenshots_upload_is_work_and_its_picture_is_not() {
        let source = key(Kind::Screenshot, "screenshot/screen-capture.png").expect("a key");
        let publish = Work::Publish { video: video(), source: source.clone() };
        assert_eq!(work(&source), publish);
        assert_eq!(work(&publish_job(&source).expect("a job")), publish);
        for made in [screenshot(&video(), 3), client_thumbnail(&video())] {
            assert_eq!(work(&made), Work::Foreign);
            assert!(owned_prefixes(&video()).iter().any(|prefix| made.starts_with(prefix)), "{made}");
        }
    }

    #[test]
    fn only_what_is_published_comes_in_parts() {
        let parts = |kind, subpath| upload_of(&video(), kind, subpath).is_some_and(|file| file.is_published(&video()));
        assert!(parts(Kind::Recording, "result.mp4") && parts(Kind::Screenshot, "screenshot/screen-capture.png"));
        assert!(!parts(Kind::Recording, "screenshot/screen-capture.jpg"));
    }
}
