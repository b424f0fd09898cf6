//! Videos, page by page: each one's rows, what it has in the bucket, what was said of it.

use std::{collections::HashMap, sync::Arc};

use common::{
    db::{
        imports::{self, Entry, Kind as Of, NewVideo, TakenVideo},
        videos::{self, Kind, Source},
    },
    email::Email,
    ids::{UserId, VideoId},
};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    app::{App, ImportError},
    cap::{Cap, CapVideo},
    comments,
    layout::{Recording, Stored},
    privacy, recording,
    report::{Fate, Report, What},
    users::shown,
};

/// Videos that are worked on at once.
const AT_ONCE: usize = 4;

/// Said of a video whose owner cannot sign in.
const NO_OWNER: &str = "whose it is has no account here";

pub(crate) async fn take(app: &Arc<App>, cap: &mut Cap, report: &mut Report) -> Result<(), ImportError> {
    let total = cap.video_count().await?;
    let mut after = String::new();
    loop {
        let page = cap.videos(&after).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.id);
        for (video, id) in take_page(app, page, report).await? {
            comments::take(app, cap, &video, id.as_ref(), report).await?;
        }
        let (seen, moved) = (report.total(What::Videos), report.taken(What::Recordings));
        eprintln!("videos: {seen} of {total} looked at, {moved} recordings taken");
    }
}

/// Videos and their ids here, where they are here.
async fn take_page(
    app: &Arc<App>,
    page: Vec<CapVideo>,
    report: &mut Report,
) -> Result<Vec<(CapVideo, Option<VideoId>)>, ImportError> {
    let (known, people) = {
        let ids: Vec<&str> = page.iter().map(|video| video.id.as_str()).collect();
        let owners: Vec<&str> = page.iter().map(|video| video.owner.as_str()).collect();
        let mut db = app.db().await?;
        (app.journal.find(&mut db, Of::Video, &ids).await?, app.journal.people(&mut db, &owners).await?)
    };
    let (mut working, mut looked_at) = (JoinSet::new(), Vec::with_capacity(page.len()));
    for video in page {
        if working.len() == AT_ONCE {
            looked_at.extend(joined(&mut working, report).await?);
        }
        let (app, entry, owner) = (Arc::clone(app), known.get(&video.id).cloned(), owner(app, &video, &people));
        working.spawn(async move {
            let mut report = Report::new(app.dry_run);
            let id = one(&app, &video, entry.as_ref(), &owner, &mut report).await?;
            Ok((video, id, report))
        });
    }
    while !working.is_empty() {
        looked_at.extend(joined(&mut working, report).await?);
    }
    Ok(looked_at)
}

type LookedAt = Result<(CapVideo, Option<VideoId>, Report), ImportError>;

async fn joined(
    working: &mut JoinSet<LookedAt>,
    report: &mut Report,
) -> Result<Option<(CapVideo, Option<VideoId>)>, ImportError> {
    let Some(ended) = working.join_next().await else { return Ok(None) };
    let (video, id, own) = ended.map_err(|error| ImportError::Broken(error.to_string()))??;
    report.add(own);
    Ok(Some((video, id)))
}

/// Whose a video will be.
enum Owner {
    Here(UserId),
    /// Somebody whose account a dry run has not opened.
    ToCome,
    Nobody,
}

fn owner(app: &App, video: &CapVideo, people: &HashMap<String, (String, bool)>) -> Owner {
    match people.get(&video.owner) {
        Some((id, true)) => UserId::parse(id).map_or(Owner::Nobody, Owner::Here),
        Some((_, false)) => Owner::Nobody,
        None if app.dry_run && video.owner_email.as_deref().and_then(Email::parse).is_some() => Owner::ToCome,
        None => Owner::Nobody,
    }
}

/// Takes a video, as far as it was not taken; its id when it is here.
async fn one(
    app: &Arc<App>,
    video: &CapVideo,
    entry: Option<&Entry>,
    owner: &Owner,
    report: &mut Report,
) -> Result<Option<VideoId>, ImportError> {
    let leave = |report: &mut Report, why: &str| {
        report.leave(What::Videos, &video.id, why);
        report.count_many(What::Passwords, Fate::Left, u64::from(has_password(video)));
        report.count(What::Recordings, Fate::Left);
        Ok(None)
    };
    let Some(id) = VideoId::parse(&video.id) else {
        return leave(report, "its id is not one that a video can have here");
    };
    if entry.is_some() {
        report.count(What::Videos, Fate::Known);
        report.count_many(What::Passwords, Fate::Known, u64::from(has_password(video)));
        let fence = videos::fence(&mut app.db().await?, &id).await?;
        let here = fence.is_some_and(|fence| !fence.deleted);
        if !here || entry.is_some_and(|entry| entry.done) {
            report.count(What::Recordings, Fate::Known);
            return Ok(here.then_some(id));
        }
    }
    let stored = match recording::look(app, video).await {
        Ok(stored) => stored,
        Err(error) if entry.is_some() => {
            report.fail(What::Recordings, &video.id, &error);
            return Ok(Some(id));
        }
        Err(error) => {
            report.fail(What::Videos, &video.id, &error);
            return Ok(None);
        }
    };
    let kind = if video.screenshot { Kind::Screenshot } else { Kind::Recording };
    if entry.is_none() {
        match rows(app, video, &id, kind, owner, &stored, report).await? {
            Ok(()) => report.count(What::Videos, Fate::Taken),
            Err(why) => return leave(report, why),
        }
    }
    if recording::take(app, video, &id, kind, &stored, report).await? && !app.dry_run {
        imports::done(&mut app.db().await?, Of::Video, &video.id).await?;
    }
    Ok(Some(id))
}

