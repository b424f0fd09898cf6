//! Playlists of renditions (RFC 8216): media files are named by relative addresses, so that a folder of them plays as it is.

use std::fmt::Write as _;

use crate::mp4::Segments;

/// A file of a stream, as a playlist names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name. No character of it needs escaping.
    pub name: String,
    /// What it holds.
    pub content: Segments,
}

/// Pictures or sound that a player may choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    /// Its playlist's name, without the ending.
    pub name: String,
    /// Pixels across and down as shown, and frames a second; `None` for sound.
    pub picture: Option<Picture>,
    /// Its files, each of which goes on where the one before ends.
    pub files: Vec<File>,
}

/// What a picture is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Picture {
    /// Pixels across, as shown.
    pub width: u32,
    /// Pixels down, as shown.
    pub height: u32,
    /// Frames a second; 0 when that is not known.
    pub fps: f64,
}

/// Bits a second.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    peak: u64,
    average: u64,
}

impl Stream {
    /// The stream's own playlist.
    #[must_use]
    pub fn playlist(&self) -> String {
        let segments = || self.files.iter().flat_map(|file| &file.content.segments);
        // Each length, rounded, must not be over it (RFC 8216 §4.3.3.1).
        let longest = segments().map(|segment| segment.micros.saturating_add(500_000) / 1_000_000).max().unwrap_or(0);
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n",
            longest.max(1)
        );
        for File { name, content } in &self.files {
            let mut at = content.init;
            let _ = writeln!(text, "#EXT-X-MAP:URI=\"{name}\",BYTERANGE=\"{at}@0\"");
            for segment in &content.segments {
                let (seconds, micros) = (segment.micros / 1_000_000, segment.micros % 1_000_000);
                let _ =
                    writeln!(text, "#EXTINF:{seconds}.{micros:06},\n#EXT-X-BYTERANGE:{}@{at}\n{name}", segment.bytes);
                at = at.saturating_add(segment.bytes);
            }
        }
        text.push_str("#EXT-X-ENDLIST\n");
        text
    }

    fn codec(&self) -> &str {
        self.files.first().map_or("", |file| &file.content.codec)
    }

    fn rate(&self) -> Rate {
        let (mut rate, mut bytes, mut micros) = (Rate::default(), 0_u64, 0_u64);
        for segment in self.files.iter().flat_map(|file| &file.content.segments) {
            // A last segment of a blink says nothing about what a player has to load in a second.
            if segment.micros >= 1_000_000 {
                rate.peak = rate.peak.max(bits_a_second(segment.bytes, segment.micros));
            }
            bytes = bytes.saturating_add(segment.bytes);
            micros = micros.saturating_add(segment.micros);
        }
        rate.average = bits_a_second(bytes, micros);
        rate.peak = rate.peak.max(rate.average);
        rate
    }
}

/// The playlist that players begin with: pictures in the order given, all with the same sound.
#[must_use]
pub fn master(pictures: &[Stream], sound: Option<&Stream>) -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    let heard = sound.map(Stream::rate).unwrap_or_default();
    if let Some(sound) = sound {
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"default\",DEFAULT=YES,AUTOSELECT=YES,URI=\"{}.m3u8\"",
            sound.name
        );
    }
    for stream in pictures {
        let seen = stream.rate();
        let codecs =
            [Some(stream.codec()), sound.map(Stream::codec)].into_iter().flatten().collect::<Vec<_>>().join(",");
        let _ = write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{codecs}\"",
            seen.peak.saturating_add(heard.peak),
            seen.average.saturating_add(heard.average)
        );
        if let Some(picture) = stream.picture {
            let _ = write!(text, ",RESOLUTION={}x{}", picture.width, picture.height);
            if picture.fps.is_finite() && picture.fps > 0.0 {
                let _ = write!(text, ",FRAME-RATE={:.3}", picture.fps);
            }
        }
        if sound.is_some() {
            text.push_str(",AUDIO=\"audio\"");
        }
        let _ = writeln!(text, "\n{}.m3u8", stream.name);
    }
    text
}

/// Rounded up; 0 of nothing.
fn bits_a_second(bytes: u64, micros: u64) -> u64 {
    if micros == 0 {
        return 0;
    }
    u64::try_from((u128::from(bytes) * 8_000_000).div_ceil(u128::from(micros))).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mp4::Segment;

    fn file(name: &str, codec: &str, segments: &[(u64, u64)]) -> File {
        let segments = segments.iter().map(|(micros, bytes)| Segment { micros: *micros, bytes: *bytes }).collect();
        File { name: name.into(), content: Segments { codec: codec.into(), init: 800, segments } }
    }

    fn picture(name: &str, height: u32) -> Stream {
        let files = vec![
            file(&format!("{name}-0.mp4"), "avc1.64001f", &[(6_000_000, 6_000_000), (4_000_000, 1_000_000)]),
            file(&format!("{name}-1.mp4"), "avc1.64001f", &[(6_512_345, 3_000_000), (20_000, 400_000)]),
        ];
        Stream { name: name.into(), picture: Some(Picture { width: height * 16 / 9, height, fps: 30.0 }), files }
    }

    #[test]
    fn segments_lie_one_behind_another_in_each_file() {
        assert_eq!(
            picture("720", 720).playlist(),
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n\
             #EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-MAP:URI=\"720-0.mp4\",BYTERANGE=\"800@0\"\n\
             #EXTINF:6.000000,\n#EXT-X-BYTERANGE:6000000@800\n720-0.mp4\n\
             #EXTINF:4.000000,\n#EXT-X-BYTERANGE:1000000@6000800\n720-0.mp4\n\
             #EXT-X-MAP:URI=\"720-1.mp4\",BYTERANGE=\"800@0\"\n\
             #EXTINF:6.512345,\n#EXT-X-BYTERANGE:3000000@800\n720-1.mp4\n\
             #EXTINF:0.020000,\n#EXT-X-BYTERANGE:400000@3000800\n720-1.mp4\n#EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn the_master_tells_what_a_player_needs_to_choose() {
        let sound = Stream {
            name: "audio".into(),
            picture: None,
            files: vec![file("audio-0.mp4", "mp4a.40.2", &[(6_000_000, 96_000), (6_000_000, 48_000)])],
        };
        let text = master(&[picture("720", 720), picture("360", 360)], Some(&sound));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 8, "{text}");
        assert!(lines[3].contains("URI=\"audio.m3u8\""), "{text}");
        // 6 MB in six seconds and 96 kB of sound.
        assert!(lines[4].starts_with("#EXT-X-STREAM-INF:BANDWIDTH=8128000,AVERAGE-BANDWIDTH="), "{text}");
        assert!(
            lines[4].contains("CODECS=\"avc1.64001f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO=\"audio\"")
        );
        assert_eq!((lines[5], lines[7]), ("720.m3u8", "360.m3u8"));
        let silent = master(&[picture("720", 720)], None);
        assert!(!silent.contains("AUDIO") && silent.contains("CODECS=\"avc1.64001f\","), "{silent}");
    }

    #[test]
    fn nothing_is_no_rate() {
        assert_eq!((bits_a_second(5, 0), bits_a_second(1, 8_000_000)), (0, 1));
        let empty = Stream { name: "x".into(), picture: None, files: vec![] };
        assert!(empty.playlist().contains("TARGETDURATION:1\n"));
    }
}
