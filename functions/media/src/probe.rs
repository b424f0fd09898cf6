//! What ffprobe says of a file, in the words of the index reader.

use std::time::Duration;

use serde::Deserialize;

use crate::{Codec, H264, Kind, Rotation, Track};

/// Duration and tracks of a file of any container.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Length; `None` when the file does not say, as with what a browser's recorder writes.
    pub duration: Option<Duration>,
    /// When the file's own clock shows that it begins, in microseconds: what FFmpeg subtracts from all times, unless told
    /// not to. Often not 0, and negative where sound needs a little more than is heard.
    pub start: i64,
    /// All streams in FFmpeg's order.
    pub tracks: Vec<Track>,
}

impl Probe {
    /// Reads ffprobe's JSON.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let answer: Answer = serde_json::from_slice(json)?;
        let tracks = answer.streams.into_iter().map(Stream::into_track).collect();
        let start = answer.format.start_time.as_deref().and_then(microseconds).unwrap_or(0);
        Ok(Self { duration: answer.format.duration.as_deref().and_then(duration), start, tracks })
    }
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Default, Deserialize)]
struct Format {
    duration: Option<String>,
    start_time: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: usize,
    #[serde(default)]
    codec_type: String,
    #[serde(default)]
    codec_name: String,
    #[serde(default)]
    profile: String,
    #[serde(default)]
    level: i64,
    #[serde(default)]
    pix_fmt: String,
    #[serde(default)]
    field_order: String,
    #[serde(default)]
    width: i64,
    #[serde(default)]
    height: i64,
    sample_aspect_ratio: Option<String>,
    avg_frame_rate: Option<String>,
    duration: Option<String>,
    #[serde(default)]
    channels: u16,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    side_data_list: Vec<SideData>,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

#[derive(Deserialize)]
struct SideData {
    rotation: Option<f64>,
}

impl Stream {
    fn into_track(self) -> Track {
        let kind = match self.codec_type.as_str() {
            "video" => Kind::Video,
            "audio" => Kind::Audio,
            _ => Kind::Other,
        };
        let turn = self.side_data_list.iter().find_map(|data| data.rotation).unwrap_or(0.0);
        Track {
            kind,
            codec: self.codec(),
            width: u32::try_from(self.width).unwrap_or(0),
            height: u32::try_from(self.height).unwrap_or(0),
            pixel_aspect: self.sample_aspect_ratio.as_deref().and_then(ratio).unwrap_or((1, 1)),
            // FFmpeg counts counterclockwise.
            rotation: Rotation::from_degrees(-whole(turn)),
            duration: self.duration.as_deref().and_then(duration),
            fps: self.avg_frame_rate.as_deref().and_then(ratio).map(|(n, d)| f64::from(n) / f64::from(d)),
            channels: self.channels,
            picture: self.disposition.attached_pic != 0,
            ..Track::new(self.index)
        }
    }

    fn codec(&self) -> Codec {
        match self.codec_name.as_str() {
            "h264" => self.h264().map_or_else(|| Codec::Other("h264".into()), Codec::H264),
            "hevc" => Codec::Hevc,
            "vp8" => Codec::Vp8,
            "vp9" => Codec::Vp9,
            "av1" => Codec::Av1,
            "aac" => Codec::Aac {
                object_type: match self.profile.as_str() {
                    "LC" => 2,
                    "HE-AAC" => 5,
                    "HE-AACv2" => 29,
                    _ => 1,
                },
            },
            name => Codec::Other(name.to_owned()),
        }
    }

