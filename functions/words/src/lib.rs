//! What pages and mails say. The sentences stand in `en.toml`, by page, and nowhere else: a translation is another file with
//! the same keys.
//!
//! `words::login()` is what the table `[login]` says. A sentence with places for values, such as `{name}`, is a method that takes them in the order in which they first occur;
//! every other one is a field. `{}` is a place that a script of the page fills, and stays as it is. Keys that end in `_html` hold markup of our own; values that go into one are escaped, as
//! [`strong`] does.

use std::fmt::{Display, Write};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// The sentences for whoever is answered. There is English.
fn said() -> &'static Words {
    &EN
}

/// A value that stands out in a sentence of markup.
#[must_use]
pub fn strong(value: impl Display) -> String {
    format!("<strong>{}</strong>", escaped(value))
}

/// What a person calls themselves, in whatever direction it is written, in a sentence of markup.
#[must_use]
pub fn person(name: impl Display) -> String {
    format!("<b dir=\"auto\">{}</b>", escaped(name))
}

/// A title or other text of somebody's, whatever direction it is written in.
#[must_use]
pub fn quoted(text: impl Display) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

fn escaped(value: impl Display) -> String {
    let escaped = askama::filters::escape(value, askama::filters::Html).map(|escaped| escaped.to_string());
    escaped.unwrap_or_default()
}

/// A sentence with its values in their places. What stands in a value stays as it is.
fn filled(sentence: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut text = String::with_capacity(sentence.len() + 32);
    let mut pieces = sentence.split('{');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once('}').unwrap_or(("", piece));
        if name.is_empty() {
            text.push_str("{}");
        } else if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            // Writing to memory does not fail.
            let _ = write!(text, "{value}");
        }
        text.push_str(rest);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_in_their_places_and_are_not_read() {
        let sentence = "{who} said {what}; {who}!";
        assert_eq!(filled(sentence, &[("who", &"{what}"), ("what", &7)]), "{what} said 7; {what}!");
        assert_eq!(filled("No place.", &[]), "No place.");
        assert_eq!(filled("{} of {all}", &[("all", &3)]), "{} of 3");
    }

    #[test]
    fn every_sentence_has_text_and_closed_places_with_plain_names() {
        let pages: toml::Table = include_str!("../en.toml").parse().expect("the sentences are TOML");
        for (page, sentences) in &pages {
            for (key, sentence) in sentences.as_table().expect("a page is a table") {
                let sentence = sentence.as_str().expect("a sentence is text");
                assert!(!sentence.trim().is_empty(), "{page}.{key} is empty");
                let mut pieces = sentence.split('{');
                assert!(
                    !pieces.next().unwrap_or_default().contains('}'),
                    "{page}.{key} closes a place that is not open"
                );
                for piece in pieces {
                    let (name, rest) =
                        piece.split_once('}').unwrap_or_else(|| panic!("{page}.{key} leaves a place open"));
                    let plain = name.chars().all(|character| character.is_ascii_lowercase() || character == '_');
                    assert!(plain, "{page}.{key} has a place {name:?} that is no name of a value");
                    assert!(!rest.contains('}'), "{page}.{key} closes a place that is not open");
                }
            }
        }
    }
}
