//! Sample descriptions (ISO/IEC 14496-12 §8.5.2) as ISO has them, from those of ISO and of QuickTime.

use super::boxes::{Boxes, Fields, find};
use super::faststart::NotCopyable;
use super::write::Writer;
use super::{codec, level};
use crate::Kind;

/// Fields of a visual sample entry before its boxes (§12.1.3).
const VISUAL: usize = 78;
/// Fields of an audio sample entry before its boxes (§12.2.3).
const AUDIO: usize = 28;
/// What QuickTime's version 1 has in addition (QuickTime File Format, "Sound sample description (version 1)").
const AUDIO_1: usize = 16;

/// Writes `stsd` with the only description of a source's.
pub(super) fn write(out: &mut Writer, stsd: &[u8], kind: Kind, level: Option<u8>) -> Result<(), NotCopyable> {
    let mut fields = Fields(stsd);
    let version = fields.version()?;
    let count = fields.u32()?;
    let mut entries = Boxes(fields.0);
    let entry = entries.next().transpose()?.ok_or(NotCopyable::Malformed("there is no sample description"))?;
    if count != 1 || entries.next().is_some() {
        return Err(NotCopyable::Description("its samples are described in several ways"));
    }
    out.try_boxed(*b"stsd", |out| {
        out.bytes(&[0, 0, 0, 0, 0, 0, 0, 1]);
        match (kind, &entry.kind) {
            (Kind::Video, b"avc1") => out.try_boxed(*b"avc1", |out| visual(out, entry.body, level)),
            (Kind::Audio, b"mp4a") => out.try_boxed(*b"mp4a", |out| audio(out, entry.body, version)),
            _ => Err(NotCopyable::Description("it is neither H.264 nor AAC")),
        }
    })
}

fn visual(out: &mut Writer, entry: &[u8], level: Option<u8>) -> Result<(), NotCopyable> {
    let mut fields = Fields(entry);
    reference(&mut fields)?;
    // QuickTime names the encoder's vendor and quality here, and the encoder itself before the depth.
    fields.skip(16)?;
    let size_and_resolution = fields.bytes(12)?;
    out.bytes(&[0, 0, 0, 0, 0, 0, 0, 1]);
    out.bytes(&[0; 16]);
    out.bytes(size_and_resolution);
    out.bytes(&[0, 0, 0, 0, 0, 1]);
    out.bytes(&[0; 32]);
    out.bytes(&[0, 0x18, 0xff, 0xff]);
    let mut configured = false;
    for child in Boxes(entry.get(VISUAL..).ok_or(NotCopyable::Malformed("a sample description is cut off"))?) {
        let child = child?;
        match &child.kind {
            b"avcC" if !configured => {
                configured = true;
                let mut configuration = child.body.to_vec();
                if let Some(level) = level {
                    let declared = level::declare(&mut configuration, level);
                    declared.ok_or(NotCopyable::Malformed("the decoder's configuration is damaged"))?;
                }
                out.copied(*b"avcC", &configuration)?;
            }
            b"avcC" => return Err(NotCopyable::Malformed("there are two configurations of the decoder")),
            b"colr" => colour(out, child.body)?,
            b"pasp" | b"clap" | b"btrt" => out.copied(child.kind, child.body)?,
            b"sinf" => return Err(NotCopyable::unknown(child.kind)),
            _ => {}
        }
    }
    if configured { Ok(()) } else { Err(NotCopyable::Malformed("the decoder's configuration is missing")) }
}

/// QuickTime's `nclc` lacks the range, which is the narrow one (§12.1.5). Colour profiles are files of their own, with
/// names of devices.
fn colour(out: &mut Writer, body: &[u8]) -> Result<(), NotCopyable> {
    match body.split_first_chunk::<4>() {
        Some((b"nclx", _)) => out.copied(*b"colr", body),
        Some((b"nclc", numbers)) => out.try_boxed(*b"colr", |out| {
            out.bytes(b"nclx");
            out.bytes(Fields(numbers).bytes(6)?);
            out.bytes(&[0]);
            Ok(())
        }),
        _ => Ok(()),
    }
}

fn audio(out: &mut Writer, entry: &[u8], table_version: u8) -> Result<(), NotCopyable> {
    let mut fields = Fields(entry);
    reference(&mut fields)?;
    let version = fields.u16()?;
    fields.skip(6)?;
    let channels_and_size = fields.bytes(4)?;
    fields.skip(4)?;
    let rate = fields.bytes(4)?;
    let boxes = match (version, table_version) {
        (0, _) => AUDIO,
        (1, 0) => AUDIO + AUDIO_1,
        _ => return Err(NotCopyable::Description("its sound is described in a form that MP4 does not have")),
    };
    let boxes = entry.get(boxes..).ok_or(NotCopyable::Malformed("a sample description is cut off"))?;
    let stream = find(find(boxes, b"wave").unwrap_or(boxes), b"esds");
    let readable = stream.filter(|_| codec::elementary_stream(boxes).is_some());
    let stream = readable.ok_or(NotCopyable::Description("its sound is not described as MP4 does"))?;
    out.bytes(&[0, 0, 0, 0, 0, 0, 0, 1]);
    out.bytes(&[0; 8]);
    out.bytes(channels_and_size);
    out.bytes(&[0; 4]);
    out.bytes(rate);
    out.copied(*b"esds", stream)?;
    match find(boxes, b"btrt") {
        Some(rates) => out.copied(*b"btrt", rates),
        None => Ok(()),
    }
}

/// Every sample entry begins so; which of the data references it names does not matter when all are the file itself.
fn reference(fields: &mut Fields<'_>) -> Result<(), NotCopyable> {
    Ok(fields.skip(8)?)
}
