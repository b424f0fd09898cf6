//! Files with bytes, and pieces of them that make an object.

use std::{
    collections::VecDeque,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, stream};
use tokio::io::{AsyncReadExt, AsyncSeekExt};

/// Bytes that are read at once.
const CHUNK: usize = 256 * 1024;

/// A file with bytes that never change. It is deleted when nobody reads it and no record names it.
#[derive(Debug)]
pub(super) struct Blob {
    pub(super) name: String,
    path: PathBuf,
    /// Records on disk that name it.
    records: AtomicUsize,
}

impl Blob {
    /// A blob that goes away again unless a record comes to name it.
    pub(super) fn new(folder: &Path, name: String) -> Arc<Self> {
        Arc::new(Self { path: folder.join(&name), name, records: AtomicUsize::new(0) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Blob {
    fn drop(&mut self) {
        if *self.records.get_mut() == 0 {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A piece of a blob.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) blob: Arc<Blob>,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// Notes that one more record names these.
pub(super) fn named(segments: &[Segment]) {
    for segment in segments {
        segment.blob.records.fetch_add(1, Ordering::Relaxed);
    }
}

/// Notes that one record less names these. A file goes when its last reader has let go of it.
pub(super) fn unnamed(segments: &[Segment]) {
    for segment in segments {
        segment.blob.records.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The pieces that hold these bytes of what the segments make together.
pub(super) fn slice(segments: &[Segment], range: &Range<u64>) -> Vec<Segment> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for segment in segments {
        let end = start + segment.size;
        let (from, to) = (range.start.max(start), range.end.min(end));
        if from < to {
            let offset = segment.offset + (from - start);
            pieces.push(Segment { blob: Arc::clone(&segment.blob), offset, size: to - from });
        }
        start = end;
    }
    pieces
}

/// The bytes of these segments, in their order.
pub(super) fn read(segments: Vec<Segment>) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    let reading = Reading { rest: segments.into(), current: None };
    stream::try_unfold(reading, |mut reading| async move {
        let bytes = reading.next().await?;
        Ok((!bytes.is_empty()).then_some((bytes, reading)))
    })
}

struct Reading {
    rest: VecDeque<Segment>,
    /// The open file, and the bytes of it that are still to come.
    current: Option<(tokio::fs::File, Segment)>,
}

impl Reading {
    /// The next bytes; none at the end.
    async fn next(&mut self) -> io::Result<Bytes> {
        loop {
            if let Some((file, segment)) = &mut self.current
                && segment.size > 0
            {
                let size = usize::try_from(segment.size).unwrap_or(CHUNK).min(CHUNK);
                let mut bytes = BytesMut::with_capacity(size);
                file.take(size as u64).read_buf(&mut bytes).await?;
                if bytes.is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                segment.size -= bytes.len() as u64;
                return Ok(bytes.freeze());
            }
            let Some(segment) = self.rest.pop_front() else { return Ok(Bytes::new()) };
            let mut file = tokio::fs::File::open(segment.blob.path()).await?;
            file.set_max_buf_size(CHUNK);
            file.seek(io::SeekFrom::Start(segment.offset)).await?;
            self.current = Some((file, segment));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_takes_the_right_pieces() {
        let folder = tempfile::tempdir().expect("a folder");
        let segment = |offset, size| Segment { blob: Blob::new(folder.path(), "x".to_owned()), offset, size };
        let segments = [segment(0, 10), segment(100, 5), segment(0, 10)];
        for (range, expected) in [
            (0..25, vec![(0, 10), (100, 5), (0, 10)]),
            (0..1, vec![(0, 1)]),
            (9..11, vec![(9, 1), (100, 1)]),
            (12..13, vec![(102, 1)]),
            (24..25, vec![(9, 1)]),
        ] {
            let pieces: Vec<_> = slice(&segments, &range).iter().map(|piece| (piece.offset, piece.size)).collect();
            assert_eq!(pieces, expected, "{range:?}");
        }
    }
}
