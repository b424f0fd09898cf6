//! Telling clusters from media that happens to look like one.

use std::time::Duration;

use super::block::{Piece, piece};
use super::ebml::{NoElement, id};
use super::{Header, Window};

/// Blocks of known tracks, one after another, that nothing but a cluster has.
const ENOUGH: u32 = 3;
/// Pieces of a cluster that are looked at before its first picture.
const MAX_PIECES: u32 = 256;

/// A cluster that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    pub(super) offset: u64,
    pub(super) time: Duration,
    /// When its first picture is shown, if that is a keyframe.
    pub(super) keyframe: Option<Duration>,
}

/// What a window tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Cluster(Cluster),
    /// At this byte may be one; a window from there on would tell.
    Unclear(u64),
    Nothing,
}

/// The first cluster that begins in a window, at or after `from` and before `until`.
///
/// What it is taken for by its id must go on as clusters do: a size within the object, a time, then blocks of the
/// tracks that the header names. `size` is that of the object in bytes.
pub(super) fn next(window: &Window, from: u64, until: u64, size: u64, header: &Header) -> Found {
    let mut at = from.max(window.at);
    while at < until {
        let bytes = window.from(at);
        let Some(place) = bytes.array_windows().position(|four| u32::from_be_bytes(*four) == id::CLUSTER) else {
            return Found::Nothing;
        };
        at = at.saturating_add(place as u64);
        if at >= until {
            return Found::Nothing;
        }
        let last = at == window.at || window.end() >= size;
        match look(window.from(at), at, last, size, header) {
            Ok(cluster) => return Found::Cluster(cluster),
            Err(NoElement::Short) if !last => return Found::Unclear(at),
            Err(_) => at = at.saturating_add(1),
        }
    }
    Found::Nothing
}

/// The time of the cluster at the front of `bytes`, in ticks.
pub(super) fn timestamp(bytes: &[u8]) -> Option<u64> {
    let mut position = 0;
    for _ in 0..ENOUGH + 2 {
        let (piece, length) = piece(bytes.get(position..)?, true).ok()?;
        if let Piece::Timestamp(ticks) = piece {
            return Some(ticks);
        }
        position = position.checked_add(usize::try_from(length).ok()?)?;
    }
    None
}

fn look(bytes: &[u8], offset: u64, last: bool, size: u64, header: &Header) -> Result<Cluster, NoElement> {
    let (mut position, mut end, mut ticks, mut blocks) = (0_u64, size.saturating_sub(offset), None, 0);
    let (mut keyframe, mut over) = (None, false);
    for number in 0..MAX_PIECES {
        if position == end {
            // A cluster that tells its size and holds little is followed by something that stands beside it.
            if blocks >= ENOUGH || offset.saturating_add(end) >= size {
                break;
            }
            over = true;
        }
        let rest = usize::try_from(position).ok().and_then(|position| bytes.get(position..)).unwrap_or_default();
        let (piece, length) = match piece(rest, last) {
            Ok(found) => found,
            // The picture lies beyond what is to be had, yet it is a cluster.
            Err(NoElement::Short) if last && blocks > 0 => break,
            Err(error) => return Err(error),
        };
        position = position.checked_add(length).ok_or(NoElement::Bad)?;
        match piece {
            Piece::Cluster { size } if number == 0 => {
                let told = size.map(|size| position.saturating_add(size));
                if told.is_some_and(|told| told > end) {
                    return Err(NoElement::Bad);
                }
                end = told.unwrap_or(end);
            }
            // A cluster without blocks is of no use.
            Piece::Cluster { .. } | Piece::Beside if blocks > 0 => break,
            Piece::Timestamp(time) if ticks.is_none() && !over && header.time(time).is_some() => ticks = Some(time),
            Piece::Within if over => break,
            Piece::Within => {}
            Piece::Block(_) if over => return Err(NoElement::Bad),
            Piece::Block(block) => {
                let track = header.track(block.track).ok_or(NoElement::Bad)?;
                let ticks = ticks.ok_or(NoElement::Bad)?;
                // What was cut off in the middle is a block still, if it is not the only one.
                if position > end && blocks == 0 {
                    return Err(NoElement::Bad);
                }
                blocks += 1;
                if track.number == header.video_track && keyframe.is_none() {
                    let shown = header.time(ticks.saturating_add_signed(i64::from(block.relative)));
                    keyframe = Some(shown.filter(|_| block.keyframe));
                }
            }
            _ => return Err(NoElement::Bad),
        }
        if (blocks >= ENOUGH && keyframe.is_some()) || position > end {
            break;
        }
    }
    let time = ticks.and_then(|ticks| header.time(ticks)).filter(|_| blocks > 0).ok_or(NoElement::Bad)?;
    Ok(Cluster { offset, time, keyframe: keyframe.flatten() })
}
