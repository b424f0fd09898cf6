//! A recording that is read by ranges, with read-ahead and a small cache.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, HeaderMap, RANGE};
use hyper::{Response, StatusCode};
use tokio::sync::OnceCell;

use super::{Body, empty};

/// Bytes that are fetched at once.
const BLOCK: u64 = 1 << 20;
/// Bytes that are handed to a connection at once. It asks for more while it still has some, so with whole blocks the next
/// one would be fetched before most of this one is read.
const FRAME: u64 = 64 << 10;
/// Blocks that are kept. FFmpeg jumps between sound and picture where a file keeps them apart; it does not read straight
/// on then, so that these are not pushed out by what is fetched ahead.
const CACHED: usize = 8;
/// Blocks that are fetched before they are asked for, once reading goes straight on.
const AHEAD: u64 = 4;
/// Blocks of a connection that bring none with them: looking for a single picture reads no more, and what was fetched ahead
/// would be lost.
const STRAIGHT_ON: u64 = 4;

/// A range could not be read, in the words of whoever reads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ReadError(pub String);

type Read = Box<dyn Fn(Range<u64>) -> Pin<Box<dyn Future<Output = Result<Bytes, ReadError>> + Send>> + Send + Sync>;
type Block = Arc<OnceCell<Bytes>>;

