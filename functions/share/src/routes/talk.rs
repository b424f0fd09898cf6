//! What a share page shows of its comments before any script runs, and what it lets say.

use common::{
    db::{
        Connection,
        comments::{self, Comment, REACTIONS},
        notifications,
    },
    error::ApiError,
    http::query,
    ids::CommentId,
    time::clock,
};
use lambda_http::Request;

use super::comments::Said;
use crate::viewing::Seen;

/// Threads that a page begins with, and bytes of comments after which it begins no further one: a page has 30 kB, of which its styles
/// and the addresses of its media take two thirds.
const THREADS: u32 = 30;
const BYTES: usize = 7_000;
/// What one comment takes beside its words, and what it takes for somebody who may answer or delete it.
const AROUND: usize = 380;
const ACTS: usize = 190;

/// What reactions are called, in their order.
fn names() -> [&'static str; 6] {
    let say = words::talk();
    [say.laughing, say.love, say.surprise, say.praise, say.thumbs_up, say.thumbs_down]
}

/// Comments of a page.
pub(super) struct Talk {
    pub(super) threads: Vec<Thread>,
    pub(super) reactions: Vec<Reaction>,
    /// How many comments there are in all.
    pub(super) count: u32,
    pub(super) version: u64,
    pub(super) signed_in: bool,
    /// What the forms of somebody who is signed in carry.
    pub(super) csrf_token: String,
    /// What the form replies to.
    pub(super) reply: Option<Replied>,
    /// The number before which there are older ones.
    pub(super) older: Option<u64>,
    pub(super) problem: Option<&'static str>,
    /// A comment that nobody wrote, which scripts fill.
    pub(super) blank: Row,
}

pub(super) struct Thread {
    pub(super) first: Row,
    pub(super) replies: Vec<Row>,
}

/// A comment as the template shows it.
#[derive(Default)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) number: u64,
    pub(super) author: Option<String>,
    pub(super) initial: String,
    pub(super) by_owner: bool,
    pub(super) mine: bool,
    pub(super) deletable: bool,
    pub(super) content: String,
    /// Seconds, and as a player shows them.
    pub(super) at: Option<(u32, String)>,
    pub(super) iso: String,
    pub(super) day: String,
    pub(super) edited: bool,
    pub(super) deleted: bool,
    /// True when the page was opened for it.
    pub(super) marked: bool,
}

pub(super) struct Reaction {
    pub(super) emoji: &'static str,
    pub(super) name: &'static str,
    pub(super) times: u64,
}

pub(super) struct Replied {
    pub(super) id: CommentId,
    pub(super) author: Option<String>,
}

impl Row {
    fn of(comment: Comment, seen: &Seen, marked: Option<&CommentId>) -> Self {
        let said = Said::of(comment, seen);
        let first = said.author.as_deref().and_then(|name| name.chars().next());
        Self {
            initial: first.map_or_else(|| "?".to_owned(), |first| first.to_uppercase().collect()),
            at: said.timestamp.map(|seconds| (whole(seconds), clock(u64::from(whole(seconds)) * 1000))),
            iso: said.created_at.to_string(),
            day: said.created_at.day(),
            marked: marked == Some(&said.id),
            id: said.id.to_string(),
            number: said.number,
            author: said.author,
            by_owner: said.by_owner,
            mine: said.mine,
            deletable: said.deletable,
            content: said.content,
            edited: said.edited_at.is_some(),
            deleted: said.deleted,
        }
    }

