//! The movie box: what the decision needs of it. The nesting is fixed by the functions here, so depth is bounded.

use std::time::Duration;

use super::boxes::{Boxes, Fields, find};
use super::{IndexError, codec, level};
use crate::{Kind, Rotation, Track};

/// Tracks that are read before the file is called hostile; what is allowed is the decision's business.
const MAX_TRACKS: usize = 1024;

/// What `moov` says.
#[derive(Debug, Default)]
pub(super) struct Movie {
    pub(super) fragmented: bool,
    pub(super) duration: Option<Duration>,
    pub(super) tracks: Vec<Track>,
    /// The media must reach at least to this byte.
    pub(super) media_reaches: u64,
}

/// Reads the body of `moov`.
pub(super) fn read(body: &[u8]) -> Result<Movie, IndexError> {
    let mut movie = Movie::default();
    let (mut timescale, mut ticks, mut fragments_ticks) = (0, None, None);
    // Track ids, and those that are named as another track's chapters (QuickTime, "Chapter lists").
    let (mut ids, mut chapters) = (Vec::new(), Vec::new());
    for child in Boxes(body) {
        let child = child?;
        match &child.kind {
            b"mvhd" => (timescale, ticks) = header_times(child.body)?,
            b"mvex" => {
                movie.fragmented = true;
                fragments_ticks = find(child.body, b"mehd").and_then(extends_duration);
            }
            b"trak" => {
                if movie.tracks.len() == MAX_TRACKS {
                    return Err(IndexError::TooLarge);
                }
                let mut track = Track::new(movie.tracks.len());
                let id = trak(child.body, &mut track, &mut chapters, &mut movie.media_reaches)?;
                ids.push(id);
                movie.tracks.push(track);
            }
            b"cmov" => return Err(IndexError::Malformed("the index is compressed")),
            _ => {}
        }
    }
    for (track, id) in movie.tracks.iter_mut().zip(ids) {
        track.picture = chapters.contains(&id);
        if movie.fragmented {
            track.sample_count = track.sample_count.filter(|count| *count > 0);
            (track.peak_fps, track.bit_rate) = (None, None);
        }
    }
    let known = |ticks: Option<u64>| ticks.filter(|ticks| *ticks > 0).and_then(|ticks| seconds(ticks, timescale));
    let longest = movie.tracks.iter().filter_map(|track| track.duration).max();
    movie.duration = if movie.fragmented { known(fragments_ticks) } else { known(ticks).or(longest) };
    Ok(movie)
}

/// `ticks` of a clock with `timescale` ticks a second; `None` when the clock does not tick.
pub(super) fn seconds(ticks: u64, timescale: u32) -> Option<Duration> {
    let scale = u64::from(timescale);
    let whole = ticks.checked_div(scale)?;
    // The remainder is below 2^32, so the product stays below 2^62.
    let nanos = (ticks % scale) * 1_000_000_000 / scale;
    Some(Duration::new(whole, u32::try_from(nanos).unwrap_or(0)))
}

/// Timescale and duration of `mvhd` and `mdhd`, which begin alike (§8.2.2, §8.4.2).
fn header_times(body: &[u8]) -> Result<(u32, Option<u64>), IndexError> {
    let mut fields = Fields(body);
    let version = fields.version()?;
    fields.skip(if version == 0 { 8 } else { 16 })?;
    Ok((fields.u32()?, fields.time(version)?))
}

/// `mehd` (§8.8.2).
fn extends_duration(body: &[u8]) -> Option<u64> {
    let mut fields = Fields(body);
    let version = fields.version().ok()?;
    fields.time(version).ok()?
}

fn trak(body: &[u8], track: &mut Track, chapters: &mut Vec<u32>, reaches: &mut u64) -> Result<u32, IndexError> {
    let mut id = 0;
    for child in Boxes(body) {
        let child = child?;
        match &child.kind {
            b"tkhd" => id = tkhd(child.body, track)?,
            b"mdia" => mdia(child.body, track, reaches)?,
            b"edts" => track.edit_list = find(child.body, b"elst").is_some(),
            b"tref" => {
                let named = find(child.body, b"chap").unwrap_or_default().as_chunks::<4>().0;
                chapters.extend(named.iter().take(MAX_TRACKS).map(|id| u32::from_be_bytes(*id)));
            }
            _ => {}
        }
    }
    Ok(id)
}

/// Track id and display matrix (§8.3.2).
fn tkhd(body: &[u8], track: &mut Track) -> Result<u32, IndexError> {
    let mut fields = Fields(body);
    let version = fields.version()?;
    fields.skip(if version == 0 { 8 } else { 16 })?;
    let id = fields.u32()?;
    fields.skip(4)?;
    fields.time(version)?;
    fields.skip(16)?;
    let (a, b) = (fields.i32()?, fields.i32()?);
    track.rotation = match (a.unsigned_abs() >= b.unsigned_abs(), a < 0, b < 0) {
        (true, false, _) => Rotation::None,
        (true, true, _) => Rotation::Half,
        (false, _, false) => Rotation::Quarter,
        (false, _, true) => Rotation::ThreeQuarters,
    };
    Ok(id)
}

