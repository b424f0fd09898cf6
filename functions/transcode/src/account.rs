//! What a deleted account has left: its pictures, and everything of its videos.

use std::time::Duration;

use common::{
    db::{users, videos},
    ids::{UserId, VideoId},
    telemetry,
};
use lambda_runtime::Context;

use crate::{
    app::App,
    ended::Ended,
    job::{JobError, TO_FINISH, remaining},
};

/// Videos that are looked up at once.
const BATCH: u32 = 100;
/// Kept back from the time that one video may take, to say how far it went.
const TO_HAND_OVER: Duration = Duration::from_secs(3);

/// Removes as much as there is time for, then asks for another invocation. One at least is done each time, or it is an
/// error: a chain that goes nowhere must end. Lambda itself ends chains of about sixteen, which is why each goes on for as
/// long as it may; the sweep does what is left then.
pub(crate) async fn run(app: &App, context: &Context, user: &UserId) -> Result<Ended, JobError> {
    telemetry::user(user);
    if !users::bury(&mut app.db.connect().await?, user).await? {
        tracing::warn!(%user, "ignored: there is no such deleted account");
        return Ok(Ended::Idle);
    }
    app.objects.remove_account(user).await?;
    let mut removed = 0_usize;
    loop {
        let videos = videos::unremoved(&mut app.db.connect().await?, user, BATCH).await?;
        if videos.is_empty() {
            tracing::info!(%user, removed, "nothing is left of a deleted account");
            return Ok(Ended::Removed);
        }
        for video in videos {
            let in_time = removed == 0 || remaining(context) > TO_FINISH;
            if !in_time || !remove(app, context, &video).await? {
                return hand_over(app, user, removed).await;
            }
            removed += 1;
        }
    }
}

/// Removes a video's objects; false when the time was too short.
async fn remove(app: &App, context: &Context, video: &VideoId) -> Result<bool, JobError> {
    let within = remaining(context).saturating_sub(TO_HAND_OVER);
    let Ok(removed) = tokio::time::timeout(within, app.objects.remove_video(video)).await else { return Ok(false) };
    removed?;
    videos::touch(&mut app.db.connect().await?, video).await?;
    Ok(true)
}

async fn hand_over(app: &App, user: &UserId, removed: usize) -> Result<Ended, JobError> {
    if removed == 0 {
        return Err(JobError::NothingRemoved(user.clone()));
    }
    tracing::info!(%user, removed, "the rest of a deleted account is left to another invocation");
    app.objects.ask(&common::objects::keys::account_job(user)).await?;
    Ok(Ended::Shared)
}
