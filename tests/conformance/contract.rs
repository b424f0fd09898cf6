//! What the contract itself lists, so that no row of it is forgotten. The file lies beside the repository and not in it.

use std::collections::BTreeMap;

use tests::cloud::repository;

use crate::row::{Row, Tag};

/// What is wrong with the table, by the contract; `None` where there is no contract to look at.
pub(crate) fn compare(rows: &[Row]) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(repository().join("../shared/client-contract.md")).ok()?;
    let (listed, mut wrong) = read(&text);
    for (anchor, tag) in &listed {
        let Some(tag) = tag else { continue };
        let best = rows.iter().filter(|row| row.anchor == anchor).map(|row| row.tag).max();
        if best != Some(*tag) {
            let is =
                best.map_or("has no row", |best| if best > *tag { "is said to be more" } else { "is said to be less" });
            wrong.push(format!("§{anchor} is {} and {is} here", tag.name()));
        }
    }
    let unknown = rows.iter().filter(|row| !listed.contains_key(row.anchor));
    wrong.extend(unknown.map(|row| format!("§{} is not in the contract", row.anchor)));
    Some(wrong)
}

/// Every heading, checklist point and row of a table, with its tag; and the lines whose tag belongs to none of them.
fn read(text: &str) -> (BTreeMap<String, Option<Tag>>, Vec<String>) {
    let (mut listed, mut wrong, mut section, mut heading_tag) = (BTreeMap::new(), Vec::new(), String::new(), None);
    for (number, line) in text.lines().enumerate() {
        let heading = line.trim_start_matches('#');
        if heading.len() + 2 == line.len() {
            section = number_of(heading).to_owned();
        } else if heading.len() + 3 == line.len() {
            section = match (number_of(heading), heading.trim().split_once(')')) {
                ("", Some((letter, _))) => format!("{}{letter})", section.split('(').next().unwrap_or_default()),
                (number, _) => number.to_owned(),
            };
        }
        if section.is_empty() {
            continue;
        }
        let tag = tag_of(line);
        if line.starts_with("##") {
            heading_tag = tag;
        }
        match name_of(line, &section) {
            // A route in a table without tags of its own has that of the heading above it.
            Some(name) if line.starts_with("| ") && is_route(&name) && tag.is_none() => {
                listed.insert(format!("{section} {name}"), heading_tag);
            }
            Some(name) => drop(listed.insert(format!("{section} {name}").trim().to_owned(), tag.or(unsaid(&section)))),
            None if tag.is_some() => wrong.push(format!("line {} of the contract has a tag and no name", number + 1)),
            None => {}
        }
    }
    (listed, wrong)
}

/// What a line is about, if it is more than text.
fn name_of(line: &str, section: &str) -> Option<String> {
    let name = if let Some(heading) = line.strip_prefix("### ") {
        let heading = heading.strip_prefix(number_of(heading)).unwrap_or(heading).trim();
        heading.split_once(") ").filter(|_| heading.starts_with('(')).map_or(heading, |(_, name)| name)
    } else if let Some(heading) = line.strip_prefix("#### ") {
        heading
    } else if let Some(cells) = line.strip_prefix("| ") {
        let (rest, last) = cells.trim_end_matches([' ', '|']).rsplit_once('|')?;
        // Words that are tags stand in other columns too.
        if tag_of(line).is_some() && tag_of(last).is_none() {
            return None;
        }
        rest.split(" |").next()?
    } else if section == "0" && line.starts_with(|first: char| first.is_ascii_digit()) {
        return Some(line.split('.').next()?.to_owned());
    } else {
        line.split_once(" (IMPORTANT")?.0
    };
    let plain = name.replace('`', "");
    let ends = [" — ", " (", "?", "[", "…"].iter().filter_map(|end| plain.find(end));
    Some(plain[..ends.min().unwrap_or(plain.len())].trim().to_owned())
}

fn is_route(name: &str) -> bool {
    ["GET /", "POST /", "PATCH /", "DELETE /"].iter().any(|start| name.starts_with(start))
}

/// The number that a heading begins with.
fn number_of(heading: &str) -> &str {
    let heading = heading.trim_start();
    let end = heading.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(heading.len());
    heading[..end].trim_end_matches('.')
}

fn tag_of(text: &str) -> Option<Tag> {
    if text.contains("ESSENTIAL") { Some(Tag::Essential) } else { text.contains("IMPORTANT").then_some(Tag::Important) }
}

/// The contract tags neither its checklist, whose points are what breaks clients, nor the newer way of the command to upload.
fn unsaid(section: &str) -> Option<Tag> {
    match section {
        "0" => Some(Tag::Essential),
        "2.4" => Some(Tag::Important),
        _ => None,
    }
}
