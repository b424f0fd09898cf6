//! H.264 sequence parameter sets (ITU-T H.264 §7.3.2.1.1): the few numbers that decide whether a track can be copied.

use crate::{H264, PictureBuffer};

/// What a sequence parameter set says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) parameters: H264,
    /// Pixels, after cropping.
    pub(super) width: u32,
    /// Pixels, after cropping.
    pub(super) height: u32,
}

impl Sequence {
    /// Both sets as one that asks for what either does; `None` when they are of different kinds.
    pub(super) fn with(self, other: &Self) -> Option<Self> {
        let (a, b) = (self.parameters, other.parameters);
        let kind = |p: &H264| (p.profile, p.chroma_format, p.bit_depth, p.progressive);
        if kind(&a) != kind(&b) {
            return None;
        }
        let buffer = a.buffer.zip(b.buffer).map(|(a, b)| PictureBuffer {
            columns: a.columns.max(b.columns),
            rows: a.rows.max(b.rows),
            reference_frames: a.reference_frames.max(b.reference_frames),
            decoded_frames: a.decoded_frames.max(b.decoded_frames),
        });
        Some(Self {
            parameters: H264 { level: a.level.max(b.level), buffer, ..a },
            width: self.width.max(other.width),
            height: self.height.max(other.height),
        })
    }
}

/// Profiles whose parameter sets name chroma format and bit depth.
const WITH_CHROMA: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// Reads a sequence parameter set with its one-byte NAL header; `None` when it is not one or is damaged.
pub(super) fn read(nal: &[u8]) -> Option<Sequence> {
    let (header, payload) = nal.split_first()?;
    if header & 0x1f != 7 {
        return None;
    }
    let payload = without_emulation_prevention(payload.get(..payload.len().min(4096))?);
    let mut bits = Bits { data: &payload, at: 0 };
    let profile = u8::try_from(bits.take(8)?).ok()?;
    bits.take(8)?;
    let level = u8::try_from(bits.take(8)?).ok()?;
    bits.unsigned()?;
    let (mut chroma_format, mut bit_depth, mut separate_planes) = (1, 8, false);
    if WITH_CHROMA.contains(&profile) {
        chroma_format = u8::try_from(bits.unsigned()?).ok().filter(|format| *format <= 3)?;
        separate_planes = chroma_format == 3 && bits.flag()?;
        let (luma, chroma) = (bits.unsigned()?, bits.unsigned()?);
        bit_depth = u8::try_from(luma.max(chroma)).ok().filter(|more| *more <= 6)? + 8;
        bits.flag()?;
        if bits.flag()? {
            scaling_lists(&mut bits, if chroma_format == 3 { 12 } else { 8 })?;
        }
    }
    bits.unsigned()?;
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?;
        }
        1 => {
            bits.flag()?;
            bits.unsigned()?;
            bits.unsigned()?;
            for _ in 0..bits.unsigned().filter(|count| *count <= 255)? {
                bits.unsigned()?;
            }
        }
        _ => {}
    }
    let reference_frames = bits.unsigned()?;
    bits.flag()?;
    let (columns, rows) = (bits.unsigned()?.checked_add(1)?, bits.unsigned()?.checked_add(1)?);
    let progressive = bits.flag()?;
    if !progressive {
        bits.flag()?;
    }
    bits.flag()?;
    let fields = if progressive { 1 } else { 2 };
    let (mut width, mut height) = (columns.checked_mul(16)?, rows.checked_mul(16)?.checked_mul(fields)?);
    if bits.flag()? {
        let (unit_x, unit_y) = match (chroma_format, separate_planes) {
            (1, _) => (2, 2),
            (2, _) => (2, 1),
            _ => (1, 1),
        };
        let across = bits.unsigned()?.checked_add(bits.unsigned()?)?.checked_mul(unit_x)?;
        let down = bits.unsigned()?.checked_add(bits.unsigned()?)?.checked_mul(unit_y)?.checked_mul(fields)?;
        (width, height) = (width.checked_sub(across)?, height.checked_sub(down)?);
    }
    let buffer = decoded_frames(&mut bits).map(|decoded_frames| PictureBuffer {
        columns,
        rows: rows.saturating_mul(fields),
        reference_frames,
        decoded_frames,
    });
    let parameters = H264 { profile, level, chroma_format, bit_depth, progressive, fixed: true, buffer };
    Some(Sequence { parameters, width, height })
}

