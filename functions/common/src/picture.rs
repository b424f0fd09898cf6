//! Pictures that people give: what they may be, by the bytes themselves.

/// Types of pictures that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureType {
    /// ISO 10918.
    Jpeg,
    /// ISO 15948.
    Png,
    /// RFC 9649.
    Webp,
}

/// Bytes of a picture's beginning that tell its type.
pub const SIGNATURE: u64 = 12;

const ALL: [PictureType; 3] = [PictureType::Jpeg, PictureType::Png, PictureType::Webp];

impl PictureType {
    /// The type that a `Content-Type` names, if it is one of these.
    #[must_use]
    pub fn named(content_type: &str) -> Option<Self> {
        ALL.into_iter().find(|kind| kind.content_type() == content_type)
    }

    /// The type that a file's name ends with.
    #[must_use]
    pub fn of_file(name: &str) -> Option<Self> {
        let (_, ending) = name.rsplit_once('.')?;
        ALL.into_iter().find(|kind| kind.ending() == ending)
    }

    /// The type of what begins with these bytes.
    #[must_use]
    pub fn of_bytes(beginning: &[u8]) -> Option<Self> {
        match beginning {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// Its `Content-Type`.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The ending of its file's name.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_what_its_bytes_say() {
        for (bytes, kind) in [
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01".as_slice(), Some(PictureType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0\0\0\r", Some(PictureType::Png)),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(PictureType::Webp)),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
            (b"<html><script>", None),
            (b"<svg xmlns=", None),
            (b"GIF89a\x01\0\x01\0\0\0", None),
            (b"\xff\xd8", None),
            (b"", None),
        ] {
            assert_eq!(PictureType::of_bytes(bytes), kind, "{bytes:?}");
        }
    }

    #[test]
    fn names_lead_to_types_and_back() {
        for kind in ALL {
            assert_eq!(PictureType::named(kind.content_type()), Some(kind));
            assert_eq!(PictureType::of_file(&format!("a.{}", kind.ending())), Some(kind));
        }
        for other in ["image/svg+xml", "image/gif", "image/PNG", "image/png; charset=x", "text/html", ""] {
            assert_eq!(PictureType::named(other), None, "{other}");
        }
        assert_eq!(PictureType::of_file("upload"), None);
    }
}
