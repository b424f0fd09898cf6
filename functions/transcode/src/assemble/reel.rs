//! A track's segments, read ahead of what is written, and cut into fragments.

use std::collections::VecDeque;

use common::objects::{Head, Objects};
use media::mp4::{Fragment, FragmentReader, Init};
use tokio::task::JoinHandle;

use crate::work::{Stop, WorkError};

/// Bytes that are read at once.
const READ: u64 = 2 << 20;
/// Reads of a track that are under way at once: one call takes some thirty milliseconds and brings two seconds of the
/// recording, which nobody wants to wait for a thousand times over.
const AHEAD: usize = 8;

/// A segment that is there.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) index: u32,
    pub(super) key: String,
    pub(super) head: Head,
}

/// Some bytes of a segment, on their way.
struct Read {
    index: u32,
    bytes: JoinHandle<Result<Vec<u8>, WorkError>>,
}

/// A track's segments. In memory are [`AHEAD`] reads and one fragment.
pub(super) struct Reel {
    objects: Objects,
    init: Init,
    parts: VecDeque<Part>,
    /// Byte of the first part that is read next.
    at: u64,
    ahead: VecDeque<Read>,
    /// The segment that is being cut, and whether it turned out to be damaged.
    index: u32,
    damaged: bool,
    reader: FragmentReader,
    bytes: Vec<u8>,
    taken: usize,
    /// Decode time of the sample that came last.
    last: u64,
}

impl Reel {
    pub(super) fn new(objects: &Objects, init: &Init, parts: &[Part]) -> Self {
        Self {
            objects: objects.clone(),
            init: init.clone(),
            parts: parts.iter().cloned().collect(),
            at: 0,
            ahead: VecDeque::new(),
            index: 0,
            damaged: false,
            reader: FragmentReader::after(init.clone()),
            bytes: Vec::new(),
            taken: 0,
            last: 0,
        }
    }

    /// The next fragment that can be used.
    pub(super) async fn next(&mut self) -> Result<Option<Fragment>, Stop> {
        loop {
            if !self.damaged {
                let mut left = self.bytes.get(self.taken..).unwrap_or_default();
                let fed = self.reader.feed(&mut left);
                self.taken = self.bytes.len() - left.len();
                match fed {
                    Ok(Some(fragment)) if self.follows(&fragment) => return Ok(Some(fragment)),
                    Ok(Some(_)) => self.give_up("its times are out of order"),
                    Ok(None) => {}
                    Err(error) => self.give_up(&error.to_string()),
                }
                if !self.damaged && self.taken < self.bytes.len() {
                    continue;
                }
            }
            while self.ahead.len() < AHEAD && self.read_ahead() {}
            let Some(read) = self.ahead.pop_front() else {
                self.close();
                return Ok(None);
            };
            if read.index != self.index {
                self.close();
                self.index = read.index;
            }
            self.bytes = read.bytes.await.map_err(|error| WorkError::Loopback(error.into()))??;
            self.taken = 0;
        }
    }

    /// Whether a fragment is a piece of one track that goes on where, or behind where, the one before ends.
    fn follows(&mut self, fragment: &Fragment) -> bool {
        let mut last = self.last;
        for run in &fragment.runs {
            let Some(time) = run.time.filter(|time| *time >= last) else { return false };
            let before = run.samples.iter().rev().skip(1).map(|sample| u64::from(sample.duration)).sum::<u64>();
            last = time.saturating_add(before);
        }
        self.last = last;
        !fragment.runs.is_empty()
    }

    /// The rest of this segment is of no use.
    fn give_up(&mut self, why: &str) {
        tracing::warn!(segment = self.index, why, "a damaged segment is left out");
        self.damaged = true;
    }

    /// Makes ready for the next segment.
    fn close(&mut self) {
        let ended = std::mem::replace(&mut self.reader, FragmentReader::after(self.init.clone())).finish();
        if !self.damaged && ended.is_err() {
            tracing::warn!(segment = self.index, "a segment ends in its middle");
        }
        self.damaged = false;
    }

    /// Begins the next read; false when everything is being read.
    fn read_ahead(&mut self) -> bool {
        let Some(part) = self.parts.front() else { return false };
        let length = READ.min(part.head.size - self.at);
        let (objects, key, e_tag, at) = (self.objects.clone(), part.key.clone(), part.head.e_tag.clone(), self.at);
        let index = part.index;
        self.at += length;
        if self.at >= part.head.size {
            self.parts.pop_front();
            self.at = 0;
        }
        let bytes = tokio::spawn(async move { Ok(objects.read_range(&key, &e_tag, at, length).await?) });
        self.ahead.push_back(Read { index, bytes });
        true
    }
}