/// `max_dec_frame_buffering` of the usability information (§E.1.1), which may be absent; `None` when it is damaged.
fn decoded_frames(bits: &mut Bits<'_>) -> Option<Option<u32>> {
    if !bits.flag()? {
        return Some(None);
    }
    // A shape of 255 is followed by its sides.
    if bits.flag()? && bits.take(8)? == 255 {
        bits.take(32)?;
    }
    if bits.flag()? {
        bits.flag()?;
    }
    if bits.flag()? {
        bits.take(4)?;
        if bits.flag()? {
            bits.take(24)?;
        }
    }
    if bits.flag()? {
        bits.unsigned()?;
        bits.unsigned()?;
    }
    if bits.flag()? {
        bits.take(32)?;
        bits.take(32)?;
        bits.flag()?;
    }
    let mut reference_decoder = false;
    for _ in 0..2 {
        if bits.flag()? {
            reference_decoder = true;
            reference_decoder_parameters(bits)?;
        }
    }
    if reference_decoder {
        bits.flag()?;
    }
    bits.flag()?;
    if !bits.flag()? {
        return Some(None);
    }
    bits.flag()?;
    for _ in 0..5 {
        bits.unsigned()?;
    }
    bits.unsigned().map(Some)
}

/// Skips the parameters of a hypothetical reference decoder (§E.1.2).
fn reference_decoder_parameters(bits: &mut Bits<'_>) -> Option<()> {
    let schedules = bits.unsigned().filter(|less_one| *less_one <= 31)?;
    bits.take(8)?;
    for _ in 0..=schedules {
        bits.unsigned()?;
        bits.unsigned()?;
        bits.flag()?;
    }
    bits.take(20).map(|_| ())
}

/// Two zeros and a 3 stand for two zeros (§7.4.1).
fn without_emulation_prevention(payload: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(payload.len());
    let mut zeros = 0;
    for byte in payload {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        plain.push(*byte);
    }
    plain
}

/// Skips scaling lists (§7.3.2.1.1.1).
fn scaling_lists(bits: &mut Bits<'_>, lists: u32) -> Option<()> {
    for list in 0..lists {
        if !bits.flag()? {
            continue;
        }
        let (mut last, mut next) = (8_i64, 8_i64);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + bits.signed()?).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Some(())
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn flag(&mut self) -> Option<bool> {
        let byte = self.data.get(self.at / 8)?;
        let bit = (byte >> (7 - self.at % 8)) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some((value << 1) | u32::from(self.flag()?)))
    }

    /// `ue(v)`, below 2^32 (§9.1).
    fn unsigned(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        ((1_u32 << zeros) - 1).checked_add(self.take(zeros)?)
    }

    /// `se(v)` (§9.1.1).
    fn signed(&mut self) -> Option<i64> {
        let code = i64::from(self.unsigned()?);
        Some(if code % 2 == 1 { code / 2 + 1 } else { -(code / 2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x264's for 1920×1080 High at level 4.0, whose height is cropped by 8 and which holds emulation prevention.
    const HIGH_1080: [u8; 27] = [
        0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04,
        0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
    ];

    #[test]
    fn reads_size_and_parameters() {
        let sequence = read(&HIGH_1080).expect("a parameter set");
        assert_eq!((sequence.width, sequence.height), (1920, 1080));
        let expected = H264 {
            profile: 100,
            level: 40,
            chroma_format: 1,
            bit_depth: 8,
            progressive: true,
            fixed: true,
            buffer: Some(PictureBuffer { columns: 120, rows: 68, reference_frames: 4, decoded_frames: Some(4) }),
        };
        assert_eq!(sequence.parameters, expected);
        let cut = read(&HIGH_1080[..25]).expect("size and parameters");
        assert_eq!((cut.width, cut.parameters.buffer), (1920, None), "what it needs is cut off");
    }

    #[test]
    fn damage_is_none_and_never_a_panic() {
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0x68, 1, 2, 3]), None);
        assert_eq!(read(&[0x67, 100, 0, 40, 0, 0, 0, 0, 0, 0, 0]), None);
        for cut in 0..11 {
            assert_eq!(read(&HIGH_1080[..cut]), None, "{cut}");
        }
        for position in 0..HIGH_1080.len() * 8 {
            let mut flipped = HIGH_1080;
            flipped[position / 8] ^= 1 << (position % 8);
            let _ = read(&flipped);
        }
    }
}