    /// With everything that a comment may have, for scripts to fill or take away.
    fn blank() -> Self {
        Self {
            by_owner: true,
            mine: true,
            deletable: true,
            edited: true,
            at: Some((0, String::new())),
            ..Self::default()
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a moment has 32 bits of milliseconds")]
fn whole(seconds: f64) -> u32 {
    seconds as u32
}

impl Talk {
    /// What is said of what somebody watches; `None` when its owner wants nothing said, or there is nothing to watch yet. One query,
    /// and another one when there are reactions.
    pub(super) async fn load(
        db: &mut Connection,
        request: &Request,
        seen: &Seen,
        csrf_token: Option<String>,
    ) -> Result<Option<Self>, ApiError> {
        let (video, talk) = (&seen.video, seen.video.talk);
        if !talk.on {
            return Ok(None);
        }
        let asked = |name: &str| query(request, name).and_then(CommentId::parse);
        let marked = asked("comment");
        let before = before(db, request, seen, marked.as_ref()).await?;
        let found = match talk.comments {
            0 => Vec::new(),
            _ => comments::threads(db, &video.id, before, THREADS + 1).await?,
        };
        let reactions = match talk.reactions {
            0 => Vec::new(),
            _ => comments::reactions(db, &video.id).await?,
        };
        let times = |emoji: &str| reactions.iter().find(|(found, _)| found == emoji).map_or(0, |(_, times)| *times);
        let (threads, older) = threads(found, seen, marked.as_ref());
        let reply = asked("reply").and_then(|id| {
            let all = threads.iter().flat_map(|thread| std::iter::once(&thread.first).chain(&thread.replies));
            all.into_iter().find(|row| row.id == id.as_str()).map(|row| Replied { id, author: row.author.clone() })
        });
        Ok(Some(Self {
            threads,
            older,
            reply,
            reactions: REACTIONS
                .iter()
                .zip(names())
                .map(|(emoji, name)| Reaction { emoji, name, times: times(emoji) })
                .collect(),
            count: talk.comments,
            version: talk.version,
            signed_in: csrf_token.is_some(),
            csrf_token: csrf_token.unwrap_or_default(),
            problem: query(request, "problem").and_then(problem),
            blank: Row::blank(),
        }))
    }

    /// Whom the form replies to, as markup. Scripts fill it when it is nobody yet.
    pub(super) fn replied_to(&self) -> String {
        let somebody = words::talk().somebody;
        words::person(self.reply.as_ref().map_or("", |reply| reply.author.as_deref().unwrap_or(somebody)))
    }
}

/// Where the page's threads begin: at the newest, where the link of older ones leads, or at the one that the page is opened for, if
/// that is not among the newest. Whoever is shown a comment has read of it.
async fn before(
    db: &mut Connection,
    request: &Request,
    seen: &Seen,
    marked: Option<&CommentId>,
) -> Result<Option<u64>, ApiError> {
    let Some(id) = marked else {
        return Ok(query(request, "before").and_then(|number| number.parse().ok()));
    };
    if let Some(visitor) = &seen.visitor {
        notifications::read_comment(db, visitor, id).await?;
    }
    let place = comments::place(db, &seen.video.id, id).await?;
    let far = |number: u64| seen.video.talk.version > number + u64::from(THREADS);
    Ok(place.filter(|number| far(*number)).map(|number| number + 1))
}

/// Rows in threads, as many as a page has room for, and the number before which the others are.
fn threads(found: Vec<Comment>, seen: &Seen, marked: Option<&CommentId>) -> (Vec<Thread>, Option<u64>) {
    let (mut threads, mut bytes): (Vec<Thread>, usize) = (Vec::new(), 0);
    for comment in found {
        let replies = comment.parent.is_some();
        if !replies && !threads.is_empty() && (bytes > BYTES || threads.len() == THREADS as usize) {
            let older = threads.last().map(|thread| thread.first.number);
            return (threads, older);
        }
        bytes += comment.content.len() + AROUND + seen.visitor.as_ref().map_or(0, |_| ACTS);
        let row = Row::of(comment, seen, marked);
        match threads.last_mut().filter(|_| replies) {
            Some(thread) => thread.replies.push(row),
            None => threads.push(Thread { first: row, replies: Vec::new() }),
        }
    }
    (threads, None)
}

/// What a route has refused. The words are ours, so that no link puts any on the page.
fn problem(name: &str) -> Option<&'static str> {
    match name {
        "words" => Some(words::talk().not_words),
        "often" => Some(words::talk().too_often),
        "off" => Some(words::talk().switched_off),
        _ => None,
    }
}
