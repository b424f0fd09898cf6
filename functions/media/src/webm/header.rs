//! The walk from the first byte to the first cluster.

use std::time::Duration;

use super::cluster::timestamp;
use super::ebml::{Element, MAX_HEADER, children, float, id, unsigned};
use super::{Header, Step, TrackEntry, WebmError, Window};

/// Read at once. The header of a recorder is a few hundred bytes.
const LOOK: u64 = 64 << 10;
/// Bytes of the beginning of a cluster that are enough for its time.
const CLUSTER_START: u64 = 64;
/// Largest EBML header, `Info`, `SeekHead`.
const MAX_SMALL: u64 = 64 << 10;
/// Largest `Tracks`, which hold the parameter sets of their codecs.
const MAX_TRACKS: u64 = 1 << 20;
/// Elements of the top that are looked at.
const MAX_ELEMENTS: u32 = 256;
/// Ranges that are asked for.
const MAX_READS: u32 = 32;
/// Tracks that are remembered; [`crate::Limits::max_tracks`] is the same.
const MAX_ENTRIES: usize = 64;
/// `Segment` of unknown size.
const OPEN_SEGMENT: [u8; 12] = [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// Reads what precedes the media.
#[derive(Debug)]
pub struct HeaderReader {
    size: u64,
    position: u64,
    window: Window,
    step: Step,
    elements: u32,
    reads: u32,
    segment: bool,
    head: Vec<u8>,
    info: Option<Info>,
    tracks: Vec<TrackEntry>,
    cues: bool,
    /// Byte and time of the first cluster.
    first: Option<(u64, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Info {
    timestamp_scale: u64,
    duration: Option<f64>,
}

impl HeaderReader {
    /// A reader for an object of `object_size` bytes.
    #[must_use]
    pub fn new(object_size: u64) -> Self {
        let length = LOOK.min(object_size);
        Self {
            size: object_size,
            position: 0,
            window: Window::default(),
            step: if length == 0 { Step::Done } else { Step::Read { offset: 0, length } },
            elements: 0,
            reads: 0,
            segment: false,
            head: Vec::new(),
            info: None,
            tracks: Vec::new(),
            cues: false,
            first: None,
        }
    }

    /// What is wanted next.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Takes the bytes of the range last asked for. After an error the reader is done.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), WebmError> {
        let step = std::mem::replace(&mut self.step, Step::Done);
        self.window.fill(step, bytes)?;
        self.reads += 1;
        self.walk()
    }

    /// The header, once there is nothing left to read.
    pub fn finish(self) -> Result<Header, WebmError> {
        let (first_cluster, first_ticks) = self.first.ok_or(WebmError::Truncated)?;
        let info = self.info.unwrap_or(Info { timestamp_scale: 1_000_000, duration: None });
        let video = self.tracks.iter().find(|track| track.video).ok_or(WebmError::NoPicture)?;
        let first_time = first_ticks.checked_mul(info.timestamp_scale).map(Duration::from_nanos);
        Ok(Header {
            first_cluster,
            first_time: first_time.ok_or(WebmError::Malformed("time out of range"))?,
            timestamp_scale: info.timestamp_scale,
            duration: info.duration.and_then(|ticks| length(ticks, info.timestamp_scale)),
            cues: self.cues,
            video_track: video.number,
            head: self.head,
            tracks: self.tracks,
        })
    }

    fn walk(&mut self) -> Result<(), WebmError> {
        while self.first.is_none() {
            let left = self.size.saturating_sub(self.position);
            if left == 0 {
                return Err(WebmError::Truncated);
            }
            let Some(start) = self.view(MAX_HEADER.min(left)) else { return self.want(LOOK.min(left)) };
            let element = Element::read(start).map_err(|_| WebmError::Malformed("no element where one should be"))?;
            self.elements += 1;
            if self.elements > MAX_ELEMENTS {
                return Err(WebmError::TooLarge);
            }
            match (self.segment, element.id) {
                (false, id::SEGMENT) => {
                    self.segment = true;
                    self.head.extend_from_slice(&OPEN_SEGMENT);
                    self.position += element.header;
                    continue;
                }
                (true, id::CLUSTER) => {
                    let length = CLUSTER_START.min(left);
                    let Some(start) = self.view(length) else { return self.want(length) };
                    let ticks = timestamp(start).ok_or(WebmError::Malformed("a cluster without a time"))?;
                    self.first = Some((self.position, ticks));
                    continue;
                }
                _ => {}
            }
            let total = element.total().ok_or(WebmError::Malformed("an element of unknown size"))?;
            let most = match (self.segment, element.id) {
                (false, id::EBML) | (true, id::INFO | id::SEEK_HEAD) => MAX_SMALL,
                (true, id::TRACKS) => MAX_TRACKS,
                (false, id::VOID) | (true, _) => 0,
                (false, _) => return Err(WebmError::Malformed("something else than a segment")),
            };
            if total > left {
                return Err(WebmError::Truncated);
            }
            if most > 0 {
                if total > most {
                    return Err(WebmError::TooLarge);
                }
                let Some(bytes) = self.view(total) else { return self.want(total.max(LOOK).min(left)) };
                let bytes = bytes.to_vec();
                self.take(&element, &bytes)?;
            }
            self.cues |= element.id == id::CUES;
            self.position += total;
        }
        Ok(())
    }

    /// Takes an element that matters.
    fn take(&mut self, element: &Element, bytes: &[u8]) -> Result<(), WebmError> {
        let content = element.content(bytes);
        match element.id {
            id::SEEK_HEAD => {
                self.cues |= children(content)
                    .filter(|(id, _)| *id == id::SEEK)
                    .flat_map(|(_, seek)| children(seek))
                    .any(|(id, content)| id == id::SEEK_ID && unsigned(content) == Some(u64::from(id::CUES)));
                return Ok(());
            }
            id::INFO if self.info.is_none() => self.info = Some(info(content)?),
            id::TRACKS if self.tracks.is_empty() => {
                let entries = children(content).filter(|(id, _)| *id == id::TRACK_ENTRY);
                self.tracks = entries.filter_map(|(_, entry)| track(entry)).take(MAX_ENTRIES).collect();
            }
            id::EBML if self.head.is_empty() => {}
            // What is told a second time counts for nothing, here as with FFmpeg.
            _ => return Ok(()),
        }
        self.head.extend_from_slice(bytes);
        Ok(())
    }

    /// Bytes from the current position on, when they have been fed.
    fn view(&self, length: u64) -> Option<&[u8]> {
        self.window.from(self.position).get(..usize::try_from(length).ok()?)
    }

    fn want(&mut self, length: u64) -> Result<(), WebmError> {
        if self.reads >= MAX_READS {
            return Err(WebmError::TooLarge);
        }
        self.step = Step::Read { offset: self.position, length };
        Ok(())
    }
}

fn info(content: &[u8]) -> Result<Info, WebmError> {
    let mut info = Info { timestamp_scale: 1_000_000, duration: None };
    for (id, content) in children(content) {
        match id {
            id::TIMESTAMP_SCALE => {
                let scale = unsigned(content).filter(|scale| *scale > 0);
                info.timestamp_scale = scale.ok_or(WebmError::Malformed("a tick of no time"))?;
            }
            id::DURATION => info.duration = float(content),
            _ => {}
        }
    }
    Ok(info)
}

fn track(entry: &[u8]) -> Option<TrackEntry> {
    let find = |wanted| children(entry).find(|(id, _)| *id == wanted).and_then(|(_, content)| unsigned(content));
    Some(TrackEntry {
        number: find(id::TRACK_NUMBER)?,
        video: find(id::TRACK_TYPE) == Some(1),
        default_duration: find(id::DEFAULT_DURATION).map(Duration::from_nanos),
    })
}

/// The length of so many ticks; `None` for what is no length.
fn length(ticks: f64, scale: u64) -> Option<Duration> {
    // A tick of more than 2^53 ns is not known exactly, nor does it matter.
    #[expect(clippy::cast_precision_loss)]
    let seconds = ticks * scale as f64 / 1e9;
    Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
}
