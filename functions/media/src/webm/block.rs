//! What a cluster consists of, read piece by piece without regard to where clusters end, which many do not tell.

use super::ebml::{Element, NoElement, children, id, unsigned, vint};

/// A frame, or several of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) track: u64,
    /// Ticks after its cluster's time.
    pub(super) relative: i16,
    /// Decoding can begin here; `false` when that is not known.
    pub(super) keyframe: bool,
    /// In ticks, when told.
    pub(super) duration: Option<u64>,
}

/// A piece of what follows the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A cluster begins; its content follows.
    Cluster {
        /// Bytes of the content, when told.
        size: Option<u64>,
    },
    /// The time of the cluster, in ticks.
    Timestamp(u64),
    Block(Block),
    /// Something else that a cluster may contain.
    Within,
    /// Something that stands beside clusters.
    Beside,
}

/// Reads the piece at the front of `bytes`, and tells its length in bytes: of a cluster that of its header, otherwise all,
/// which may be more than there is. `last` when there are no more bytes to be had.
pub(super) fn piece(bytes: &[u8], last: bool) -> Result<(Piece, u64), NoElement> {
    let element = Element::read(bytes)?;
    if element.id == id::CLUSTER {
        return Ok((Piece::Cluster { size: element.size }, element.header));
    }
    let total = element.total().ok_or(NoElement::Bad)?;
    let content = element.content(bytes);
    let whole = element.size == Some(content.len() as u64);
    let piece = match element.id {
        id::TIMESTAMP if element.size.is_none_or(|size| size == 0 || size > 8) => return Err(NoElement::Bad),
        id::TIMESTAMP if !whole => return Err(NoElement::Short),
        id::TIMESTAMP => Piece::Timestamp(unsigned(content).ok_or(NoElement::Bad)?),
        id::SIMPLE_BLOCK => {
            let (track, relative, flags) = block_header(content, whole)?;
            Piece::Block(Block { track, relative, keyframe: flags & 0x80 != 0, duration: None })
        }
        id::BLOCK_GROUP if !whole && !last => return Err(NoElement::Short),
        id::BLOCK_GROUP => Piece::Block(group(content, whole)?),
        id::ENCRYPTED_BLOCK | id::POSITION | id::PREV_SIZE | id::SILENT_TRACKS | id::VOID | id::CRC => Piece::Within,
        id::CUES | id::TAGS | id::CHAPTERS | id::ATTACHMENTS | id::SEEK_HEAD | id::INFO | id::TRACKS => Piece::Beside,
        _ => return Err(NoElement::Bad),
    };
    Ok((piece, total))
}

/// A block that says more of itself (RFC 9559 §5.1.3.5). Of one that is not all there, what is known.
fn group(content: &[u8], whole: bool) -> Result<Block, NoElement> {
    let element = Element::read(content)?;
    // Writers put the block first; whatever precedes it is small.
    let block = if element.id == id::BLOCK {
        element.content(content)
    } else {
        children(content).find(|(id, _)| *id == id::BLOCK).ok_or(NoElement::Bad)?.1
    };
    let (track, relative, _) = block_header(block, true)?;
    let referring = children(content).any(|(id, _)| id == id::REFERENCE_BLOCK);
    let duration = children(content).find(|(id, _)| *id == id::BLOCK_DURATION);
    let duration = duration.and_then(|(_, content)| unsigned(content));
    Ok(Block { track, relative, keyframe: whole && !referring, duration })
}

/// Track, time and flags (RFC 9559 §10.1).
fn block_header(content: &[u8], whole: bool) -> Result<(u64, i16, u8), NoElement> {
    let missing = if whole { NoElement::Bad } else { NoElement::Short };
    let (track, length) = vint(content).map_err(|error| if error == NoElement::Bad { error } else { missing })?;
    match (track, content.get(length..)) {
        (Some(track), Some([high, low, flags, ..])) => Ok((track, i16::from_be_bytes([*high, *low]), *flags)),
        (None, _) => Err(NoElement::Bad),
        _ => Err(missing),
    }
}
