//! What belongs to a video in the bucket: it goes where a client's upload goes, and is published as that is.

use std::sync::Arc;

use common::{
    db::{
        captions,
        videos::{self, Kind},
    },
    ids::VideoId,
    language::Language,
    objects::{ObjectsError, Serving, Way, keys},
};
use media::captions::Captions;
use tokio::task::JoinSet;

use crate::{
    app::{App, ImportError},
    cap::CapVideo,
    layout::{self, Move, Recording, Stored},
    report::{Fate, Report, What},
    videos::setting,
};

/// Segments that are on their way at once.
const SEGMENTS: usize = 8;
/// What owners are told of a video that has nothing to play.
const MISSING: &str = "This recording was not found where Cap had kept it. Upload it again.";
const CACHE_CONTROL: &str = "private";

/// What there is of a video.
pub(crate) async fn look(app: &App, video: &CapVideo) -> Result<Stored, ObjectsError> {
    let prefix = layout::prefix(&video.owner, &video.id);
    let (mut stored, mut next) = (Stored::default(), None);
    loop {
        let page = app.source.page(&prefix, next).await?;
        for object in page.objects {
            stored.add(&prefix, object);
        }
        next = page.next;
        if next.is_none() {
            return Ok(stored);
        }
    }
}

/// Takes all of it; true when nothing is left to be taken.
pub(crate) async fn take(
    app: &Arc<App>,
    video: &CapVideo,
    id: &VideoId,
    kind: Kind,
    stored: &Stored,
    report: &mut Report,
) -> Result<bool, ImportError> {
    words(app, video, id, stored, report).await?;
    if let Some(thumbnail) = stored.thumbnail(id).filter(|_| kind == Kind::Recording) {
        match put(app, &thumbnail).await {
            Ok(taken) => report.count(What::Thumbnails, fate(taken)),
            Err(error) => report.fail(What::Thumbnails, &video.id, &error),
        }
    }
    let Some(recording) = stored.recording(id, kind) else {
        report.leave(What::Recordings, &video.id, missing(video, stored));
        let mut db = app.db().await?;
        // Written once, since whoever looks at the video sees when it last changed.
        if !app.dry_run && videos::fence(&mut db, id).await?.is_some_and(|fence| fence.waiting) {
            videos::failed(&mut db, id, 0, MISSING, true).await?;
        }
        return Ok(false);
    };
    if !app.dry_run && app.objects.head(published_by(&recording)).await.map_err(ImportError::Bucket)?.is_none() {
        // It may have been looked for before, when it was not there.
        videos::recorded(&mut app.db().await?, id).await?;
    }
    match bring(app, id, recording).await {
        Ok(taken) => report.count(What::Recordings, fate(taken)),
        Err(error) => report.fail(What::Recordings, &video.id, &error),
    }
    Ok(report.failures() == 0)
}

fn fate(taken: bool) -> Fate {
    if taken { Fate::Taken } else { Fate::Known }
}

fn missing(video: &CapVideo, stored: &Stored) -> &'static str {
    match (video.elsewhere, stored.playlist) {
        (true, _) => {
            "it is in a bucket or a drive of its owner's; the video is here, and says that it must be uploaded again"
        }
        (_, true) => "an old Cap stored it as HLS alone; the video is here, and says that it must be uploaded again",
        _ => "it is not in Cap's bucket; the video is here, and says that it must be uploaded again",
    }
}

/// The key of what is stored last.
fn published_by(recording: &Recording) -> &str {
    match recording {
        Recording::File(file) => &file.to.key,
        Recording::Segments(_, manifest) => &manifest.to.key,
    }
}

/// Stores a recording where it is published from; false when it was there.
async fn bring(app: &Arc<App>, id: &VideoId, recording: Recording) -> Result<bool, ObjectsError> {
    let (segments, manifest) = match recording {
        Recording::File(file) => return put(app, &file).await,
        Recording::Segments(segments, manifest) => (segments, manifest),
    };
    let mut moving = JoinSet::new();
    for segment in segments {
        if moving.len() == SEGMENTS {
            joined(&mut moving).await?;
        }
        let app = Arc::clone(app);
        moving.spawn(async move { put(&app, &segment).await });
    }
    while !moving.is_empty() {
        joined(&mut moving).await?;
    }
    let taken = put(app, &manifest).await?;
    if !app.dry_run {
        app.objects.ask(&keys::assemble_job(id)).await?;
    }
    Ok(taken)
}

async fn joined(moving: &mut JoinSet<Result<bool, ObjectsError>>) -> Result<(), ObjectsError> {
    match moving.join_next().await {
        Some(Ok(outcome)) => outcome.map(drop),
        Some(Err(error)) => Err(ObjectsError::Call { call: "segment", reason: error.to_string() }),
        None => Ok(()),
    }
}

/// Moves an object; false when there is one already. A dry run looks alone.
async fn put(app: &App, what: &Move) -> Result<bool, ObjectsError> {
    if app.dry_run {
        return Ok(app.objects.head(&what.to.key).await?.is_none());
    }
    let serving = Serving { content_type: what.to.content_type, cache_control: CACHE_CONTROL };
    let (key, head) = (&what.from.key, &what.from.head);
    let way = app.way();
    match app.objects.take(&app.source, key, head, &what.to.key, serving, way).await {
        Err(ObjectsError::Call { call: "UploadPartCopy", .. }) if way == Way::Copied => {
            app.carry();
            app.objects.take(&app.source, key, head, &what.to.key, serving, Way::Carried).await
        }
        outcome => outcome,
    }
}

/// Takes what is said in a video, unless its owner kept that from viewers or there is something already.
async fn words(
    app: &App,
    video: &CapVideo,
    id: &VideoId,
    stored: &Stored,
    report: &mut Report,
) -> Result<(), ImportError> {
    let Some(transcript) = stored.transcript() else { return Ok(()) };
    if setting(video, "disableTranscript") || setting(video, "disableCaptions") {
        report.leave(What::Captions, &video.id, "viewers were not to see them");
        return Ok(());
    }
    if captions::about(&mut app.db().await?, id).await?.is_some() {
        report.count(What::Captions, Fate::Known);
        return Ok(());
    }
    let text = match app.source.read_small(&transcript.key).await {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            report.fail(What::Captions, &video.id, &error);
            return Ok(());
        }
    };
    match Captions::parse(&text) {
        Ok(_) if app.dry_run => report.count(What::Captions, Fate::Taken),
        Ok(parsed) => {
            let (cues, vtt) = (parsed.cues().len(), parsed.vtt());
            captions::put(&mut app.db().await?, id, &Language::unknown(), cues, &vtt).await?;
            report.count(What::Captions, Fate::Taken);
        }
        Err(error) => report.leave(What::Captions, &video.id, &error.to_string()),
    }
    Ok(())
}
