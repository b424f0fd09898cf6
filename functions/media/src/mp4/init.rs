//! The index of a fragmented file, which describes the tracks and no sample: what an assembled file takes from it.

use super::FragmentError;
use super::boxes::{Boxes, Fields, FourCc, find};

/// Tracks of one stream. FFmpeg writes one for each stream that it is told to map.
const MAX_TRACKS: usize = 64;

/// A sample table that is not there.
const NO_SAMPLES: [u8; 12] = [0; 12];

/// What precedes the fragments of a stream (ISO/IEC 14496-12 §8.8): its tracks, how they are decoded, when they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// Ticks a second of the times in edit lists; never 0.
    pub(super) timescale: u32,
    pub(super) tracks: Vec<InitTrack>,
}

/// A track of an [`Init`]. Boxes that nobody here needs to understand are kept as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InitTrack {
    pub(super) id: u32,
    /// Ticks a second, never 0.
    pub(super) timescale: u32,
    pub(super) handler: FourCc,
    pub(super) tkhd_flags: [u8; 3],
    /// What follows the duration in `tkhd`: layer, group, volume, matrix, width and height (§8.3.2).
    pub(super) tkhd_rest: [u8; 60],
    pub(super) language: u16,
    /// Body of `hdlr`.
    pub(super) hdlr: Vec<u8>,
    /// The boxes of `minf` but for `stbl`, with their headers.
    pub(super) media: Vec<u8>,
    /// Body of `stsd`.
    pub(super) stsd: Vec<u8>,
    /// Entries in `stsd`, never 0.
    pub(super) descriptions: u32,
    pub(super) edit: Edit,
    pub(super) defaults: Defaults,
}

/// When a track begins (§8.6.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edit {
    /// Nothing is presented for so long, in ticks of the movie.
    pub(super) empty: u64,
    /// Then this time of the media is, in ticks of the track.
    pub(super) media_time: u64,
}

/// What holds for samples that do not say otherwise (`trex`, §8.8.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Defaults {
    pub(super) description: u32,
    pub(super) duration: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

impl Init {
    /// Reads the body of `moov`.
    pub(super) fn read(body: &[u8]) -> Result<Self, FragmentError> {
        let mut init = Self { timescale: 0, tracks: Vec::new() };
        let mut extends = None;
        for child in Boxes(body) {
            let child = child?;
            match &child.kind {
                b"mvhd" => (init.timescale, _) = media_header(child.body)?,
                b"trak" if init.tracks.len() == MAX_TRACKS => return Err(FragmentError::TooLarge("number of tracks")),
                b"trak" => {
                    let track = trak(child.body)?;
                    if init.track(track.id).is_some() {
                        return Err(FragmentError::Malformed("two tracks have one id"));
                    }
                    init.tracks.push(track);
                }
                b"mvex" => extends = Some(child.body),
                _ => {}
            }
        }
        if init.timescale == 0 {
            return Err(FragmentError::Malformed("the movie's clock does not tick"));
        }
        for child in Boxes(extends.ok_or(FragmentError::Malformed("the file is not fragmented"))?) {
            let child = child?;
            if child.kind == *b"trex" {
                let mut fields = Fields(child.body);
                fields.skip(4)?;
                let id = fields.u32()?;
                let defaults = Defaults {
                    description: fields.u32()?,
                    duration: fields.u32()?,
                    size: fields.u32()?,
                    flags: fields.u32()?,
                };
                if let Some(track) = init.tracks.iter_mut().find(|track| track.id == id) {
                    track.defaults = defaults;
                }
            }
        }
        Ok(init)
    }

    /// How each track is coded: the type of its first sample description, such as `avc1`, `mp4a` or `Opus` (§8.5.2).
    pub fn formats(&self) -> impl Iterator<Item = [u8; 4]> {
        self.tracks.iter().filter_map(|track| track.stsd.get(12..16)?.try_into().ok())
    }

    pub(super) fn track(&self, id: u32) -> Option<&InitTrack> {
        self.tracks.iter().find(|track| track.id == id)
    }
}

fn needed<'a>(data: &'a [u8], kind: &FourCc) -> Result<&'a [u8], FragmentError> {
    find(data, kind).ok_or(FragmentError::Malformed("a track lacks a box that it must have"))
}