/// Something of a known size that is read by ranges.
pub struct Source {
    size: u64,
    read: Read,
    blocks: Mutex<VecDeque<(u64, Block)>>,
    failure: Mutex<Option<ReadError>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Source {
    /// A source of `size` bytes. `read` gives the bytes of a range, all of them or an error.
    pub fn new<F, R>(size: u64, read: F) -> Arc<Self>
    where
        F: Fn(Range<u64>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Bytes, ReadError>> + Send + 'static,
    {
        let read: Read = Box::new(move |range| Box::pin(read(range)));
        Arc::new(Self { size, read, blocks: Mutex::default(), failure: Mutex::default() })
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Why a range could not be read, once one could not: then what FFmpeg made of the rest is worth nothing, whatever
    /// it says itself.
    #[must_use]
    pub fn failure(&self) -> Option<ReadError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The bytes of a range, through the cache.
    pub async fn bytes(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let piece = self.piece(at, range.end).await?;
            at += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    /// The first bytes of a range, as far as they are in the cache.
    #[must_use]
    pub fn held(&self, range: Range<u64>) -> Vec<u8> {
        let (mut bytes, mut at) = (Vec::new(), range.start);
        while at < range.end {
            let Some(block) = self.cached(at / BLOCK) else { break };
            let piece = within(&block, at, range.end);
            if piece.is_empty() {
                break;
            }
            at += piece.len() as u64;
            bytes.extend_from_slice(&piece);
        }
        bytes
    }

    /// Empties the cache: for whoever goes on to other work.
    pub fn forget(&self) {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Bytes from `at`, to the end of their block or to `end`.
    async fn piece(&self, at: u64, end: u64) -> Result<Bytes, ReadError> {
        let block = self.fetch(at / BLOCK).await.inspect_err(|error| self.failed(error))?;
        let piece = within(&block, at, end);
        if piece.is_empty() { Err(ReadError("the recording ended early".to_owned())) } else { Ok(piece) }
    }

    /// The bytes of a range and none around it, up to a block. They are not kept.
    async fn alone(&self, range: Range<u64>) -> Result<Bytes, ReadError> {
        let range = range.start..range.end.min(range.start.saturating_add(BLOCK));
        self.read(range).await.inspect_err(|error| self.failed(error))
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes, ReadError> {
        let length = range.end.saturating_sub(range.start);
        let bytes = (self.read)(range).await?;
        if bytes.len() as u64 == length { Ok(bytes) } else { Err(ReadError("a range came short".to_owned())) }
    }

    fn failed(&self, error: &ReadError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.clone());
    }

    async fn fetch(&self, number: u64) -> Result<Bytes, ReadError> {
        let range = number * BLOCK..self.size.min((number + 1) * BLOCK);
        let block = self.block(number);
        block.get_or_try_init(|| self.read(range)).await.cloned()
    }

    /// A block that has been fetched and is still there.
    fn cached(&self, number: u64) -> Option<Bytes> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().find(|(known, _)| *known == number).and_then(|(_, block)| block.get().cloned())
    }

    /// The place of a block in the cache, its last use being now.
    fn block(&self, number: u64) -> Block {
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let known = blocks.iter().position(|(known, _)| *known == number).and_then(|at| blocks.remove(at));
        let (_, block) = known.unwrap_or_else(|| (number, Block::default()));
        blocks.push_back((number, Arc::clone(&block)));
        while blocks.len() > CACHED {
            blocks.pop_front();
        }
        block
    }

    fn read_ahead(self: &Arc<Self>, from: u64, count: u64) {
        let last = self.size.div_ceil(BLOCK);
        for number in (from..last).take(usize::try_from(count).unwrap_or(0)) {
            let source = Arc::clone(self);
            tokio::spawn(async move { source.fetch(number).await.map(drop) });
        }
    }
}

/// What a block has of the bytes from `at` on, where it is the block of `at`, to `end` at most.
fn within(block: &Bytes, at: u64, end: u64) -> Bytes {
    let start = usize::try_from(at % BLOCK).unwrap_or(usize::MAX).min(block.len());
    let wanted = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
    block.slice(start..block.len().min(start.saturating_add(wanted)))
}

/// What FFmpeg takes for a file: bytes of our own and ranges of a source, one after another.
#[derive(Debug, Default)]
pub struct View {
    pieces: Vec<Piece>,
    size: u64,
}

#[derive(Debug)]
enum Piece {
    Bytes(Bytes),
    Range(Range<u64>),
    Alone(Range<u64>),
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Range(range) | Self::Alone(range) => range.end.saturating_sub(range.start),
        }
    }
}

impl View {
    /// The source as it is.
    #[must_use]
    pub fn whole(source: &Source) -> Self {
        Self::default().range(0..source.size)
    }

    /// These bytes next.
    #[must_use]
    pub fn bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.piece(Piece::Bytes(bytes.into()))
    }

    /// This range of the source next.
    #[must_use]
    pub fn range(self, range: Range<u64>) -> Self {
        self.piece(Piece::Range(range))
    }

    /// This range of the source next, of which no more is fetched than is read: what lies around it is not wanted.
    #[must_use]
    pub fn alone(self, range: Range<u64>) -> Self {
        self.piece(Piece::Alone(range))
    }

    fn piece(mut self, piece: Piece) -> Self {
        self.size = self.size.saturating_add(piece.len());
        self.pieces.push(piece);
        self
    }

    /// What is at a position: our own bytes, or a range of the source.
    fn at(&self, position: u64) -> Option<Piece> {
        let mut skipped = 0;
        for piece in &self.pieces {
            let within = position - skipped;
            if within < piece.len() {
                return Some(match piece {
                    Piece::Bytes(bytes) => Piece::Bytes(bytes.slice(usize::try_from(within).ok()?..)),
                    Piece::Range(range) => Piece::Range(range.start + within..range.end),
                    Piece::Alone(range) => Piece::Alone(range.start + within..range.end),
                });
            }
            skipped += piece.len();
        }
        None
    }
}

/// Answers a request for a view or a range of it (RFC 9110 §14).
pub(super) fn respond(
    source: Arc<Source>,
    view: Arc<View>,
    headers: &HeaderMap,
) -> Result<Response<Body>, hyper::http::Error> {
    let size = view.size;
    let asked = headers.get(RANGE).and_then(|range| range.to_str().ok()).map(|range| parse(range, size));
    let (range, partial) = match asked {
        None => (0..size, false),
        Some(Some(range)) => (range, true),
        Some(None) => return empty(StatusCode::RANGE_NOT_SATISFIABLE),
    };
    let status = if partial { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = Response::builder()
        .status(status)
        .header(ACCEPT_RANGES, "bytes")
        .header(CONTENT_LENGTH, range.end - range.start);
    if partial {
        response = response.header(CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1));
    }
    response.body(StreamBody::new(Box::pin(pieces(source, view, range))).boxed_unsync())
}

/// `bytes=a-b`, `bytes=a-` or `bytes=-n`; one range that is not empty.
fn parse(range: &str, size: u64) -> Option<Range<u64>> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (first, last) {
        ("", count) => size.saturating_sub(count.parse().ok()?)..size,
        (first, "") => first.parse().ok()?..size,
        (first, last) => first.parse().ok()?..last.parse::<u64>().ok()?.saturating_add(1).min(size),
    };
    (range.start < range.end).then_some(range)
}

struct Reading {
    source: Arc<Source>,
    view: Arc<View>,
    at: u64,
    end: u64,
    /// The block that was read last, and how many came before it.
    block: Option<u64>,
    before: u64,
    /// What was fetched past the cache and is still to be handed out.
    fetched: Bytes,
}

