//! A track as both readers, the index reader and ffprobe, describe it.

use std::time::Duration;

/// What a track carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles, timecode, data.
    Other,
}

/// How a track is coded, as far as the publish decision cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    /// H.264 whose sequence parameters are known.
    H264(H264),
    /// H.265.
    Hevc,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// AV1.
    Av1,
    /// AAC with its audio object type (2 is low complexity; ISO/IEC 14496-3 table 1.17).
    Aac {
        /// Audio object type.
        object_type: u8,
    },
    /// Encrypted content, which nobody but its owner's player can read.
    Protected,
    /// Anything else, by its four-character code or FFmpeg's name for it.
    Other(String),
}

/// The parameters of an H.264 track that decide whether phones and browsers play it (ITU-T H.264 §7.4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H264 {
    /// `profile_idc`: 66 Baseline, 77 Main, 100 High.
    pub profile: u8,
    /// `level_idc`: ten times the level, 42 for 4.2.
    pub level: u8,
    /// `chroma_format_idc`: 1 is 4:2:0.
    pub chroma_format: u8,
    /// Bits of a sample, the larger of luma and chroma.
    pub bit_depth: u8,
    /// Every picture is a whole frame.
    pub progressive: bool,
    /// The parameters hold for the whole track; `avc3` may change them in the stream.
    pub fixed: bool,
    /// What its decoder has to hold; `None` when that was not read.
    pub buffer: Option<PictureBuffer>,
}

/// What a decoder of H.264 has to hold, as the stream's parameters say (ITU-T H.264 §7.4.2.1, §E.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureBuffer {
    /// Macroblocks of 16×16 pixels across, before cropping.
    pub columns: u32,
    /// Macroblocks of a frame from top to bottom, before cropping.
    pub rows: u32,
    /// `max_num_ref_frames`.
    pub reference_frames: u32,
    /// `max_dec_frame_buffering`, where the stream says it.
    pub decoded_frames: Option<u32>,
}

/// How far a picture has to be turned clockwise to be upright.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// Upright.
    #[default]
    None,
    /// A quarter turn clockwise.
    Quarter,
    /// Upside down.
    Half,
    /// A quarter turn counterclockwise.
    ThreeQuarters,
}

impl Rotation {
    /// The turn nearest to `degrees` clockwise.
    #[must_use]
    pub fn from_degrees(degrees: i64) -> Self {
        match (degrees.rem_euclid(360) + 45) / 90 {
            1 => Self::Quarter,
            2 => Self::Half,
            3 => Self::ThreeQuarters,
            _ => Self::None,
        }
    }

    /// Clockwise degrees: 0, 90, 180 or 270.
    #[must_use]
    pub fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Quarter => 90,
            Self::Half => 180,
            Self::ThreeQuarters => 270,
        }
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Quarter | Self::ThreeQuarters)
    }
}

/// One track of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Position in the file from 0, which is also FFmpeg's stream number.
    pub index: usize,
    /// What it carries.
    pub kind: Kind,
    /// How it is coded.
    pub codec: Codec,
    /// Coded width in pixels, 0 when it has no picture.
    pub width: u32,
    /// Coded height in pixels, 0 when it has no picture.
    pub height: u32,
    /// Width and height of a pixel, relative to each other; neither is 0.
    pub pixel_aspect: (u32, u32),
    /// How the picture is turned for display.
    pub rotation: Rotation,
    /// Ticks a second of the track's clock, 0 when unknown.
    pub timescale: u32,
    /// Length by the track's own clock: what its header or its samples say, whichever is more.
    pub duration: Option<Duration>,
    /// Number of samples; `None` when fragments hold them or the container does not say.
    pub sample_count: Option<u64>,
    /// Average frames a second of a video track.
    pub fps: Option<f64>,
    /// Most frames of a video track in any one second; `None` when the index does not tell.
    pub peak_fps: Option<u64>,
    /// Average bits a second of a video track; `None` when the index does not tell.
    pub bit_rate: Option<u64>,
    /// Audio channels, 0 when unknown.
    pub channels: u16,
    /// ISO 639-2 language, when one is named.
    pub language: Option<String>,
    /// The track has an edit list (ISO/IEC 14496-12 §8.6.6).
    pub edit_list: bool,
    /// A cover or chapter picture, not a recording.
    pub picture: bool,
}

impl Track {
    /// A track of which nothing is known but its place.
    pub(crate) fn new(index: usize) -> Self {
        Self {
            index,
            kind: Kind::Other,
            codec: Codec::Other(String::new()),
            width: 0,
            height: 0,
            pixel_aspect: (1, 1),
            rotation: Rotation::None,
            timescale: 0,
            duration: None,
            sample_count: None,
            fps: None,
            peak_fps: None,
            bit_rate: None,
            channels: 0,
            language: None,
            edit_list: false,
            picture: false,
        }
    }

    /// Width and height in pixels as shown: with square pixels, upright.
    #[must_use]
    pub fn display_size(&self) -> (u32, u32) {
        let (num, den) = self.pixel_aspect;
        let den = u64::from(den.max(1));
        let wide = (u64::from(self.width) * u64::from(num) + den / 2) / den;
        let width = u32::try_from(wide).unwrap_or(u32::MAX).max(self.width.min(1));
        if self.rotation.swaps_sides() { (self.height, width) } else { (width, self.height) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_clockwise_and_whole() {
        for (degrees, expected) in [(0, 0), (90, 90), (-90, 270), (180, 180), (-180, 180), (359, 0), (450, 90)] {
            assert_eq!(Rotation::from_degrees(degrees).degrees(), expected, "{degrees}");
        }
    }

    #[test]
    fn display_size_honours_pixel_shape_and_rotation() {
        let mut track = Track { width: 720, height: 576, pixel_aspect: (64, 45), ..Track::new(0) };
        assert_eq!(track.display_size(), (1024, 576));
        assert_eq!(Track { width: 176, pixel_aspect: (128, 117), ..track.clone() }.display_size(), (193, 576));
        track.rotation = Rotation::Quarter;
        assert_eq!(track.display_size(), (576, 1024));
    }
}
