//! A new index in front of media that stays as it is: what lets a store copy a recording to itself and have it play while
//! it loads.
//!
//! Only what playback needs is written, box by box; titles, places, dates and the names of devices and programs are the
//! recorder's business. What is not understood is not guessed at: then FFmpeg remuxes.

use std::ops::Range;

use super::boxes::{Boxes, Fields, FourCc};
use super::samples::{Offsets, Samples, entries};
use super::write::Writer;
use super::{Index, IndexError, description};
use crate::Kind;

/// `isom`, version 512, compatible with `isom`, `iso2`, `avc1` and `mp41`.
pub(super) const BRANDS: &[u8] = b"isom\0\0\x02\0isomiso2avc1mp41";

/// What is stored in front of the media.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    /// `ftyp` and `moov`.
    pub bytes: Vec<u8>,
    /// Bytes of the source that follow it as they are.
    pub media: Range<u64>,
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head").field("bytes", &self.bytes.len()).field("media", &self.media).finish()
    }
}

/// Why a recording's media cannot be published as it lies. FFmpeg, which reads and writes every packet, may still make
/// something of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotCopyable {
    /// Fragments, no media, or media around something else.
    #[error("the media is not one stretch of the file")]
    Scattered,
    /// The tracks asked for are not there, or one of them twice.
    #[error("the tracks to keep are not in the file")]
    NoTrack,
    /// The samples are described in a way that has no like in the new index.
    #[error("a track cannot be described anew: {0}")]
    Description(&'static str),
    /// The media lies in another file, or may.
    #[error("the media of a track lies outside the file")]
    External,
    /// A box of which it is not known whether it says where something lies.
    #[error("the index has a box of the unknown type {0:?}")]
    Unknown(String),
    /// The new index would be larger than its format allows.
    #[error("the new index is too large")]
    TooLarge,
    /// The index contradicts itself, or the file.
    #[error("the index is malformed: {0}")]
    Malformed(&'static str),
}

impl NotCopyable {
    pub(super) fn unknown(kind: FourCc) -> Self {
        Self::Unknown(kind.escape_ascii().to_string())
    }
}

impl From<IndexError> for NotCopyable {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Malformed(what) => Self::Malformed(what),
            IndexError::TooLarge => Self::TooLarge,
            IndexError::NoIndex => Self::Malformed("it is not there"),
            IndexError::Truncated => Self::Malformed("it is cut off"),
        }
    }
}

/// Makes the head of an MP4 whose media is `source[media]`, byte for byte.
///
/// `tracks` are the [`crate::Track::index`]es that are kept, in their new order. `level` is the H.264 `level_idc` to
/// declare instead of the source's. Every chunk of the kept tracks has been seen to lie within the media. Takes time and
/// memory by the size of the index.
pub fn faststart(index: &Index, tracks: &[usize], level: Option<u8>) -> Result<Head, NotCopyable> {
    let media = index.media.clone().filter(|_| !index.fragmented).ok_or(NotCopyable::Scattered)?;
    let movie = Movie::read(required(&index.moov, b"mvhd")?)?;
    let kept = select(&index.moov, tracks)?;
    let kept = kept.into_iter().map(|trak| Kept::read(trak, index, &movie)).collect::<Result<Vec<_>, _>>()?;
    let highest = kept.iter().flat_map(|track| track.samples.offsets.iter()).max().unwrap_or(media.start);
    let highest = highest.saturating_sub(media.start);
    // Larger offsets make a longer head, which makes the offsets larger; but only once.
    let fits =
        |head: &[u8]| u64::try_from(head.len()).is_ok_and(|head| highest.saturating_add(head) <= u64::from(u32::MAX));
    let mut head = Build { movie: &movie, kept: &kept, media: media.start, level, wide: false }.head()?;
    if !fits(&head) {
        head = Build { movie: &movie, kept: &kept, media: media.start, level, wide: true }.head()?;
    }
    Ok(Head { bytes: head, media })
}

