//! Where decoding can begin for a time: bisection over the bytes of the object.

use std::time::Duration;

use super::cluster::{Cluster, Found, next};
use super::{Header, Step, WINDOW, WebmError, Window};

/// Ranges that bisection asks for. Honest files take one for each halving of the object, and those that lie in the
/// largest of its clusters.
const MAX_READS: u32 = 96;
/// Ranges that are asked for beyond these to find a keyframe, when clusters do not begin with one.
const MAX_BACK: u32 = 32;
/// An id may lie across the end of a window but for so many bytes.
const ACROSS: u64 = 3;

/// A cluster from which decoding can begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterAt {
    /// Byte of the object at which it begins.
    pub offset: u64,
    /// The cluster's own time, in the recording's clock.
    pub time: Duration,
}

impl From<Cluster> for ClusterAt {
    fn from(cluster: Cluster) -> Self {
        Self { offset: cluster.offset, time: cluster.time }
    }
}

/// Finds the last cluster whose first picture is a keyframe that is shown at `t` or before; when none is found within
/// bounds, the first cluster of the file, from which decoding is slower and as right.
#[derive(Debug)]
pub struct Seek<'a> {
    header: &'a Header,
    size: u64,
    t: Duration,
    window: Window,
    step: Step,
    reads: u32,
    /// The best so far.
    best: ClusterAt,
    /// The last cluster known whose time is `t` or before.
    floor: ClusterAt,
    /// Clusters before this byte are known, or precede `floor`.
    low: u64,
    /// Clusters from this byte on are later than `t`, and not earlier than `ceiling`.
    high: u64,
    ceiling: Duration,
    /// Where the present search began, and where it goes on.
    begun: u64,
    cursor: u64,
    /// In the second phase, backwards to a keyframe: the byte where the present search ends.
    back: Option<u64>,
}

impl<'a> Seek<'a> {
    /// A search in an object of `object_size` bytes for a time of the recording's clock.
    #[must_use]
    pub fn new(header: &'a Header, object_size: u64, t: Duration) -> Self {
        let first = ClusterAt { offset: header.first_cluster, time: header.first_time };
        let mut seek = Self {
            header,
            size: object_size,
            t,
            window: Window::default(),
            step: Step::Done,
            reads: 0,
            best: first,
            floor: first,
            low: first.offset.saturating_add(1),
            high: object_size,
            ceiling: Duration::MAX,
            begun: 0,
            cursor: 0,
            back: None,
        };
        if t > first.time {
            seek.halve();
        }
        seek
    }

    /// What is wanted next.
    #[must_use]
    pub fn step(&self) -> Step {
        self.step
    }

    /// Takes the bytes of the range last asked for. After an error the search is done.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), WebmError> {
        let step = std::mem::replace(&mut self.step, Step::Done);
        if step == Step::Done {
            return Ok(());
        }
        self.window.fill(step, bytes)?;
        self.reads += 1;
        match self.back {
            None => self.forth(),
            Some(until) => self.back(until),
        }
        Ok(())
    }

    /// The cluster, once there is nothing left to read.
    #[must_use]
    pub fn finish(self) -> ClusterAt {
        self.best
    }

    /// Goes on in the present search for the first cluster from `begun` on.
    fn forth(&mut self) {
        loop {
            match next(&self.window, self.cursor, self.high, self.size, self.header) {
                Found::Unclear(at) => return self.read(at),
                Found::Nothing => break,
                Found::Cluster(cluster) => {
                    self.cursor = cluster.offset + 1;
                    if cluster.time < self.floor.time || cluster.time > self.ceiling {
                        // Out of order: not a cluster of this recording.
                        continue;
                    }
                    if cluster.time > self.t {
                        (self.high, self.ceiling) = (self.begun, cluster.time);
                        return self.halve();
                    }
                    self.floor = cluster.into();
                    self.keep(cluster);
                    (self.low, self.begun) = (self.cursor, self.cursor);
                }
            }
        }
        let seen = self.window.end().saturating_sub(ACROSS).max(self.cursor);
        if seen >= self.high || self.window.end() >= self.size {
            self.high = self.begun;
        } else if self.begun == self.low {
            // Continues what is known, so that it is known as well.
            (self.low, self.begun) = (seen, seen);
        } else {
            return self.read(seen);
        }
        self.halve();
    }

    /// Begins a search in the middle of what is not known, or ends the bisection.
    fn halve(&mut self) {
        let unknown = self.high.saturating_sub(self.low);
        if unknown == 0 {
            return self.backwards(self.floor.offset);
        }
        self.begun = if unknown <= WINDOW { self.low } else { self.low + unknown / 2 };
        self.read(self.begun);
    }

    /// Searches what precedes `until` for a keyframe, when the last cluster does not begin with one.
    fn backwards(&mut self, until: u64) {
        let least = self.best.offset.saturating_add(1);
        if until > least {
            self.back = Some(until);
            self.begun = until.saturating_sub(WINDOW / 2).max(least);
            self.read(self.begun);
        }
    }

    fn back(&mut self, until: u64) {
        // The window goes on behind `until`, to show what the last cluster before it begins with.
        loop {
            match next(&self.window, self.cursor, until, self.size, self.header) {
                Found::Unclear(at) => return self.read(at),
                Found::Nothing => break,
                Found::Cluster(cluster) => {
                    self.cursor = cluster.offset + 1;
                    if cluster.time <= self.floor.time {
                        self.keep(cluster);
                    }
                }
            }
        }
        if self.best.offset < self.begun {
            self.backwards(self.begun);
        }
    }

    /// Takes a cluster for the best, if decoding can begin with it.
    fn keep(&mut self, cluster: Cluster) {
        if cluster.keyframe.is_some_and(|shown| shown <= self.t) && cluster.offset > self.best.offset {
            self.best = cluster.into();
        }
    }

    /// Asks for a window; without any reads left, ends.
    fn read(&mut self, offset: u64) {
        if self.back.is_none() && self.reads >= MAX_READS {
            return self.backwards(self.floor.offset);
        }
        if self.reads >= MAX_READS + MAX_BACK {
            return;
        }
        self.cursor = offset;
        let length = WINDOW.min(self.size.saturating_sub(offset));
        self.step = if length == 0 { Step::Done } else { Step::Read { offset, length } };
    }
}
