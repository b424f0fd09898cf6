//! Every S3 key that exists, made and parsed here and nowhere else.

pub mod live;
mod pictures;

use crate::ids::{MailId, UserId, VideoId};

pub use live::Track;
pub use pictures::{client_thumbnail, screenshot, upload_of};

const RAW: &str = "videos/raw/";
const JOBS: &str = "jobs/";
const PUBLISH_JOBS: &str = "jobs/publish/";
const PIECE_JOBS: &str = "jobs/piece/";
const DERIVE_JOBS: &str = "jobs/derive/";
const RENDITION_JOBS: &str = "jobs/rendition/";
const ASSEMBLE_JOBS: &str = "jobs/assemble/";
const ACCOUNT_JOBS: &str = "jobs/account/";
const AVATARS: &str = "avatars/";
/// Prefix of mails that are to be sent.
pub const OUTBOX: &str = "outbox/";

/// True for what asks functions to do something, by being there.
#[must_use]
pub fn is_work(key: &str) -> bool {
    key.starts_with(JOBS) || key.starts_with(OUTBOX)
}

/// File endings under which an upload is stored. An ending is a name, not a format: what the object is, its content says.
const RAW_ENDINGS: [&str; 6] = ["mp4", "webm", "mov", "mkv", "png", "jpg"];

/// Where a client's file goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The object's key.
    pub key: String,
    /// Content type that the client is told to send.
    pub content_type: &'static str,
}

/// Maps the name a client gives the file of a recording (`result.mp4`, `raw-upload.webm`, …) to a key. Only known names are
/// mapped; nothing of the client's text becomes part of a key.
#[must_use]
pub fn upload(video: &VideoId, subpath: &str) -> Option<Upload> {
    let (ending, content_type) = match subpath {
        "result.mp4" | "raw-upload.mp4" | "agent-upload.mp4" => ("mp4", "video/mp4"),
        "raw-upload.webm" => ("webm", "video/webm"),
        "raw-upload.mov" => ("mov", "video/quicktime"),
        "raw-upload.mkv" => ("mkv", "video/x-matroska"),
        _ => return live::upload(video, subpath),
    };
    Some(Upload { key: format!("{RAW}{video}.{ending}"), content_type })
}

/// Prefix of a video's uploads, whatever their ending.
#[must_use]
pub fn raw_prefix(video: &VideoId) -> String {
    format!("{RAW}{video}.")
}

