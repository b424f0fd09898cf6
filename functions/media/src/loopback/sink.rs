//! What FFmpeg writes, as it comes.

use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use tokio::sync::mpsc;

/// Pieces on their way. FFmpeg waits when they are not taken, so that memory stays bounded.
const IN_FLIGHT: usize = 4;

#[derive(Debug)]
enum Piece {
    Data(Bytes),
    End,
}

/// The end that a connection feeds.
#[derive(Clone, Debug)]
pub(super) struct Writer(mpsc::Sender<Piece>);

/// The end from which an output is taken.
#[derive(Debug)]
pub struct Sink {
    pieces: mpsc::Receiver<Piece>,
    whole: bool,
}

pub(super) fn pair() -> (Writer, Sink) {
    let (sender, pieces) = mpsc::channel(IN_FLIGHT);
    (Writer(sender), Sink { pieces, whole: false })
}

impl Writer {
    /// Passes a request's body on; false when it broke off or nobody takes it any longer.
    pub(super) async fn take(self, mut body: Incoming) -> bool {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let Ok(data) = frame.into_data() else { continue };
            if self.0.send(Piece::Data(data)).await.is_err() {
                return false;
            }
        }
        self.0.send(Piece::End).await.is_ok()
    }
}

impl Sink {
    /// The next piece; `None` at the end, or when the writer broke off: [`Sink::is_whole`] tells.
    pub async fn next(&mut self) -> Option<Bytes> {
        match self.pieces.recv().await {
            Some(Piece::Data(data)) => Some(data),
            Some(Piece::End) => {
                self.whole = true;
                self.pieces.close();
                None
            }
            None => None,
        }
    }

    /// True once the writer has said that this was all.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Everything, when it is no more than `limit` bytes and whole.
    pub async fn collect(mut self, limit: usize) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(piece) = self.next().await {
            if all.len() + piece.len() > limit {
                return None;
            }
            all.extend_from_slice(&piece);
        }
        self.whole.then_some(all)
    }
}
