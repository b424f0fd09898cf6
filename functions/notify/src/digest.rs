//! One mail for all that somebody has neither read nor had a mail of.

use common::{
    db::{
        DbError,
        notifications::{self, Event, Notification, Recipient},
    },
    outbox::{Mail, OutboxError, Told},
    telemetry::END,
    unsubscribe,
};

use crate::app::App;

/// People whom one invocation mails; the others wait for the next.
const PEOPLE: u32 = 100;
/// Notifications that a mail is about, and that it tells one by one.
const MOST: u32 = 200;
const TOLD: usize = 20;

/// A store did not answer; the next invocation tries again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DigestError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

/// Mails everybody for whom something has waited long enough. What one of them runs into does not keep the others waiting.
pub(crate) async fn all(app: &App) -> Result<(), DigestError> {
    let due = notifications::due(&mut app.db.connect().await?, PEOPLE).await?;
    let mut last = Ok(());
    for recipient in &due {
        if let Err(error) = one(app, recipient).await {
            tracing::error!(user = %recipient.user, %error, "not mailed");
            last = Err(error);
        }
    }
    if !due.is_empty() {
        tracing::info!(target: END, people = due.len(), "digests made");
    }
    last
}

async fn one(app: &App, recipient: &Recipient) -> Result<(), DigestError> {
    let mut db = app.db.connect().await?;
    // From here on nobody else mails them for a while: should this fail, they are mailed later, and not twice.
    if !notifications::claim(&mut db, &recipient.user).await? {
        return Ok(());
    }
    let found = notifications::unmailed(&mut db, &recipient.user, MOST).await?;
    if found.is_empty() {
        return Ok(());
    }
    let origin = app.site.origin("");
    let mail = Mail::Digest {
        to: recipient.email.clone(),
        told: found.iter().take(TOLD).map(|one| told(&origin, one)).collect(),
        more: found.len().saturating_sub(TOLD),
        unsubscribe: unsubscribe::address(&app.site.secret, &origin, &recipient.user),
        origin,
    };
    app.outbox.post(&mail).await?;
    Ok(notifications::mailed(&mut db, &recipient.user, &found).await?)
}

fn told(origin: &str, one: &Notification) -> Told {
    let link = match (&one.comment, one.event) {
        (Some((id, _)), Event::Comment | Event::Reply) => format!("{origin}/s/{}?comment={id}#c-{id}", one.video),
        _ => format!("{origin}/s/{}", one.video),
    };
    Told {
        event: one.event.as_str().to_owned(),
        who: one.actor_name.clone(),
        title: one.title.clone(),
        content: one.comment.as_ref().map(|(_, content)| content.clone()),
        link,
    }
}