/// The tracks asked for, in the order in which they are asked for.
pub(super) fn select<'a>(moov: &'a [u8], tracks: &[usize]) -> Result<Vec<&'a [u8]>, NotCopyable> {
    let mut kept = vec![None; tracks.len()];
    let mut number = 0_usize;
    for child in Boxes(moov) {
        let child = child?;
        if child.kind != *b"trak" {
            continue;
        }
        for (place, wanted) in kept.iter_mut().zip(tracks) {
            if *wanted == number && place.replace(child.body).is_some() {
                return Err(NotCopyable::NoTrack);
            }
        }
        number += 1;
    }
    let distinct = tracks.iter().enumerate().all(|(at, track)| !tracks.iter().take(at).any(|other| other == track));
    kept.into_iter().collect::<Option<Vec<_>>>().filter(|kept| distinct && !kept.is_empty()).ok_or(NotCopyable::NoTrack)
}

/// The box of a type, of which there is at most one.
fn only<'a>(data: &'a [u8], kind: &FourCc) -> Result<Option<&'a [u8]>, NotCopyable> {
    let mut found = None;
    for child in Boxes(data) {
        let child = child?;
        if child.kind == *kind && found.replace(child.body).is_some() {
            return Err(NotCopyable::Malformed("a box is there twice"));
        }
    }
    Ok(found)
}

pub(super) fn required<'a>(data: &'a [u8], kind: &FourCc) -> Result<&'a [u8], NotCopyable> {
    only(data, kind)?.ok_or(NotCopyable::Malformed("a box is missing"))
}

/// What is kept of `mvhd` (§8.2.2).
pub(super) struct Movie<'a> {
    pub(super) timescale: u32,
    pub(super) matrix: &'a [u8],
}

impl<'a> Movie<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, NotCopyable> {
        let mut fields = Fields(body);
        let version = fields.version()?;
        fields.skip(if version == 0 { 8 } else { 16 })?;
        let timescale = fields.u32()?;
        fields.time(version)?;
        fields.skip(16)?;
        let matrix = fields.bytes(36)?;
        if timescale == 0 {
            return Err(NotCopyable::Malformed("a clock does not tick"));
        }
        Ok(Self { timescale, matrix })
    }
}

/// A track that is kept: its boxes, read and checked.
pub(super) struct Kept<'a> {
    kind: Kind,
    id: u32,
    /// By the movie's clock.
    duration: u64,
    pub(super) track_header: Vec<u8>,
    pub(super) edits: Option<&'a [u8]>,
    media_header: Vec<u8>,
    pub(super) description: &'a [u8],
    pub(super) samples: Samples<'a>,
}

impl<'a> Kept<'a> {
    pub(super) fn read(trak: &'a [u8], index: &Index, movie: &Movie<'_>) -> Result<Self, NotCopyable> {
        let mdia = required(trak, b"mdia")?;
        let mut handler = Fields(required(mdia, b"hdlr")?);
        handler.skip(8)?;
        let kind = match &handler.fourcc()? {
            b"vide" => Kind::Video,
            b"soun" => Kind::Audio,
            _ => return Err(NotCopyable::Description("it is neither picture nor sound")),
        };
        let (track_header, id, shown) = track_header(required(trak, b"tkhd")?)?;
        let (media_header, timescale, ticks) = media_header(required(mdia, b"mdhd")?)?;
        let by_media = u128::from(ticks.unwrap_or(0)) * u128::from(movie.timescale) / u128::from(timescale);
        let by_media = u64::try_from(by_media).unwrap_or(u64::MAX - 1);
        let minf = required(mdia, b"minf")?;
        within_file(required(required(minf, b"dinf")?, b"dref")?)?;
        let samples = Samples::read(required(minf, b"stbl")?, &index.payloads)?;
        let description = samples.table(b"stsd").ok_or(NotCopyable::Malformed("a table is missing"))?;
        let duration = shown.filter(|shown| *shown > 0).unwrap_or(by_media);
        let edits = edits(trak)?;
        Ok(Self { kind, id, duration, track_header, edits, media_header, description, samples })
    }
}

/// `tkhd` (§8.3.2) of a track that is shown, without dates; its number; its duration when it is known.
fn track_header(body: &[u8]) -> Result<(Vec<u8>, u32, Option<u64>), NotCopyable> {
    let mut fields = Fields(body);
    let version = fields.version()?;
    let dates = if version == 0 { 8 } else { 16 };
    fields.skip(dates)?;
    let number = fields;
    let id = fields.u32()?;
    fields.skip(4)?;
    let duration = fields.time(version)?;
    let rest = number.0.len() - fields.0.len() + 60;
    let mut header = vec![version, 0, 0, 3];
    header.resize(4 + dates, 0);
    header.extend_from_slice(Fields(number.0).bytes(rest)?);
    if id == 0 { Err(NotCopyable::Malformed("a track has no number")) } else { Ok((header, id, duration)) }
}

