//! Sharing work out: a piece is described by a job object, whose arrival invokes the function like an upload does. All work
//! under the lease of the attempt that shared the work out, which each of them prolongs; whoever does the last piece
//! completes the whole.

use std::time::{Duration, Instant};

use common::{ids::VideoId, ledger::Piece, objects::JOB};
use serde::Serialize;

use crate::work::{Outcome, Stop, Try};

/// How long pieces may wait for their turn and then run, in multiples of an invocation's time. The sweep looks again
/// after that.
const PATIENCE: u32 = 2;

/// Work in pieces. It is what the jobs say.
pub(crate) trait SharedOut: Serialize {
    /// How many there are.
    fn pieces(&self) -> usize;

    /// Key of an object that is there once a piece is made.
    fn made(&self, video: &VideoId, number: u32) -> String;

    /// Key of the job that makes a piece.
    fn job(&self, video: &VideoId, attempt: u64, number: u32) -> String;

    /// Makes a piece.
    async fn make(&self, attempt: &Try<'_>, number: u32) -> Result<(), Stop>;

    /// Does what is left to do when all pieces are made.
    async fn complete(&self, attempt: &Try<'_>) -> Result<Outcome, Stop>;
}

impl Try<'_> {
    /// Writes a job for every piece that is not there yet, and leaves the lease to them. Completes the whole when all are
    /// there.
    pub(crate) async fn share_out<W: SharedOut>(&self, work: &W) -> Result<Outcome, Stop> {
        let video = &self.source.video;
        let patience = self.patience();
        if !self.ledger.hand_over(self.lease, patience).await? {
            return Err(Stop::Superseded);
        }
        let job = serde_json::to_vec(work).map_err(std::io::Error::other)?;
        let mut done = 0;
        for number in (0..).take(work.pieces()) {
            let piece = Piece { video, attempt: self.lease.attempt, number };
            if self.objects.head(&work.made(video, number)).await?.is_some() {
                done = self.ledger.piece_done(&piece, patience).await?.ok_or(Stop::Superseded)?;
            } else {
                self.objects.put(&work.job(video, self.lease.attempt, number), job.clone(), JOB).await?;
            }
        }
        if done == work.pieces() { self.complete(work).await } else { Ok(Outcome::Shared) }
    }

    /// Does one piece, and completes the whole when it was the last.
    pub(crate) async fn piece<W: SharedOut>(&self, work: &W, number: u32) -> Result<Outcome, Stop> {
        let video = &self.source.video;
        if self.objects.head(&work.made(video, number)).await?.is_none() {
            work.make(self, number).await?;
        }
        let piece = Piece { video, attempt: self.lease.attempt, number };
        let done = self.ledger.piece_done(&piece, self.patience()).await?.ok_or(Stop::Superseded)?;
        tracing::info!(%video, number, done, of = work.pieces(), "piece done");
        if done == work.pieces() { self.complete(work).await } else { Ok(Outcome::Shared) }
    }

    async fn complete<W: SharedOut>(&self, work: &W) -> Result<Outcome, Stop> {
        if !self.ledger.begin_join(self.lease, self.holder, self.patience()).await? {
            return Ok(Outcome::Shared);
        }
        work.complete(self).await
    }

    fn patience(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).saturating_mul(PATIENCE)
    }
}