/// A recording that was assembled of its segments and is published as an upload is.
#[must_use]
pub fn assembled(video: &VideoId) -> String {
    format!("{RAW}{video}.mp4")
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

/// The job that makes one file of what was uploaded while it was recorded.
#[must_use]
pub fn assemble_job(video: &VideoId) -> String {
    format!("{ASSEMBLE_JOBS}{video}.json")
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

/// What is derived from a published video lies under the number of the attempt that published it: so what is being played
/// stays as it is while the same is made of a newer upload.
///
/// The pictures of a player's scrubber; [`storyboard_cues`] says which is where.
#[must_use]
pub fn storyboard(video: &VideoId, published: u64) -> String {
    format!("thumbnails/{video}/{published}/storyboard.jpg")
}

/// Which part of the storyboard's picture is for which time, as WebVTT that names the picture by a relative address.
#[must_use]
pub fn storyboard_cues(video: &VideoId, published: u64) -> String {
    format!("thumbnails/{video}/{published}/storyboard.vtt")
}

/// A few seconds of the video that move by themselves, a GIF.
#[must_use]
pub fn preview(video: &VideoId, published: u64) -> String {
    format!("thumbnails/{video}/{published}/preview.gif")
}

/// A playlist of the renditions: `master`, one of them by its name, or `audio`. Its addresses are relative.
#[must_use]
pub fn playlist(video: &VideoId, published: u64, name: &str) -> String {
    format!("videos/processed/{video}/hls/{published}/{name}.m3u8")
}

/// Media that a playlist names: `file` as it stands there.
#[must_use]
pub fn stream(video: &VideoId, published: u64, file: &str) -> String {
    format!("videos/processed/{video}/hls/{published}/{file}")
}

/// What piece `number` of the renditions has made, for whoever writes the playlists.
#[must_use]
pub fn stream_piece(video: &VideoId, published: u64, number: u32) -> String {
    format!("videos/processed/{video}/hls/{published}/{number}.json")
}

/// Prefixes under which everything lies that was derived from a video, each followed by an attempt's number and a slash.
#[must_use]
pub fn derived_prefixes(video: &VideoId) -> [String; 2] {
    [format!("thumbnails/{video}/"), format!("videos/processed/{video}/hls/")]
}

/// The job that derives everything from what an attempt has published.
#[must_use]
pub fn derive_job(video: &VideoId, published: u64) -> String {
    format!("{DERIVE_JOBS}{video}/{published}.json")
}

/// The job that makes piece `number` of the renditions, under an attempt at deriving.
#[must_use]
pub fn rendition_job(video: &VideoId, attempt: u64, number: u32) -> String {
    format!("{RENDITION_JOBS}{video}/{attempt}-{number}.json")
}

/// Where a person's browser stores a picture, until it has been looked at.
#[must_use]
pub fn avatar_upload(user: &UserId) -> String {
    format!("{AVATARS}{user}/upload")
}

/// A person's picture. `file` is its name there, which no other picture has or will have.
#[must_use]
pub fn avatar(user: &UserId, file: &str) -> String {
    format!("{AVATARS}{user}/{file}")
}

/// The job that removes what a deleted account has left.
#[must_use]
pub fn account_job(user: &UserId) -> String {
    format!("{ACCOUNT_JOBS}{user}.json")
}

/// Prefixes under which everything of an account lies that is not a video's.
#[must_use]
pub fn account_prefixes(user: &UserId) -> [String; 2] {
    [format!("{AVATARS}{user}/"), account_job(user)]
}

/// A mail that is to be sent.
#[must_use]
pub fn mail(id: &MailId) -> String {
    format!("{OUTBOX}{id}.json")
}

/// Which mail is at a decoded key; `None` when it is not a key of one.
#[must_use]
pub fn parse_mail(key: &str) -> Option<MailId> {
    MailId::parse(key.strip_prefix(OUTBOX)?.strip_suffix(".json")?)
}

/// A trial of whether storing, reading and removing work. Nothing is started by it.
#[must_use]
pub fn trial(id: &MailId) -> String {
    format!("doctor/{id}")
}

/// Prefixes under which everything of a video lies. Ids have one length, so no id is the beginning of another.
#[must_use]
pub fn owned_prefixes(video: &VideoId) -> [String; 9] {
    [
        raw_prefix(video),
        format!("videos/processed/{video}"),
        format!("thumbnails/{video}"),
        live::prefix(video),
        assemble_job(video),
        format!("{PUBLISH_JOBS}{video}/"),
        format!("{PIECE_JOBS}{video}/"),
        format!("{DERIVE_JOBS}{video}/"),
        format!("{RENDITION_JOBS}{video}/"),
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
    /// Publish what was uploaded while it was recorded.
    Assemble {
        /// Whose recording it is.
        video: VideoId,
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
    /// Derive from what an attempt has published: storyboard, preview, renditions.
    Derive {
        /// Whose.
        video: VideoId,
        /// The attempt that published it.
        published: u64,
    },
    /// Make a piece of the renditions, as the job object says.
    Rendition {
        /// Whose.
        video: VideoId,
        /// The attempt at deriving.
        attempt: u64,
        /// Which of its pieces.
        number: u32,
    },
    /// Remove what a deleted account has left.
    Account {
        /// Whose it was.
        user: UserId,
    },
    /// Not a key of ours.
    Foreign,
}

impl Work {
    /// The video that it is about.
    #[must_use]
    pub fn video(&self) -> Option<&VideoId> {
        match self {
            Self::Publish { video, .. }
            | Self::Assemble { video }
            | Self::Piece { video, .. }
            | Self::Derive { video, .. }
            | Self::Rendition { video, .. } => Some(video),
            Self::Account { .. } | Self::Foreign => None,
        }
    }
}

/// Reads the decoded key of a new object.
#[must_use]
pub fn work(key: &str) -> Work {
    if let Some((video, _)) = parse_raw(key) {
        return Work::Publish { video, source: key.to_owned() };
    }
    let work =
        publish_again(key).or_else(|| derive(key)).or_else(|| account(key)).or_else(|| assemble(key)).or_else(|| {
            let piece = |(video, attempt, number)| Work::Piece { video, attempt, number };
            let rendition = |(video, attempt, number)| Work::Rendition { video, attempt, number };
            numbered(key, PIECE_JOBS).map(piece).or_else(|| numbered(key, RENDITION_JOBS).map(rendition))
        });
    // One key for one job: `+1` and `01` are numbers as well.
    work.filter(|work| work.job().is_none_or(|written| written == key)).unwrap_or(Work::Foreign)
}

impl Work {
    /// The key of the job that asks for this; `None` when an upload may ask for it as well.
    fn job(&self) -> Option<String> {
        match self {
            Self::Assemble { video } => Some(assemble_job(video)),
            Self::Piece { video, attempt, number } => Some(piece_job(video, *attempt, *number)),
            Self::Derive { video, published } => Some(derive_job(video, *published)),
            Self::Rendition { video, attempt, number } => Some(rendition_job(video, *attempt, *number)),
            Self::Account { user } => Some(account_job(user)),
            Self::Publish { .. } | Self::Foreign => None,
        }
    }
}

fn publish_again(key: &str) -> Option<Work> {
    let (video, ending) = key.strip_prefix(PUBLISH_JOBS)?.strip_suffix(".json")?.split_once('/')?;
    let source = format!("{RAW}{video}.{ending}");
    let (video, _) = parse_raw(&source)?;
    Some(Work::Publish { video, source })
}

fn derive(key: &str) -> Option<Work> {
    let (video, published) = key.strip_prefix(DERIVE_JOBS)?.strip_suffix(".json")?.split_once('/')?;
    Some(Work::Derive { video: VideoId::parse(video)?, published: published.parse().ok()? })
}

fn assemble(key: &str) -> Option<Work> {
    let video = VideoId::parse(key.strip_prefix(ASSEMBLE_JOBS)?.strip_suffix(".json")?)?;
    Some(Work::Assemble { video })
}

fn account(key: &str) -> Option<Work> {
    let user = UserId::parse(key.strip_prefix(ACCOUNT_JOBS)?.strip_suffix(".json")?)?;
    Some(Work::Account { user })
}

/// Video, attempt and number of a job that is one of many.
fn numbered(key: &str, kind: &str) -> Option<(VideoId, u64, u32)> {
    let (video, rest) = key.strip_prefix(kind)?.strip_suffix(".json")?.split_once('/')?;
    let (attempt, number) = rest.split_once('-')?;
    Some((VideoId::parse(video)?, attempt.parse().ok()?, number.parse().ok()?))
}

fn parse_raw(key: &str) -> Option<(VideoId, &str)> {
    let (video, ending) = key.strip_prefix(RAW)?.split_once('.')?;
    let known = RAW_ENDINGS.contains(&ending);
    VideoId::parse(video).filter(|_| known).map(|video| (video, ending))
}

#[cfg(test)]
mod tests;