/// `mdhd` (§8.4.2) without dates; ticks a second; ticks.
fn media_header(body: &[u8]) -> Result<(Vec<u8>, u32, Option<u64>), NotCopyable> {
    let mut fields = Fields(body);
    let version = fields.version()?;
    let dates = if version == 0 { 8 } else { 16 };
    fields.skip(dates)?;
    let times = fields;
    let timescale = fields.u32()?;
    let duration = fields.time(version)?;
    let times = Fields(times.0).bytes(times.0.len() - fields.0.len())?;
    // QuickTime's own numbers for languages are below those of three letters; `und` is for them.
    let language = Some(fields.u16()? & 0x7fff).filter(|code| *code >= 0x400).unwrap_or(0x55c4);
    let mut header = vec![version, 0, 0, 0];
    header.resize(4 + dates, 0);
    header.extend_from_slice(times);
    header.extend_from_slice(&language.to_be_bytes());
    header.extend_from_slice(&[0; 2]);
    if timescale == 0 {
        Err(NotCopyable::Malformed("a clock does not tick"))
    } else {
        Ok((header, timescale, duration))
    }
}

/// The edit list (§8.6.6) when there is one.
fn edits(trak: &[u8]) -> Result<Option<&[u8]>, NotCopyable> {
    let Some(edits) = only(trak, b"edts")? else { return Ok(None) };
    let Some(edits) = only(edits, b"elst")? else { return Ok(None) };
    let wide = Fields(edits).version()? != 0;
    let count = if wide { entries::<20>(edits)?.len() } else { entries::<12>(edits)?.len() };
    Ok((count > 0).then_some(edits))
}

/// Checks that all data references name the file itself (§8.7.2); QuickTime's are aliases.
fn within_file(dref: &[u8]) -> Result<(), NotCopyable> {
    let mut fields = Fields(dref);
    fields.version()?;
    fields.u32()?;
    let mut any = false;
    for child in Boxes(fields.0) {
        let child = child?;
        let itself = child.body.get(3).is_some_and(|flags| flags & 1 == 1);
        if !itself || !matches!(&child.kind, b"url " | b"alis") {
            return Err(NotCopyable::External);
        }
        any = true;
    }
    if any { Ok(()) } else { Err(NotCopyable::Malformed("it is not clear where the media lies")) }
}

/// A head in the making.
struct Build<'a> {
    movie: &'a Movie<'a>,
    kept: &'a [Kept<'a>],
    /// Where the media begins in the source.
    media: u64,
    level: Option<u8>,
    /// All offsets have 64 bits.
    wide: bool,
}

/// A table of offsets in the head, still counted from the start of the media.
struct Table {
    entries: Range<usize>,
    wide: bool,
}

