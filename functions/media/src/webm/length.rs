//! How long a recording is that does not say: from its last cluster.

use std::time::Duration;

use super::block::{Block, Piece, piece};
use super::cluster::{Found, next};
use super::ebml::NoElement;
use super::{Header, Step, WINDOW, WebmError, Window};

/// Ranges in which a last cluster is looked for, from the end on.
const MAX_BACK: u32 = 32;
/// Ranges in which it is read to its end.
const MAX_FORTH: u32 = 64;
/// A window overlaps the one behind it by so much that a cluster across their border is recognised in one of them.
const OVERLAP: u64 = 64 << 10;

/// Finds the end of the last block of any track, in the recording's clock. What is cut off in the middle counts by when it
/// began.
#[derive(Debug)]
pub struct LengthReader<'a> {
    header: &'a Header,
    size: u64,
    window: Window,
    step: Step,
    reads: u32,
    /// Where the window that is searched begins and where its search ends; `None` once a cluster is found.
    search: Option<(u64, u64)>,
    /// The last cluster in the window so far.
    found: Option<u64>,
    position: u64,
    /// Time of the cluster that is read, in ticks.
    ticks: Option<u64>,
    end: Option<Duration>,
}

impl<'a> LengthReader<'a> {
    /// A reader for an object of `object_size` bytes.
    #[must_use]
    pub fn new(header: &'a Header, object_size: u64) -> Self {
        let mut reader = Self {
            header,
            size: object_size,
            window: Window::default(),
            step: Step::Done,
            reads: 0,
            search: None,
            found: None,
            position: 0,
            ticks: None,
            end: None,
        };
        reader.search(object_size);
        reader
    }

    /// What is wanted next.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Takes the bytes of the range last asked for. After an error the reader is done.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), WebmError> {
        let step = std::mem::replace(&mut self.step, Step::Done);
        if step == Step::Done {
            return Ok(());
        }
        self.window.fill(step, bytes)?;
        self.reads += 1;
        match self.search {
            Some((begun, until)) => self.back(begun, until),
            None => self.forth(),
        }
        Ok(())
    }

    /// The length, once there is nothing left to read.
    pub fn finish(self) -> Result<Duration, WebmError> {
        self.end.ok_or(WebmError::NoCluster)
    }

    /// Begins the search for the last cluster before a byte.
    fn search(&mut self, until: u64) {
        if until <= self.header.first_cluster || self.reads >= MAX_BACK {
            return;
        }
        let begun = until.saturating_sub(WINDOW - OVERLAP).max(self.header.first_cluster);
        (self.search, self.position) = (Some((begun, until)), begun);
        self.read();
    }

    fn back(&mut self, begun: u64, until: u64) {
        loop {
            match next(&self.window, self.position, until, self.size, self.header) {
                Found::Cluster(cluster) => {
                    self.position = cluster.offset + 1;
                    if cluster.time >= self.header.first_time {
                        self.found = Some(cluster.offset);
                    }
                }
                Found::Unclear(at) if self.reads < MAX_BACK => {
                    self.position = at;
                    return self.read();
                }
                Found::Unclear(_) | Found::Nothing => break,
            }
        }
        match self.found {
            Some(found) => {
                (self.search, self.position, self.reads) = (None, found, 0);
                self.forth();
            }
            None => self.search(begun),
        }
    }

    /// Reads on, through this cluster and what follows it.
    fn forth(&mut self) {
        while self.position < self.size {
            let last = self.position == self.window.at || self.window.end() >= self.size;
            match piece(self.window.from(self.position), last) {
                Ok((piece, length)) => {
                    self.take(piece);
                    self.position = self.position.saturating_add(length);
                }
                Err(NoElement::Short) if !last && self.reads < MAX_FORTH => return self.read(),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, piece: Piece) {
        match piece {
            Piece::Cluster { .. } => self.ticks = None,
            Piece::Timestamp(ticks) => self.ticks = Some(ticks),
            Piece::Block(block) => self.end = self.end.max(self.end_of(block)),
            Piece::Within | Piece::Beside => {}
        }
    }

    fn end_of(&self, block: Block) -> Option<Duration> {
        let track = self.header.track(block.track)?;
        let begins = self.header.time(self.ticks?.saturating_add_signed(i64::from(block.relative)))?;
        let told = block.duration.and_then(|ticks| self.header.time(ticks));
        begins.checked_add(told.or(track.default_duration).unwrap_or_default())
    }

    fn read(&mut self) {
        let length = WINDOW.min(self.size.saturating_sub(self.position));
        self.step = if length == 0 { Step::Done } else { Step::Read { offset: self.position, length } };
    }
}
