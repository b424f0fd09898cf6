//! What a job costs in S3: counted where the calls are made, so that no caller has to add up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::Objects;

/// What has been used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Calls, without the SDK's own retries.
    pub calls: u32,
    /// Bytes of objects that came into the function.
    pub bytes_read: u64,
    /// Bytes of objects that the function sent.
    pub bytes_written: u64,
    /// Bytes that S3 copied to itself.
    pub bytes_copied: u64,
}

/// What it took to make an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Bytes of the new object.
    pub size: u64,
    /// Bytes that came into the function.
    pub bytes_read: u64,
    /// Bytes that the function sent.
    pub bytes_written: u64,
    /// Bytes that S3 copied to itself.
    pub bytes_copied: u64,
    /// Calls, without the SDK's own retries.
    pub calls: u32,
    /// From the start of the first copy to the end of the last.
    pub copying: Duration,
}

impl Moved {
    pub(super) fn new(size: u64, used: Used, copying: Duration) -> Self {
        let Used { calls, bytes_read, bytes_written, bytes_copied } = used;
        Self { size, bytes_read, bytes_written, bytes_copied, calls, copying }
    }
}

/// The counters behind [`Used`]. What is counted here is counted in the `whole` as well.
#[derive(Debug, Default)]
pub(super) struct Usage {
    calls: AtomicU32,
    read: AtomicU64,
    written: AtomicU64,
    copied: AtomicU64,
    whole: Option<Arc<Usage>>,
}

impl Usage {
    pub(super) fn call(&self) {
        self.each(|usage| usage.calls.fetch_add(1, Relaxed));
    }

    pub(super) fn read(&self, bytes: u64) {
        self.each(|usage| usage.read.fetch_add(bytes, Relaxed));
    }

    pub(super) fn written(&self, bytes: u64) {
        self.each(|usage| usage.written.fetch_add(bytes, Relaxed));
    }

    pub(super) fn copied(&self, bytes: u64) {
        self.each(|usage| usage.copied.fetch_add(bytes, Relaxed));
    }

    fn each<T>(&self, add: impl Fn(&Self) -> T) {
        for usage in std::iter::successors(Some(self), |usage| usage.whole.as_deref()) {
            add(usage);
        }
    }
}

impl Objects {
    /// The same bucket with counters of its own that begin at zero: one for each job.
    #[must_use]
    pub fn metered(&self) -> Self {
        Self { usage: Arc::default(), ..self.clone() }
    }

    /// What this and its clones have used since [`metered`](Self::metered).
    #[must_use]
    pub fn used(&self) -> Used {
        let usage = &self.usage;
        Used {
            calls: usage.calls.load(Relaxed),
            bytes_read: usage.read.load(Relaxed),
            bytes_written: usage.written.load(Relaxed),
            bytes_copied: usage.copied.load(Relaxed),
        }
    }

    /// As [`metered`](Self::metered), for a part of a job: what it uses is used by the job too.
    pub(super) fn metered_within(&self) -> Self {
        let usage = Usage { whole: Some(Arc::clone(&self.usage)), ..Usage::default() };
        Self { usage: Arc::new(usage), ..self.clone() }
    }
}
