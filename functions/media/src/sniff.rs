//! What a file is by its first bytes. Names, endings and content types are claims of the uploader.

use serde::{Deserialize, Serialize};

use crate::Reason;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Container {
    /// ISO base media: MP4, MOV, M4V, 3GP.
    Mp4,
    /// Matroska and WebM.
    Matroska,
    /// AVI.
    Avi,
    /// MPEG transport stream.
    MpegTs,
    /// MPEG program stream.
    MpegPs,
    /// Flash video.
    Flv,
    /// Ogg.
    Ogg,
    /// GIF, still or moving.
    Gif,
    /// MP3, WAV, FLAC, AAC, MIDI and other sound without picture.
    Audio,
    /// PNG, JPEG, WebP, HEIF and other still images.
    Image,
    /// HTML, a playlist, or any other text.
    Text,
    /// No bytes at all.
    Empty,
    /// Nothing of the above.
    Unknown,
}

impl Container {
    /// The FFmpeg demuxer to force, for what can be a recording. Forcing it keeps FFmpeg from guessing a playlist.
    #[must_use]
    pub fn demuxer(self) -> Option<&'static str> {
        match self {
            Self::Mp4 => Some("mov"),
            Self::Matroska => Some("matroska"),
            Self::Avi => Some("avi"),
            Self::MpegTs => Some("mpegts"),
            Self::MpegPs => Some("mpeg"),
            Self::Flv => Some("flv"),
            Self::Ogg => Some("ogg"),
            Self::Gif => Some("gif"),
            Self::Audio | Self::Image | Self::Text | Self::Empty | Self::Unknown => None,
        }
    }

    /// Why such a file cannot be published, for what cannot be a recording.
    #[must_use]
    pub fn rejection(self) -> Option<Reason> {
        match self {
            Self::Empty => Some(Reason::Empty),
            Self::Audio => Some(Reason::NoPicture),
            Self::Image => Some(Reason::StillImage),
            Self::Text | Self::Unknown => Some(Reason::NotAVideo),
            Self::Mp4
            | Self::Matroska
            | Self::Avi
            | Self::MpegTs
            | Self::MpegPs
            | Self::Flv
            | Self::Ogg
            | Self::Gif => None,
        }
    }
}

/// Tells what a file is from its beginning: 512 bytes suffice, more do no harm.
#[must_use]
pub fn sniff(head: &[u8]) -> Container {
    if head.is_empty() {
        return Container::Empty;
    }
    if let Some(container) = by_magic(head) {
        return container;
    }
    if is_text(head) {
        return Container::Text;
    }
    iso_media(head).or_else(|| transport_stream(head)).or_else(|| mpeg_audio(head)).unwrap_or(Container::Unknown)
}

fn by_magic(head: &[u8]) -> Option<Container> {
    const MAGIC: [(&[u8], Container); 19] = [
        (b"\x1a\x45\xdf\xa3", Container::Matroska),
        (b"FLV\x01", Container::Flv),
        (b"OggS\0", Container::Ogg),
        (b"GIF87a", Container::Gif),
        (b"GIF89a", Container::Gif),
        (b"\0\0\x01\xba", Container::MpegPs),
        (b"\x89PNG\r\n\x1a\n", Container::Image),
        (b"\xff\xd8\xff", Container::Image),
        (b"II*\0", Container::Image),
        (b"MM\0*", Container::Image),
        (b"\0\0\0\x0cjP  ", Container::Image),
        (b"\xff\x0a", Container::Image),
        (b"ID3\x02", Container::Audio),
        (b"ID3\x03", Container::Audio),
        (b"ID3\x04", Container::Audio),
        (b"fLaC", Container::Audio),
        (b"MThd\0", Container::Audio),
        (b"#!AMR", Container::Audio),
        (b"caff\0", Container::Audio),
    ];
    if let Some((_, container)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*container);
    }
    if head.starts_with(b"RIFF") {
        return match head.get(8..12) {
            Some(b"AVI ") => Some(Container::Avi),
            Some(b"WAVE") => Some(Container::Audio),
            Some(b"WEBP") => Some(Container::Image),
            _ => None,
        };
    }
    None
}

