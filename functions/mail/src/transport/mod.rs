//! Ways that mail leaves.

mod resend;
mod ses;
mod smtp;
#[cfg(test)]
mod tests;

use std::time::Duration;

use common::{
    config::{MailConfig, MailTransport},
    ids::MailId,
};
use lettre::message::Mailbox;

use crate::letter::Letter;
use resend::Resend;
use ses::Ses;
use smtp::Smtp;

/// A connection that cannot be made within this will not be.
const CONNECT: Duration = Duration::from_secs(5);
/// The longest that sending a mail may take.
pub(crate) const SEND: Duration = Duration::from_secs(15);

/// Why a mail is not sent. Reasons hold codes and names of errors, and nothing of what a provider says in words: that may
/// repeat the address.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// This mail will never be taken.
    #[error("refused for good: {0}")]
    Refused(String),
    /// It may be later, or once its operator has mended something.
    #[error("not taken now: {0}")]
    Later(String),
}

/// How mail leaves here.
#[derive(Debug)]
pub enum Transport {
    /// By the API of resend.com.
    Resend(Resend),
    /// By Amazon SES.
    Ses(Ses),
    /// By an SMTP server.
    Smtp(Smtp),
    /// Not at all: what would be sent stands in the log.
    Log,
}

/// How far a transport could be tried without sending anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The provider lets us in and knows whom mail is from.
    Sender,
    /// The provider lets us in, and tells nothing of whom mail is from.
    Login,
    /// There is no provider.
    Nobody,
}

/// `MAIL_TRANSPORT`, `MAIL_FROM` or what goes with them cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Whom mail is from.
    #[error("MAIL_FROM holds no address that mail can be sent from: {0}")]
    From(#[from] lettre::address::AddressError),
    /// The SMTP server's name.
    #[error("SMTP_URL names a server that TLS cannot be set up for: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
    /// Those that servers are believed by.
    #[error("the system's certificates cannot be read: {0}")]
    Certificates(#[from] std::io::Error),
}

impl Transport {
    /// The configured transport; makes no call.
    pub fn new(config: MailConfig, sdk: &aws_config::SdkConfig) -> Result<Self, SetupError> {
        let from = Mailbox::new(config.from.name, config.from.address.parse()?);
        Ok(match config.transport {
            MailTransport::Resend(key) => Self::Resend(Resend::new(resend::API, key, &from)?),
            MailTransport::Ses => Self::Ses(Ses::new(sdk, &from)),
            MailTransport::Smtp(server) => Self::Smtp(Smtp::new(server, from)?),
            MailTransport::Log => Self::Log,
        })
    }

    /// Sends a mail. `id` lets providers and mail apps know it when it comes twice.
    pub(crate) async fn send(&self, id: &MailId, letter: &Letter) -> Result<(), SendError> {
        let sent = async {
            match self {
                Self::Resend(resend) => resend.send(id, letter).await,
                Self::Ses(ses) => ses.send(letter).await,
                Self::Smtp(smtp) => smtp.send(id, letter).await,
                Self::Log => {
                    tracing::info!(mail = %id, subject = letter.subject, text = letter.text, "instead of being sent");
                    Ok(())
                }
            }
        };
        let late = |_| SendError::Later(format!("no answer within {} seconds", SEND.as_secs()));
        tokio::time::timeout(SEND, sent).await.map_err(late)?
    }

    /// Goes as far as sending does before there is a mail.
    pub async fn rehearse(&self) -> Result<Answered, SendError> {
        let rehearsed = async {
            match self {
                Self::Resend(resend) => resend.rehearse().await,
                Self::Ses(ses) => ses.rehearse().await,
                Self::Smtp(smtp) => smtp.rehearse().await.map(|()| Answered::Sender),
                Self::Log => Ok(Answered::Nobody),
            }
        };
        let late = |_| SendError::Later(format!("no answer within {} seconds", SEND.as_secs()));
        tokio::time::timeout(SEND, rehearsed).await.map_err(late)?
    }
}
