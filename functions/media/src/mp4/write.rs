//! Boxes written into memory.

use super::boxes::FourCc;
use super::faststart::NotCopyable;

/// Appends boxes; each is closed where it was opened, so lengths always agree.
#[derive(Debug, Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn boxed(&mut self, kind: &FourCc, body: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.u32(0);
        self.bytes(kind);
        body(self);
        // An index is bounded far below 4 GiB before it is written.
        let length = u32::try_from(self.0.len() - start).unwrap_or(u32::MAX);
        if let Some(field) = self.0.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }

    /// A box whose body may turn out not to be writable.
    pub(super) fn try_boxed<T>(
        &mut self,
        kind: FourCc,
        fill: impl FnOnce(&mut Self) -> Result<T, NotCopyable>,
    ) -> Result<T, NotCopyable> {
        let start = self.0.len();
        self.u32(0);
        self.bytes(&kind);
        let filled = fill(self)?;
        let length = u32::try_from(self.0.len() - start).map_err(|_| NotCopyable::TooLarge)?;
        if let Some(field) = self.0.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        Ok(filled)
    }

    /// A box with a body that is there.
    pub(super) fn copied(&mut self, kind: FourCc, body: &[u8]) -> Result<(), NotCopyable> {
        self.try_boxed(kind, |out| {
            out.bytes(body);
            Ok(())
        })
    }

    /// A full box (ISO/IEC 14496-12 §4.2): version and flags, then the body.
    pub(super) fn full(&mut self, kind: &FourCc, version: u8, flags: u32, body: impl FnOnce(&mut Self)) {
        self.boxed(kind, |w| {
            w.u32(u32::from(version) << 24 | flags);
            body(w);
        });
    }

    /// A full box that is a counted table.
    pub(super) fn table<T>(
        &mut self,
        kind: &FourCc,
        version: u8,
        entries: impl ExactSizeIterator<Item = T>,
        mut entry: impl FnMut(&mut Self, T),
    ) {
        self.full(kind, version, 0, |w| {
            w.u32(u32::try_from(entries.len()).unwrap_or(u32::MAX));
            entries.for_each(|one| entry(w, one));
        });
    }

    /// `mvhd` (§8.2.2) of a movie at normal speed and full volume, which lasts `duration` ticks of its clock.
    pub(super) fn movie_header(&mut self, timescale: u32, duration: u64, matrix: &[u8], next_track: u32) {
        let version = version_for(duration);
        self.full(b"mvhd", version, 0, |w| {
            w.time(version, 0);
            w.time(version, 0);
            w.u32(timescale);
            w.time(version, duration);
            w.u32(0x0001_0000);
            w.u16(0x0100);
            w.zeros(10);
            w.bytes(matrix);
            w.zeros(24);
            w.u32(next_track);
        });
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn u16(&mut self, number: u16) {
        self.bytes(&number.to_be_bytes());
    }

    pub(super) fn u32(&mut self, number: u32) {
        self.bytes(&number.to_be_bytes());
    }

    pub(super) fn i32(&mut self, number: i32) {
        self.bytes(&number.to_be_bytes());
    }

    pub(super) fn u64(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    pub(super) fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, 0);
    }

    /// A time of 32 bits in version 0 and 64 bits in version 1, the counterpart of [`super::boxes::Fields::time`].
    pub(super) fn time(&mut self, version: u8, time: u64) {
        if version == 0 { self.u32(u32::try_from(time).unwrap_or(u32::MAX)) } else { self.u64(time) }
    }
}

/// The matrix that changes nothing: 1 on its diagonal, as 16.16 and 2.30 fixed-point numbers (§8.2.2).
pub(super) const UNCHANGED: [u8; 36] = {
    let mut matrix = [0; 36];
    (matrix[1], matrix[17], matrix[32]) = (1, 1, 0x40);
    matrix
};

/// The version that has room for a time, when all ones mean "not known".
pub(super) fn version_for(time: u64) -> u8 {
    u8::from(time >= u64::from(u32::MAX))
}
