//! Uploads of every kind that people and attackers send, made with FFmpeg and by surgery on what it made; each with what
//! must become of it.

pub mod boxes;
pub mod damaged;
pub mod h264;
pub mod hostile;
pub mod large;
pub mod recordings;

use crate::footage;

/// A tiny picture that moves, for a second.
pub const PICTURE: &str = "-f lavfi -i testsrc2=size=64x48:rate=10:duration=1";
/// A tone as long.
pub const TONE: &str = "-f lavfi -i sine=duration=1";
/// What recorders write.
pub const H264: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -bf 2 -g 5";

/// An upload.
pub struct Case {
    /// What it is, for whoever reads of its failure.
    pub name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// What must become of it.
    pub expected: Expected,
}

/// What must become of an upload.
#[derive(Clone, Debug)]
pub enum Expected {
    /// It plays, and is this.
    Ready(Facts),
    /// It is refused, in words that hold one of these.
    Failed(&'static [&'static str]),
    /// It plays or is refused: damage that some readers see through.
    Either,
}

/// What a published recording is.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Pixels as shown.
    pub width: u32,
    /// Pixels as shown.
    pub height: u32,
    /// Length.
    pub seconds: f64,
    /// It is heard.
    pub sound: bool,
    /// Every packet is the upload's own, at its own time.
    pub copied: bool,
}

/// Plays, silently unless [`Expected::heard`].
#[must_use]
pub fn ready(width: u32, height: u32, seconds: f64) -> Expected {
    Expected::Ready(Facts { width, height, seconds, sound: false, copied: false })
}

impl Expected {
    /// With sound.
    #[must_use]
    pub fn heard(self) -> Self {
        self.with(|facts| facts.sound = true)
    }

    /// With the upload's own packets.
    #[must_use]
    pub fn copied(self) -> Self {
        self.with(|facts| facts.copied = true)
    }

    fn with(mut self, change: impl FnOnce(&mut Facts)) -> Self {
        if let Self::Ready(facts) = &mut self {
            change(facts);
        }
        self
    }
}

/// A case.
#[must_use]
pub fn case(name: impl Into<String>, bytes: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case { name: name.into(), bytes: bytes.into(), expected }
}

/// What recorders write, without sound: H.264 in MP4, the index last.
pub async fn silent() -> Vec<u8> {
    footage::make(&format!("{PICTURE} {H264}"), "mp4").await
}

/// The same with sound.
pub async fn heard() -> Vec<u8> {
    footage::make(&format!("{PICTURE} {TONE} {H264} -c:a aac"), "mp4").await
}
