//! Mail that is to be sent: objects under `outbox/`, each sealed, each removed by whoever has sent it.
//!
//! The bucket is what functions without the internet reach, it starts the one that sends, and it keeps a mail while its
//! provider is out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    error::ApiError,
    ids::MailId,
    objects::{Objects, ObjectsError, Serving, keys},
    seal::{SealError, Sealer},
    time::Millis,
};

/// Mails that one look at the outbox finds.
const MOST: usize = 200;

/// What nobody but the mail function has a use for.
const SEALED: Serving = Serving { content_type: "application/json", cache_control: "no-store" };

/// A mail, before it has words.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Mail {
    /// A login that was asked for.
    Login {
        /// Address of who asked.
        to: String,
        /// The site: scheme and host.
        origin: String,
        /// Six digits.
        code: String,
        /// What signs in when it is opened in the browser that asked; below the origin.
        link: String,
        /// When code and link are no longer good, in milliseconds since the epoch.
        expires_at: i64,
    },
    /// A code that a program asked for. Nothing in it is to be opened.
    Code {
        /// Address of whose code it is.
        to: String,
        /// The site: scheme and host.
        origin: String,
        /// Six digits.
        code: String,
        /// When it is no longer good, in milliseconds since the epoch.
        expires_at: i64,
    },
    /// A login that was asked for with an address that has no account and may not open one.
    NoAccount {
        /// The address.
        to: String,
        /// The site: scheme and host.
        origin: String,
    },
    /// What happened to somebody's videos since the last one of these.
    Digest {
        /// Their address.
        to: String,
        /// The site: scheme and host.
        origin: String,
        /// What is told, the newest first.
        told: Vec<Told>,
        /// How much more there is.
        more: usize,
        /// Where it can be ended without a login; below the origin.
        unsubscribe: String,
    },
}

/// Something that happened, in a [`Mail::Digest`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// What: `comment`, `reply`, `reaction`, `view` or `anon_view`.
    pub event: String,
    /// Who did it, if they have said what they are called.
    pub who: Option<String>,
    /// Title of the video.
    pub title: String,
    /// What was written, or the reaction.
    pub content: Option<String>,
    /// Where it is; below the origin.
    pub link: String,
}

impl Mail {
    /// When there is no point in sending it any more, in milliseconds since the epoch.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        match self {
            Self::Login { expires_at, .. } | Self::Code { expires_at, .. } => Some(*expires_at),
            Self::NoAccount { .. } | Self::Digest { .. } => None,
        }
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Login { .. } => "Login([redacted])",
            Self::Code { .. } => "Code([redacted])",
            Self::NoAccount { .. } => "NoAccount([redacted])",
            Self::Digest { .. } => "Digest([redacted])",
        })
    }
}

/// A mail could not be stored or read. Holds nothing of it.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// S3 did not answer, or not as expected.
    #[error("the outbox did not answer: {0}")]
    Objects(#[from] ObjectsError),
    /// It could not be sealed or opened.
    #[error("a mail in the outbox: {0}")]
    Seal(#[from] SealError),
    /// What was sealed is no mail that this version knows.
    #[error("a mail in the outbox is of a kind that this version does not know")]
    Unknown,
    /// There is no random source.
    #[error("a mail got no id: {0}")]
    Random(#[from] getrandom::Error),
}

impl From<OutboxError> for ApiError {
    fn from(error: OutboxError) -> Self {
        Self::unavailable(error)
    }
}

/// What an object under `outbox/` holds. The object's key is what it was sealed for, so that it cannot be moved.
#[derive(Serialize, Deserialize)]
struct Envelope {
    sealed: String,
}

/// Mails that wait.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// At most 200 of them, oldest first.
    pub mails: Vec<MailId>,
    /// Since when the oldest waits.
    pub since: Option<Millis>,
}

/// The outbox.
#[derive(Clone, Debug)]
pub struct Outbox {
    objects: Objects,
    sealer: Sealer,
}

impl Outbox {
    /// The outbox in a bucket; makes no call.
    #[must_use]
    pub fn new(objects: Objects, sealer: Sealer) -> Self {
        Self { objects, sealer }
    }

    /// Leaves a mail to be sent. It is safe once this returns, whatever happens to its provider.
    pub async fn post(&self, mail: &Mail) -> Result<(), OutboxError> {
        let key = keys::mail(&MailId::random()?);
        let plain = serde_json::to_vec(mail).map_err(|_| OutboxError::Unknown)?;
        let envelope = Envelope { sealed: self.sealer.seal(&key, &plain)? };
        let object = serde_json::to_vec(&envelope).map_err(|_| OutboxError::Unknown)?;
        Ok(self.objects.put(&key, object, SEALED).await?)
    }

    /// The mails that have waited longest.
    pub async fn waiting(&self) -> Result<Waiting, OutboxError> {
        let found = self.objects.oldest(keys::OUTBOX, MOST).await?;
        let since = found.first().map(|oldest| Millis(oldest.stored_at * 1000));
        Ok(Waiting { mails: found.iter().filter_map(|object| keys::parse_mail(&object.key)).collect(), since })
    }

    /// Reads a mail; `None` when it is no longer there. It stays until [`remove`](Self::remove).
    pub async fn take(&self, id: &MailId) -> Result<Option<Mail>, OutboxError> {
        let key = keys::mail(id);
        let Some(object) = self.objects.read_small(&key).await? else { return Ok(None) };
        let envelope: Envelope = serde_json::from_slice(&object).map_err(|_| SealError::NotSealed)?;
        let plain = self.sealer.open(&key, &envelope.sealed)?;
        serde_json::from_slice(&plain).map(Some).map_err(|_| OutboxError::Unknown)
    }

    /// Removes a mail that is sent or never will be. Nothing happens when it is no longer there.
    pub async fn remove(&self, id: &MailId) -> Result<(), OutboxError> {
        Ok(self.objects.remove(&keys::mail(id)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_prints_nothing_of_what_it_says() {
        let mail = Mail::Login {
            to: "ada@example.com".to_owned(),
            origin: "https://cap.example.com".to_owned(),
            code: "123456".to_owned(),
            link: "https://cap.example.com/login?token=abc".to_owned(),
            expires_at: 1,
        };
        let text = format!("{mail:?}");
        assert!(!text.contains("ada") && !text.contains("123456") && !text.contains("abc"), "{text}");
        let read: Mail = serde_json::from_slice(&serde_json::to_vec(&mail).expect("json")).expect("a mail");
        assert!(read == mail);
    }
}
