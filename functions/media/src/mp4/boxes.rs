//! Boxes and numbers over borrowed bytes. Nothing here allocates, recurses or trusts a length.

use super::IndexError;

/// A box's four-character type.
pub(super) type FourCc = [u8; 4];

/// The header of a box (ISO/IEC 14496-12 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: FourCc,
    /// Bytes of the header itself, 8 or 16.
    pub(super) header: u64,
    /// Bytes of the box with its header.
    pub(super) total: u64,
}

impl Header {
    /// Reads a header from `head`, of a box in a space of `available` bytes.
    pub(super) fn read(head: &[u8], available: u64) -> Result<Self, IndexError> {
        let mut fields = Fields(head);
        let size = u64::from(fields.u32()?);
        let kind = fields.fourcc()?;
        let (header, total) = match size {
            0 => (8, available),
            1 => (16, fields.u64()?),
            size => (8, size),
        };
        if total < header {
            return Err(IndexError::Malformed("a box is shorter than its header"));
        }
        Ok(Self { kind, header, total })
    }
}

/// A box within the index: its type and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Box<'a> {
    pub(super) kind: FourCc,
    pub(super) body: &'a [u8],
}

/// The boxes that lie one after another in `data`.
pub(super) struct Boxes<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = Result<Box<'a>, IndexError>;

    fn next(&mut self) -> Option<Self::Item> {
        // QuickTime ends some lists with four zero bytes.
        if self.0.len() < 8 {
            return None;
        }
        let data = std::mem::take(&mut self.0);
        let available = u64::try_from(data.len()).unwrap_or(u64::MAX);
        let cut = |header: Header| {
            let (start, end) = (usize::try_from(header.header).ok()?, usize::try_from(header.total).ok()?);
            Some((data.get(start..end)?, data.get(end..)?))
        };
        Some(Header::read(data, available).and_then(|header| {
            let (body, rest) = cut(header).ok_or(IndexError::Malformed("a box is longer than the one around it"))?;
            self.0 = rest;
            Ok(Box { kind: header.kind, body })
        }))
    }
}

/// The first box of a type in `data`; damage behind it does not matter.
pub(super) fn find<'a>(data: &'a [u8], kind: &FourCc) -> Option<&'a [u8]> {
    Boxes(data).map_while(Result::ok).find(|found| found.kind == *kind).map(|found| found.body)
}

/// Big-endian numbers from the front of a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

const SHORT: IndexError = IndexError::Malformed("a box is shorter than its fields");

impl<'a> Fields<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], IndexError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], IndexError> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn skip(&mut self, count: usize) -> Result<(), IndexError> {
        self.bytes(count).map(|_| ())
    }

    pub(super) fn u8(&mut self) -> Result<u8, IndexError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, IndexError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, IndexError> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, IndexError> {
        self.array().map(i32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, IndexError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn fourcc(&mut self) -> Result<FourCc, IndexError> {
        self.array()
    }

    /// Version of a full box, whose flags are skipped.
    pub(super) fn version(&mut self) -> Result<u8, IndexError> {
        let version = self.u8()?;
        self.skip(3)?;
        Ok(version)
    }

    /// A duration or time: 64 bits from version 1 on; all ones mean "not known".
    pub(super) fn time(&mut self, version: u8) -> Result<Option<u64>, IndexError> {
        if version == 0 {
            self.u32().map(|time| (time != u32::MAX).then_some(u64::from(time)))
        } else {
            self.u64().map(|time| (time != u64::MAX).then_some(time))
        }
    }

    /// A table: its count, checked against the bytes that are there, and its entries.
    pub(super) fn table<const ENTRY: usize>(&mut self) -> Result<&'a [[u8; ENTRY]], IndexError> {
        let count = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        let (entries, _) = self.0.as_chunks::<ENTRY>();
        entries.get(..count).ok_or(IndexError::Malformed("a table claims more entries than it has bytes for"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_boxes_of_every_size_form() {
        let data = b"\0\0\0\x0aaaaaxy\0\0\0\x01bbbb\0\0\0\0\0\0\0\x11z\0\0\0\0cccc123\0";
        let found: Vec<_> = Boxes(data).map(|b| b.map(|b| (b.kind, b.body.to_vec()))).collect();
        let expected =
            vec![Ok((*b"aaaa", b"xy".to_vec())), Ok((*b"bbbb", b"z".to_vec())), Ok((*b"cccc", b"123\0".to_vec()))];
        assert_eq!(found, expected);
    }

    #[test]
    fn lengths_that_lie_end_the_walk_with_an_error() {
        for data in [
            &b"\0\0\0\x07aaaa"[..],
            b"\0\0\0\x09aaaa",
            b"\0\0\0\x01aaaa",
            b"\0\0\0\x01aaaa\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\0\0\0\x01aaaa\0\0\0\0\0\0\0\x0f",
        ] {
            let found: Vec<_> = Boxes(data).collect();
            assert!(matches!(found.as_slice(), [Err(IndexError::Malformed(_))]), "{data:?}");
        }
    }

    #[test]
    fn a_table_cannot_claim_more_than_its_bytes() {
        assert_eq!(Fields(b"\0\0\0\x01abcdefgh").table::<8>().map(<[_]>::len), Ok(1));
        assert!(Fields(b"\0\0\0\x02abcdefgh").table::<8>().is_err());
        assert!(Fields(b"\xff\xff\xff\xffabcdefgh").table::<8>().is_err());
    }
}
