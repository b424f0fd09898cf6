//! Every S3 key that exists, made and parsed here and nowhere else.

use crate::ids::VideoId;

const RAW: &str = "videos/raw/";
const PUBLISH_JOBS: &str = "jobs/publish/";
const PIECE_JOBS: &str = "jobs/piece/";

/// File endings under which an upload is stored. An ending is a name, not a format: what the object is, its content says.
const RAW_ENDINGS: [&str; 4] = ["mp4", "webm", "mov", "mkv"];

/// Where a client's file goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The object's key.
    pub key: String,
    /// Content type that the client is told to send.
    pub content_type: &'static str,
}

/// Maps the name a client gives its file (`result.mp4`, `raw-upload.webm`, …) to a key. Only known names are mapped;
/// nothing of the client's text becomes part of a key.
#[must_use]
pub fn upload(video: &VideoId, subpath: &str) -> Option<Upload> {
    let (ending, content_type) = match subpath {
        "result.mp4" | "raw-upload.mp4" | "agent-upload.mp4" => ("mp4", "video/mp4"),
        "raw-upload.webm" => ("webm", "video/webm"),
        "raw-upload.mov" => ("mov", "video/quicktime"),
        "raw-upload.mkv" => ("mkv", "video/x-matroska"),
        _ => return None,
    };
    Some(Upload { key: format!("{RAW}{video}.{ending}"), content_type })
}

/// Prefix of a video's uploads, whatever their ending.
#[must_use]
pub fn raw_prefix(video: &VideoId) -> String {
    format!("{RAW}{video}.")
}

/// What is played.
#[must_use]
pub fn processed(video: &VideoId) -> String {
    format!("videos/processed/{video}.mp4")
}

/// The poster.
#[must_use]
pub fn poster(video: &VideoId) -> String {
    format!("thumbnails/{video}.jpg")
}

/// The job that publishes the upload at `raw_key`; `None` when that is not a key of an upload.
#[must_use]
pub fn publish_job(raw_key: &str) -> Option<String> {
    let (video, ending) = parse_raw(raw_key)?;
    Some(format!("{PUBLISH_JOBS}{video}/{ending}.json"))
}

/// The job that does piece `number` of an attempt.
#[must_use]
pub fn piece_job(video: &VideoId, attempt: u64, number: u32) -> String {
    format!("{PIECE_JOBS}{video}/{attempt}-{number}.json")
}

/// Prefix of a video's pieces.
#[must_use]
pub fn pieces(video: &VideoId) -> String {
    format!("videos/processed/{video}/pieces/")
}

/// A piece of a recording, encoded. `set` tells apart what does not belong together.
#[must_use]
pub fn piece(video: &VideoId, set: &str, number: u32) -> String {
    format!("videos/processed/{video}/pieces/{set}/{number}.mp4")
}

/// Prefixes under which everything of a video lies. Ids have one length, so no id is the beginning of another.
#[must_use]
pub fn owned_prefixes(video: &VideoId) -> [String; 5] {
    [
        raw_prefix(video),
        format!("videos/processed/{video}"),
        format!("thumbnails/{video}"),
        format!("{PUBLISH_JOBS}{video}/"),
        format!("{PIECE_JOBS}{video}/"),
    ]
}

/// What a new object asks the transcode function to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Publish the upload at `source`.
    Publish {
        /// Whose upload it is.
        video: VideoId,
        /// Key of the upload.
        source: String,
    },
    /// Do a piece of an attempt's work, as the job object says.
    Piece {
        /// Whose.
        video: VideoId,
        /// The attempt.
        attempt: u64,
        /// Which of its pieces.
        number: u32,
    },
    /// Not a key of ours.
    Foreign,
}

/// Reads the decoded key of a new object.
#[must_use]
pub fn work(key: &str) -> Work {
    if let Some((video, _)) = parse_raw(key) {
        return Work::Publish { video, source: key.to_owned() };
    }
    publish_again(key).or_else(|| piece_of(key)).unwrap_or(Work::Foreign)
}

fn publish_again(key: &str) -> Option<Work> {
    let (video, ending) = key.strip_prefix(PUBLISH_JOBS)?.strip_suffix(".json")?.split_once('/')?;
    let source = format!("{RAW}{video}.{ending}");
    let (video, _) = parse_raw(&source)?;
    Some(Work::Publish { video, source })
}

fn piece_of(key: &str) -> Option<Work> {
    let (video, rest) = key.strip_prefix(PIECE_JOBS)?.strip_suffix(".json")?.split_once('/')?;
    let (attempt, number) = rest.split_once('-')?;
    let work =
        Work::Piece { video: VideoId::parse(video)?, attempt: attempt.parse().ok()?, number: number.parse().ok()? };
    // One key for one piece: `+1` and `01` are numbers as well.
    Some(work).filter(
        |work| matches!(work, Work::Piece { video, attempt, number } if piece_job(video, *attempt, *number) == key),
    )
}

fn parse_raw(key: &str) -> Option<(VideoId, &str)> {
    let (video, ending) = key.strip_prefix(RAW)?.split_once('.')?;
    let known = RAW_ENDINGS.contains(&ending);
    VideoId::parse(video).filter(|_| known).map(|video| (video, ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video() -> VideoId {
        VideoId::parse("0123456789abcde").expect("an id")
    }

    #[test]
    fn known_subpaths_map_to_raw_keys() {
        let key = |subpath| upload(&video(), subpath).map(|upload| upload.key);
        assert_eq!(key("result.mp4").as_deref(), Some("videos/raw/0123456789abcde.mp4"));
        assert_eq!(key("raw-upload.webm").as_deref(), Some("videos/raw/0123456789abcde.webm"));
    }

    #[test]
    fn other_subpaths_map_to_nothing() {
        for subpath in ["", "../result.mp4", "/result.mp4", "%2e%2e/result.mp4", "result.mp4/", "RESULT.MP4", "x.mp4"] {
            assert_eq!(upload(&video(), subpath), None, "{subpath}");
        }
    }

    #[test]
    fn raw_objects_and_publish_jobs_are_work() {
        let source = "videos/raw/0123456789abcde.webm".to_owned();
        let publish = Work::Publish { video: video(), source: source.clone() };
        assert_eq!(work(&source), publish);
        assert_eq!(work(&publish_job(&source).expect("a job")), publish);
    }

    #[test]
    fn foreign_keys_are_not_work() {
        let foreign = [
            "videos/raw/",
            "videos/raw/0123456789abcde",
            "videos/raw/0123456789abcde.exe",
            "videos/raw/ilo.mp4",
            "videos/raw/a/0123456789abcde.mp4",
            "videos/processed/0123456789abcde.mp4",
            "jobs/publish/0123456789abcde/exe.json",
            "jobs/publish/0123456789abcde.json",
            "jobs/other/x.json",
        ];
        for key in foreign {
            assert_eq!(work(key), Work::Foreign, "{key}");
        }
    }
}