fn mdia(body: &[u8], track: &mut Track, reaches: &mut u64) -> Result<(), IndexError> {
    // The handler says how the sample descriptions read, and may come after them.
    if let Some(handler) = find(body, b"hdlr") {
        let mut fields = Fields(handler);
        fields.skip(8)?;
        track.kind = match &fields.fourcc()? {
            b"vide" => Kind::Video,
            b"soun" => Kind::Audio,
            _ => Kind::Other,
        };
    }
    if let Some(header) = find(body, b"mdhd") {
        let (timescale, ticks) = header_times(header)?;
        track.timescale = timescale;
        track.duration = ticks.filter(|ticks| *ticks > 0).and_then(|ticks| seconds(ticks, timescale));
        track.language = language(header);
    }
    match find(body, b"minf").and_then(|minf| find(minf, b"stbl")) {
        Some(table) => stbl(table, track, reaches),
        None => Ok(()),
    }
}

/// Three letters of five bits each; QuickTime's numbers below 0x400 are Macintosh languages.
fn language(header: &[u8]) -> Option<String> {
    let mut fields = Fields(header);
    let version = fields.version().ok()?;
    fields.skip(if version == 0 { 16 } else { 28 }).ok()?;
    let code = fields.u16().ok()?;
    let letter = |shift: u16| u8::try_from((code >> shift) & 0x1f).map_or('?', |five| char::from(five + 0x60));
    let letters = String::from_iter([letter(10), letter(5), letter(0)]);
    (letters.bytes().all(|byte| byte.is_ascii_lowercase()) && letters != "und").then_some(letters)
}

fn stbl(body: &[u8], track: &mut Track, reaches: &mut u64) -> Result<(), IndexError> {
    let (mut bytes, mut length) = (None, None);
    for child in Boxes(body) {
        let child = child?;
        let mut fields = Fields(child.body);
        match &child.kind {
            b"stsd" => codec::describe(child.body, track)?,
            b"stts" => {
                fields.version()?;
                let (mut samples, mut ticks) = (0_u64, 0_u64);
                let table = fields.table::<8>()?;
                for entry in table {
                    let mut entry = Fields(entry);
                    let (count, delta) = (u64::from(entry.u32()?), u64::from(entry.u32()?));
                    samples = samples.saturating_add(count);
                    ticks = ticks.saturating_add(count.saturating_mul(delta));
                }
                track.fps = frame_rate(samples, ticks, track);
                // Headers may claim less than a player then plays.
                track.duration = track.duration.max(seconds(ticks, track.timescale).filter(|length| !length.is_zero()));
                if track.kind == Kind::Video {
                    track.peak_fps = level::peak_rate(table, track.timescale);
                    length = Some(ticks);
                }
            }
            b"stsz" => {
                fields.version()?;
                let (uniform, count) = (fields.u32()?, fields.u32()?);
                if uniform == 0 && u64::try_from(fields.0.len()).unwrap_or(0) / 4 < u64::from(count) {
                    return Err(IndexError::Malformed("a table claims more entries than it has bytes for"));
                }
                track.sample_count = Some(u64::from(count));
                let sizes = fields.0.as_chunks::<4>().0.iter().take(usize::try_from(count).unwrap_or(usize::MAX));
                let listed = sizes.map(|size| u64::from(u32::from_be_bytes(*size))).sum();
                bytes = Some(if uniform == 0 { listed } else { u64::from(uniform) * u64::from(count) });
            }
            b"stz2" => {
                fields.skip(8)?;
                track.sample_count = Some(u64::from(fields.u32()?));
            }
            b"stco" => {
                fields.version()?;
                let last = fields.table::<4>()?.iter().map(|entry| u64::from(u32::from_be_bytes(*entry))).max();
                *reaches = last.unwrap_or(0).max(*reaches);
            }
            b"co64" => {
                fields.version()?;
                let last = fields.table::<8>()?.iter().map(|entry| u64::from_be_bytes(*entry)).max();
                *reaches = last.unwrap_or(0).max(*reaches);
            }
            _ => {}
        }
    }
    track.bit_rate = bytes.zip(length).and_then(|(bytes, ticks)| {
        let rate = u128::from(bytes) * 8 * u128::from(track.timescale);
        u64::try_from(rate.checked_div(u128::from(ticks))?).ok()
    });
    Ok(())
}

/// Average frames a second of a video track.
fn frame_rate(samples: u64, ticks: u64, track: &Track) -> Option<f64> {
    if track.kind != Kind::Video || ticks == 0 || track.timescale == 0 {
        return None;
    }
    // Counts of real tables are far below 2^52, where `f64` stops being exact.
    let exact = |number: u64| u32::try_from(number).map_or(f64::from(u32::MAX), f64::from);
    let length = seconds(ticks, track.timescale)?.as_secs_f64();
    (length > 0.0).then(|| exact(samples) / length)
}