fn has_password(video: &CapVideo) -> bool {
    video.password.as_deref().is_some_and(|hash| !hash.trim().is_empty())
}

/// Makes a video's rows; why not, if there is no place for them.
async fn rows(
    app: &App,
    video: &CapVideo,
    id: &VideoId,
    kind: Kind,
    owner: &Owner,
    stored: &Stored,
    report: &mut Report,
) -> Result<Result<(), &'static str>, ImportError> {
    let sharing = privacy::sharing(video);
    let mut db = app.db().await?;
    let taken = match owner {
        Owner::Nobody => TakenVideo::NoOwner,
        _ if app.dry_run => {
            let another = imports::video_is_here(&mut db, id).await?;
            if another { TakenVideo::Another } else { TakenVideo::New }
        }
        Owner::ToCome => TakenVideo::NoOwner,
        Owner::Here(owner) => {
            let name = shown(video.name.as_deref().unwrap_or_default());
            let new = NewVideo {
                id,
                owner,
                name: if name.is_empty() { "Untitled" } else { &name },
                kind,
                source: source(video, stored.recording(id, kind).as_ref()),
                public: sharing.public,
                comments_on: !setting(video, "disableComments"),
                password: sharing.password.as_ref(),
                duration_ms: whole(video.duration.map(|seconds| seconds * 1000.0)),
                width: whole(video.width).and_then(|width| u32::try_from(width).ok()),
                height: whole(video.height).and_then(|height| u32::try_from(height).ok()),
                fps: video.fps.filter(|fps| (0.0..=1000.0).contains(fps)),
                created_at: video.created_at,
            };
            imports::video(&mut db, &new).await?
        }
    };
    match taken {
        TakenVideo::New => {}
        TakenVideo::Another => return Ok(Err("there is another video here with its id")),
        TakenVideo::NoOwner => return Ok(Err(NO_OWNER)),
    }
    if let Some(why) = sharing.narrower {
        report.narrow(why);
    }
    if has_password(video) {
        report.count(What::Passwords, if sharing.password.is_some() { Fate::Taken } else { Fate::Left });
    }
    report.not_taken(
        "videos that took no reactions (they take comments and reactions, or neither)",
        u64::from(setting(video, "disableReactions")),
    );
    Ok(Ok(()))
}

/// How a client would have said that it uploads this.
fn source(video: &CapVideo, recording: Option<&Recording>) -> Source {
    let json: Option<Value> = video.source.as_deref().and_then(|json| serde_json::from_str(json).ok());
    let desktop = json.is_some_and(|json| json["type"].as_str().is_some_and(|kind| kind.starts_with("desktop")));
    match recording {
        Some(Recording::Segments(..)) => Source::Segments,
        _ if desktop => Source::DesktopFile,
        _ => Source::File,
    }
}

/// What a video says of itself, or else its organisation of all of its videos.
pub(crate) fn setting(video: &CapVideo, name: &str) -> bool {
    let said = |json: &Option<String>| {
        let json: Value = serde_json::from_str(json.as_deref()?).ok()?;
        json.get(name)?.as_bool()
    };
    video.settings.iter().find_map(said).unwrap_or_default()
}

/// A number of Cap's, where it can be a length or a size.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within")]
fn whole(number: Option<f64>) -> Option<u64> {
    let number = number?.round();
    (1.0..=1e12).contains(&number).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_video_says_more_than_its_organisation() {
        let said = |own: Option<&str>, all: Option<&str>| {
            let settings = [own.map(str::to_owned), all.map(str::to_owned)];
            setting(&CapVideo { settings, ..CapVideo::default() }, "disableComments")
        };
        assert!(said(Some(r#"{"disableComments":true}"#), None));
        assert!(
            said(Some("{}"), Some(r#"{"disableComments":true}"#)) && said(None, Some(r#"{"disableComments":true}"#))
        );
        assert!(!said(Some(r#"{"disableComments":false}"#), Some(r#"{"disableComments":true}"#)));
        assert!(!said(Some("no json"), None) && !said(Some("[]"), None) && !said(None, None));
    }

    #[test]
    fn lengths_and_sizes_are_positive_and_bounded() {
        assert_eq!(whole(Some(12_480.4)), Some(12_480));
        for none in [None, Some(0.0), Some(-3.0), Some(f64::NAN), Some(f64::INFINITY), Some(1e13)] {
            assert_eq!(whole(none), None);
        }
    }
}
