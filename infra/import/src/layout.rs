//! Where Cap keeps what, and where that goes here.

use common::{
    db::videos::Kind,
    ids::VideoId,
    objects::{Listed, keys},
};

/// What the subpath of a recording's file is in Cap, the best first, and the name under which a client would upload it here.
const FILES: [(&str, &str); 7] = [
    ("result.mp4", "result.mp4"),
    ("raw-upload.mp4", "raw-upload.mp4"),
    ("raw-upload.webm", "raw-upload.webm"),
    ("raw-upload.mov", "raw-upload.mov"),
    ("raw-upload.mkv", "raw-upload.mkv"),
    ("agent-upload.mp4", "agent-upload.mp4"),
    ("source/original.mp4", "result.mp4"),
];
/// A picture of the recording, or the screenshot itself.
const PICTURES: [&str; 3] =
    ["screenshot/screen-capture.png", "screenshot/screen-capture.jpg", "screenshot/screen-capture.jpeg"];
const TRANSCRIPT: &str = "transcription.vtt";
const MANIFEST: &str = "segments/manifest.json";
const SEGMENTS: &str = "segments/";
/// Playlists of versions that published recordings as HLS alone.
const PLAYLISTS: [&str; 2] = ["combined-source/stream.m3u8", "output/video_recording_000.m3u8"];

/// Prefix of what belongs to a video.
pub(crate) fn prefix(owner: &str, video: &str) -> String {
    format!("{owner}/{video}/")
}

/// The key of a person's picture, if that is in Cap's bucket.
pub(crate) fn picture(image: &str) -> Option<&str> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
    (image.starts_with("users/") && image.chars().all(plain) && !image.contains("..")).then_some(image)
}

/// An object of Cap's, and where it goes.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) from: Listed,
    pub(crate) to: keys::Upload,
}

/// What a video's recording is.
#[derive(Clone, Debug)]
pub(crate) enum Recording {
    /// One file, which is published as an upload is.
    File(Move),
    /// Segments with their manifest, which comes last.
    Segments(Vec<Move>, Box<Move>),
}

/// What there is of a video.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stored {
    found: Vec<(String, Listed)>,
    /// True when there is an HLS playlist of an old Cap.
    pub(crate) playlist: bool,
}

impl Stored {
    /// Takes note of an object of the video.
    pub(crate) fn add(&mut self, prefix: &str, object: Listed) {
        let Some(name) = object.key.strip_prefix(prefix).map(str::to_owned) else { return };
        self.playlist |= PLAYLISTS.contains(&name.as_str());
        let is_file = FILES.iter().any(|(file, _)| *file == name);
        let known = is_file || PICTURES.contains(&name.as_str()) || name == TRANSCRIPT || name.starts_with(SEGMENTS);
        if object.head.size > 0 && known {
            self.found.push((name, object));
        }
    }

    fn named(&self, wanted: &str) -> Option<&Listed> {
        self.found.iter().find(|(name, _)| name == wanted).map(|(_, object)| object)
    }

    /// The recording, or the picture of a screenshot.
    pub(crate) fn recording(&self, video: &VideoId, kind: Kind) -> Option<Recording> {
        if kind == Kind::Screenshot {
            return self.picture(video, kind).map(Recording::File);
        }
        let file = |(name, uploaded): &(&str, &str)| {
            let from = self.named(name)?.clone();
            Some(Recording::File(Move { from, to: keys::upload_of(video, kind, uploaded)? }))
        };
        // One that was recorded in segments is whole in `result.mp4`, and nowhere else in one piece.
        FILES.first().and_then(file).or_else(|| self.segments(video)).or_else(|| FILES[1..].iter().find_map(file))
    }

    /// What is said in it.
    pub(crate) fn transcript(&self) -> Option<&Listed> {
        self.named(TRANSCRIPT)
    }

    /// The picture that the app made of a recording.
    pub(crate) fn thumbnail(&self, video: &VideoId) -> Option<Move> {
        self.picture(video, Kind::Recording)
    }