/// Old QuickTime files have no `ftyp`, so any box that may come first counts (QuickTime File Format, "Atoms").
fn iso_media(head: &[u8]) -> Option<Container> {
    match head.get(4..8)? {
        b"ftyp" => match head.get(8..12) {
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"mif1" | b"avif") => Some(Container::Image),
            _ => Some(Container::Mp4),
        },
        b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"pnot" | b"styp" | b"moof" | b"uuid" => Some(Container::Mp4),
        _ => None,
    }
}

/// Packets of 188 bytes, or of 192 with a four-byte time in front (Blu-ray), each beginning with 0x47.
fn transport_stream(head: &[u8]) -> Option<Container> {
    let synced = |start: usize, packet: usize| (0..3).all(|n| head.get(start + n * packet).is_none_or(|b| *b == 0x47));
    let enough = head.len() > 192 + 4;
    (enough && (synced(0, 188) || synced(4, 192))).then_some(Container::MpegTs)
}

/// The sync word of MPEG audio frames and ADTS.
fn mpeg_audio(head: &[u8]) -> Option<Container> {
    let (first, second) = (*head.first()?, *head.get(1)?);
    (first == 0xff && second & 0xe0 == 0xe0 && second != 0xff).then_some(Container::Audio)
}

fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end within a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_beginnings() {
        let mut ts = vec![0xff; 188 * 3];
        (0..3).for_each(|n| ts[n * 188] = 0x47);
        let mut m2ts = vec![0xff; 192 * 3];
        (0..3).for_each(|n| m2ts[n * 192 + 4] = 0x47);
        let cases: Vec<(&[u8], Container)> = vec![
            (b"", Container::Empty),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", Container::Mp4),
            (b"\0\0\0\x14ftypqt  \0\0\0\0", Container::Mp4),
            (b"\0\0\0\x08wide\0\0\0\0mdat", Container::Mp4),
            (b"\0\0\0\x18ftypheic\0\0\0\0", Container::Image),
            (b"\x1a\x45\xdf\xa3\x9f\x42", Container::Matroska),
            (b"RIFF\x10\0\0\0AVI LIST", Container::Avi),
            (b"RIFF\x10\0\0\0WAVEfmt ", Container::Audio),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Container::Image),
            (&ts, Container::MpegTs),
            (&m2ts, Container::MpegTs),
            (b"\0\0\x01\xba\x44\0", Container::MpegPs),
            (b"FLV\x01\x05", Container::Flv),
            (b"OggS\0\x02", Container::Ogg),
            (b"GIF89a\x01\0", Container::Gif),
            (b"ID3\x04\0", Container::Audio),
            (b"\xff\xfb\x90\x64", Container::Audio),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Container::Image),
            (b"\x89PNG\r\n\x1a\n", Container::Image),
            (b"PK\x03\x04\x14\0", Container::Unknown),
            (b"%PDF-1.7\n%\xe2\xe3", Container::Unknown),
            (&[0; 64], Container::Unknown),
            (b"\xff\xff\xff\xff", Container::Unknown),
        ];
        for (head, expected) in cases {
            assert_eq!(sniff(head), expected, "{head:?}");
        }
    }

    #[test]
    fn text_by_any_name_is_text() {
        for text in [
            "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n",
            "<!doctype html><title>Sign in</title>",
            "ffconcat version 1.0\nfile /etc/passwd\n",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
            "say free software",
            "\u{feff}tänze",
        ] {
            assert_eq!(sniff(text.as_bytes()), Container::Text, "{text}");
            assert!(sniff(text.as_bytes()).demuxer().is_none());
        }
        assert_eq!(sniff(&"grün".as_bytes()[..3]), Container::Text, "cut within a character");
    }

    #[test]
    fn a_file_is_either_read_or_rejected() {
        use Container::{Audio, Avi, Empty, Flv, Gif, Image, Matroska, Mp4, MpegPs, MpegTs, Ogg, Text, Unknown};
        for c in [Mp4, Matroska, Avi, MpegTs, MpegPs, Flv, Ogg, Gif, Audio, Image, Text, Empty, Unknown] {
            assert_ne!(c.demuxer().is_some(), c.rejection().is_some(), "{c:?}");
        }
    }
}
