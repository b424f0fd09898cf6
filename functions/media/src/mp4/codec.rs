//! Sample descriptions: which codec a track has, and the parameters that decide whether it can be copied.

use super::boxes::{Boxes, Fields, FourCc};
use super::{IndexError, sps};
use crate::{Codec, H264, Kind, Track};

/// Fields of a visual sample entry before its boxes (ISO/IEC 14496-12 §12.1.3).
const VISUAL: usize = 78;
/// Fields of an audio sample entry before its boxes (§12.2.3).
const AUDIO: usize = 28;

/// Reads `stsd` into the track.
pub(super) fn describe(body: &[u8], track: &mut Track) -> Result<(), IndexError> {
    let mut fields = Fields(body);
    fields.version()?;
    fields.u32()?;
    let mut entries = Boxes(fields.0);
    let Some(entry) = entries.next().transpose()? else {
        return Ok(());
    };
    match track.kind {
        Kind::Video => visual(entry.kind, entry.body, track)?,
        Kind::Audio => audio(entry.kind, entry.body, track)?,
        Kind::Other => track.codec = other(entry.kind),
    }
    // With several descriptions the first says nothing about the rest of the track.
    if entries.next().is_some_and(|next| next.is_ok()) && track.codec != Codec::Protected {
        track.codec = other(entry.kind);
    }
    Ok(())
}

fn visual(kind: FourCc, entry: &[u8], track: &mut Track) -> Result<(), IndexError> {
    let mut fields = Fields(entry);
    fields.skip(24)?;
    track.width = u32::from(fields.u16()?);
    track.height = u32::from(fields.u16()?);
    let children = entry.get(VISUAL..).unwrap_or_default();
    track.codec = match &kind {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" => other(kind),
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => Codec::Hevc,
        b"vp08" => Codec::Vp8,
        b"vp09" => Codec::Vp9,
        b"av01" => Codec::Av1,
        b"encv" | b"drmi" => Codec::Protected,
        _ => other(kind),
    };
    for child in Boxes(children).map_while(Result::ok) {
        match &child.kind {
            b"avcC" if kind.starts_with(b"avc") => {
                if let Some(parsed) = avc_configuration(child.body) {
                    // A small claimed size must not hide a large real one.
                    track.width = track.width.max(parsed.width);
                    track.height = track.height.max(parsed.height);
                    track.codec = Codec::H264(H264 { fixed: kind == *b"avc1", ..parsed.parameters });
                }
            }
            b"pasp" => {
                let mut fields = Fields(child.body);
                if let (Ok(wide @ 1..), Ok(high @ 1..)) = (fields.u32(), fields.u32()) {
                    track.pixel_aspect = (wide, high);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the sequence parameter sets of `avcC` have in common, each number as the hardest of them needs it (ISO/IEC
/// 14496-15 §5.3.3.1).
fn avc_configuration(body: &[u8]) -> Option<sps::Sequence> {
    let mut fields = Fields(body);
    fields.skip(5).ok()?;
    let sets = fields.u8().ok().map(|byte| byte & 0x1f).filter(|sets| *sets > 0)?;
    let mut next = || {
        let length = usize::from(fields.u16().ok()?);
        sps::read(fields.bytes(length).ok()?)
    };
    let first = next()?;
    (1..sets).try_fold(first, |all, _| all.with(&next()?))
}

fn audio(kind: FourCc, entry: &[u8], track: &mut Track) -> Result<(), IndexError> {
    let mut fields = Fields(entry);
    fields.skip(8)?;
    let version = fields.u16()?;
    fields.skip(6)?;
    track.channels = fields.u16()?;
    // QuickTime's longer forms (QuickTime File Format, "Sound sample descriptions").
    let more = match version {
        1 => 16,
        2 => 36,
        _ => 0,
    };
    let children = entry.get(AUDIO + more..).unwrap_or_default();
    track.codec = match &kind {
        b"mp4a" => match elementary_stream(children) {
            Some((object_type, channels)) => {
                // The sample entry says 2 for mono as well; the decoder's own configuration is right.
                track.channels = channels.unwrap_or(track.channels);
                Codec::Aac { object_type }
            }
            None => other(kind),
        },
        b"enca" | b"drms" => Codec::Protected,
        _ => other(kind),
    };
    Ok(())
}

/// Object type and channels of AAC by `esds`, which QuickTime puts into `wave` (ISO/IEC 14496-14 §6.7, 14496-1 §7.2.6).
pub(super) fn elementary_stream(children: &[u8]) -> Option<(u8, Option<u16>)> {
    let within = super::boxes::find(children, b"wave").unwrap_or(children);
    let mut fields = Fields(super::boxes::find(within, b"esds")?);
    fields.version().ok()?;
    let mut stream = descriptor(&mut fields, 3)?;
    stream.skip(2).ok()?;
    let flags = stream.u8().ok()?;
    if flags & 0x80 != 0 {
        stream.skip(2).ok()?;
    }
    if flags & 0x40 != 0 {
        let length = usize::from(stream.u8().ok()?);
        stream.skip(length).ok()?;
    }
    if flags & 0x20 != 0 {
        stream.skip(2).ok()?;
    }
    let mut decoder = descriptor(&mut stream, 4)?;
    if decoder.u8().ok()? != 0x40 {
        return None;
    }
    decoder.skip(12).ok()?;
    let mut specific = descriptor(&mut decoder, 5)?;
    let (first, second) = (specific.u8().ok()?, specific.u8().ok()?);
    // Types from 31 on are 32 plus six more bits (ISO/IEC 14496-3 §1.6.2.1).
    if first >> 3 == 31 {
        return Some((32 + (((first & 7) << 3) | (second >> 5)), None));
    }
    let (rate, layout) = (((first & 7) << 1) | (second >> 7), (second >> 3) & 0xf);
    let channels = match layout {
        _ if rate == 15 => None,
        1..=6 => Some(u16::from(layout)),
        7 => Some(8),
        _ => None,
    };
    Some((first >> 3, channels))
}

/// A descriptor with the given tag: its length is up to four bytes of seven bits.
fn descriptor<'a>(fields: &mut Fields<'a>, tag: u8) -> Option<Fields<'a>> {
    if fields.u8().ok()? != tag {
        return None;
    }
    let mut length = 0_usize;
    for _ in 0..4 {
        let byte = fields.u8().ok()?;
        length = (length << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    // Some writers claim more than they wrote.
    let length = length.min(fields.0.len());
    fields.bytes(length).ok().map(Fields)
}

/// A four-character code as text, with what is not printable shown as dots.
fn other(kind: FourCc) -> Codec {
    let show = |byte: u8| if byte.is_ascii_graphic() || byte == b' ' { char::from(byte) } else { '.' };
    Codec::Other(kind.iter().map(|byte| show(*byte)).collect())
}
