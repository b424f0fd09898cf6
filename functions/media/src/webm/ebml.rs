//! Elements of EBML (RFC 8794), the binary notation of Matroska and WebM.

/// Ids that are read here (RFC 9559 §5).
pub(super) mod id {
    pub(in crate::webm) const EBML: u32 = 0x1A45_DFA3;
    pub(in crate::webm) const SEGMENT: u32 = 0x1853_8067;
    pub(in crate::webm) const SEEK_HEAD: u32 = 0x114D_9B74;
    pub(in crate::webm) const SEEK: u32 = 0x4DBB;
    pub(in crate::webm) const SEEK_ID: u32 = 0x53AB;
    pub(in crate::webm) const INFO: u32 = 0x1549_A966;
    pub(in crate::webm) const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
    pub(in crate::webm) const DURATION: u32 = 0x4489;
    pub(in crate::webm) const TRACKS: u32 = 0x1654_AE6B;
    pub(in crate::webm) const TRACK_ENTRY: u32 = 0xAE;
    pub(in crate::webm) const TRACK_NUMBER: u32 = 0xD7;
    pub(in crate::webm) const TRACK_TYPE: u32 = 0x83;
    pub(in crate::webm) const DEFAULT_DURATION: u32 = 0x0023_E383;
    pub(in crate::webm) const CUES: u32 = 0x1C53_BB6B;
    pub(in crate::webm) const CHAPTERS: u32 = 0x1043_A770;
    pub(in crate::webm) const ATTACHMENTS: u32 = 0x1941_A469;
    pub(in crate::webm) const TAGS: u32 = 0x1254_C367;
    pub(in crate::webm) const CLUSTER: u32 = 0x1F43_B675;
    pub(in crate::webm) const TIMESTAMP: u32 = 0xE7;
    pub(in crate::webm) const SILENT_TRACKS: u32 = 0x5854;
    pub(in crate::webm) const POSITION: u32 = 0xA7;
    pub(in crate::webm) const PREV_SIZE: u32 = 0xAB;
    pub(in crate::webm) const SIMPLE_BLOCK: u32 = 0xA3;
    pub(in crate::webm) const ENCRYPTED_BLOCK: u32 = 0xAF;
    pub(in crate::webm) const BLOCK_GROUP: u32 = 0xA0;
    pub(in crate::webm) const BLOCK: u32 = 0xA1;
    pub(in crate::webm) const BLOCK_DURATION: u32 = 0x9B;
    pub(in crate::webm) const REFERENCE_BLOCK: u32 = 0xFB;
    pub(in crate::webm) const VOID: u32 = 0xEC;
    pub(in crate::webm) const CRC: u32 = 0xBF;
}

/// Longest header of an element: an id of four bytes, a size of eight.
pub(super) const MAX_HEADER: u64 = 12;

/// Why bytes are no element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoElement {
    /// They may be the beginning of one.
    Short,
    /// They are none.
    Bad,
}

/// The header of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) id: u32,
    /// Bytes of the header.
    pub(super) header: u64,
    /// Bytes of the content, below 2^56; `None` when it goes on until something follows that cannot be within it.
    pub(super) size: Option<u64>,
}

impl Element {
    /// Reads the header at the front of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NoElement> {
        let id_length = length(bytes)?;
        if id_length > 4 {
            return Err(NoElement::Bad);
        }
        let id = bytes.get(..id_length).ok_or(NoElement::Short)?;
        let id = id.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
        let (size, size_length) = vint(bytes.get(id_length..).unwrap_or_default())?;
        Ok(Self { id, header: id_length as u64 + size_length as u64, size })
    }

    /// Header and content in bytes, when the size is known.
    pub(super) fn total(&self) -> Option<u64> {
        self.header.checked_add(self.size?)
    }

    /// What of the content is in `bytes`, which begin with the header.
    pub(super) fn content<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let rest = usize::try_from(self.header).ok().and_then(|header| bytes.get(header..)).unwrap_or_default();
        let size = self.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        rest.get(..size).unwrap_or(rest)
    }
}

/// A number with its length in front, and that length; `None` for the number that stands for an unknown size
/// (RFC 8794 §4, §6.2).
pub(super) fn vint(bytes: &[u8]) -> Result<(Option<u64>, usize), NoElement> {
    let length = length(bytes)?;
    let number = bytes.get(..length).ok_or(NoElement::Short)?;
    let number = number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let all = (1_u64 << (7 * length)) - 1;
    Ok((Some(number & all).filter(|number| *number != all), length))
}

/// Bytes of a number with its length in front, 1 to 8.
fn length(bytes: &[u8]) -> Result<usize, NoElement> {
    match bytes.first() {
        None => Err(NoElement::Short),
        Some(0) => Err(NoElement::Bad),
        Some(first) => Ok(first.leading_zeros() as usize + 1),
    }
}

/// The content of an element that is an unsigned number of at most eight bytes.
pub(super) fn unsigned(content: &[u8]) -> Option<u64> {
    (content.len() <= 8).then(|| content.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// The content of an element that is a floating-point number.
pub(super) fn float(content: &[u8]) -> Option<f64> {
    match content.len() {
        4 => Some(f64::from(f32::from_be_bytes(content.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(content.try_into().ok()?)),
        _ => None,
    }
}

/// The elements in the content of another, until the first that is none or not whole.
pub(super) fn children(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let element = Element::read(bytes).ok()?;
        let content = element.content(bytes);
        bytes = bytes.get(usize::try_from(element.total()?).ok()?..)?;
        Some((element.id, content))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        assert_eq!(vint(&[0x81]), Ok((Some(1), 1)));
        assert_eq!(vint(&[0x40, 0x80, 9]), Ok((Some(128), 2)));
        assert_eq!(vint(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]), Ok((Some((1 << 56) - 2), 8)));
        assert_eq!(vint(&[1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Ok((None, 8)));
        assert_eq!(vint(&[0xff]), Ok((None, 1)));
        assert_eq!(
            (vint(&[0]), vint(&[]), vint(&[0x40])),
            (Err(NoElement::Bad), Err(NoElement::Short), Err(NoElement::Short))
        );
        assert_eq!((unsigned(&[]), unsigned(&[1, 0]), unsigned(&[1; 9])), (Some(0), Some(256), None));
    }

    #[test]
    fn elements_never_reach_past_what_is_there() {
        let largest = Element::read(b"\xec\x01\xff\xff\xff\xff\xff\xff\xfe").expect("an element");
        assert_eq!((largest.id, largest.total()), (id::VOID, Some((1 << 56) + 7)));
        assert_eq!(Element::read(b"\x0f\0\0\0\0\x81"), Err(NoElement::Bad), "an id of five bytes");
        assert_eq!(children(b"\xd7\x81\x01\x83\x82\x01").collect::<Vec<_>>(), [(id::TRACK_NUMBER, &[1][..])]);
        assert_eq!(children(b"\xd7\xff").count(), 0, "an unknown size");
    }
}
