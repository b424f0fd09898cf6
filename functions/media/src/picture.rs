//! Screenshots: what a file says of its picture, read without decoding it.

use crate::{Limits, Reason};

/// How a picture is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// ISO 15948.
    Png,
    /// ISO 10918.
    Jpeg,
}

/// A picture, by its header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    /// How it is stored.
    pub format: Format,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Bytes from the beginning that [`inspect`] wants. Cameras put thumbnails and colour profiles before what a JPEG says of
/// its size; screens do not.
pub const BEGINNING: u64 = 256 << 10;
/// Bytes from the end that it wants.
pub const END: u64 = 12;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The last chunk of a PNG: no content, a name, a checksum (ISO 15948 §11.2.5).
const IEND: &[u8] = b"\0\0\0\0IEND\xaeB`\x82";

/// What a file with this beginning and end holds, or why it is not shown.
pub fn inspect(beginning: &[u8], end: &[u8], limits: &Limits) -> Result<Picture, Reason> {
    let (format, size, whole) = if beginning.starts_with(PNG) {
        (Format::Png, png(beginning), end.ends_with(IEND))
    } else if beginning.starts_with(b"\xff\xd8\xff") {
        // Some programs leave a few bytes behind the end of the image.
        (Format::Jpeg, jpeg(beginning), end.windows(2).any(|marker| marker == b"\xff\xd9"))
    } else {
        return Err(Reason::NotAPicture);
    };
    let (width, height) = size.ok_or(Reason::NotAPicture)?;
    if width.max(height) > limits.max_side || u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Reason::TooManyPixels);
    }
    if !whole {
        return Err(Reason::HalfAPicture);
    }
    Ok(Picture { format, width, height })
}

/// The first chunk of a PNG begins with width and height (ISO 15948 §11.2.2).
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    if bytes.get(8..16)? != b"\0\0\0\x0dIHDR" {
        return None;
    }
    let side = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).filter(|side| *side > 0);
    Some((side(16)?, side(20)?))
}

/// A frame header holds height and width; segments before it are skipped by their lengths (ISO 10918-1 §B.2.2).
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Fill bytes may stand before a marker.
            0xff => at += 1,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let side = |at: usize| {
                    let side = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
                    (side > 0).then_some(u32::from(side))
                };
                return Some((side(at + 7)?, side(at + 5)?));
            }
            // The image itself begins, or ends.
            0xd9 | 0xda => return None,
            // These stand alone.
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => {
                let length = u16::from_be_bytes(bytes.get(at + 2..at + 4)?.try_into().ok()?);
                at += 2 + usize::from(length.max(2));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        [PNG, b"\0\0\0\x0dIHDR", &width.to_be_bytes(), &height.to_be_bytes(), b"\x08\x02\0\0\0crc.", IEND].concat()
    }

    fn jpeg_of(width: u16, height: u16) -> Vec<u8> {
        let frame = [&b"\xff\xc2\0\x11\x08"[..], &height.to_be_bytes(), &width.to_be_bytes(), &[3; 10]].concat();
        // An application's segment that looks like a frame header inside, and fill bytes.
        [b"\xff\xd8\xff\xe1\0\x08\xff\xc0\0\x11\x08\0\xff\xff", &frame[..], b"\xff\xda..\xff\xd9"].concat()
    }

    fn seen(bytes: &[u8]) -> Result<Picture, Reason> {
        inspect(bytes, &bytes[bytes.len().saturating_sub(12)..], &Limits::new(u64::MAX))
    }

    #[test]
    fn sizes_are_read_from_headers() {
        let picture = |format, width, height| Ok(Picture { format, width, height });
        assert_eq!(seen(&png_of(1920, 1080)), picture(Format::Png, 1920, 1080));
        assert_eq!(seen(&jpeg_of(640, 480)), picture(Format::Jpeg, 640, 480));
        assert_eq!(seen(&png_of(16_384, 4096)), picture(Format::Png, 16_384, 4096));
    }

    #[test]
    fn what_is_too_large_broken_or_something_else_is_refused() {
        assert_eq!(seen(&png_of(30_000, 30_000)), Err(Reason::TooManyPixels));
        assert_eq!(seen(&png_of(16_384, 4097)), Err(Reason::TooManyPixels));
        assert_eq!(seen(&png_of(0, 10)), Err(Reason::NotAPicture));
        assert_eq!(seen(&png_of(u32::MAX, u32::MAX)), Err(Reason::TooManyPixels));
        for other in
            [&b"<html><script>alert(1)</script>"[..], b"", b"GIF89a\x01\0\x01\0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]
        {
            assert_eq!(seen(other), Err(Reason::NotAPicture), "{other:?}");
        }
        let whole = png_of(10, 10);
        assert_eq!(seen(&whole[..whole.len() - 1]), Err(Reason::HalfAPicture));
    }

    #[test]
    fn no_beginning_is_read_beyond_its_end() {
        for whole in [png_of(10, 10), jpeg_of(10, 10)] {
            for end in 0..whole.len() {
                let _ = inspect(&whole[..end], b"", &Limits::new(u64::MAX));
            }
        }
        // Segments of no length must not be looked at for ever.
        assert_eq!(jpeg(&[&b"\xff\xd8"[..], &b"\xff\xe0\0\0".repeat(1000)].concat()), None);
    }
}
