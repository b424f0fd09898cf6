//! What was found: a table for people, JSON for programs.

use std::{
    fmt::Write as _,
    io::{IsTerminal as _, stdout},
};

use common::check::{Check, State};
use serde_json::json;

/// Checks that belong together.
pub(crate) struct Part {
    /// What programs know it by.
    pub(crate) id: &'static str,
    pub(crate) title: String,
    pub(crate) checks: Vec<Check>,
}

/// Characters of a line, as far as words allow it.
const WIDTH: usize = 110;
/// Characters before what a check says.
const INDENT: usize = 40;

/// How many checks are wrong.
pub(crate) fn wrong(parts: &[Part]) -> usize {
    checks(parts).filter(|(_, check)| check.is_wrong()).count()
}

fn checks(parts: &[Part]) -> impl Iterator<Item = (&'static str, &Check)> {
    parts.iter().flat_map(|part| part.checks.iter().map(|check| (part.id, check)))
}

/// `{wrong, checks: [{part, id, name, state, says, advice}]}`.
pub(crate) fn json(parts: &[Part]) -> String {
    let all = checks(parts).map(|(part, check)| {
        json!({ "part": part, "id": check.id, "name": check.name, "state": check.state, "says": check.says,
            "advice": check.advice })
    });
    json!({ "wrong": wrong(parts), "checks": all.collect::<Vec<_>>() }).to_string()
}

/// A line a check, and below it what to change.
pub(crate) fn table(parts: &[Part]) -> String {
    let mut text = String::new();
    for part in parts {
        let _ = writeln!(text, "\n{}\n", part.title);
        for check in &part.checks {
            line(&mut text, check);
        }
    }
    let found = match wrong(parts) {
        0 => "Nothing is wrong.".to_owned(),
        1 => "One thing is wrong.".to_owned(),
        many => format!("{many} things are wrong."),
    };
    let _ = writeln!(text, "\n{found}");
    text
}

fn line(text: &mut String, check: &Check) {
    let (mark, colour) = match check.state {
        State::Good => ("ok", ""),
        State::Wrong => ("WRONG", "\x1b[31m"),
        State::Unknown => ("not checked", "\x1b[33m"),
    };
    let colour = if stdout().is_terminal() { colour } else { "" };
    let end = if colour.is_empty() { "" } else { "\x1b[0m" };
    let says = wrapped(&check.says);
    let _ = writeln!(text, "  {colour}{mark:<12}{end} {:<24} {says}", check.name);
    if let Some(advice) = &check.advice {
        let _ = writeln!(text, "{:INDENT$}→ {}", "", wrapped(advice));
    }
}

fn wrapped(sentence: &str) -> String {
    let (mut text, mut length) = (String::new(), INDENT);
    for word in sentence.split_whitespace() {
        let characters = word.chars().count();
        if length > INDENT && length + characters + 1 > WIDTH {
            let _ = write!(text, "\n{:INDENT$}", "");
            length = INDENT;
        } else if length > INDENT {
            text.push(' ');
            length += 1;
        }
        text.push_str(word);
        length += characters;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_counted_and_says_what_to_change() {
        let checks = vec![
            Check::good("a", "First", "All is well."),
            Check::wrong("b", "Second", "word ".repeat(30), "Change it."),
            Check::unknown("c", "Third", "Nobody knows.", "Ask."),
        ];
        let parts = [Part { id: "outside", title: "From outside".to_owned(), checks }];
        let table = table(&parts);
        assert!(table.contains("WRONG") && table.contains("→ Change it.") && table.contains("One thing"), "{table}");
        assert!(table.lines().all(|line| line.chars().count() <= WIDTH), "{table}");
        let json: serde_json::Value = serde_json::from_str(&json(&parts)).expect("JSON");
        assert_eq!((&json["wrong"], &json["checks"][1]["state"]), (&json!(1), &json!("wrong")));
        assert_eq!((&json["checks"][0]["part"], &json["checks"][0]["advice"]), (&json!("outside"), &json!(null)));
    }
}