    fn picture(&self, video: &VideoId, kind: Kind) -> Option<Move> {
        let of = |name: &&str| Some(Move { from: self.named(name)?.clone(), to: keys::upload_of(video, kind, name)? });
        PICTURES.iter().filter_map(of).max_by_key(|found| found.from.stored_at)
    }

    fn segments(&self, video: &VideoId) -> Option<Recording> {
        let of = |(name, object): &(String, Listed)| {
            let to = keys::upload_of(video, Kind::Recording, name)?;
            Some((name.as_str() == MANIFEST, Move { from: object.clone(), to }))
        };
        let (manifests, media): (Vec<_>, Vec<_>) = self
            .found
            .iter()
            .filter(|(name, _)| name.starts_with(SEGMENTS))
            .filter_map(of)
            .partition(|(is_manifest, _)| *is_manifest);
        let manifest = manifests.into_iter().next()?.1;
        let media: Vec<_> = media.into_iter().map(|(_, found)| found).collect();
        (!media.is_empty()).then(|| Recording::Segments(media, Box::new(manifest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::objects::Head;

    fn stored(names: &[&str]) -> Stored {
        let mut stored = Stored::default();
        for (at, name) in (0..).zip(names) {
            let head = Head { size: 10, e_tag: name.to_string() };
            stored.add("o/v/", Listed { key: format!("o/v/{name}"), stored_at: at, head });
        }
        stored
    }

    fn goes(names: &[&str], kind: Kind) -> Option<(String, String)> {
        let video = VideoId::parse("0123456789abcde").expect("an id");
        Some(match stored(names).recording(&video, kind)? {
            Recording::File(file) => (file.from.key, file.to.key),
            Recording::Segments(media, manifest) => (format!("{} segments", media.len()), manifest.to.key),
        })
    }

    #[test]
    fn the_best_of_a_recording_is_taken() {
        let raw =
            |from: &str, ending: &str| Some((format!("o/v/{from}"), format!("videos/raw/0123456789abcde.{ending}")));
        let segments = ["segments/manifest.json", "segments/video/init.mp4", "segments/video/segment_001.m4s"];
        assert_eq!(goes(&["raw-upload.webm", "result.mp4"], Kind::Recording), raw("result.mp4", "mp4"));
        assert_eq!(goes(&["raw-upload.webm"], Kind::Recording), raw("raw-upload.webm", "webm"));
        assert_eq!(goes(&["source/original.mp4"], Kind::Recording), raw("source/original.mp4", "mp4"));
        assert_eq!(goes(&[segments.as_slice(), &["result.mp4"]].concat(), Kind::Recording), raw("result.mp4", "mp4"));
        let live = Some(("2 segments".to_owned(), "videos/live/0123456789abcde/manifest.json".to_owned()));
        assert_eq!(goes(&segments, Kind::Recording), live);
        for nothing in [&["segments/manifest.json"][..], &segments[1..], &["transcription.vtt"], &["output/x.ts"], &[]]
        {
            assert_eq!(goes(nothing, Kind::Recording), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_screenshot_is_its_newest_picture() {
        let names = ["screenshot/screen-capture.png", "screenshot/screen-capture.jpg", "result.mp4"];
        let newest =
            Some(("o/v/screenshot/screen-capture.jpg".to_owned(), "videos/raw/0123456789abcde.jpg".to_owned()));
        assert_eq!(goes(&names, Kind::Screenshot), newest);
        assert_eq!(goes(&["result.mp4"], Kind::Screenshot), None);
    }

    #[test]
    fn pictures_of_people_are_keys_and_no_addresses() {
        assert_eq!(picture("users/abc/1700000000.png"), Some("users/abc/1700000000.png"));
        for other in ["https://lh3.example.test/a", "", "users/../o/v/result.mp4", "organizations/o/1.png", "/users/a"]
        {
            assert_eq!(picture(other), None, "{other}");
        }
    }
}
