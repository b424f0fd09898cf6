//! The mail that tells what happened to somebody's recordings.

use askama::Template;
use common::outbox::Told;

use crate::letter::{Letter, host};

#[derive(Template)]
#[template(path = "digest.txt")]
struct DigestText<'a> {
    host: &'a str,
    origin: &'a str,
    told: &'a [Told],
    more: usize,
    unsubscribe: &'a str,
}

#[derive(Template)]
#[template(path = "digest.html")]
struct DigestHtml<'a> {
    host: &'a str,
    origin: &'a str,
    told: &'a [Told],
    more: usize,
    unsubscribe: &'a str,
}

/// Characters of what was written that a mail repeats, and of a subject.
const EXCERPT: usize = 400;
const SUBJECT: usize = 120;

/// What somebody did, as words between who and where.
pub(crate) fn did(told: &Told) -> String {
    match (told.event.as_str(), told.content.as_deref()) {
        ("comment", _) => words::notifications().commented.to_owned(),
        ("reply", _) => words::notifications().replied.to_owned(),
        ("reaction", Some(emoji)) => words::digest().reacted(emoji),
        ("anon_view", _) => words::notifications().first_to_watch.to_owned(),
        _ => words::notifications().watched.to_owned(),
    }
}

/// What was written, if it was words.
pub(crate) fn words(told: &Told) -> Option<String> {
    let content = told.content.as_deref().filter(|_| matches!(told.event.as_str(), "comment" | "reply"))?;
    Some(short(content, EXCERPT))
}

pub(crate) fn who(told: &Told) -> &str {
    told.who.as_deref().unwrap_or(words::notifications().somebody)
}

fn short(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// One line that says what there is to read.
fn subject(told: &[Told], more: usize, host: &str) -> String {
    let text = match told {
        [only] if more == 0 => format!("{} {} {}", who(only), did(only), only.title),
        _ => words::digest().subject(told.len() + more, host),
    };
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    short(&line, SUBJECT)
}

/// Writes it.
pub(crate) fn letter(
    to: &str,
    origin: &str,
    told: &[Told],
    more: usize,
    unsubscribe: &str,
) -> Result<Letter, askama::Error> {
    let host = host(origin);
    Ok(Letter {
        to: to.to_owned(),
        subject: subject(told, more, host),
        text: DigestText { host, origin, told, more, unsubscribe }.render()?,
        html: DigestHtml { host, origin, told, more, unsubscribe }.render()?,
        unsubscribe: Some(unsubscribe.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "https://cap.example.com";

    fn told(event: &str, content: Option<&str>) -> Told {
        Told {
            event: event.to_owned(),
            who: Some("Ada <b>".to_owned()),
            title: "Quarterly\r\nBcc: x@example.com".to_owned(),
            content: content.map(str::to_owned),
            link: format!("{ORIGIN}/s/0123456789abcde"),
        }
    }

    fn written(told: &[Told], more: usize) -> Letter {
        letter("ada@example.com", ORIGIN, told, more, &format!("{ORIGIN}/unsubscribe?user=u&token=t"))
            .expect("a letter")
    }

    #[test]
    fn one_thing_is_the_subject() {
        let letter = written(&[told("comment", Some("<script>alert(1)</script> & more"))], 0);
        assert_eq!(letter.subject, "Ada <b> commented on Quarterly  Bcc: x@example.com");
        assert!(letter.text.contains("<script>alert(1)</script> & more"), "{}", letter.text);
        assert!(letter.html.contains("&#60;script") && !letter.html.contains("<script"), "{}", letter.html);
        assert!(!letter.html.contains("Ada <b>"), "{}", letter.html);
    }

    #[test]
    fn several_things_are_counted() {
        let all =
            [told("reply", Some("yes")), told("reaction", Some("👍")), told("view", None), told("anon_view", None)];
        let letter = written(&all, 3);
        assert_eq!(letter.subject, "7 notifications from cap.example.com");
        for said in ["replied to you on", "reacted 👍 to", "watched", "first to watch", "yes", "3 more"] {
            assert!(letter.text.contains(said), "{said}: {}", letter.text);
            assert!(letter.html.contains(said), "{said}: {}", letter.html);
        }
    }

    #[test]
    fn every_mail_says_why_and_how_to_end_it() {
        let letter = written(&[told("view", None)], 0);
        for part in [&letter.text, &letter.html] {
            for said in ["You get this mail because", "/dashboard/settings/notifications", "/unsubscribe?user=u"] {
                assert!(part.contains(said), "{said}: {part}");
            }
        }
        assert!(letter.unsubscribe.is_some() && !letter.html.contains("<img"), "{}", letter.html);
    }

    #[test]
    fn what_is_long_is_cut() {
        let letter = written(&[Told { title: "x".repeat(5000), ..told("comment", Some(&"ü".repeat(5000))) }], 0);
        assert!(letter.subject.chars().count() <= SUBJECT + 1, "{}", letter.subject);
        assert!(letter.text.contains(&format!("{}…", "ü".repeat(EXCERPT))) && letter.text.len() < 9000);
    }
}