fn trak(body: &[u8]) -> Result<InitTrack, FragmentError> {
    let mut tkhd = Fields(needed(body, b"tkhd")?);
    let version = tkhd.u8()?;
    let tkhd_flags = [tkhd.u8()?, tkhd.u8()?, tkhd.u8()?];
    tkhd.skip(if version == 0 { 8 } else { 16 })?;
    let id = tkhd.u32()?;
    tkhd.skip(4)?;
    tkhd.time(version)?;
    let mut tkhd_rest = [0; 60];
    tkhd_rest.copy_from_slice(tkhd.bytes(60)?);

    let mdia = needed(body, b"mdia")?;
    let (timescale, language) = media_header(needed(mdia, b"mdhd")?)?;
    if timescale == 0 {
        return Err(FragmentError::Malformed("a track's clock does not tick"));
    }
    let hdlr = needed(mdia, b"hdlr")?;
    let mut fields = Fields(hdlr);
    fields.skip(8)?;
    let handler = fields.fourcc()?;

    let (mut media, mut tables) = (Vec::new(), None);
    for child in Boxes(needed(mdia, b"minf")?) {
        let child = child?;
        if child.kind == *b"stbl" {
            tables = Some(child.body);
        } else {
            let length = u32::try_from(child.body.len() + 8).unwrap_or(u32::MAX);
            media.extend_from_slice(&length.to_be_bytes());
            media.extend_from_slice(&child.kind);
            media.extend_from_slice(child.body);
        }
    }
    let tables = tables.ok_or(FragmentError::Malformed("a track lacks a box that it must have"))?;
    for (kind, before_count) in [(b"stsz", 8), (b"stz2", 8), (b"stts", 4)] {
        let mut fields = Fields(find(tables, kind).unwrap_or(&NO_SAMPLES));
        fields.skip(before_count)?;
        if fields.u32()? != 0 {
            return Err(FragmentError::Malformed("the index describes samples outside of fragments"));
        }
    }
    let stsd = needed(tables, b"stsd")?;
    let mut fields = Fields(stsd);
    fields.skip(4)?;
    let descriptions = fields.u32()?;
    if usize::try_from(descriptions).ok() != Some(Boxes(fields.0).map_while(Result::ok).count()) || descriptions == 0 {
        return Err(FragmentError::Malformed("the sample descriptions are not as many as they claim"));
    }
    let edit = match find(body, b"edts").and_then(|edts| find(edts, b"elst")) {
        Some(list) => edit(list)?,
        None => Edit::default(),
    };
    Ok(InitTrack {
        id,
        timescale,
        handler,
        tkhd_flags,
        tkhd_rest,
        language,
        hdlr: hdlr.to_vec(),
        media,
        stsd: stsd.to_vec(),
        descriptions,
        edit,
        defaults: Defaults::default(),
    })
}

/// Timescale and language of `mdhd` (§8.4.2); `mvhd` begins alike and holds a rate where the language is.
fn media_header(body: &[u8]) -> Result<(u32, u16), FragmentError> {
    let mut fields = Fields(body);
    let version = fields.version()?;
    fields.skip(if version == 0 { 8 } else { 16 })?;
    let timescale = fields.u32()?;
    fields.time(version)?;
    Ok((timescale, fields.u16()?))
}

/// An edit list that only says when the track begins: empty edits, then one that shows the rest. Its duration is left to
/// the assembly, since writers of fragments do not know it.
pub(super) fn edit(list: &[u8]) -> Result<Edit, FragmentError> {
    let unusual = FragmentError::Malformed("an edit list does more than to shift its track");
    let mut fields = Fields(list);
    let version = fields.version()?;
    let (mut edit, mut shown) = (Edit::default(), false);
    for _ in 0..fields.u32()? {
        let (duration, at) = if version == 0 {
            (u64::from(fields.u32()?), i64::from(fields.i32()?))
        } else {
            (fields.u64()?, fields.u64()?.cast_signed())
        };
        let rate = fields.u32()?;
        if shown {
            return Err(unusual);
        }
        match u64::try_from(at) {
            Ok(at) if rate == 0x0001_0000 => (edit.media_time, shown) = (at, true),
            Err(_) if at == -1 => edit.empty = edit.empty.checked_add(duration).ok_or(unusual)?,
            _ => return Err(unusual),
        }
    }
    Ok(edit)
}
