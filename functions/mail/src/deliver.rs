//! A mail's way out of the outbox: claimed, sent, removed.

use std::time::{Duration, SystemTime};

use common::{
    ids::MailId,
    ledger::{LedgerError, Sending},
    outbox::OutboxError,
    telemetry::{self, Metric},
    time::Millis,
};
use lambda_runtime::Context;

use crate::{
    app::App,
    letter::Letter,
    transport::{SEND, SendError},
};

/// Failures in a row after which the others would fare no better.
const ENOUGH: u32 = 3;
/// What a mail may take beside its sending: claiming, reading and removing it.
const AROUND: Duration = Duration::from_secs(10);

/// Why a mail stays.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error(transparent)]
    Letter(#[from] askama::Error),
    #[error(transparent)]
    Send(#[from] SendError),
}

impl Failure {
    /// True when the next mail would fail likewise: what failed is not this mail, but what sends it or where it lies.
    fn concerns_all(&self) -> bool {
        match self {
            Self::Ledger(_) | Self::Send(_) | Self::Outbox(OutboxError::Objects(_)) => true,
            Self::Outbox(_) | Self::Letter(_) => false,
        }
    }

    /// The same for whoever runs the server, without addresses of machines or people.
    fn shown(&self) -> String {
        match self {
            Self::Ledger(_) => "the ledger does not answer".to_owned(),
            Self::Outbox(OutboxError::Seal(error)) => error.to_string(),
            Self::Outbox(_) => "the outbox cannot be read".to_owned(),
            Self::Letter(_) => "a mail could not be put into words".to_owned(),
            Self::Send(error) => error.to_string(),
        }
    }
}

/// What became of a mail.
enum Fate {
    Sent,
    Refused,
    Expired,
    /// Somebody else sends it, or has.
    Elsewhere,
}

/// Mails are left that should not be; the log says why.
#[derive(Debug, thiserror::Error)]
#[error("{failed} of {all} mails could not be sent and stay in the outbox")]
pub(crate) struct Undelivered {
    failed: u64,
    all: usize,
    /// Why the last of them could not.
    pub(crate) why: String,
}

/// Sends mails, one after the other. One that fails does not keep the others waiting, unless several do in a row.
pub(crate) async fn all(app: &App, mails: &[MailId], context: &Context) -> Result<(), Undelivered> {
    let (mut sent, mut refused, mut expired, mut failed, mut in_a_row) = (0_u64, 0_u64, 0_u32, 0_u64, 0_u32);
    let mut why = String::new();
    for mail in mails {
        if in_a_row >= ENOUGH || remaining(context) < SEND + AROUND {
            break;
        }
        match one(app, mail, &context.request_id).await {
            Ok(fate) => {
                in_a_row = 0;
                match fate {
                    Fate::Sent => sent += 1,
                    Fate::Refused => refused += 1,
                    Fate::Expired => expired += 1,
                    Fate::Elsewhere => {}
                }
            }
            Err(failure) => {
                tracing::error!(%mail, error = %failure, "not sent");
                failed += 1;
                why = failure.shown();
                in_a_row = if failure.concerns_all() { in_a_row + 1 } else { 0 };
            }
        }
    }
    if !mails.is_empty() {
        for (metric, mails) in
            [(Metric::MailsSent, sent), (Metric::MailsRefused, refused), (Metric::MailsFailed, failed)]
        {
            if mails > 0 {
                telemetry::count(metric, mails);
            }
        }
        tracing::info!(target: telemetry::END, waiting = mails.len(), sent, refused, expired, failed, "mails looked at");
    }
    if failed == 0 { Ok(()) } else { Err(Undelivered { failed, all: mails.len(), why }) }
}

async fn one(app: &App, mail: &MailId, holder: &str) -> Result<Fate, Failure> {
    match app.ledger.begin_sending(mail, holder).await? {
        Sending::Yours => {}
        Sending::Busy => return Ok(Fate::Elsewhere),
        Sending::Sent => {
            app.outbox.remove(mail).await?;
            return Ok(Fate::Elsewhere);
        }
    }
    let fate = claimed(app, mail).await;
    if fate.is_err()
        && let Err(error) = app.ledger.stop_sending(mail, holder).await
    {
        tracing::warn!(%mail, %error, "the next try waits until this one's claim is over");
    }
    fate
}

/// What becomes of a mail that nobody else sends.
async fn claimed(app: &App, id: &MailId) -> Result<Fate, Failure> {
    // Read after it was claimed: whoever had it before has removed it, if it is sent.
    let Some(mail) = app.outbox.take(id).await? else { return Ok(Fate::Elsewhere) };
    if mail.expires_at().is_some_and(|end| Millis(end) <= Millis::now()) {
        app.outbox.remove(id).await?;
        return Ok(Fate::Expired);
    }
    match app.transport.send(id, &Letter::new(&mail)?).await {
        Ok(()) => {
            if let Err(error) = app.outbox.remove(id).await {
                tracing::warn!(mail = %id, %error, "sent, but still in the outbox");
                // No failure even where this fails too: the claim must stay, or the next try would send it at once.
                if let Err(error) = app.ledger.sent(id).await {
                    tracing::error!(mail = %id, %error, "sent, and may be sent again");
                }
            }
            Ok(Fate::Sent)
        }
        Err(error @ SendError::Refused(_)) => {
            tracing::error!(mail = %id, %error, "removed unsent");
            app.outbox.remove(id).await?;
            Ok(Fate::Refused)
        }
        Err(error) => Err(error.into()),
    }
}

fn remaining(context: &Context) -> Duration {
    context.deadline().duration_since(SystemTime::now()).unwrap_or_default()
}
