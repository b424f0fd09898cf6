//! H.264 parameter sets that claim what is asked for (ITU-T H.264 §7.3.2.1.1, ISO/IEC 14496-15 §5.3.3.1).

/// A sequence parameter set, with its NAL header, for a picture of so many macroblocks of 16 pixels each way.
#[must_use]
pub fn sequence(columns: u32, rows: u32) -> Vec<u8> {
    let mut bits = Bits(Vec::new());
    // Baseline at level 5.2.
    for byte in [66, 0xc0, 52] {
        bits.put(byte, 8);
    }
    for value in [0, 0, 2, 1] {
        bits.golomb(value);
    }
    bits.put(0, 1);
    bits.golomb(columns - 1);
    bits.golomb(rows - 1);
    // Whole frames, direct inference, no cropping, no VUI; then the stop bit.
    bits.put(0b11001, 5);
    let plain: Vec<u8> =
        bits.0.chunks(8).map(|byte| byte.iter().fold(0, |sum, bit| (sum << 1) | bit) << (8 - byte.len())).collect();
    let mut nal = vec![0x67];
    for byte in plain {
        // Emulation prevention (§7.4.1).
        if byte <= 3 && nal.ends_with(&[0, 0]) {
            nal.push(3);
        }
        nal.push(byte);
    }
    nal
}

/// An `avcC` like `original` with another sequence parameter set.
#[must_use]
pub fn configuration(original: &[u8], sequence: &[u8]) -> Vec<u8> {
    let old = usize::from(u16::from_be_bytes([original[6], original[7]]));
    let length = u16::try_from(sequence.len()).expect("a short parameter set");
    [&original[..6], &length.to_be_bytes(), sequence, &original[8 + old..]].concat()
}

struct Bits(Vec<u8>);

impl Bits {
    fn put(&mut self, value: u32, count: u32) {
        self.0.extend((0..count).rev().map(|shift| u8::from(value >> shift & 1 == 1)));
    }

    /// `ue(v)` (§9.1).
    fn golomb(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.put(0, length);
        self.put(value + 1, length + 1);
    }
}