fn pieces(
    source: Arc<Source>,
    view: Arc<View>,
    range: Range<u64>,
) -> impl futures_util::Stream<Item = io::Result<Frame<Bytes>>> + Send {
    let (at, end) = (range.start, range.end);
    let reading = Reading { source, view, at, end, block: None, before: 0, fetched: Bytes::new() };
    stream::try_unfold(reading, |mut reading| async move {
        let Some(bytes) = reading.next().await.map_err(io::Error::other)? else { return Ok(None) };
        reading.at += bytes.len() as u64;
        Ok(Some((Frame::data(bytes), reading)))
    })
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        if !self.fetched.is_empty() {
            let frame = self.fetched.len().min(usize::try_from(FRAME).unwrap_or(usize::MAX));
            return Ok(Some(self.fetched.split_to(frame)));
        }
        let whole = self.end.saturating_sub(self.at);
        let left = whole.min(FRAME);
        match self.view.at(self.at).filter(|_| left > 0) {
            None => Ok(None),
            Some(Piece::Bytes(bytes)) => {
                let length = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                Ok(Some(bytes.slice(..length)))
            }
            Some(Piece::Alone(range)) => {
                let end = range.end.min(range.start.saturating_add(whole));
                self.fetched = self.source.alone(range.start..end).await?;
                let frame = self.fetched.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                Ok(Some(self.fetched.split_to(frame)))
            }
            Some(Piece::Range(range)) => {
                let block = range.start / BLOCK;
                if self.block.replace(block).is_some_and(|before| before != block) {
                    self.before += 1;
                    if self.before >= STRAIGHT_ON {
                        self.source.read_ahead(block + 1, AHEAD);
                    }
                }
                let end = range.end.min(range.start.saturating_add(left));
                self.source.piece(range.start, end).await.map(Some)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_they_are_written() {
        assert_eq!(parse("bytes=0-", 10), Some(0..10));
        assert_eq!(parse("bytes=3-5", 10), Some(3..6));
        assert_eq!(parse("bytes=3-99", 10), Some(3..10));
        assert_eq!(parse("bytes=-4", 10), Some(6..10));
        for refused in ["bytes=10-", "bytes=5-4", "bytes=", "items=0-1", "bytes=a-b", "bytes=-0", "bytes=0-1,3-4"] {
            assert_eq!(parse(refused, 10), None, "{refused}");
        }
    }

    #[tokio::test]
    async fn a_range_is_fetched_once_and_a_short_one_is_a_failure() {
        let calls = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let counted = Arc::clone(&calls);
        let source = Source::new(3 * BLOCK, move |range| {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            async move {
                let length = range.end - range.start - u64::from(range.start == 2 * BLOCK);
                Ok(vec![u8::try_from(range.start / BLOCK).expect("small"); usize::try_from(length).expect("small")]
                    .into())
            }
        });
        let bytes = source.bytes(BLOCK - 1..BLOCK + 1).await.expect("bytes");
        assert_eq!(bytes, [0, 1]);
        source.bytes(0..2 * BLOCK).await.expect("bytes");
        assert_eq!((calls.load(std::sync::atomic::Ordering::Relaxed), source.failure()), (2, None));
        source.alone(BLOCK - 1..BLOCK + 1).await.expect("bytes");
        assert_eq!((calls.load(std::sync::atomic::Ordering::Relaxed), source.failure()), (3, None), "past the cache");
        source.alone(2 * BLOCK..3 * BLOCK).await.expect_err("short");
        assert!(source.failure().is_some());
        source.bytes(2 * BLOCK..3 * BLOCK).await.expect_err("short");
    }

    #[tokio::test]
    async fn what_is_in_the_cache_is_told_without_fetching() {
        let source = Source::new(3 * BLOCK, |range| async move {
            let length = usize::try_from(range.end - range.start).expect("small");
            Ok(vec![u8::try_from(range.start / BLOCK).expect("small"); length].into())
        });
        assert_eq!(source.held(0..3 * BLOCK), b"");
        source.bytes(0..1).await.expect("bytes");
        source.bytes(2 * BLOCK..2 * BLOCK + 1).await.expect("bytes");
        // To where a block is missing, to the end of the range, and to that of the source.
        assert_eq!(source.held(BLOCK - 2..3 * BLOCK), [0, 0]);
        assert_eq!(source.held(2 * BLOCK + 1..2 * BLOCK + 4), [2, 2, 2]);
        assert_eq!(source.held(3 * BLOCK - 1..9 * BLOCK), [2]);
        assert_eq!(source.held(BLOCK..2 * BLOCK), b"");
        source.forget();
        assert_eq!(source.held(2 * BLOCK..3 * BLOCK), b"");
    }
}
