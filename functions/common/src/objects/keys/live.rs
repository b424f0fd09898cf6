//! What a client uploads while it records: a manifest that it stores again and again, and for each track what begins it and
//! its segments. None of it starts anything; the job that is written at the end does.

use super::Upload;
use crate::ids::VideoId;

/// Segments of a track that can have a key. A day of them, two seconds each, has 43,200.
pub const MAX_SEGMENT: u32 = 99_999;

const MANIFEST: (&str, &str) = ("manifest.json", "application/json");
const MEDIA: &str = "video/mp4";

/// Pictures and sound are uploaded apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

impl Track {
    fn folder(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

/// Prefix of everything that is uploaded while a video is recorded.
#[must_use]
pub fn prefix(video: &VideoId) -> String {
    format!("videos/live/{video}/")
}

/// Which segments there are.
#[must_use]
pub fn manifest(video: &VideoId) -> String {
    format!("{}{}", prefix(video), MANIFEST.0)
}

/// What begins a track.
#[must_use]
pub fn init(video: &VideoId, track: Track) -> String {
    format!("{}{}/init.mp4", prefix(video), track.folder())
}

/// Prefix of a track's segments.
#[must_use]
pub fn segments(video: &VideoId, track: Track) -> String {
    format!("{}{}/segment_", prefix(video), track.folder())
}

/// A segment of a track; the first is 1.
#[must_use]
pub fn segment(video: &VideoId, track: Track, index: u32) -> String {
    format!("{}{index:03}.m4s", segments(video, track))
}

/// Which segment of a track is at a key.
#[must_use]
pub fn parse_segment(video: &VideoId, track: Track, key: &str) -> Option<u32> {
    index(key.strip_prefix(&segments(video, track))?)
}

/// Where a file goes that the client calls `segments/…`.
pub(super) fn upload(video: &VideoId, subpath: &str) -> Option<Upload> {
    let name = subpath.strip_prefix("segments/")?;
    if name == MANIFEST.0 {
        return Some(Upload { key: manifest(video), content_type: MANIFEST.1 });
    }
    let (folder, file) = name.split_once('/')?;
    let track = [Track::Video, Track::Audio].into_iter().find(|track| track.folder() == folder)?;
    let key = match file {
        "init.mp4" => init(video, track),
        _ => segment(video, track, index(file.strip_prefix("segment_")?)?),
    };
    Some(Upload { key, content_type: MEDIA })
}

/// The number in `001.m4s`: of three digits, or of more that do not begin with a zero.
fn index(file: &str) -> Option<u32> {
    let digits = file.strip_suffix(".m4s")?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits.len() == 3 || !digits.starts_with('0'));
    let index = digits.parse().ok().filter(|_| plain && digits.len() >= 3)?;
    (1..=MAX_SEGMENT).contains(&index).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video() -> VideoId {
        VideoId::parse("0123456789abcde").expect("an id")
    }

    #[test]
    fn what_is_recorded_maps_to_live_keys() {
        for (subpath, key, content_type) in [
            ("manifest.json", "manifest.json", "application/json"),
            ("video/init.mp4", "video/init.mp4", "video/mp4"),
            ("audio/init.mp4", "audio/init.mp4", "video/mp4"),
            ("video/segment_001.m4s", "video/segment_001.m4s", "video/mp4"),
            ("audio/segment_999.m4s", "audio/segment_999.m4s", "video/mp4"),
            ("audio/segment_1000.m4s", "audio/segment_1000.m4s", "video/mp4"),
        ] {
            let upload = upload(&video(), &format!("segments/{subpath}")).expect(subpath);
            assert_eq!(upload.key, format!("videos/live/0123456789abcde/{key}"));
            assert_eq!(upload.content_type, content_type, "{subpath}");
        }
    }

    #[test]
    fn no_other_form_maps_to_anything() {
        for subpath in [
            "",
            "/",
            "manifest.json/",
            "../manifest.json",
            "video/manifest.json",
            "video/",
            "screen/init.mp4",
            "video/init.m4s",
            "video/segment_000.m4s",
            "video/segment_1.m4s",
            "video/segment_01.m4s",
            "video/segment_0001.m4s",
            "video/segment_+01.m4s",
            "video/segment_001.mp4",
            "video/segment_001.m4s/x",
            "video/segment_100000.m4s",
            "video/segment_99999999999.m4s",
            "video/../audio/init.mp4",
            "Video/init.mp4",
        ] {
            assert_eq!(upload(&video(), &format!("segments/{subpath}")), None, "{subpath}");
        }
    }

    #[test]
    fn segments_are_known_by_their_keys() {
        for number in [1, 10, 999, 1000, MAX_SEGMENT] {
            let key = segment(&video(), Track::Audio, number);
            assert_eq!(parse_segment(&video(), Track::Audio, &key), Some(number), "{key}");
            assert_eq!(parse_segment(&video(), Track::Video, &key), None, "{key}");
        }
    }
}