impl Build<'_> {
    fn head(&self) -> Result<Vec<u8>, NotCopyable> {
        let mut out = Writer::default();
        out.copied(*b"ftyp", BRANDS)?;
        let tables = out.try_boxed(*b"moov", |out| {
            self.movie_header(out)?;
            self.kept.iter().map(|track| self.track(out, track)).collect::<Result<Vec<_>, _>>()
        })?;
        let mut bytes = out.0;
        let length = u64::try_from(bytes.len()).map_err(|_| NotCopyable::TooLarge)?;
        for Table { entries, wide } in tables {
            let entries = bytes.get_mut(entries).unwrap_or_default();
            if wide {
                for entry in entries.as_chunks_mut::<8>().0 {
                    *entry = u64::from_be_bytes(*entry).saturating_add(length).to_be_bytes();
                }
            } else {
                // What does not fit is written again, with 64 bits.
                let length = u32::try_from(length).map_err(|_| NotCopyable::TooLarge)?;
                for entry in entries.as_chunks_mut::<4>().0 {
                    *entry = u32::from_be_bytes(*entry).saturating_add(length).to_be_bytes();
                }
            }
        }
        Ok(bytes)
    }

    fn movie_header(&self, out: &mut Writer) -> Result<(), NotCopyable> {
        let longest = self.kept.iter().map(|track| track.duration).max().unwrap_or(0);
        let next = self.kept.iter().map(|track| track.id).max().unwrap_or(0).saturating_add(1);
        out.try_boxed(*b"mvhd", |out| {
            // All ones mean that it is not known.
            if let Some(longest) = u32::try_from(longest).ok().filter(|longest| *longest < u32::MAX) {
                out.bytes(&[0; 12]);
                out.bytes(&self.movie.timescale.to_be_bytes());
                out.bytes(&longest.to_be_bytes());
            } else {
                out.bytes(&[1, 0, 0, 0]);
                out.bytes(&[0; 16]);
                out.bytes(&self.movie.timescale.to_be_bytes());
                out.bytes(&longest.to_be_bytes());
            }
            // Normal speed and full volume.
            out.bytes(&[0, 1, 0, 0, 1, 0]);
            out.bytes(&[0; 10]);
            out.bytes(self.movie.matrix);
            out.bytes(&[0; 24]);
            out.bytes(&next.to_be_bytes());
            Ok(())
        })
    }

    fn track(&self, out: &mut Writer, track: &Kept<'_>) -> Result<Table, NotCopyable> {
        out.try_boxed(*b"trak", |out| {
            out.copied(*b"tkhd", &track.track_header)?;
            if let Some(edits) = track.edits {
                out.try_boxed(*b"edts", |out| out.copied(*b"elst", edits))?;
            }
            out.try_boxed(*b"mdia", |out| {
                out.copied(*b"mdhd", &track.media_header)?;
                let video = track.kind == Kind::Video;
                out.copied(*b"hdlr", if video { VIDEO_HANDLER } else { AUDIO_HANDLER })?;
                out.try_boxed(*b"minf", |out| {
                    if video {
                        out.copied(*b"vmhd", &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])?;
                    } else {
                        out.copied(*b"smhd", &[0; 8])?;
                    }
                    out.try_boxed(*b"dinf", |out| out.copied(*b"dref", ITSELF))?;
                    out.try_boxed(*b"stbl", |out| self.sample_table(out, track))
                })
            })
        })
    }

    fn sample_table(&self, out: &mut Writer, track: &Kept<'_>) -> Result<Table, NotCopyable> {
        description::write(out, track.description, track.kind, self.level)?;
        for table in track.samples.kept() {
            if table.kind == *b"ctts" {
                composition(out, table.body)?;
            } else {
                out.copied(table.kind, table.body)?;
            }
        }
        let offsets = track.samples.offsets;
        let wide = self.wide || matches!(offsets, Offsets::Wide(_));
        let count = u32::try_from(offsets.len()).map_err(|_| NotCopyable::TooLarge)?;
        out.try_boxed(if wide { *b"co64" } else { *b"stco" }, |out| {
            out.bytes(&[0; 4]);
            out.bytes(&count.to_be_bytes());
            let start = out.0.len();
            for offset in offsets.iter() {
                let offset = offset.saturating_sub(self.media);
                if wide {
                    out.bytes(&offset.to_be_bytes());
                } else {
                    out.bytes(&u32::try_from(offset).unwrap_or(u32::MAX).to_be_bytes());
                }
            }
            Ok(Table { entries: start..out.0.len(), wide })
        })
    }
}

pub(super) const VIDEO_HANDLER: &[u8] = b"\0\0\0\0\0\0\0\0vide\0\0\0\0\0\0\0\0\0\0\0\0VideoHandler\0";
const AUDIO_HANDLER: &[u8] = b"\0\0\0\0\0\0\0\0soun\0\0\0\0\0\0\0\0\0\0\0\0SoundHandler\0";
/// One data reference: the file itself.
pub(super) const ITSELF: &[u8] = b"\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01";

/// `ctts` (§8.6.1.3). QuickTime's offsets have a sign in version 0, which ISO's have from version 1 on.
fn composition(out: &mut Writer, body: &[u8]) -> Result<(), NotCopyable> {
    let negative = entries::<8>(body)?.iter().any(|[.., high, _, _, _]| high & 0x80 != 0);
    out.try_boxed(*b"ctts", |out| {
        out.bytes(&[u8::from(negative || body.first() == Some(&1))]);
        out.bytes(body.get(1..).unwrap_or_default());
        Ok(())
    })
}
