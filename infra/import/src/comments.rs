//! What was said of a video.

use std::collections::{HashMap, HashSet};

use common::{
    db::{
        comments::{Kind, REACTIONS},
        imports::{self, NewComment},
    },
    ids::{CommentId, UserId, VideoId},
};

use crate::{
    app::{App, ImportError},
    cap::{Cap, CapComment, CapVideo},
    report::{Fate, Report, What},
};

/// Takes what was said of a video, page by page. `id` is `None` where the video is not here.
pub(crate) async fn take(
    app: &App,
    cap: &mut Cap,
    video: &CapVideo,
    id: Option<&VideoId>,
    report: &mut Report,
) -> Result<(), ImportError> {
    let mut last: Option<CapComment> = None;
    if video.comments == 0 {
        return Ok(());
    }
    loop {
        let page = cap.comments(&video.id, last.as_ref()).await?;
        let Some(end) = page.last().cloned() else { return Ok(()) };
        take_page(app, &page, id, report).await?;
        last = Some(end);
    }
}

async fn take_page(
    app: &App,
    page: &[CapComment],
    video: Option<&VideoId>,
    report: &mut Report,
) -> Result<(), ImportError> {
    let mut db = app.db().await?;
    let authors: HashSet<&str> = page.iter().filter_map(|comment| comment.author.as_deref()).collect();
    let authors: Vec<&str> = authors.into_iter().collect();
    let people = app.journal.people(&mut db, &authors).await?;
    let ids: Vec<CommentId> = page.iter().map(|comment| id(&comment.id)).collect();
    let ids: Vec<&str> = ids.iter().map(CommentId::as_str).collect();
    let known = imports::known_comments(&mut db, &ids).await?;
    let mut new = Vec::new();
    for comment in page {
        let Some((what, made)) = made(comment, &people) else { continue };
        let Some(video) = video else {
            report.count(what, Fate::Left);
            continue;
        };
        if known.contains(made.id.as_str()) {
            report.count(what, Fate::Known);
            continue;
        }
        let gone = comment.author.as_ref().and_then(|author| people.get(author)).is_some_and(|(_, here)| !here);
        if gone {
            report.leave(what, &comment.id, &format!("who wrote it of {video} has deleted their account here"));
            continue;
        }
        report.count(what, Fate::Taken);
        new.push(made);
    }
    if let Some(video) = video.filter(|_| !app.dry_run && !new.is_empty()) {
        imports::comments(&mut db, video, &new).await?;
    }
    Ok(())
}

/// The id that a comment has here: the same, where it can be one.
fn id(source: &str) -> CommentId {
    CommentId::parse(source).unwrap_or_else(|| CommentId::derived(&["cap", source]))
}

/// A comment as it is here; nothing of what was spoken or filmed.
fn made(comment: &CapComment, people: &HashMap<String, (String, bool)>) -> Option<(What, NewComment)> {
    let (what, kind) = match comment.kind.as_str() {
        "emoji" if REACTIONS.contains(&comment.content.trim()) => (What::Reactions, Kind::Emoji),
        // A reaction that there is not here says as much in words.
        "emoji" => (What::Reactions, Kind::Text),
        "text" => (What::Comments, Kind::Text),
        _ => return None,
    };
    let author = comment.author.as_ref().and_then(|author| people.get(author));
    let content = if kind == Kind::Emoji { comment.content.trim().to_owned() } else { comment.content.clone() };
    let made = NewComment {
        id: id(&comment.id),
        author: author.and_then(|(author, _)| UserId::parse(author)),
        parent: comment.parent.as_deref().filter(|parent| !parent.is_empty()).map(id),
        kind,
        content,
        at_ms: at_ms(comment.at),
        created_at: comment.created_at,
    };
    Some((what, made))
}

/// Seconds as milliseconds, where they can be of a video.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within")]
fn at_ms(seconds: Option<f64>) -> Option<u32> {
    let millis = (seconds? * 1000.0).round();
    (0.0..=f64::from(u32::MAX)).contains(&millis).then_some(millis as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(kind: &str, content: &str) -> CapComment {
        CapComment {
            id: "0123456789abcde".to_owned(),
            kind: kind.to_owned(),
            content: content.to_owned(),
            ..CapComment::default()
        }
    }

    #[test]
    fn words_are_words_and_reactions_reactions() {
        let of = |kind, content| {
            made(&comment(kind, content), &HashMap::new()).map(|(what, made)| (what, made.kind, made.content))
        };
        assert_eq!(of("text", " 👍 "), Some((What::Comments, Kind::Text, " 👍 ".to_owned())));
        assert_eq!(of("emoji", "👍 "), Some((What::Reactions, Kind::Emoji, "👍".to_owned())));
        assert_eq!(of("emoji", "🦀"), Some((What::Reactions, Kind::Text, "🦀".to_owned())));
        assert_eq!(of("video", ""), None);
    }

    #[test]
    fn moments_are_within_a_video() {
        assert_eq!(at_ms(Some(1.2345)), Some(1235));
        for none in [None, Some(-1.0), Some(f64::NAN), Some(1e12)] {
            assert_eq!(at_ms(none), None);
        }
    }
}