    /// `None` for anything but the plain profiles in 8-bit 4:2:0, which is all that is ever copied.
    fn h264(&self) -> Option<H264> {
        let profile = match self.profile.as_str() {
            "Baseline" | "Constrained Baseline" => 66,
            "Main" => 77,
            "High" => 100,
            _ => return None,
        };
        let plain = matches!(self.pix_fmt.as_str(), "yuv420p" | "yuvj420p");
        let level = u8::try_from(self.level).ok().filter(|_| plain)?;
        let progressive = matches!(self.field_order.as_str(), "progressive" | "unknown" | "");
        Some(H264 { profile, level, chroma_format: 1, bit_depth: 8, progressive, fixed: true, buffer: None })
    }
}

fn duration(seconds: &str) -> Option<Duration> {
    let seconds: f64 = seconds.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}

fn microseconds(seconds: &str) -> Option<i64> {
    let seconds: f64 = seconds.parse().ok()?;
    let micros = Duration::try_from_secs_f64(seconds.abs()).ok()?.as_nanos().div_ceil(500) / 2;
    let micros = i64::try_from(micros).ok()?;
    Some(if seconds < 0.0 { -micros } else { micros })
}

/// `30000/1001` or `64:45`, both sides above 0.
fn ratio(text: &str) -> Option<(u32, u32)> {
    let (numerator, denominator) = text.split_once([':', '/'])?;
    let pair: (u32, u32) = (numerator.parse().ok()?, denominator.parse().ok()?);
    (pair.0 > 0 && pair.1 > 0).then_some(pair)
}

/// The nearest multiple of 90 of a small number of degrees.
fn whole(degrees: f64) -> i64 {
    [-270_i32, -180, -90, 0, 90, 180, 270]
        .into_iter()
        .min_by(|a, b| (degrees - f64::from(*a)).abs().total_cmp(&(degrees - f64::from(*b)).abs()))
        .map_or(0, i64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"streams": [
        {"index": 0, "codec_name": "h264", "profile": "Constrained Baseline", "codec_type": "video", "width": 720,
         "height": 576, "sample_aspect_ratio": "64:45", "pix_fmt": "yuv420p", "level": 31, "field_order": "progressive",
         "avg_frame_rate": "30000/1001", "disposition": {"attached_pic": 0},
         "side_data_list": [{}, {"rotation": -90}]},
        {"index": 1, "codec_name": "aac", "profile": "LC", "codec_type": "audio", "channels": 2, "avg_frame_rate": "0/0"},
        {"index": 2, "codec_name": "mjpeg", "codec_type": "video", "width": 9, "height": 9,
         "disposition": {"attached_pic": 1}},
        {"index": 3}
    ], "format": {"duration": "12.500000"}}"#;

    #[test]
    fn answers_become_tracks() {
        let probe = Probe::parse(ANSWER.as_bytes()).expect("an answer");
        assert_eq!(probe.duration, Some(Duration::from_millis(12_500)));
        let video = &probe.tracks[0];
        assert!(matches!(video.codec, Codec::H264(H264 { profile: 66, level: 31, progressive: true, .. })));
        assert_eq!((video.rotation, video.display_size()), (Rotation::Quarter, (576, 1024)));
        assert!(video.fps.is_some_and(|fps| (fps - 29.97).abs() < 0.01));
        assert_eq!(probe.tracks[1].codec, Codec::Aac { object_type: 2 });
        assert!(probe.tracks[2].picture && probe.tracks[3].kind == Kind::Other);
    }

    #[test]
    fn odd_answers_are_no_panic() {
        assert!(Probe::parse(b"{}").is_ok_and(|probe| probe.tracks.is_empty() && probe.duration.is_none()));
        assert!(Probe::parse(b"").is_err());
        let odd = br#"{"streams":[{"index":0,"codec_type":"video","codec_name":"h264","profile":"High","pix_fmt":
            "yuv420p10le","level":-99,"width":-1,"sample_aspect_ratio":"0:1"}],"format":{"duration":"N/A"}}"#;
        let probe = Probe::parse(odd).expect("an answer");
        assert_eq!(probe.tracks[0].codec, Codec::Other("h264".into()));
        assert_eq!((probe.tracks[0].width, probe.tracks[0].pixel_aspect), (0, (1, 1)));
    }
}
