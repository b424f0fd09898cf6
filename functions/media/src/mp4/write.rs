//! Boxes written into memory.

use super::boxes::FourCc;
use super::faststart::NotCopyable;

/// Boxes as they are written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A box with what `fill` writes.
    pub(super) fn boxed<T>(
        &mut self,
        kind: FourCc,
        fill: impl FnOnce(&mut Self) -> Result<T, NotCopyable>,
    ) -> Result<T, NotCopyable> {
        let start = self.bytes.len();
        self.put(&[0; 4]);
        self.put(&kind);
        let filled = fill(self)?;
        let length = u32::try_from(self.bytes.len() - start).map_err(|_| NotCopyable::TooLarge)?;
        if let Some(field) = self.bytes.get_mut(start..start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
        Ok(filled)
    }

    /// A box with a body that is there.
    pub(super) fn copied(&mut self, kind: FourCc, body: &[u8]) -> Result<(), NotCopyable> {
        self.boxed(kind, |out| {
            out.put(body);
            Ok(())
        })
    }
}
